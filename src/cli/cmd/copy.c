/* postern db copy: options, progress and messages. The copying itself is in cli/copy.c. */
#include "../copy.h"
#include "../cli.h"
#include "../progress.h"

#include <stdio.h>
#include <string.h>

static enum err tell_progress(void *ctx, const struct copy_progress *c)
{
	char what[PROGRESS_WHAT_SIZE];
	snprintf(what, sizeof what, "%s %s", c->compares ? "comparing" : "copying", c->table);
	cli_progress_tell(ctx, &(struct progress_state){ what, "rows", c->done, c->all });
	return ERR_OK;
}

static void tell_compared(void *ctx, const struct copy_result *r)
{
	char from[HASH_TAG_SIZE], to[HASH_TAG_SIZE];
	bool same = !*r->differs && memcmp(r->from_sum, r->to_sum, HASH_BYTES) == 0;
	cli_progress_clear(ctx);
	crypto_hash_tag(r->from_sum, from);
	crypto_hash_tag(r->to_sum, to);
	printf("%-24s %12lld %12lld  %s %s  %s%s\n", r->table, (long long)r->from_rows,
		(long long)r->to_rows, from, to, same ? "same" : "DIFFERS, first at ", r->differs);
}

static enum err side_open(
	struct cli *c, const char *url, enum db_use use, struct db **out, char *why)
{
	struct db_settings s = { .url = url,
		.use = use,
		.readers = 2,
		.busy_timeout_ms = 5000,
		.log = &c->app.log,
		.stop = c->app.stop };
	return db_open(&s, out, why);
}

static int copy_code(enum err e, const char *why)
{
	if (e == ERR_STOPPED)
		return EXIT_UNAVAILABLE;
	if (e == ERR_CORRUPT)
		return cli_fail(EXIT_FAILED, "%s", *why ? why : err_name(e));
	return cli_open_error(e, why);
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
	struct progress progress = cli_progress_make(c);
	bool compare = cli_option(c, "compare");
	struct copy copy = { .source = source,
		.progress = tell_progress,
		.compared = tell_compared,
		.ctx = &progress };
	c->app.log = (struct log){ .level = LOG_WARN, .fd = 2 };
	db_url_show(c->args[0], source);
	c->interrupt.left =
		compare ? "nothing was changed; the comparison is not finished"
			: "finished batches are stored; run the same command again to continue";
	enum err e = sides_open(c, &copy, compare, why);
	if (e == ERR_OK && !compare && cli_option(c, "while-serving"))
		fputs("The source is copied as it is now: what is written to it from here on is "
		      "not carried over.\n",
			stderr);
	if (e == ERR_OK) {
		printf("%-24s %12s %12s  %-16s %-16s\n", "table", "rows", "there", "checksum",
			"there");
		e = compare ? cli_copy_compare(&copy, why) : cli_copy_run(&copy, why);
	}
	cli_progress_clear(&progress);
	db_close(copy.from);
	db_close(copy.to);
	if (e != ERR_OK)
		return copy_code(e, why);
	puts(compare ? "Both databases have the same content."
		     : "Copied. Both databases have the same content.");
	return EXIT_DONE;
}
