/* Goal: nothing that is done for a request tells whether its address has an account: the same
 * statements in the same order, the same waits for the disk, the same hashes and mails, from the
 * first request to beyond the mailbox's share. Shown without a clock: this program stands in for
 * the functions of SQLite, of libsodium and of the C library that do the work, and writes down what
 * is called. */
#include "account_help.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sodium.h>
#include <sqlite3.h>

enum { TRANSCRIPT_MAX = 64 << 10 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char transcript[TRANSCRIPT_MAX];
static size_t transcript_n;

/* The functions are called by threads of the database too. */
static void note(const char *what)
{
	size_t n = strlen(what);

	pthread_mutex_lock(&lock);
	if (transcript_n + n + 2 < sizeof transcript) {
		memcpy(transcript + transcript_n, what, n);
		transcript_n += n;
		transcript[transcript_n++] = '\n';
		transcript[transcript_n] = '\0';
	}
	pthread_mutex_unlock(&lock);
}

static uint64_t hash_work; /* of one thread: passes times bytes */

static void transcript_clear(void)
{
	hash_work = 0;
	pthread_mutex_lock(&lock);
	transcript_n = 0;
	transcript[0] = '\0';
	pthread_mutex_unlock(&lock);
}

/* The function behind the one of this name here. */
static void *real(const char *name)
{
	void *fn = dlsym(RTLD_NEXT, name);
	assert_non_null(fn);
	return fn;
}

/* Each run of a statement is noted once, by its text: when it starts. */
int sqlite3_step(sqlite3_stmt *s)
{
	int (*fn)(sqlite3_stmt *) = real("sqlite3_step");

	const char *sql = sqlite3_sql(s);

	if (sql && !sqlite3_stmt_busy(s)) /* the library's own have no text */
		note(sql);
	return fn(s);
}

int fsync(int fd)
{
	int (*fn)(int) = real("fsync");
	note("(disk)");
	return fn(fd);
}

int fdatasync(int fd)
{
	int (*fn)(int) = real("fdatasync");
	note("(disk)");
	return fn(fd);
}

int crypto_pwhash(unsigned char *const out, unsigned long long out_n, const char *const passwd,
	unsigned long long n, const unsigned char *const salt, unsigned long long ops,
	size_t memory, int alg)
{
	int (*fn)(unsigned char *, unsigned long long, const char *, unsigned long long,
		const unsigned char *, unsigned long long, size_t, int) = real("crypto_pwhash");
	note("(hash)");
	hash_work += ops * memory;
	return fn(out, out_n, passwd, n, salt, ops, memory, alg);
}

int crypto_pwhash_str_alg(char out[crypto_pwhash_STRBYTES], const char *passwd,
	unsigned long long n, unsigned long long ops, size_t memory, int alg)
{
	int (*fn)(char *, const char *, unsigned long long, unsigned long long, size_t, int) =
		real("crypto_pwhash_str_alg");
	note("(hash)");
	return fn(out, passwd, n, ops, memory, alg);
}

/* ---- the cases ---- */
enum { CLASSES = 4, REQUESTS = 7, FACES = 3 };
static const char email[] = "somebody@example.org";
static const char *const classes[CLASSES] = { "unknown", "confirmed", "unconfirmed", "disabled" };
static const char *const faces[FACES] = { "reset", "register", "log-in" };

static struct bench *bench_of(size_t class)
{
	struct bench *b = bench_open();
	struct account acc;

	if (class == 2)
		assert_int_equal(bench_register(b, email, OTHER_PASSWORD), ERR_OK);
	else if (class)
		bench_account(b, email, OTHER_PASSWORD, &acc);
	if (class == 3)
		assert_int_equal(account_set_disabled(&b->s, acc.id, true, b->now_s), ERR_OK);
	/* What made the account has had its mails; their hour is over. */
	b->now_s += 2 * 86400;
	return b;
}

static enum err ask(struct bench *b, size_t face)
{
	struct registration r = {
		.email = str_of(email), .password = STR(GOOD_PASSWORD), .name = STR("Ada")
	};
	struct field_error why;
	struct token proof;
	struct login_result res;

	r.proof = &proof;
	struct reset_request rq = { .email = str_of(email), .request_id = "test" };
	if (face == 0)
		return account_reset_request(&b->s, &rq, b->now_s);
	if (face == 1)
		return account_register(&b->s, &r, b->now_s, b->a, &why);
	return bench_login(b, email, "not the password", &res);
}

static size_t mails(struct bench *b)
{
	struct mail_row *rows;
	size_t n;

	assert_int_equal(mail_list(b->db, b->a, 500, &rows, &n), ERR_OK);
	return n;
}

struct seen {
	char answer[TRANSCRIPT_MAX], after[TRANSCRIPT_MAX];
	enum err err;
	size_t mails;
};

static void look(struct bench *b, size_t face, struct seen *out)
{
	size_t before = mails(b);

	transcript_clear();
	out->err = ask(b, face);
	memcpy(out->answer, transcript, sizeof transcript);
	transcript_clear();
	assert_int_equal(account_requests_run(&b->s, b->now_s), ERR_OK);
	memcpy(out->after, transcript, sizeof transcript);
	out->mails = mails(b) - before;
}

static void same(const struct seen *a, const struct seen *b, const char *what)
{
	if (a->err != b->err)
		fail_msg("%s: %s, not %s", what, err_name(b->err), err_name(a->err));
	if (strcmp(a->answer, b->answer) != 0)
		fail_msg("%s: for the answer\n%s\nnot\n%s", what, b->answer, a->answer);
	if (strcmp(a->after, b->after) != 0)
		fail_msg("%s: after the answer\n%s\nnot\n%s", what, b->after, a->after);
	if (a->mails != b->mails)
		fail_msg("%s: %zu mails, not %zu", what, b->mails, a->mails);
}

static size_t count_of(const char *text, const char *part)
{
	size_t n = 0;
	for (const char *p = text; (p = strstr(p, part)); p++)
		n++;
	return n;
}

/* That the transcripts hold what they should: an empty one is like any other. */
static void plausible(const struct seen *s, size_t face, int request)
{
	static const size_t hashes[FACES] = { 0, 1, 1 };
	bool limited = face == 2 && request > 5;

	assert_int_equal(s->err, limited ? ERR_LIMITED : face == 2 ? ERR_UNAUTHENTICATED : ERR_OK);
	assert_int_equal(count_of(s->answer, "(hash)"), limited ? 0 : hashes[face]);
	if (face == 2)
		return;
	assert_int_equal(count_of(s->answer, "INSERT INTO account_request"), 1);
	assert_int_equal(count_of(s->answer, "(disk)"), 1);
	assert_int_equal(count_of(s->answer, "FROM account "), 0);
	assert_int_equal(count_of(s->after, "FROM account WHERE email_key"), 1);
	assert_int_equal(s->mails, request <= 5);
}

static void test_requests_are_alike(void **state)
{
	static struct seen first[REQUESTS + 1], other;
	char what[128];

	(void)state;
	for (size_t face = 0; face < FACES; face++) {
		for (size_t class = 0; class < CLASSES; class ++) {
			struct bench *b = bench_of(class);
			for (int i = 1; i <= REQUESTS; i++) {
				struct seen *s = class ? &other : &first[i];
				snprintf(what, sizeof what, "%s, request %d, %s address",
					faces[face], i, classes[class]);
				look(b, face, s);
				plausible(s, face, i);
				same(&first[i], s, what);
			}
			bench_close(b);
		}
	}
}

/* Goal: an account whose hash was made when it cost less is refused with as much work as an unknown
 * address. */
static void test_older_costs_are_worked_off(void **state)
{
	static const struct password_cost today[] = { { 19456, 3, NULL }, { 32768, 2, NULL },
		{ 65536, 1, NULL }, { 19464, 2, NULL } };
	struct login_result res;
	struct account acc;

	(void)state;
	for (size_t i = 0; i < COUNT(today); i++) {
		struct bench *b = bench_open();
		bench_account(b, email, GOOD_PASSWORD, &acc);
		b->s.set.cost = today[i];
		uint64_t work[2];
		for (int known = 0; known < 2; known++) {
			transcript_clear();
			assert_int_equal(bench_login(b, known ? email : "nobody@example.org",
						 "not the password", &res),
				ERR_UNAUTHENTICATED);
			work[known] = hash_work;
		}
		assert_int_equal(work[0], (uint64_t)today[i].memory_kib * 1024 * today[i].passes);
		/* to a hundredth of a pass */
		assert_true(work[1] > work[0] * 99 / 100 && work[1] < work[0] * 101 / 100);
		assert_int_equal(bench_login(b, email, GOOD_PASSWORD, &res), ERR_OK);
		bench_close(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests_are_alike),
		cmocka_unit_test(test_older_costs_are_worked_off),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
