/* A database in a folder of its own, and short ways to put articles into it. */
#ifndef TESTS_CONTENT_HELP_H
#define TESTS_CONTENT_HELP_H

#include "../../src/content/dek.h"

#include "postern/crypto.h"
#include "postern/queries/article.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { NOW = 1800000000, WHYS_MAX = 64 };

struct fixture {
	char folder[64], url[128];
	struct db *db;
	struct arena *arena;
	/* what the import reported, in order */
	char what[WHYS_MAX][16], slug[WHYS_MAX][SLUG_SIZE], why[WHYS_MAX][WHY_SIZE],
		path[WHYS_MAX][256];
	size_t reports;
};
static const struct log help_quiet = { .level = LOG_ERROR, .fd = -1 };
static const struct decision full = { .grant = GRANT_FULL, .reason = REASON_ENTITLED };
static const struct decision teaser = { .grant = GRANT_TEASER, .reason = REASON_SUBSCRIBER_ONLY };
static const struct decision none = { .grant = GRANT_NONE, .reason = REASON_EMBARGOED };

/* By a policy without rules, for a reader without entitlements. */
static inline struct decision help_decide(const struct article *a, bool signed_in)
{
	struct paywall_article subject = content_paywall_article(a);
	struct paywall_policy policy = { .fallback = ACCESS_SUBSCRIBER, .ai = AI_ALLOW };
	struct paywall_reader reader = { .signed_in = signed_in };
	return paywall_decide(&(struct decision_inputs){ .article = &subject,
		.policy = &policy,
		.reader = &reader,
		.now = paywall_moment(NOW) });
}

static inline int fixture_make(void **state)
{
	char why[256];
	struct fixture *f = calloc(1, sizeof *f);
	if (!f || crypto_start() != ERR_OK)
		return -1;
	snprintf(f->folder, sizeof f->folder, "/tmp/postern-content-XXXXXX");
	if (!mkdtemp(f->folder))
		return -1;
	snprintf(f->url, sizeof f->url, "sqlite:%s/t.db", f->folder);
	struct db_settings s = { .url = f->url,
		.use = DB_TOOL,
		.readers = 2,
		.busy_timeout_ms = 2000,
		.log = &help_quiet };
	f->arena = arena_new(64 << 20);
	*state = f;
	return db_open(&s, &f->db, why) == ERR_OK && db_migrate(f->db, why) == ERR_OK ? 0 : -1;
}

static inline int fixture_end(void **state)
{
	struct fixture *f = *state;
	char command[96];
	db_close(f->db);
	arena_free(f->arena);
	snprintf(command, sizeof command, "rm -rf '%s'", f->folder);
	int rc = system(command);
	free(f);
	return rc;
}

/* Whatever the word, in a transaction of the caller's. */
static inline enum err set_access(struct db_conn *c, const char *slug, const char *word)
{
	ARENA_AUTO *arena = arena_new(1 << 20);
	struct article a;
	enum err e = arena ? content_find(c, str_of(slug), arena, &a) : ERR_NOMEM;
	return e ? e : q_article_set_access(c, a.id, str_of(word), NOW);
}

/* ---- files ---- */

static inline const char *fixture_path(struct fixture *f, const char *name)
{
	return arena_fmt(f->arena, "%s/in/%s", f->folder, name);
}

/* Makes the folders of `name` too, below "in". */
static inline void put_bytes(struct fixture *f, const char *name, struct str bytes)
{
	char path[512];
	snprintf(path, sizeof path, "%s", fixture_path(f, name));
	for (char *p = path + strlen(f->folder) + 1; (p = strchr(p, '/')) != NULL; p++) {
		*p = 0;
		(void)mkdir(path, 0700);
		*p = '/';
	}
	FILE *out = fopen(path, "wb");
	assert_non_null(out);
	assert_int_equal(fwrite(bytes.p ? bytes.p : "", 1, bytes.n, out), bytes.n);
	assert_int_equal(fclose(out), 0);
}

static inline void put_file(struct fixture *f, const char *name, const char *text)
{
	put_bytes(f, name, str_of(text));
}

/* The smallest PNG header that has a size; its bytes differ by `mark`. */
static inline void put_png(struct fixture *f, const char *name, unsigned char width, char mark)
{
	char png[33] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
	png[19] = (char)width;
	png[23] = 60;
	png[32] = mark;
	put_bytes(f, name, (struct str){ png, sizeof png });
}

/* ---- import ---- */

static inline void take_report(void *ctx, const char *path, const char *what, const char *slug,
	const char *why, const struct teaser_size *given)
{
	struct fixture *f = ctx;
	if (strcmp(what, "refused") == 0)
		assert_null(given);
	assert_in_range(f->reports, 0, WHYS_MAX - 1);
	size_t i = f->reports++;
	snprintf(f->path[i], sizeof f->path[i], "%s", path);
	snprintf(f->what[i], sizeof f->what[i], "%s", what);
	snprintf(f->slug[i], sizeof f->slug[i], "%s", slug);
	snprintf(f->why[i], sizeof f->why[i], "%s", why);
}

static inline struct import_settings import_settings_of(struct fixture *f)
{
	f->reports = 0;
	return (struct import_settings){ .default_section = "News",
		.default_access = ACCESS_SUBSCRIBER,
		.bound = { .words = 90, .characters = 1200, .share = 30 },
		.report = take_report,
		.ctx = f };
}

static inline struct import_count import_at(struct fixture *f, const char *name, int64_t now_s)
{
	struct import_count n;
	struct import_settings s = import_settings_of(f);
	assert_int_equal(content_import(f->db, fixture_path(f, name), &s, now_s, &n), ERR_OK);
	return n;
}

static inline struct import_count import(struct fixture *f, const char *name)
{
	return import_at(f, name, NOW);
}

static inline void assert_report(
	struct fixture *f, size_t i, const char *what, const char *why_part)
{
	assert_in_range(i, 0, f->reports - 1);
	if (strcmp(f->what[i], what) != 0 || !strstr(f->why[i], why_part))
		fail_msg("%s: %s, \"%s\"; expected %s, \"%s\"", f->path[i], f->what[i], f->why[i],
			what, why_part);
}

/* ---- reading ---- */

struct reading_of {
	struct fixture *f;
	struct arena *arena;
	const char *slug;
	const struct decision *d;
	unsigned words;
	const struct teaser_bound *bound; /* instead of the words alone */
	struct article article;
	struct article_text text;
	struct image *images;
	size_t image_count;
	enum err err, find_err, images_err;
};

static inline enum err read_one(struct db_conn *c, void *arg)
{
	struct reading_of *r = arg;
	r->find_err = content_find(c, str_of(r->slug), r->f->arena, &r->article);
	if (r->find_err)
		return ERR_OK;
	/* wide enough for texts of a few words; the bound has tests of its own */
	struct teaser_bound bound = { .words = r->words, .characters = 20000, .share = 90 };
	if (r->bound)
		bound = *r->bound;
	r->err = content_open(c, &r->article, r->d, &bound, r->arena, &r->text);
	r->images_err =
		content_images(c, &r->article, r->d, r->f->arena, &r->images, &r->image_count);
	return ERR_OK;
}

static inline struct reading_of open_words(
	struct fixture *f, const char *slug, const struct decision *d, unsigned words)
{
	struct reading_of r = { .f = f, .arena = f->arena, .slug = slug, .d = d, .words = words };
	assert_int_equal(db_read(f->db, read_one, &r), ERR_OK);
	return r;
}

static inline struct article find(struct fixture *f, const char *slug)
{
	struct reading_of r = open_words(f, slug, &none, 0);
	if (r.find_err)
		fail_msg("no article %s", slug);
	return r.article;
}

static inline void assert_str(struct str s, const char *expected)
{
	if (!str_eq(s, str_of(expected)))
		fail_msg("got      \"%.*s\"\nexpected \"%s\"", (int)s.n, s.p, expected);
}

/* ---- articles without a file ---- */

/* Of a text with less than sixty words a teaser is one sentence at most. */
#define TEN_WORDS "and ten more words so that it is long enough, "
#define SIXTY_WORDS TEN_WORDS TEN_WORDS TEN_WORDS TEN_WORDS TEN_WORDS TEN_WORDS

static inline struct draft draft_of(struct fixture *f, const char *slug, int64_t published)
{
	struct draft d = {
		.source = str_of(arena_fmt(f->arena, "file:%s", slug)),
		.headline = str_of(arena_fmt(f->arena, "Headline of %s", slug)),
		.section_name = STR("City"),
		.status = STR("usable"),
		.bound = { .words = 90, .characters = 1200, .share = 30 },
		.access = ACCESS_SUBSCRIBER,
		.published_at = published,
	};
	snprintf(d.slug, sizeof d.slug, "%s", slug);
	return d;
}

static inline void draft_text(struct fixture *f, struct draft *d, const char *html)
{
	assert_int_equal(html_sanitise(str_of(html), &(struct sanitiser){ NULL, NULL }, f->arena,
				 &d->blocks),
		ERR_OK);
}

static inline enum outcome store(struct fixture *f, struct draft *d)
{
	struct stored out = { 0 };
	d->dek_shown = content_dek_bounded(d->dek, d->blocks.v, d->blocks.n, &d->bound, f->arena);
	enum err e = import_draft_store(f->db, d, NOW, f->arena, &out);
	if (e != ERR_OK)
		fail_msg("%s: %s %s", d->slug, err_name(e), out.why);
	return out.outcome;
}

static inline enum err account_tx(struct db_conn *c, void *arg)
{
	const char *id = arg;
	return db_run(c,
		&(struct db_call){ .query = QUERY_ACCOUNT_INSERT,
			DB_PARAMS(db_z(id), db_z(id), db_z(id), db_z(""), db_z(""), db_int(NOW),
				db_int(NOW)) },
		NULL);
}

/* An account without a name or a password, with its id as its address. */
static inline void account_put(struct fixture *f, const char *id)
{
	/* which is only read, whatever the type says */
	assert_int_equal(db_tx(f->db, account_tx, (void *)(uintptr_t)id), ERR_OK);
}

#endif
