/* postern article feature and unfeature: which stories stand on top of the front page, in which
 * order, until when. */
#include "../cli.h"

#include "postern/explain.h"

#include <stdio.h>
#include <string.h>

/* Why readers do not see it on the front page now, or NULL. */
static const char *unseen_why(const struct article *a, int64_t now_s)
{
	if (!str_eq(a->status, STR("usable")))
		return "its status is not \"usable\"";
	if (!a->access)
		return "its access level is unknown";
	if (a->published_at > now_s)
		return "it is not published yet";
	if (a->embargo_at > now_s)
		return "it is embargoed";
	return a->expires_at && a->expires_at <= now_s ? "it has expired" : NULL;
}

static const char *end_words(struct arena *a, int64_t until_at)
{
	return until_at ? arena_fmt(a, " until %s", cli_end(a, until_at)) : "";
}

static int feature_print(struct cli *c, const struct feature_change *ch)
{
	const struct feature *f = &ch->list[ch->at];
	const char *why = unseen_why(&ch->article, c->now_s);
	if (c->json)
		return cli_print_json(json_pack("{s:s, s:I, s:I, s:o, s:b}", "slug", f->slug,
			"position", (json_int_t)f->position, "featured", (json_int_t)ch->count,
			"until", text_json_time(f->until_at), "shown", why == NULL));
	printf("%s is number %lld of %zu on top of the front page%s.\n", f->slug,
		(long long)f->position, ch->count, end_words(ch->a, f->until_at));
	if (why)
		fprintf(stderr, "note: readers do not see it there now: %s\n", why);
	return EXIT_DONE;
}

static int feature_options(struct cli *c, struct feature_change *ch)
{
	const bool no_end = cli_option(c, "no-end") != NULL, until = cli_option(c, "until") != NULL;
	int code = cli_number(c, "position", (struct cli_range){ 1, FEATURES_MAX }, &ch->position);
	if (!code)
		code = cli_date(c, "until", TIME_ENDS, &ch->until_at);
	if (code)
		return code;
	if (no_end && until)
		return cli_fail(EXIT_USAGE, "--until and --no-end exclude each other; use one");
	if (until && ch->until_at <= c->now_s)
		return cli_fail(EXIT_USAGE,
			"--until %s is in the past; use a later time, or `postern article "
			"unfeature`",
			cli_option(c, "until"));
	ch->sets_until = until || no_end;
	return EXIT_DONE;
}

int cmd_article_feature(struct cli *c)
{
	struct feature_change ch = {
		.slug = str_of(c->args[0]), .now_s = c->now_s, .a = c->app.arena
	};
	int code = feature_options(c, &ch);
	if (code)
		return code;
	enum err e = content_feature(c->app.db, &ch);
	if (e == ERR_TOO_LARGE)
		return cli_fail(EXIT_CONFLICT,
			"there are already %d featured articles, which is the maximum; take one "
			"off with `postern article unfeature`",
			FEATURES_MAX);
	return e ? cli_article_error(c, e, c->args[0]) : feature_print(c, &ch);
}

int cmd_article_unfeature(struct cli *c)
{
	struct feature_change ch = {
		.slug = str_of(c->args[0]), .now_s = c->now_s, .a = c->app.arena
	};
	enum err e = content_unfeature(c->app.db, &ch);
	if (e == ERR_CONFLICT)
		return cli_fail(EXIT_NOT_FOUND,
			"article %s is not featured; `postern article list --featured` lists those "
			"that are",
			c->args[0]);
	if (e)
		return cli_article_error(c, e, c->args[0]);
	printf("%s is no longer featured.\n", ch.article.slug);
	return EXIT_DONE;
}
