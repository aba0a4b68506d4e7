/* postern article …: import, list, show, export, set access or status, delete. */
#include "../cli.h"
#include "../progress.h"

#include "postern/explain.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- import ---- */

/* What is told while an import runs: lines on a terminal, or a list for --json. */
struct import_report {
	struct cli *c;
	json_t *list; /* with --json */
	struct progress progress;
	size_t seen;
};

/* File names and cut messages may be no UTF-8, and JSON holds no other. */
static void report_json(struct import_report *r, json_t *item, const char *path, const char *why)
{
	ARENA_AUTO *a = arena_new(4 * (strlen(path) + strlen(why)) + 4096);
	struct str p = { NULL, 0 }, w = { NULL, 0 };
	if (a) {
		p = utf8_mended(str_of(path), a);
		w = utf8_mended(str_of(why), a);
	}
	text_json_put(&item, "path", p.p ? text_json_str(p) : NULL);
	text_json_put(&item, "why", w.p ? text_json_str(w) : NULL);
	text_json_append(&r->list, item);
}

static void report(void *ctx, const char *path, const char *what, const char *slug, const char *why,
	const struct teaser_size *teaser)
{
	struct import_report *r = ctx;
	r->seen++;
	if (r->c->json) {
		report_json(r,
			json_pack("{s:s, s:s, s:o}", "result", what, "slug", slug, "teaser",
				cli_teaser_json(teaser)),
			path, why);
		return;
	}
	char given[CLI_TEASER_SIZE];
	if (!r->progress.terminal || *why) {
		cli_progress_clear(&r->progress);
		fprintf(stderr, "%-9s  %s%s%s%s%s\n", what, path, *why ? ": " : "", why,
			teaser ? "; teaser: " : "", cli_teaser_text(teaser, given));
	}
	if (r->progress.terminal)
		cli_progress_tell(&r->progress,
			&(struct progress_state){ "importing", "items", (int64_t)r->seen, 0 });
}

static struct import_settings import_settings(struct cli *c, struct import_report *r)
{
	return (struct import_settings){ .default_section = c->app.cfg.default_section,
		.default_access = ACCESS_DEFAULT,
		.follow_rules = cli_option(c, "follow-rules") != NULL,
		.bound = app_teaser_bound(&c->app.cfg),
		.report = report,
		.ctx = r };
}

static void import_add(struct import_count *sum, const struct import_count *n)
{
	sum->files += n->files;
	sum->created += n->created;
	sum->updated += n->updated;
	sum->unchanged += n->unchanged;
	sum->hidden += n->hidden;
	sum->refused += n->refused;
	sum->levels_of_v1 += n->levels_of_v1;
}

static int import_result(struct cli *c, struct import_report *r, const struct import_count *n)
{
	int code = n->refused || n->hidden ? EXIT_FAILED : EXIT_DONE;
	if (c->json) {
		int printed = cli_print_json(json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}",
			"files", (json_int_t)n->files, "created", (json_int_t)n->created, "updated",
			(json_int_t)n->updated, "unchanged", (json_int_t)n->unchanged, "hidden",
			(json_int_t)n->hidden, "refused", (json_int_t)n->refused, "levels_kept",
			(json_int_t)n->levels_of_v1, "items", r->list));
		return printed ? printed : code;
	}
	cli_progress_clear(&r->progress);
	printf("%zu files: %zu new, %zu updated, %zu unchanged, %zu refused", n->files, n->created,
		n->updated, n->unchanged, n->refused);
	if (n->hidden)
		printf(", %zu hidden", n->hidden);
	printf("\n");
	if (n->levels_of_v1)
		fprintf(stderr,
			"%zu articles keep the access level that the first version stored for "
			"them, "
			"although their files set none. Import again with --follow-rules to leave "
			"them to the rules.\n",
			n->levels_of_v1);
	return code;
}

int cmd_article_import(struct cli *c)
{
	struct import_count sum = { 0 };
	struct import_report r = {
		.c = c, .list = c->json ? json_array() : NULL, .progress = cli_progress_make(c)
	};
	struct import_settings s = import_settings(c, &r);
	enum err e = ERR_OK;
	const char *path = "";
	c->interrupt.left = "the files counted above are imported; run the same command again to "
			    "import the rest";
	s.seen = import_seen_make(); /* all paths are one run */
	if (!s.seen)
		e = ERR_NOMEM;
	for (size_t i = 0; !e && i < c->arg_count; i++) {
		struct import_count n = { 0 };
		path = c->args[i];
		e = content_import(c->app.db, path, &s, c->now_s, &n);
		import_add(&sum, &n);
	}
	import_seen_free(s.seen);
	if (!e)
		return import_result(c, &r, &sum);
	if (e == ERR_STOPPED) { /* each item is a transaction: what is in stays in */
		(void)import_result(c, &r, &sum);
		return EXIT_UNAVAILABLE;
	}
	json_decref(r.list);
	return cli_error(e, path);
}

/* ---- looking ---- */

static json_t *article_json(const struct article *a)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:I}", "slug", a->slug,
		"id", a->id, "headline", text_json_str(a->headline), "section",
		text_json_str(a->section), "access", paywall_access_name(a->access), "status",
		text_json_str(a->status), "published_at", text_json_time(a->published_at),
		"updated_at", text_json_time(a->updated_at), "embargo_at",
		text_json_time(a->embargo_at), "expires_at", text_json_time(a->expires_at), "words",
		(json_int_t)a->words);
}

/* One read for `article list` and `article show`; all in the arena. */
struct looking {
	struct article_filter f;
	struct str slug;
	struct arena *a;
	struct article *list;
	size_t n;
	struct feature *features;
	size_t feature_count;
	struct article one;
	struct article_origin origin; /* of `one` */
	struct teaser_bound bound;
	struct teaser_report teaser; /* of `one` */
};

static enum err articles_read(struct db_conn *c, void *arg)
{
	struct looking *l = arg;
	enum err e = content_list(c, &l->f, l->a, &l->list, &l->n);
	return e ? e : content_features(c, l->f.now_s, l->a, &l->features, &l->feature_count);
}

/* Its place on top of the front page, or NULL. */
static const struct feature *feature_of(const struct looking *l, const struct article *a)
{
	for (size_t i = 0; i < l->feature_count; i++) {
		if (strcmp(l->features[i].article_id, a->id) == 0)
			return &l->features[i];
	}
	return NULL;
}

static json_t *feature_json(const struct feature *f)
{
	return f ? json_pack("{s:I, s:o}", "position", (json_int_t)f->position, "until",
			   text_json_time(f->until_at))
		 : json_null();
}

/* "number 1, until 2026-11-30" */
static const char *feature_text(struct arena *a, const struct feature *f)
{
	const char *until = f->until_at ? arena_fmt(a, ", until %s", cli_end(a, f->until_at)) : "";
	return arena_fmt(a, "number %lld%s", (long long)f->position, until);
}

static enum err find_read(struct db_conn *c, void *arg)
{
	struct looking *l = arg;
	enum err e = content_find(c, l->slug, l->a, &l->one);
	if (!e)
		e = content_teaser_report(c, &l->one, &l->bound, l->a, &l->teaser);
	if (!e)
		e = content_features(c, l->f.now_s, l->a, &l->features, &l->feature_count);
	return e ? e : content_origin(c, l->one.id, l->a, &l->origin);
}

static int articles_json(const struct looking *l)
{
	json_t *doc = json_array();
	for (size_t i = 0; i < l->n; i++) {
		json_t *one = article_json(&l->list[i]);
		text_json_put(&one, "featured", feature_json(feature_of(l, &l->list[i])));
		text_json_append(&doc, one);
	}
	return cli_print_json(doc);
}

static void articles_print(const struct looking *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct article *a = &l->list[i];
		const struct feature *f = feature_of(l, a);
		printf("%-22s  %-10s  %-8s  %-12.*s  %s%s%s%s\n", cli_day(l->a, a->published_at),
			paywall_access_name(a->access),
			arena_fmt(l->a, STR_FMT, STR_ARG(a->status)), STR_ARG(a->section), a->slug,
			f ? "  (featured: " : "", f ? feature_text(l->a, f) : "", f ? ")" : "");
	}
}

int cmd_article_list(struct cli *c)
{
	const char *section = cli_option(c, "section"), *limit = cli_option(c, "limit");
	int64_t n = 50;
	struct looking l = { .a = c->app.arena, .f = { .all = true, .now_s = c->now_s } };
	if (limit && str_int(str_of(limit), 1, LIST_MAX, &n) != ERR_OK)
		return cli_fail(EXIT_USAGE, "--limit %s: a number from 1 to %d is expected", limit,
			LIST_MAX);
	int code = cli_sections(c, str_of(section));
	if (code)
		return code;
	l.f.limit = (size_t)n;
	l.f.section = str_of(section);
	l.f.featured = cli_option(c, "featured") != NULL;
	if (l.f.featured && section)
		return cli_fail(EXIT_USAGE,
			"--featured and --section exclude each other: the front page has one list "
			"for all sections");
	enum err e = db_read(c->app.db, articles_read, &l);
	if (e)
		return cli_error(e, "articles");
	if (c->json)
		return articles_json(&l);
	articles_print(&l);
	return EXIT_DONE;
}

/* Who took it back, when and why; the version its source counts. */
static json_t *shown_json(const struct looking *l)
{
	const struct article_origin *o = &l->origin;
	json_t *doc = article_json(&l->one);
	text_json_put(&doc, "featured", feature_json(feature_of(l, &l->one)));
	text_json_put(&doc, "teaser", cli_teaser_report_json(&l->teaser));
	text_json_put(&doc, "version", text_json_str(o->version));
	text_json_put(&doc, "hidden_by", text_json_str(o->hidden_by));
	text_json_put(&doc, "hidden_at", text_json_time(o->hidden_at));
	text_json_put(&doc, "hidden_why", text_json_str(o->hidden_why));
	return doc;
}

static void hidden_print(const struct looking *l)
{
	const struct article_origin *o = &l->origin;
	if (o->version.n)
		printf("version    " STR_FMT "\n", STR_ARG(o->version));
	if (!o->hidden_by.n)
		return;
	printf("hidden by  the " STR_FMT ", %s\n",
		STR_ARG(str_eq(o->hidden_by, STR("unread")) ? STR("import") : o->hidden_by),
		cli_day(l->a, o->hidden_at));
	if (o->hidden_why.n)
		printf("reason     " STR_FMT "\n", STR_ARG(o->hidden_why));
}

int cmd_article_show(struct cli *c)
{
	struct looking l = { .a = c->app.arena,
		.slug = str_of(c->args[0]),
		.f = { .now_s = c->now_s },
		.bound = app_teaser_bound(&c->app.cfg) };
	enum err e = db_read(c->app.db, find_read, &l);
	const struct article *a = &l.one;
	const struct feature *featured = e ? NULL : feature_of(&l, a);
	if (e)
		return cli_article_error(c, e, c->args[0]);
	if (c->json)
		return cli_print_json(shown_json(&l));
	printf("slug       %s\nheadline   " STR_FMT "\nsource     " STR_FMT "\nbyline     " STR_FMT
	       "\nsection    " STR_FMT "\naccess     %s\nstatus     " STR_FMT "\n",
		a->slug, STR_ARG(a->headline), STR_ARG(a->source), STR_ARG(a->byline),
		STR_ARG(a->section_name), paywall_access_name(a->access), STR_ARG(a->status));
	printf("published  %s\nupdated    %s\nembargo    %s\nexpires    %s\nwords      %lld\n",
		cli_day(l.a, a->published_at), cli_day(l.a, a->updated_at),
		cli_day(l.a, a->embargo_at), cli_end(l.a, a->expires_at), (long long)a->words);
	if (featured)
		printf("featured   %s\n", feature_text(l.a, featured));
	cli_teaser_print(&l.teaser);
	hidden_print(&l);
	return EXIT_DONE;
}

/* ---- changing ---- */

/* What an anonymous reader gets now, by the decision: the article's own word may not be the one
 * that holds.
 */
struct holding {
	struct app *app;
	struct str slug;
	int64_t now_s;
	struct arena *a;
	struct article article;
	struct explanation x;
};

static enum err holds_read(struct db_conn *c, void *arg)
{
	struct holding *h = arg;
	enum err e = content_find(c, h->slug, h->a, &h->article);
	struct paywall_article *subject = e ? NULL : arena_alloc(h->a, sizeof *subject);
	if (e || !subject)
		return e ? e : ERR_NOMEM;
	*subject = content_paywall_article(&h->article);
	return decision_explain_request(&h->app->wall, c,
		&(struct access_request){ .now_s = h->now_s }, subject, h->a, &h->x);
}

static void step_print(const struct explained_rule *r)
{
	printf("It is %s by ", paywall_access_name(r->access));
	if (r->step == STEP_ARTICLE)
		printf("its own access level.\n");
	else if (r->rule)
		printf("the %s rule %lld (%s; %s).\n", decision_explain_step_name(r->step),
			(long long)r->rule->position, r->conditions, r->rule->id);
	else
		printf("the setting article.default_access.\n");
}

static void holds_print(const struct holding *h)
{
	const struct decision *d = &h->x.decision;
	if (d->level == 0) {
		printf("Nobody may read it: %s\n", paywall_decision_text(d));
		return;
	}
	for (size_t i = 0; i < h->x.rule_count; i++) {
		if (h->x.rules[i].decided)
			step_print(&h->x.rules[i]);
	}
	if (h->article.access != ACCESS_DEFAULT && d->level != h->article.access)
		fprintf(stderr,
			"note: an override replaces the article's own level; see postern explain "
			"--article %s\n",
			h->article.slug);
}

int cmd_article_set_access(struct cli *c)
{
	static const char *const words[] = { "public", "registered", "metered", "subscriber",
		"default", NULL };
	struct holding l = {
		.app = &c->app, .slug = str_of(c->args[0]), .now_s = c->now_s, .a = c->app.arena
	};
	enum access access;
	if (paywall_access_parse(str_of(c->args[1]), &access) != ERR_OK)
		return cli_word_fail("access level", c->args[1], words);
	enum err e = content_set_access(c->app.db, l.slug, access, c->now_s);
	if (!e)
		e = db_read(c->app.db, holds_read, &l);
	if (e)
		return cli_article_error(c, e, c->args[0]);
	printf("The access level of %s is now %s.\n", c->args[0], c->args[1]);
	holds_print(&l);
	return EXIT_DONE;
}

int cmd_article_set_status(struct cli *c)
{
	const char *why = cli_option(c, "why");
	enum err e = content_set_status(c->app.db, str_of(c->args[0]), str_of(c->args[1]),
		str_of(why ? why : ""), c->now_s);
	if (e == ERR_INVALID)
		return cli_fail(EXIT_USAGE,
			"\"%s\" is not a valid status; use usable, withheld or killed", c->args[1]);
	if (e)
		return cli_article_error(c, e, c->args[0]);
	printf("%s is now %s.\n", c->args[0], c->args[1]);
	return EXIT_DONE;
}

int cmd_article_delete(struct cli *c)
{
	if (!cli_option(c, "yes"))
		return cli_fail(EXIT_USAGE, "this deletes %s with its pictures; add --yes to do it",
			c->args[0]);
	enum err e = content_delete(c->app.db, str_of(c->args[0]));
	if (e)
		return cli_article_error(c, e, c->args[0]);
	printf("%s is deleted.\n", c->args[0]);
	return EXIT_DONE;
}

/* Writes each file into the folder and counts it. */
struct exporting {
	const char *dir;
	size_t files;
};

static enum err export_file(void *ctx, const char *name, struct str bytes)
{
	struct exporting *x = ctx;
	char path[4096];
	if (snprintf(path, sizeof path, "%s/%s", x->dir, name) >= (int)sizeof path)
		return ERR_TOO_LARGE;
	FILE *f = fopen(path, "wb");
	if (!f)
		return ERR_UNAVAILABLE;
	bool ok = fwrite(bytes.p ? bytes.p : "", 1, bytes.n, f) == bytes.n;
	ok = fclose(f) == 0 && ok;
	x->files++;
	return ok ? ERR_OK : ERR_UNAVAILABLE;
}

int cmd_article_export(struct cli *c)
{
	struct exporting x = { .dir = c->args[0] };
	if (mkdir(x.dir, 0755) != 0 && access(x.dir, W_OK) != 0)
		return cli_fail(EXIT_UNAVAILABLE, "%s: not a folder we can write to", x.dir);
	enum err e = content_export(
		c->app.db, str_of(c->arg_count > 1 ? c->args[1] : ""), export_file, &x);
	if (e)
		return cli_error(e, c->arg_count > 1 ? c->args[1] : x.dir);
	printf("%zu files written to %s\n", x.files, x.dir);
	return EXIT_DONE;
}
