/* mail: delivery to a server that is good, refuses, hangs, dies or is not there. */
#include "test_mail_help.h"
#include "test_mail_peer.h"

static void use_port(struct fixture *f, int port)
{
	static char url[64];
	snprintf(url, sizeof url, "smtp://127.0.0.1:%d", port);
	f->settings.transport = url;
}

static struct mail *mail_at(struct fixture *f, struct peer *p, struct peer_mode mode)
{
	peer_start(p, mode);
	use_port(f, p->port);
	return fixture_mail(f, f->db);
}

static void send_to(struct fixture *f, struct mail *m, const char *to, const char *expect)
{
	queue_to(f, m, to);
	round_is(m, *expect == 's', *expect == 'd', *expect == 'f');
}

static void message_id_of(const char *data, char out[static 200])
{
	const char *at = strstr(data, "\r\nMessage-ID: ");
	assert_non_null(at);
	assert_int_equal(sscanf(at, "\r\nMessage-ID: %190[^\r]", out), 1);
}

/* Goal: a message arrives whole, under the right names, and its row is done. */
static void test_delivers(void **state)
{
	struct fixture *f = *state;
	struct peer p;
	char id[200], expect[200];
	fixture_theme(f, "reset.txt", ".\n..two\n.dot\n");
	struct mail *m = mail_at(f, &p, (struct peer_mode){ 0 });
	send_to(f, m, "ada@example.org", "sent");
	assert_int_equal(p.count, 1);
	const struct peer_message *got = &p.messages[0];
	assert_string_equal(got->from, "news@example.org");
	assert_string_equal(got->to, "ada@example.org");
	assert_string_equal(got->hello, "news.example.org");
	assert_non_null(strstr(got->data, "\r\n\r\n..\r\n...two\r\n..dot\r\n--=_"));
	struct mail_row row = row_to(f, "ada@example.org");
	message_id_of(got->data, id);
	snprintf(expect, sizeof expect, "<%s@news.example.org>", row.id);
	assert_string_equal(id, expect);
	assert_int_equal(row.sent_at, START_S);
	assert_int_equal(row.text.n, 0);
	mail_close(m);
	peer_stop(&p);
}

/* Goal: a refusal of this recipient or message is final and its words are kept; all else is tried
 * again, soon. */
static void test_answers(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *to, *outcome, *words;
	} table[] = {
		{ "refuse@example.org", "failed",
			"550 5.1.1 No such mailbox, 5.1.1 see ? help page" },
		{ "spam@example.org", "failed", "554 5.7.1 Looks like spam" },
		{ "nodata@example.org", "failed", "554 5.5.1 No valid recipients" },
		{ "later@example.org", "deferred", "451 4.7.1 Greylisted, try again" },
		{ "full@example.org", "deferred", "452 4.2.2 Mailbox full" },
		{ "login@example.org", "deferred", "530 5.7.0 Authentication required" },
		{ "shut@example.org", "deferred", "421 4.3.2 Shutting down" },
		{ "die@example.org", "deferred", "" },
	};
	struct peer p;
	struct mail *m = mail_at(f, &p, (struct peer_mode){ 0 });
	for (size_t i = 0; i < COUNT(table); i++) {
		send_to(f, m, table[i].to, table[i].outcome);
		struct mail_row row = row_to(f, table[i].to);
		assert_int_equal(row.attempts, 1);
		assert_int_equal(row.sent_at, 0);
		assert_true(row.text.n > 0);
		if (*table[i].words)
			assert_string_equal(row.error.p, table[i].words);
		assert_true(row.error.n > 0);
		if (*table[i].outcome == 'f')
			assert_int_equal(row.failed_at, START_S);
		else
			assert_in_range(row.next_at, START_S + 8, START_S + 12);
	}
	mail_close(m);
	peer_stop(&p);
}

/* Goal: what is the server's or the operator's fault never gives a message up. */
static void test_operator_faults(void **state)
{
	struct fixture *f = *state;
	static const struct {
		struct peer_mode mode;
		bool starttls, login;
		const char *words; /* "" : any */
	} table[] = {
		{ .mode = { .greeting = "554 5.3.2 No service" }, .words = "554 5.3.2 No service" },
		{ .mode = { .greeting = "421 4.3.2 Busy" }, .words = "421 4.3.2 Busy" },
		{ .mode = { .mail = "550 5.7.1 Not your address" },
			.words = "550 5.7.1 Not your address" },
		{ .mode = { .auth = "535 5.7.8 Wrong", .extensions = "250-AUTH PLAIN\r\n" },
			.login = true,
			.words = "535 5.7.8 Wrong" },
		{ .starttls = true, .words = "" },
		{ .mode = { .extensions = "250-STARTTLS\r\n" }, .starttls = true, .words = "" },
	};
	for (size_t i = 0; i < COUNT(table); i++) {
		struct peer p;
		char to[64];
		snprintf(to, sizeof to, "ada%zu@example.org", i);
		f->settings.starttls = table[i].starttls;
		f->settings.username = table[i].login ? "user" : "";
		f->settings.password = table[i].login ? "secret" : "";
		struct mail *m = mail_at(f, &p, table[i].mode);
		send_to(f, m, to, "deferred");
		struct mail_row row = row_to(f, to);
		assert_int_equal(row.failed_at, 0);
		if (*table[i].words)
			assert_string_equal(row.error.p, table[i].words);
		assert_true(row.error.n > 0);
		assert_int_equal(p.count, 0);
		mail_close(m);
		peer_stop(&p);
	}
}

/* Goal: user and password are given when there are some. */
static void test_login(void **state)
{
	struct fixture *f = *state;
	struct peer p;
	f->settings.username = "user";
	f->settings.password = "secret";
	struct mail *m = mail_at(f, &p, (struct peer_mode){ .extensions = "250-AUTH PLAIN\r\n" });
	send_to(f, m, "ada@example.org", "sent");
	mail_close(m);
	peer_stop(&p);
}

/* Goal: waits grow with each attempt, and after the last the message is given up with the last
 * words. */
static void test_attempts(void **state)
{
	struct fixture *f = *state;
	static const int64_t base_s[] = { 10, 30, 120 };
	struct peer p;
	f->settings.attempts_max = 4;
	struct mail *m = mail_at(f, &p, (struct peer_mode){ 0 });
	queue_to(f, m, "later@example.org");
	for (size_t i = 0; i < COUNT(base_s); i++) {
		round_is(m, 0, 1, 0);
		round_is(m, 0, 0, 0);
		struct mail_row row = row_to(f, "later@example.org");
		assert_int_equal(row.attempts, i + 1);
		assert_in_range(row.next_at - f->now_s, base_s[i] * 8 / 10, base_s[i] * 12 / 10);
		f->now_s = row.next_at;
	}
	round_is(m, 0, 0, 1);
	struct mail_row row = row_to(f, "later@example.org");
	assert_int_equal(row.failed_at, f->now_s);
	assert_string_equal(row.error.p, "451 4.7.1 Greylisted, try again");
	mail_close(m);
	peer_stop(&p);
}

/* Goal: when the server dies after the text and before its answer, the second try is the same
 * message, byte for byte. */
static void test_dies_after_data(void **state)
{
	struct fixture *f = *state;
	struct peer p;
	struct mail *m = mail_at(f, &p, (struct peer_mode){ 0 });
	send_to(f, m, "die@example.org", "deferred");
	f->now_s = row_to(f, "die@example.org").next_at;
	round_is(m, 1, 0, 0);
	assert_int_equal(p.count, 2);
	char first[200], second[200];
	message_id_of(p.messages[0].data, first);
	message_id_of(p.messages[1].data, second);
	assert_string_equal(first, second);
	assert_string_equal(p.messages[0].data, p.messages[1].data);
	mail_close(m);
	peer_stop(&p);
}

/* Goal: a delivery ends at its time-out; a server that never says goodbye costs no time. */
static void test_timeouts(void **state)
{
	struct fixture *f = *state;
	struct peer p;
	f->settings.timeout_s = 1;
	struct mail *m = mail_at(f, &p, (struct peer_mode){ .hang_at_quit = true });
	int64_t began_us = clock_monotonic_us();
	send_to(f, m, "hang@example.org", "deferred");
	send_to(f, m, "ada@example.org", "sent");
	assert_true(clock_monotonic_us() - began_us < 60000000);
	mail_close(m);
	f->settings.timeout_s = 300;
	m = fixture_mail(f, f->db);
	send_to(f, m, "bob@example.org", "sent");
	assert_true(clock_monotonic_us() - began_us < 120000000);
	mail_close(m);
	peer_stop(&p);
}

/* Goal: with the server down, a round asks a few times and leaves the others untouched for later.
 */
static void test_server_down(void **state)
{
	struct fixture *f = *state;
	struct peer p;
	struct mail *m = mail_at(f, &p, (struct peer_mode){ 0 });
	peer_stop(&p);
	for (int i = 0; i < 100; i++) {
		char to[64];
		snprintf(to, sizeof to, "r%d@example.org", i);
		queue_to(f, m, to);
	}
	struct mail_round r = { 0 };
	assert_int_equal(mail_deliver_once(m, &r), ERR_OK);
	assert_int_equal(r.sent + r.failed, 0);
	assert_in_range(r.deferred, 3, 3 + SENDERS);
	size_t count, untouched = 0;
	struct mail_row *all = rows(f, &count);
	for (size_t i = 0; i < count; i++)
		untouched += all[i].attempts == 0 && all[i].next_at == START_S;
	assert_int_equal(untouched, 100 - r.deferred);
	mail_close(m);
}

/* Goal: many refusals of recipients are no sign of a server that is down. */
static void test_refusals_do_not_pause(void **state)
{
	struct fixture *f = *state;
	struct peer p;
	struct mail *m = mail_at(f, &p, (struct peer_mode){ 0 });
	for (int i = 0; i < 20; i++) {
		char to[64];
		snprintf(to, sizeof to, "%s%d@example.org", i % 2 ? "refuse" : "later", i);
		queue_to(f, m, to);
	}
	queue_to(f, m, "ada@example.org");
	round_is(m, 1, 10, 10);
	mail_close(m);
	peer_stop(&p);
}

static bool arrives(struct peer *p, const char *prefix, size_t n, int within_ms)
{
	for (int ms = 0; ms < within_ms; ms += 20) {
		if (peer_received(p, prefix) == n)
			return true;
		usleep(20000);
	}
	return false;
}

/* Goal: once the server is back, what was spared meanwhile goes out after a short pause. */
static void test_server_back(void **state)
{
	struct fixture *f = *state;
	struct peer p;
	struct mail *m = mail_at(f, &p, (struct peer_mode){ 0 });
	int port = p.port;
	peer_stop(&p);
	for (int i = 0; i < 20; i++) {
		char to[64];
		snprintf(to, sizeof to, "ada%d@example.org", i);
		queue_to(f, m, to);
	}
	assert_int_equal(mail_deliver_start(m), ERR_OK);
	usleep(1500000);
	size_t count, tried = 0;
	struct mail_row *all = rows(f, &count);
	for (size_t i = 0; i < count; i++)
		tried += all[i].attempts != 0;
	peer_start_at(&p, (struct peer_mode){ 0 }, port);
	bool arrived = arrives(&p, "ada", 20 - tried, 15000);
	mail_close(m);
	peer_stop(&p);
	assert_in_range(tried, 3, 3 + SENDERS);
	assert_true(arrived);
}

/* Goal: slow and refusing recipients hold up nobody else, not even when there are more of them than
 * senders. */
static void test_no_head_of_line(void **state)
{
	struct fixture *f = *state;
	struct peer p;
	const size_t hanging = (size_t)SENDERS * 2;
	f->settings.timeout_s = 1;
	struct mail *m = mail_at(f, &p, (struct peer_mode){ 0 });
	for (size_t i = 0; i < hanging; i++) {
		char to[64];
		snprintf(to, sizeof to, "hang%zu@example.org", i);
		queue_to(f, m, to);
	}
	round_is(m, 0, hanging, 0);
	mail_close(m);

	/* All of them are due again, before anybody else; each would take a minute. */
	f->now_s = START_S + 13;
	f->settings.timeout_s = 60;
	m = fixture_mail(f, f->db);
	queue_to(f, m, "refuse@example.org");
	for (int i = 0; i < 20; i++) {
		char to[64];
		snprintf(to, sizeof to, "ada%d@example.org", i);
		queue_to(f, m, to);
	}
	assert_int_equal(mail_deliver_start(m), ERR_OK);
	bool all = arrives(&p, "ada", 20, 8000);
	peer_stop(&p);
	mail_close(m);
	assert_true(all);
	assert_true(row_to(f, "refuse@example.org").failed_at);
}

/* Goal: closing ends in seconds though a server hangs, and what was under way waits for the next
 * start. */
static void test_close_while_sending(void **state)
{
	struct fixture *f = *state;
	struct peer p;
	f->settings.timeout_s = 60;
	struct mail *m = mail_at(f, &p, (struct peer_mode){ 0 });
	queue_to(f, m, "hang@example.org");
	assert_int_equal(mail_deliver_start(m), ERR_OK);
	for (int tries = 0; tries < 500 && peer_talks(&p) == 0; tries++)
		usleep(10000);
	assert_int_equal(peer_talks(&p), 1);
	int64_t began_us = clock_monotonic_us();
	mail_close(m);
	assert_true(clock_monotonic_us() - began_us < 45000000);
	struct mail_row row = row_to(f, "hang@example.org");
	assert_in_range(row.next_at, START_S + 8, START_S + 12);
	assert_int_equal(row.failed_at, 0);
	peer_stop(&p);
}

#define SCENARIO(fn) cmocka_unit_test_setup_teardown(fn, fixture_make, fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENARIO(test_delivers),
		SCENARIO(test_answers),
		SCENARIO(test_operator_faults),
		SCENARIO(test_login),
		SCENARIO(test_attempts),
		SCENARIO(test_dies_after_data),
		SCENARIO(test_timeouts),
		SCENARIO(test_server_down),
		SCENARIO(test_refusals_do_not_pause),
		SCENARIO(test_server_back),
		SCENARIO(test_no_head_of_line),
		SCENARIO(test_close_while_sending),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
