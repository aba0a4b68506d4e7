/* Fills a migrated SQLite database for the benches, with plain SQL and in one transaction: a
 * million accounts take seconds. All is derived from its number, so the clients know it without
 * being told:
 *
 *   account i   reader-i@bench.example, password "bench-lantern-adrift" for i < PASSWORDS; one
 * session each session i   token "pst_" and base64url of BLAKE2b-256("bench-session-i") article i
 * slug "bench-i"; i % 4: 0 subscriber, 1 metered, 2 public, 3 registered
 *
 *   seed DATABASE ACCOUNTS ARTICLES [TOKENS-FILE]   fills; every even account has a plan. Writes
 * the tokens, one a line seed hash SECONDS MEMORY-KIB PASSES             microseconds of one bare
 * Argon2id */
#include <sodium.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	PASSWORDS = 400,
	PARAGRAPHS = 12,
	WORDS = 75,
	TEXT_MAX = 256,
	TOKEN_MAX = 64,
	MEMORY_KIB = 19456,
	PASSES = 2,
	DAY_S = 86400,
};

struct seed {
	sqlite3 *db;
	sqlite3_stmt *account, *session, *entitlement, *article, *block;
	FILE *tokens;
	long long now_s;
	char hash[crypto_pwhash_STRBYTES];
};

static int fail(const char *what, sqlite3 *db)
{
	(void)fprintf(stderr, "seed: %s%s%s\n", what, db ? ": " : "", db ? sqlite3_errmsg(db) : "");
	return 1;
}

static double now_us(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int bench_hash(double seconds, size_t memory_kib, unsigned passes)
{
	char out[crypto_pwhash_STRBYTES];
	const double start = now_us(CLOCK_MONOTONIC);
	int n = 0;
	for (; n == 0 || now_us(CLOCK_MONOTONIC) - start < seconds * 1e6; n++) {
		if (crypto_pwhash_str(out, "bench-lantern", 13, passes, memory_kib << 10) != 0)
			return fail("no memory to hash", NULL);
	}
	(void)printf("%.0f\n", now_us(CLOCK_PROCESS_CPUTIME_ID) / n);
	return 0;
}

static void bind_id(sqlite3_stmt *s, int at, char kind, long long i)
{
	char id[TEXT_MAX];
	(void)snprintf(id, sizeof id, "%cbench%020lld", kind, i);
	sqlite3_bind_text(s, at, id, -1, SQLITE_TRANSIENT);
}

static void bind_fmt(sqlite3_stmt *s, int at, const char *before, long long i, const char *after)
{
	char text[TEXT_MAX];
	(void)snprintf(text, sizeof text, "%s%lld%s", before, i, after);
	sqlite3_bind_text(s, at, text, -1, SQLITE_TRANSIENT);
}

static bool step(sqlite3_stmt *s)
{
	const bool done = sqlite3_step(s) == SQLITE_DONE;
	return sqlite3_reset(s) == SQLITE_OK && done;
}

/* What crypto_token_hash makes of a token: BLAKE2b-256 of its text. */
static void bind_token(struct seed *d, sqlite3_stmt *s, int at, long long i)
{
	char name[TEXT_MAX];
	char token[TOKEN_MAX] = "pst_";
	unsigned char bytes[32];
	(void)snprintf(name, sizeof name, "bench-session-%lld", i);
	crypto_generichash(bytes, sizeof bytes, (const unsigned char *)name, strlen(name), NULL, 0);
	sodium_bin2base64(token + 4, sizeof token - 4, bytes, sizeof bytes,
		sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	crypto_generichash(
		bytes, sizeof bytes, (const unsigned char *)token, strlen(token), NULL, 0);
	sqlite3_bind_blob(s, at, bytes, sizeof bytes, SQLITE_TRANSIENT);
	if (d->tokens)
		(void)fprintf(d->tokens, "%s\n", token);
}

static bool put_reader(struct seed *d, long long i)
{
	bind_id(d->account, 1, 'a', i);
	bind_fmt(d->account, 2, "reader-", i, "@bench.example");
	bind_fmt(d->account, 3, "Reader ", i, "");
	if (i < PASSWORDS)
		sqlite3_bind_text(d->account, 4, d->hash, -1, SQLITE_STATIC);
	else
		sqlite3_bind_null(d->account, 4);
	sqlite3_bind_int64(d->account, 5, d->now_s);
	bind_id(d->session, 1, 's', i);
	bind_token(d, d->session, 2, i);
	bind_id(d->session, 3, 'a', i);
	sqlite3_bind_int64(d->session, 4, d->now_s);
	sqlite3_bind_int64(d->session, 5, d->now_s + 30LL * DAY_S);
	if (!step(d->account) || !step(d->session))
		return false;
	if (i % 2 != 0)
		return true;
	bind_id(d->entitlement, 1, 'e', i);
	bind_id(d->entitlement, 2, 'a', i);
	sqlite3_bind_int64(d->entitlement, 3, d->now_s);
	return step(d->entitlement);
}

static bool put_block(struct seed *d, long long article, int position)
{
	static const char *const words[] = { "harbour", "the", "council", "reopened", "after",
		"winter", "ferry", "a", "storm", "and", "its", "lantern", "quay", "of", "evening",
		"tide" };
	char html[WORDS * 12];
	size_t n = (size_t)snprintf(html, sizeof html, "<p>");
	for (int i = 0; i < WORDS; i++) {
		const char *word =
			words[((unsigned)i * 7 + (unsigned)position + (unsigned)article % 16) % 16];
		n += (size_t)snprintf(html + n, sizeof html - n, "%s%s", i ? " " : "", word);
	}
	(void)snprintf(html + n, sizeof html - n, ".</p>");
	bind_id(d->block, 1, 't', article);
	sqlite3_bind_int(d->block, 2, position);
	sqlite3_bind_int(d->block, 3, WORDS);
	sqlite3_bind_text(d->block, 4, html, -1, SQLITE_TRANSIENT);
	return step(d->block);
}

static bool put_article(struct seed *d, long long i)
{
	static const char *const levels[] = { "subscriber", "metered", "public", "registered" };
	bind_id(d->article, 1, 't', i);
	bind_fmt(d->article, 2, "bench-", i, "");
	bind_fmt(d->article, 3, "bench:", i, "");
	bind_fmt(d->article, 4, "The harbour reopens, part ", i, "");
	bind_fmt(d->article, 5, "section-", i % 8, "");
	bind_fmt(d->article, 6, "Section ", i % 8, "");
	sqlite3_bind_text(d->article, 7, levels[i % 4], -1, SQLITE_STATIC);
	sqlite3_bind_int64(d->article, 8, d->now_s - 60 - i);
	bool ok = step(d->article);
	for (int k = 0; ok && k < PARAGRAPHS; k++)
		ok = put_block(d, i, k);
	return ok;
}

static bool prepare(struct seed *d)
{
	const struct {
		sqlite3_stmt **s;
		const char *sql;
	} all[] = {
		{ &d->account, "INSERT INTO account (id, email, email_key, name, password_hash, "
			       "created_at, updated_at,"
			       " verified_at) VALUES (?1, ?2, ?2, ?3, ?4, ?5, ?5, ?5)" },
		{ &d->session, "INSERT INTO session (id, token_hash, account_id, name, remember, "
			       "created_at,"
			       " last_seen_at, idle_s, expires_at) VALUES (?1, ?2, ?3, 'bench', 1, "
			       "?4, ?4, 1209600,"
			       " ?5)" },
		{ &d->entitlement, "INSERT INTO entitlement (id, account_id, plan, source, "
				   "starts_at, created_at)"
				   " VALUES (?1, ?2, 'digital', 'comp', ?3, ?3)" },
		{ &d->article, "INSERT INTO article (id, slug, source, headline, dek, byline, "
			       "dateline, credit,"
			       " section, section_name, tags, access, status, usage_terms, "
			       "language, published_at,"
			       " updated_at, words, imported_at) VALUES (?1, ?2, ?3, ?4, 'What the "
			       "tide brought, and"
			       " who pays for it.', 'Ada Holm', 'SANDHAVEN', 'Courier', ?5, ?6,"
			       " char(10) || 'harbour' || char(10), ?7, 'usable', '', 'en', ?8, "
			       "?8, 900, ?8)" },
		{ &d->block, "INSERT INTO article_block (article_id, position, words, html)"
			     " VALUES (?1, ?2, ?3, ?4)" },
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		if (sqlite3_prepare_v2(d->db, all[i].sql, -1, all[i].s, NULL) != SQLITE_OK)
			return false;
	}
	return true;
}

static bool fill(struct seed *d, long long accounts, long long articles)
{
	bool ok = true;
	for (long long i = 0; ok && i < accounts; i++)
		ok = put_reader(d, i);
	for (long long i = 0; ok && i < articles; i++)
		ok = put_article(d, i);
	sqlite3_stmt *all[] = { d->account, d->session, d->entitlement, d->article, d->block };
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		sqlite3_finalize(all[i]);
	return ok;
}

/* Only a plan that is described opens anything. */
#define PLAN                                                                                       \
	"INSERT INTO plan (name, kind, sections, title, price, href, created_at) "                 \
	"VALUES ('digital', 'subscription', '', 'Digital', '', '', 0) ON CONFLICT DO NOTHING"

static int seed(const char *path, long long accounts, long long articles, const char *tokens)
{
	struct seed d = { .now_s = (long long)time(NULL),
		.tokens = tokens ? fopen(tokens, "w") : NULL };
	if (tokens && !d.tokens)
		return fail("the file of the tokens cannot be written", NULL);
	if (crypto_pwhash_str(
		    d.hash, "bench-lantern-adrift", 20, PASSES, (size_t)MEMORY_KIB << 10) != 0)
		return fail("no memory to hash", NULL);
	if (sqlite3_open_v2(path, &d.db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		return fail(path, d.db);
	/* What is lost by a crash here is made anew. */
	if (sqlite3_exec(d.db, "PRAGMA synchronous = OFF; PRAGMA cache_size = -500000; BEGIN", NULL,
		    NULL, NULL) != SQLITE_OK ||
		sqlite3_exec(d.db, PLAN, NULL, NULL, NULL) != SQLITE_OK || !prepare(&d) ||
		!fill(&d, accounts, articles) ||
		sqlite3_exec(d.db, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL) !=
			SQLITE_OK)
		return fail("not filled", d.db);
	sqlite3_close(d.db);
	return d.tokens && fclose(d.tokens) != 0 ? fail("the tokens were not written", NULL) : 0;
}

int main(int argc, char **argv)
{
	if (sodium_init() < 0)
		return fail("libsodium does not start", NULL);
	if (argc == 5 && strcmp(argv[1], "hash") == 0)
		return bench_hash(strtod(argv[2], NULL), strtoul(argv[3], NULL, 10),
			(unsigned)strtoul(argv[4], NULL, 10));
	if (argc != 4 && argc != 5)
		return fail("usage: seed DATABASE ACCOUNTS ARTICLES [TOKENS] | hash SECONDS "
			    "MEMORY-KIB PASSES",
			NULL);
	return seed(argv[1], strtoll(argv[2], NULL, 10), strtoll(argv[3], NULL, 10),
		argc == 5 ? argv[4] : NULL);
}
