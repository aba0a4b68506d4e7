/* A database of its own, migrated, with mail into a folder and accounts on it; removed at the end.
 */
#ifndef POSTERN_TESTS_ACCOUNT_HELP_H
#define POSTERN_TESTS_ACCOUNT_HELP_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "postern/account.h"
#include "unit.h"

#define GOOD_PASSWORD "violet otter sings at noon"
#define OTHER_PASSWORD "seventeen quiet harbour cranes"
enum { T0 = 1790000000 };

struct bench {
	char dir[64], url[128], transport[128];
	struct clock clock;
	int64_t now_s;
	struct db *db;
	struct mail *mail;
	struct accounts s;
	struct arena *a;
};

static inline int64_t bench_now(void *ctx)
{
	return ((struct bench *)ctx)->now_s;
}

static inline struct bench *bench_open(void)
{
	struct bench *b = calloc(1, sizeof *b);
	char why[256] = "";

	assert_non_null(b);
	assert_int_equal(crypto_start(), ERR_OK);
	snprintf(b->dir, sizeof b->dir, "%s", "/tmp/postern-account-XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	snprintf(b->url, sizeof b->url, "sqlite:%s/t.db", b->dir);
	snprintf(b->transport, sizeof b->transport, "maildir:%s/mail", b->dir);
	b->now_s = T0;
	b->clock = (struct clock){ .now_s = bench_now, .ctx = b };
	b->a = arena_new((size_t)256 << 20);
	struct db_settings ds = {
		.url = b->url, .use = DB_TOOL, .readers = 8, .busy_timeout_ms = 5000
	};
	if (db_open(&ds, &b->db, why) != ERR_OK || db_migrate(b->db, why) != ERR_OK)
		fail_msg("%s", why);
	struct mail_settings ms = { .transport = b->transport,
		.from = "desk@paper.example",
		.from_name = "The Paper",
		.username = "",
		.password = "",
		.ca_file = "",
		.timeout_s = 5,
		.per_mailbox_hour = 5,
		.attempts_max = 5,
		.keep_text = true,
		.site_name = "The Paper",
		.base_url = "https://paper.example",
		.clock = &b->clock };
	if (mail_open(&ms, b->db, &b->mail, why) != ERR_OK)
		fail_msg("%s", why);
	b->s = (struct accounts){ .set = { .cost = { .memory_kib = 19456, .passes = 2 },
					  .min_length = 8,
					  .max_length = 128,
					  .min_bits = 28,
					  .session_s = 30 * 86400,
					  .session_idle_s = 14 * 86400,
					  .short_session_s = 12 * 3600,
					  .short_session_idle_s = 12 * 3600,
					  .sessions_max = 50,
					  .reset_minutes = 30,
					  .verify_minutes = 1440,
					  .failures_free = 5,
					  .failure_delay_max_s = 3600,
					  .failure_forget_s = 86400,
					  .site_name = "The Paper",
					  .base_url = "https://paper.example" },
		.db = b->db,
		.mail = b->mail };
	return b;
}

static inline void bench_close(struct bench *b)
{
	char cmd[128];

	mail_close(b->mail);
	db_close(b->db);
	arena_free(b->a);
	snprintf(cmd, sizeof cmd, "rm -rf '%s'", b->dir);
	assert_int_equal(system(cmd), 0);
	free(b);
}

/* Mails queued to an address so far; the newest one's kind and token, if it has any. */
static inline size_t bench_mails(
	struct bench *b, const char *to, char kind[32], char token[TOKEN_SIZE])
{
	struct mail_row *rows;
	size_t n, count = 0;

	assert_int_equal(mail_list(b->db, b->a, 500, &rows, &n), ERR_OK);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(rows[i].to, to) != 0)
			continue;
		if (count++ > 0)
			continue;
		if (kind)
			snprintf(kind, 32, "%s", rows[i].kind);
		const char *t = rows[i].text.p ? strstr(rows[i].text.p, "token=pst_") : NULL;
		if (token) {
			token[0] = '\0';
			if (t)
				snprintf(token, TOKEN_SIZE, "%.47s", t + strlen("token="));
		}
	}
	return count;
}

static inline enum err bench_register_from(
	struct bench *b, const char *email, const char *password, struct token *proof)
{
	struct registration r = { .email = str_of(email),
		.password = str_of(password),
		.name = STR("Ada"),
		.proof = proof };
	struct field_error why;
	b->now_s++; /* so that "the newest mail" is one */
	enum err e = account_register(&b->s, &r, b->now_s, b->a, &why);
	return e ? e : account_requests_run(&b->s, b->now_s);
}

static inline enum err bench_register(struct bench *b, const char *email, const char *password)
{
	struct token unused;
	return bench_register_from(b, email, password, &unused);
}

/* Confirms from a browser that holds `proof` (NULL: another one). */
static inline enum err bench_verify(struct bench *b, const char *token, const struct token *proof)
{
	struct field_error why = { 0 };
	struct verification v = { .token = str_of(token),
		.proof = proof ? str_of(proof->text) : STR("") };
	return account_verify(&b->s, &v, b->now_s, b->a, &why);
}

/* From another browser, with the password of the registration, or with a new one. */
static inline enum err bench_verify_with(struct bench *b, const char *token, const char *password)
{
	struct field_error why = { 0 };
	struct verification v = { .token = str_of(token), .password = str_of(password) };
	return account_verify(&b->s, &v, b->now_s, b->a, &why);
}

static inline enum err bench_verify_anew(struct bench *b, const char *token, const char *chosen)
{
	struct field_error why = { 0 };
	struct verification v = { .token = str_of(token), .chosen = str_of(chosen) };
	return account_verify(&b->s, &v, b->now_s, b->a, &why);
}

static inline enum err bench_reset(struct bench *b, const char *email)
{
	struct reset_request rq = { .email = str_of(email), .request_id = "test" };
	enum err e = account_reset_request(&b->s, &rq, b->now_s);
	return e ? e : account_requests_run(&b->s, b->now_s);
}

static inline enum err bench_confirm(struct bench *b, struct str token, struct str password,
	struct arena *a, struct field_error *why)
{
	struct reset_confirmation r = { .token = token, .password = password };
	return account_reset_confirm(&b->s, &r, b->now_s, a, why);
}

static inline enum err bench_login(
	struct bench *b, const char *email, const char *password, struct login_result *out)
{
	struct login l = { .email = str_of(email),
		.password = str_of(password),
		.remember = true,
		.remember_device = true };
	return account_login(&b->s, &l, b->now_s, b->a, out);
}

/* A verified account. */
static inline void bench_account(
	struct bench *b, const char *email, const char *password, struct account *out)
{
	struct field_error why = { 0 };
	if (account_create(&b->s, str_of(email), STR("Ada"), str_of(password), b->now_s, b->a, out,
		    &why) != ERR_OK)
		fail_msg("%s", why.detail ? why.detail : "account_create");
}

/* For one call: the digest is made in it. */
static inline struct presented_token *presented(struct str text)
{
	static _Thread_local struct presented_token token;

	token = (struct presented_token){ .text = text };
	return &token;
}

static inline bool bench_signed_in(struct bench *b, const char *token)
{
	struct caller c;
	assert_int_equal(account_identify(&b->s, presented(str_of(token)), b->now_s, &c), ERR_OK);
	return c.signed_in;
}

#endif
