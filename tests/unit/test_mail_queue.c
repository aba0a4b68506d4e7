/* mail: settings, and notices becoming rows, with the limit for each mailbox. */
#include "postern/text.h"
#include "test_mail_help.h"

/* ---- settings ---- */
/* Goal: what cannot work or would be unsafe is refused at the start, in words. */
static void test_settings_refused(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *transport, *from, *from_name, *user, *password, *ca_file, *base_url;
		bool starttls;
		const char *says; /* NULL: accepted */
	} table[] = {
		{ .transport = "smtp://127.0.0.1:2525" },
		{ .transport = "smtp://localhost:2525" },
		{ .transport = "smtp://[::1]:2525" },
		{ .transport = "smtps://mail.example.org:465", .user = "u", .password = "p" },
		{ .transport = "smtp://mail.example.org:587", .starttls = true },
		{ .transport = "smtp://mail.example.org:587", .says = "clear text" },
		{ .transport = "smtp://localhost.example.org", .says = "clear text" },
		{ .transport = "smtp://127.0.0.1.example.org", .says = "clear text" },
		{ .transport = "smtp://10.0.0.1", .says = "clear text" },
		{ .transport = "http://127.0.0.1", .says = "unknown scheme" },
		{ .transport = "file:///etc/passwd", .says = "is no address" },
		{ .transport = "smtps://u:secret@mail.example.org",
			.says = "settings of their own" },
		{ .transport = "smtps://mail.example.org/path", .says = "more than a host" },
		{ .transport = "smtps://mail.example.org?x", .says = "more than a host" },
		{ .transport = "mail.example.org", .says = "is no address" },
		{ .transport = "", .says = "is no address" },
		{ .transport = "maildir:", .says = "needs a path" },
		{ .transport = "maildir:/proc/none/mail", .says = "cannot be made" },
		{ .from = "news", .says = "sender address" },
		{ .from = "news@example.org\r\nBcc: e@example.org", .says = "sender address" },
		{ .from = " news@example.org", .says = "sender address" },
		{ .from_name = "a\nb", .says = "sender's name" },
		{ .from_name = "\xff", .says = "sender's name" },
		{ .user = "u", .says = "both" },
		{ .password = "p", .says = "both" },
		{ .user = "u\r\n", .password = "p", .says = "control" },
		{ .ca_file = "/nowhere/ca.pem", .says = "cannot be read" },
		{ .base_url = "", .says = "base address" },
	};
	const struct mail_settings good = f->settings;
	for (size_t i = 0; i < COUNT(table); i++) {
		char why[256] = "";
		struct mail *m = NULL;
		struct mail_settings s = good;
		s.transport = table[i].transport ? table[i].transport : good.transport;
		s.from = table[i].from ? table[i].from : good.from;
		s.from_name = table[i].from_name ? table[i].from_name : good.from_name;
		s.username = table[i].user ? table[i].user : "";
		s.password = table[i].password ? table[i].password : "";
		s.ca_file = table[i].ca_file ? table[i].ca_file : "";
		s.base_url = table[i].base_url ? table[i].base_url : good.base_url;
		s.starttls = table[i].starttls;
		enum err e = mail_open(&s, f->db, &m, why);
		mail_close(m);
		assert_int_equal(e, table[i].says ? ERR_INVALID : ERR_OK);
		assert_null(strstr(why, "secret"));
		if (table[i].says && !strstr(why, table[i].says))
			fail_msg("row %zu: \"%s\" lacks \"%s\"", i, why, table[i].says);
	}
}

/* Goal: a number of zero, which a forgotten setting is, is refused. */
static void test_numbers_refused(void **state)
{
	struct fixture *f = *state;
	struct mail_settings s[] = { f->settings, f->settings, f->settings, f->settings };
	s[0].timeout_s = 0;
	s[1].per_mailbox_hour = 0;
	s[2].attempts_max = 0;
	s[3].timeout_s = 601;
	for (size_t i = 0; i < COUNT(s); i++) {
		char why[256] = "";
		struct mail *m = NULL;
		assert_int_equal(mail_open(&s[i], f->db, &m, why), ERR_INVALID);
		assert_true(*why);
	}
}

/* ---- queueing ---- */
static bool holds(struct str text, const char *part)
{
	return text.n && memmem(text.p, text.n, part, strlen(part));
}

/* Goal: each kind of notice renders, into a row that is due at once; text parts are not HTML. */
static void test_queue_kinds(void **state)
{
	struct fixture *f = *state;
	struct mail *m = fixture_mail(f, f->db);
	for (int kind = 1; kind < MAIL_KIND_COUNT; kind++) {
		char to[64];
		struct notice n = notice_to(to, START_S);
		n.kind = (enum mail_kind)kind;
		snprintf(to, sizeof to, "%s@example.org", mail_kind_name(n.kind));
		assert_int_equal(queue(f->db, m, &n), ERR_OK);
		struct mail_row row = row_to(f, to);
		assert_string_equal(row.kind, mail_kind_name(n.kind));
		assert_true(row.subject.n > 0 && row.text.n > 0);
		assert_int_equal(row.created_at, START_S);
		assert_int_equal(row.next_at, START_S);
		assert_int_equal(row.attempts, 0);
		assert_false(holds(row.text, "&amp;"));
		assert_false(holds(row.text, "{{"));
	}
	struct mail_row reset = row_to(f, "reset@example.org");
	assert_true(holds(reset.text, "token=pst_x&y=1"));
	assert_true(holds(reset.text, "30 minutes"));
	assert_true(holds(reset.text, "Ada & Co"));
	mail_close(m);
}

/* Goal: times and lives read as people write them, in the newsroom's zone and with the year. */
static void test_queue_words(void **state)
{
	struct fixture *f = *state;
	static const struct {
		unsigned minutes;
		int64_t now_s;
		const char *zone, *valid, *when;
	} table[] = {
		{ 1, 1795513200, "UTC0", " 1 minute", "24 November 2026, 09:40 UTC" },
		{ 59, 1795478400, "America/New_York", " 59 minutes",
			"23 November 2026, 19:00 EST" },
		{ 60, 1795521600, "Asia/Tokyo", " 1 hour", "24 November 2026, 21:00 JST" },
		{ 90, 1795525199, "Europe/Berlin", " 90 minutes", "24 November 2026, 13:59 CET" },
		{ 1440, 1767225600, "America/New_York", " 24 hours",
			"31 December 2025, 19:00 EST" },
	};
	struct mail *m = fixture_mail(f, f->db);
	for (size_t i = 0; i < COUNT(table); i++) {
		char reset[64], changed[64];
		snprintf(reset, sizeof reset, "r%zu@example.org", i);
		snprintf(changed, sizeof changed, "c%zu@example.org", i);
		time_local_zone_set(table[i].zone);
		struct notice n = notice_to(reset, table[i].now_s);
		n.minutes = table[i].minutes;
		assert_int_equal(queue(f->db, m, &n), ERR_OK);
		n.kind = MAIL_PASSWORD_CHANGED;
		n.to = n.to_key = changed;
		assert_int_equal(queue(f->db, m, &n), ERR_OK);
		assert_true(holds(row_to(f, reset).text, table[i].valid));
		assert_true(holds(row_to(f, changed).text, table[i].when));
	}
	time_local_zone_set("UTC0");
	mail_close(m);
}

/* Goal: a hostile address, or a theme whose subject has two lines, queues nothing. */
static void test_queue_injection(void **state)
{
	struct fixture *f = *state;
	struct mail *m = fixture_mail(f, f->db);
	static const char *const bad[] = { "ada@example.org\r\nBcc: eve@example.org",
		"a@example.org,e@example.org", " ada@example.org", "ada", "", "<ada@example.org>" };
	for (size_t i = 0; i < COUNT(bad); i++) {
		const struct notice n = notice_to(bad[i], START_S);
		assert_int_equal(queue(f->db, m, &n), ERR_INVALID);
	}
	struct notice none = notice_to("ada@example.org", START_S);
	none.kind = MAIL_KIND_COUNT;
	assert_int_equal(queue(f->db, m, &none), ERR_INVALID);
	mail_close(m);

	fixture_theme(f, "reset.subject.txt", "Hello {{name}}\r\nBcc: eve@example.org\n");
	m = fixture_mail(f, f->db);
	const struct notice two = notice_to("ada@example.org", START_S);
	assert_int_equal(queue(f->db, m, &two), ERR_INVALID);
	mail_close(m);
	size_t count;
	rows(f, &count);
	assert_int_equal(count, 0);
}

/* Goal: one mailbox cannot be flooded, the caller is told, and a security notice always goes
 * out. */
static void test_queue_limit(void **state)
{
	struct fixture *f = *state;
	struct mail *m = fixture_mail(f, f->db);
	size_t count;
	for (int i = 0; i < 20; i++)
		queue_to(f, m, "ada@example.org");
	rows(f, &count);
	assert_int_equal(count, 5);

	/* Another spelling of the same mailbox has the same key. */
	struct notice n = notice_to("Ada@Example.org", START_S);
	n.to_key = "ada@example.org";
	assert_int_equal(queue(f->db, m, &n), ERR_LIMITED);
	rows(f, &count);
	assert_int_equal(count, 5);

	n.kind = MAIL_PASSWORD_CHANGED;
	assert_int_equal(queue(f->db, m, &n), ERR_OK);
	rows(f, &count);
	assert_int_equal(count, 6);

	queue_to(f, m, "bob@example.org");
	f->now_s = START_S + 30 * 60 - 1; /* the link's life is the window */
	queue_to(f, m, "ada@example.org");
	rows(f, &count);
	assert_int_equal(count, 7);
	f->now_s = START_S + 30 * 60;
	queue_to(f, m, "ada@example.org");
	rows(f, &count);
	assert_int_equal(count, 8);

	/* Each kind has its own share: an anonymous reader's registrations do not use up that of a
	 * reset. */
	n = notice_to("eve@example.org", f->now_s);
	const enum mail_kind kinds[] = { MAIL_EXISTS, MAIL_NO_ACCOUNT, MAIL_DISABLED, MAIL_RESET };
	for (size_t i = 0; i < COUNT(kinds); i++) {
		n.kind = kinds[i];
		for (int left = 5; left; left--)
			assert_int_equal(queue(f->db, m, &n), ERR_OK);
		assert_int_equal(queue(f->db, m, &n), ERR_LIMITED);
	}
	rows(f, &count);
	assert_int_equal(count, 28);

	/* The clock is put back a day: nobody stays mute. */
	f->now_s = START_S - 86400;
	queue_to(f, m, "ada@example.org");
	rows(f, &count);
	assert_int_equal(count, 29);
	mail_close(m);
}

static enum err queue_and_fail(struct db_conn *c, void *arg)
{
	enum err e = queue_fn(c, arg);
	return e ? e : ERR_DENIED;
}

/* Goal: a message lives and dies with the transaction of its cause. */
static void test_queue_rollback(void **state)
{
	struct fixture *f = *state;
	struct mail *m = fixture_mail(f, f->db);
	const struct notice n = notice_to("ada@example.org", START_S);
	assert_int_equal(db_tx(f->db, queue_and_fail, &(struct queueing){ m, &n }), ERR_DENIED);
	round_is(m, 0, 0, 0);
	size_t count;
	rows(f, &count);
	assert_int_equal(count, 0);
	mail_close(m);
}

#define SCENARIO(fn) cmocka_unit_test_setup_teardown(fn, fixture_make, fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENARIO(test_settings_refused),
		SCENARIO(test_numbers_refused),
		SCENARIO(test_queue_kinds),
		SCENARIO(test_queue_words),
		SCENARIO(test_queue_injection),
		SCENARIO(test_queue_limit),
		SCENARIO(test_queue_rollback),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
