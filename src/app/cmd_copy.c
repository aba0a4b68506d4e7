/* postern db copy: how it is told and refused. */
#include "cli.h"
#include "copy.h"

#include <stdio.h>
#include <string.h>

enum { TELL_EVERY_US = 2 * 1000 * 1000 };

struct telling {
	int64_t told_us;
	char table[64]; /* last told of */
};

static enum err tell_progress(void *ctx, const char *table, int64_t done, int64_t all)
{
	struct telling *t = ctx;
	int64_t now_us = clock_monotonic_us();
	bool end = done >= all;
	if (!end && now_us - t->told_us < TELL_EVERY_US)
		return ERR_OK;
	if (end && strcmp(t->table, table) == 0)
		return ERR_OK;
	if (end)
		snprintf(t->table, sizeof t->table, "%s", table);
	t->told_us = now_us;
	fprintf(stderr, "%-24s %12lld of %lld rows\n", table, (long long)done, (long long)all);
	return ERR_OK;
}

static void tell_compared(void *ctx, const struct copy_result *r)
{
	char from[HASH_TAG_SIZE], to[HASH_TAG_SIZE];
	bool same = !*r->differs && memcmp(r->from_sum, r->to_sum, HASH_BYTES) == 0;
	(void)ctx;
	crypto_hash_tag(r->from_sum, from);
	crypto_hash_tag(r->to_sum, to);
	printf("%-24s %12lld %12lld  %s %s  %s%s\n", r->table, (long long)r->from_rows,
		(long long)r->to_rows, from, to, same ? "same" : "DIFFERS, first at ", r->differs);
}

static enum err side_open(
	struct cli *c, const char *url, enum db_use use, struct db **out, char *why)
{
	struct db_settings s = {
		.url = url, .use = use, .readers = 2, .busy_timeout_ms = 5000, .log = &c->app.log
	};
	return db_open(&s, out, why);
}

static int copy_code(enum err e, const char *why)
{
	int code = e == ERR_CONFLICT  ? EXIT_CONFLICT
		   : e == ERR_INVALID ? EXIT_CONFIG
		   : e == ERR_CORRUPT ? EXIT_FAILED
				      : EXIT_UNAVAILABLE;
	return cli_fail(code, "%s", *why ? why : err_name(e));
}

static enum err sides_open(struct cli *c, struct copy *copy, bool compare, char *why)
{
	bool serving = cli_option(c, "while-serving") || compare;
	enum err e = side_open(c, c->args[0], compare ? DB_LOOK : DB_COPY_FROM, &copy->from, why);
	if (e == ERR_OK)
		e = side_open(c, c->args[1], compare ? DB_LOOK : DB_COPY_TO, &copy->to, why);
	if (e == ERR_OK && !serving)
		e = db_claim(copy->from, why);
	if (e == ERR_OK && !compare)
		e = db_claim(copy->to, why);
	return e;
}

int cmd_db_copy(struct cli *c)
{
	char why[COPY_WHY_SIZE] = "", source[256];
	struct telling telling = { 0 };
	bool compare = cli_option(c, "compare");
	struct copy copy = { .source = source,
		.progress = tell_progress,
		.compared = tell_compared,
		.ctx = &telling };

	c->app.log = (struct log){ .level = LOG_WARN, .fd = 2 };
	db_url_show(c->args[0], source);
	enum err e = sides_open(c, &copy, compare, why);
	if (e == ERR_OK && !compare && cli_option(c, "while-serving"))
		fputs("The source is copied as it is now: what is written to it from here on is "
		      "not carried over.\n",
			stderr);
	if (e == ERR_OK) {
		printf("%-24s %12s %12s  %-16s %-16s\n", "table", "rows", "there", "checksum",
			"there");
		e = compare ? copy_compare(&copy, why) : copy_run(&copy, why);
	}
	db_close(copy.from);
	db_close(copy.to);
	if (e != ERR_OK)
		return copy_code(e, why);
	puts(compare ? "Both hold the same." : "Copied, and both hold the same.");
	return EXIT_DONE;
}
