/* mail: delivery into a maildir, claims, and what an operator may do. */
#include "test_mail_help.h"

#include <dirent.h>
#include <sys/stat.h>

/* ---- maildir ---- */
static size_t files(const char *maildir, const char *sub, char names[][256], size_t max)
{
	char path[300];
	size_t n = 0;
	snprintf(path, sizeof path, "%s/%s", maildir + strlen("maildir:"), sub);
	DIR *dir = opendir(path);
	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir));) {
		if (e->d_name[0] == '.')
			continue;
		assert_true(n < max);
		snprintf(names[n++], 256, "%s", e->d_name);
	}
	closedir(dir);
	return n;
}

/* Goal: a message is one file in new, private, with the line ends of the system; its row is marked
 * and wiped. */
static void test_maildir(void **state)
{
	struct fixture *f = *state;
	struct mail *m = fixture_mail(f, f->db);
	queue_to(f, m, "ada@example.org");
	round_is(m, 1, 0, 0);
	round_is(m, 0, 0, 0);

	static char names[8][256];
	char path[600], folder[300];
	struct stat st;
	assert_int_equal(files(f->maildir, "tmp", names, 8), 0);
	assert_int_equal(files(f->maildir, "cur", names, 8), 0);
	assert_int_equal(files(f->maildir, "new", names, 8), 1);
	snprintf(folder, sizeof folder, "%s/new", f->maildir + strlen("maildir:"));
	snprintf(path, sizeof path, "%s/%s", folder, names[0]);
	assert_int_equal(stat(folder, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	BUF_AUTO text = BUF(1 << 20);
	assert_int_equal(file_read(path, &text), ERR_OK);
	assert_null(memchr(text.p, '\r', text.n));
	assert_non_null(strstr(text.p, "\nTo: ada@example.org\n"));
	assert_non_null(strstr(text.p, "@news.example.org>\n"));

	struct mail_row row = row_to(f, "ada@example.org");
	assert_int_equal(row.sent_at, START_S);
	assert_int_equal(row.text.n, 0);
	assert_true(row.subject.n > 0);
	mail_close(m);
}

/* Goal: in development the text stays for the mailbox page. */
static void test_keep_text(void **state)
{
	struct fixture *f = *state;
	f->settings.keep_text = true;
	struct mail *m = fixture_mail(f, f->db);
	queue_to(f, m, "ada@example.org");
	round_is(m, 1, 0, 0);
	assert_true(row_to(f, "ada@example.org").text.n > 0);
	mail_close(m);
}

/* Goal: a folder that cannot be written defers, and delivers once it can. */
static void test_maildir_trouble(void **state)
{
	struct fixture *f = *state;
	struct mail *m = fixture_mail(f, f->db);
	char from[300], to[300];
	snprintf(from, sizeof from, "%s/new", f->maildir + strlen("maildir:"));
	snprintf(to, sizeof to, "%s/gone", f->folder);
	assert_int_equal(rename(from, to), 0);
	queue_to(f, m, "ada@example.org");
	round_is(m, 0, 1, 0);
	struct mail_row row = row_to(f, "ada@example.org");
	assert_true(str_starts(row.error, STR("maildir: ")));
	assert_int_equal(row.attempts, 1);
	static char names[8][256];
	assert_int_equal(files(f->maildir, "tmp", names, 8), 0);

	assert_int_equal(rename(to, from), 0);
	round_is(m, 0, 0, 0); /* not due yet */
	f->now_s = row.next_at;
	round_is(m, 1, 0, 0);
	assert_int_equal(row_to(f, "ada@example.org").error.n, 0);
	mail_close(m);
}

/* ---- claims ---- */
enum { MANY = 60 };

static void queue_many(struct fixture *f, struct mail *m)
{
	for (int i = 0; i < MANY; i++) {
		char to[64];
		snprintf(to, sizeof to, "r%d@example.org", i);
		queue_to(f, m, to);
	}
}

static void wait_for_all_sent(struct fixture *f)
{
	for (int tries = 0; tries < 30000; tries++) {
		size_t count, sent = 0;
		struct mail_row *all = rows(f, &count);
		for (size_t i = 0; i < count; i++)
			sent += all[i].sent_at != 0;
		arena_free(f->arena);
		f->arena = arena_new(64 << 20);
		if (sent == MANY)
			return;
		usleep(20000);
	}
	fail_msg("not all were sent");
}

/* Goal: two processes on one database deliver each message once. */
static void test_two_mailers(void **state)
{
	struct fixture *f = *state;
	struct db *db2 = fixture_db(f);
	char other[112];
	snprintf(other, sizeof other, "maildir:%s/other", f->folder);
	struct mail *one = fixture_mail(f, f->db);
	f->settings.transport = other;
	struct mail *two = fixture_mail(f, db2);
	queue_many(f, one);
	assert_int_equal(mail_deliver_start(one), ERR_OK);
	assert_int_equal(mail_deliver_start(two), ERR_OK);
	assert_int_equal(mail_deliver_start(two), ERR_CONFLICT);
	wait_for_all_sent(f);
	mail_close(one);
	mail_close(two);
	db_close(db2);

	static char names[2 * MANY][256];
	size_t n = files(f->maildir, "new", names, MANY);
	n += files(other, "new", names + n, MANY);
	assert_int_equal(n, MANY);
	for (size_t i = 0; i < n; i++) {
		for (size_t j = i + 1; j < n; j++)
			assert_string_not_equal(names[i], names[j]);
	}
	size_t count;
	struct mail_row *all = rows(f, &count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(all[i].attempts, 1);
}

/* Goal: woken, the senders look at once, not at the next second. */
static void test_wake(void **state)
{
	struct fixture *f = *state;
	struct mail *m = fixture_mail(f, f->db);
	assert_int_equal(mail_deliver_start(m), ERR_OK);
	usleep(200000);
	int at_once = 0;
	for (int i = 0; i < 20; i++) {
		char to[64];
		snprintf(to, sizeof to, "w%d@example.org", i);
		queue_to(f, m, to);
		int64_t woken_us = clock_monotonic_us();
		mail_wake(m);
		for (int tries = 0; tries < 30000 && !row_to(f, to).sent_at; tries++)
			usleep(1000);
		assert_true(row_to(f, to).sent_at);
		at_once += clock_monotonic_us() - woken_us < 250000;
	}
	/* Not woken, one in four were so by chance, for they look each second. */
	assert_true(at_once >= 12);
	mail_close(m);
}

/* Goal: the claim of a dead process lapses, and its late outcome changes nothing that came after.
 */
static void test_claim_lapses(void **state)
{
	struct fixture *f = *state;
	struct mail *m = fixture_mail(f, f->db);
	queue_to(f, m, "ada@example.org");
	const struct claim c = { .now_s = START_S, .lapses_s = START_S + 70, .attempts_max = 100 };
	struct letter dead, again;
	assert_int_equal(mail_outbox_claim(f->db, &c, f->arena, &dead), ERR_OK);
	assert_int_equal(mail_outbox_claim(f->db, &c, f->arena, &again), ERR_NOT_FOUND);
	round_is(m, 0, 0, 0);
	assert_int_equal(mail_retry(f->db, dead.id, START_S), ERR_CONFLICT);

	f->now_s = START_S + 70;
	round_is(m, 1, 0, 0);
	assert_int_equal(mail_outbox_failed(f->db, &dead, START_S + 71, "late"), ERR_OK);
	assert_int_equal(mail_outbox_deferred(f->db, &dead, START_S + 80, "late"), ERR_OK);
	struct mail_row row = row_to(f, "ada@example.org");
	assert_int_equal(row.attempts, 2);
	assert_int_equal(row.failed_at, 0);
	assert_int_equal(row.sent_at, START_S + 70);
	mail_close(m);
}

/* Goal: with the clock put back a day, what waits does not wait a day more. */
static void test_clock_back(void **state)
{
	struct fixture *f = *state;
	struct mail *m = fixture_mail(f, f->db);
	queue_to(f, m, "ada@example.org");
	f->now_s = START_S - 86400;
	round_is(m, 1, 0, 0);
	mail_close(m);
}

/* ---- the operator ---- */
/* Goal: newest first, at most as many as asked for. */
static void test_list(void **state)
{
	struct fixture *f = *state;
	struct mail *m = fixture_mail(f, f->db);
	queue_to(f, m, "a@example.org");
	f->now_s = START_S + 1;
	queue_to(f, m, "b@example.org");
	struct mail_row *all = NULL;
	size_t count = 0;
	assert_int_equal(mail_list(f->db, f->arena, 10, &all, &count), ERR_OK);
	assert_int_equal(count, 2);
	assert_string_equal(all[0].to, "b@example.org");
	assert_int_equal(mail_list(f->db, f->arena, 1, &all, &count), ERR_OK);
	assert_int_equal(count, 1);
	mail_close(m);
}

/* Goal: what was given up or waits can be tried again; what was sent cannot. */
static void test_retry(void **state)
{
	struct fixture *f = *state;
	struct mail *m = fixture_mail(f, f->db);
	assert_int_equal(mail_retry(f->db, STR("nothing"), START_S), ERR_NOT_FOUND);
	queue_to(f, m, "ada@example.org");
	const struct claim c = { .now_s = START_S, .lapses_s = START_S + 70, .attempts_max = 100 };
	struct letter l;
	assert_int_equal(mail_outbox_claim(f->db, &c, f->arena, &l), ERR_OK);
	assert_int_equal(mail_outbox_failed(f->db, &l, START_S + 1, "550 no"), ERR_OK);
	f->now_s = START_S + 100;
	round_is(m, 0, 0, 0);
	assert_int_equal(row_to(f, "ada@example.org").failed_at, START_S + 1);

	assert_int_equal(mail_retry(f->db, l.id, f->now_s), ERR_OK);
	assert_int_equal(row_to(f, "ada@example.org").failed_at, 0);
	assert_int_equal(mail_outbox_claim(f->db, &(struct claim){ f->now_s, f->now_s + 70, 100 },
				 f->arena, &l),
		ERR_OK);
	assert_int_equal(mail_outbox_deferred(f->db, &l, f->now_s + 1000, "451 later"), ERR_OK);
	round_is(m, 0, 0, 0);
	assert_int_equal(mail_retry(f->db, l.id, f->now_s), ERR_OK);
	round_is(m, 1, 0, 0);
	assert_int_equal(mail_retry(f->db, l.id, f->now_s), ERR_CONFLICT);
	mail_close(m);
}

/* Goal: after 30 days what has an outcome goes; what waits stays. */
static void test_purge(void **state)
{
	struct fixture *f = *state;
	const int64_t days_30 = 2592000;
	struct mail *m = fixture_mail(f, f->db);
	queue_to(f, m, "sent@example.org");
	round_is(m, 1, 0, 0);
	queue_to(f, m, "waits@example.org");
	size_t count;
	assert_int_equal(
		mail_purge(&(struct db_sweeper){ .db = f->db, .now_s = START_S + days_30 }),
		ERR_OK);
	rows(f, &count);
	assert_int_equal(count, 2);
	assert_int_equal(
		mail_purge(&(struct db_sweeper){ .db = f->db, .now_s = START_S + days_30 + 1 }),
		ERR_OK);
	rows(f, &count);
	assert_int_equal(count, 1);
	assert_int_equal(row_to(f, "waits@example.org").sent_at, 0);
	mail_close(m);
}

#define SCENARIO(fn) cmocka_unit_test_setup_teardown(fn, fixture_make, fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENARIO(test_maildir),
		SCENARIO(test_keep_text),
		SCENARIO(test_maildir_trouble),
		SCENARIO(test_two_mailers),
		SCENARIO(test_wake),
		SCENARIO(test_claim_lapses),
		SCENARIO(test_clock_back),
		SCENARIO(test_list),
		SCENARIO(test_retry),
		SCENARIO(test_purge),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
