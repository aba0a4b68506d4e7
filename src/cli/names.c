/* Names on the command line that refer to something else: plans, sections, sites, sources,
 * methods. An unknown name is refused with the nearest existing one, because a typing mistake
 * would open or close the wrong thing; --new says that a new name is meant. */
#include "cli.h"

#include <stdlib.h>
#include <string.h>

#include "postern/api_key.h"
#include "postern/crawler.h"
#include "postern/institution.h"
#include "postern/path.h"

/* SUGGESTED_MAX: names that a message lists when none is near. The others bound what is read for
 * it. */
enum { SECTIONS_MAX = 4096, NAMES_MAX = 16384, NAMES_FIRST = 64, SUGGESTED_MAX = 12 };

/* In the arena, for text_nearest: ends with NULL. */
struct names {
	struct arena *a;
	const char **v;
	size_t n, capacity;
};

static enum err names_grow(struct names *l)
{
	size_t capacity = l->capacity ? l->capacity * 2 : NAMES_FIRST;
	const char **v =
		capacity > NAMES_MAX ? NULL : arena_alloc(l->a, (capacity + 1) * sizeof *v);
	if (!v)
		return capacity > NAMES_MAX ? ERR_TOO_LARGE : ERR_NOMEM;
	if (l->n > 0)
		memcpy(v, l->v, l->n * sizeof *v);
	l->v = v;
	l->capacity = capacity;
	return ERR_OK;
}

static bool names_have(const struct names *l, struct str s)
{
	for (size_t i = 0; i < l->n; i++) {
		if (str_eq(s, str_of(l->v[i])))
			return true;
	}
	return false;
}

static enum err names_add(struct names *l, struct str s)
{
	if (s.n == 0 || names_have(l, s))
		return ERR_OK;
	enum err e = l->n == l->capacity ? names_grow(l) : ERR_OK;
	if (e)
		return e;
	struct str copy = arena_str(l->a, s);
	if (!copy.p)
		return ERR_NOMEM;
	l->v[l->n++] = copy.p;
	l->v[l->n] = NULL;
	return ERR_OK;
}

/* Names between newlines, as plans and articles have them. */
static enum err names_add_list(struct names *l, struct str list)
{
	enum err e = ERR_OK;
	while (!e && list.n > 0)
		e = names_add(l, str_cut(&list, '\n'));
	return e;
}

/* ---- refusing ---- */

struct unknown {
	int code;
	const char *what;  /* "plan" */
	const char *meant; /* what --new would mean, where the command has it */
	const char *where; /* what to do: a sentence without its end */
};

static bool may_be_new(const struct cli *c)
{
	const struct cli_option *o = c->command->options;
	for (size_t i = 0; i < CLI_OPTIONS_MAX && o[i].name; i++) {
		if (strcmp(o[i].name, "new") == 0)
			return true;
	}
	return false;
}

static void known_text(struct buf *b, const struct names *l)
{
	bool few = l->n > 0 && l->n <= SUGGESTED_MAX;
	for (size_t i = 0; few && i < l->n; i++)
		buf_fmt(b, "%s%s", i ? ", " : " (known: ", l->v[i]);
	buf_puts(b, few ? ")." : ".");
}

static int name_refuse(
	const struct cli *c, const struct unknown *u, const struct names *l, struct str word)
{
	const char *near = l->n ? text_nearest(word, l->v) : NULL;
	BUF_AUTO b = BUF(4096);
	buf_fmt(&b, "there is no %s \"" STR_FMT "\"", u->what, STR_ARG(word));
	if (near)
		buf_fmt(&b, "; did you mean \"%s\"?", near);
	else
		known_text(&b, l);
	buf_fmt(&b, " %s.", u->where);
	if (may_be_new(c))
		buf_fmt(&b, " Add --new if you mean it: %s.", u->meant);
	return cli_fail(u->code, STR_FMT, STR_ARG(buf_view(&b)));
}

static bool is_meant(const struct cli *c)
{
	return cli_option(c, "new") != NULL;
}

static int name_check(
	const struct cli *c, const struct unknown *u, const struct names *l, struct str word)
{
	return names_have(l, word) || is_meant(c) ? EXIT_DONE : name_refuse(c, u, l, word);
}

/* ---- plans ---- */

static enum err policy_names(struct names *l, const struct paywall_policy *p, enum cli_named what)
{
	const struct crawler *cr;
	enum err e = ERR_OK;
	for (size_t i = 0; !e && what == NAMED_PLAN && i < p->plan_count; i++)
		e = names_add(l, str_of(p->plans[i].name));
	for (size_t i = 0; !e && what == NAMED_METER && i < p->meter_count; i++)
		e = names_add(l, str_of(p->meters[i].name));
	for (size_t i = 0; !e && what == NAMED_CRAWLER && (cr = crawler_at(p->crawlers, i)); i++)
		e = names_add(l, str_of(cr->name));
	return e;
}

int cli_plan(struct cli *c, const char *plan)
{
	struct names l = { .a = c->app.arena };
	const struct paywall_policy *policy = NULL;
	const struct unknown u = { .code = EXIT_NOT_FOUND,
		.what = "plan",
		.where = "Create it first with postern plan set",
		.meant = "it opens nothing until it is created" };
	enum err e = cli_policy(c, &policy);
	if (!e)
		e = policy_names(&l, policy, NAMED_PLAN);
	policy_release(c->app.wall.policies, policy);
	if (e)
		return cli_error(e, "plans");
	return name_check(c, &u, &l, str_of(plan));
}

/* ---- sections: of articles, and those that plans, rules and meters name ---- */

static enum err policy_sections(struct names *l, const struct paywall_policy *p)
{
	enum err e = ERR_OK;
	for (size_t i = 0; !e && i < p->plan_count; i++)
		e = names_add_list(l, str_of(p->plans[i].sections));
	for (size_t i = 0; !e && i < p->rule_count; i++)
		e = names_add(l, str_of(p->rules[i].section));
	for (size_t i = 0; !e && i < p->meter_count; i++)
		e = names_add(l, str_of(p->meters[i].section));
	for (size_t i = 0; !e && i < p->path_count; i++)
		e = names_add(l, str_of(p->paths[i].section));
	return e;
}

/* The sections that articles, rules, meters or plans have, and the default one. */
struct section_lookup {
	struct cli *c;
	struct names names;
};

static enum err sections_read(struct db_conn *conn, void *arg)
{
	struct section_lookup *l = arg;
	struct policy_cache *policies = l->c->app.wall.policies;
	const struct paywall_policy *policy = NULL;
	struct str *slugs = NULL;
	size_t n = 0;
	char own[SLUG_SIZE];
	enum err e = content_section_slugs(conn, SECTIONS_MAX, l->names.a, &slugs, &n);
	l->names = (struct names){ .a = l->names.a };
	for (size_t i = 0; !e && i < n; i++)
		e = names_add(&l->names, slugs[i]);
	text_slug(str_of(l->c->app.cfg.default_section), own);
	if (!e)
		e = names_add(&l->names, str_of(own));
	if (!e)
		e = policy_acquire(policies, conn, &policy);
	if (!e)
		e = policy_sections(&l->names, policy);
	policy_release(policies, policy);
	return e;
}

int cli_sections(struct cli *c, struct str list)
{
	struct section_lookup l = { .c = c, .names = { .a = c->app.arena } };
	const struct unknown u = { .code = EXIT_NOT_FOUND,
		.what = "section",
		.where = "No article, plan, rule or meter uses this section",
		.meant = "it may have no article yet" };
	if (list.n == 0 || is_meant(c))
		return EXIT_DONE;
	enum err e = db_read(c->app.db, sections_read, &l);
	if (e)
		return cli_error(e, "sections");
	int code = EXIT_DONE;
	while (!code && list.n > 0) {
		struct str one = str_cut(&list, '\n');
		if (one.n > 0)
			code = name_check(c, &u, &l.names, one);
	}
	return code;
}

/* ---- what the configuration names ---- */

int cli_site(struct cli *c, const char *site)
{
	struct names l = { .a = c->app.arena };
	const struct unknown u = { .code = EXIT_NOT_FOUND,
		.what = "site",
		.where = "List it in gate.sites first",
		.meant = "the rule has no effect until the site is listed" };
	enum err e = ERR_OK;
	for (size_t i = 0; !e && i < c->app.sites.n; i++)
		e = names_add(&l, c->app.sites.site[i]);
	if (e)
		return cli_error(e, "sites");
	return *site ? name_check(c, &u, &l, str_of(site)) : EXIT_DONE;
}

int cli_source(struct cli *c, const char *source)
{
	static const char *const usual[] = { "comp", "import", "gift", "stripe" };
	struct names l = { .a = c->app.arena };
	const struct unknown u = { .code = EXIT_NOT_FOUND,
		.what = "source",
		.where = "Others are named in paywall.open_statuses_by_source",
		.meant = "paywall.open_statuses decides which statuses let its readers in" };
	enum err e = ERR_OK;
	for (size_t i = 0; !e && i < COUNT(usual); i++)
		e = names_add(&l, str_of(usual[i]));
	for (size_t i = 0; !e && i < c->app.cfg.source_count; i++)
		e = names_add(&l, str_of(c->app.cfg.sources[i].source));
	if (e)
		return cli_error(e, "sources");
	return name_check(c, &u, &l, str_of(source));
}

/* RFC 9110, section 9; RFC 5789; WebDAV's, RFC 4918 and 3744, which feeds of calendars use. */
int cli_methods(struct cli *c, const char *methods)
{
	static const char *const known[] = { "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT",
		"OPTIONS", "TRACE", "PATCH", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE",
		"LOCK", "UNLOCK", "REPORT", "SEARCH", "ACL", "MKCALENDAR", "QUERY" };
	struct names l = { .a = c->app.arena };
	const struct unknown u = { .code = EXIT_USAGE,
		.what = "method",
		.where = "HTTP methods are written in capitals",
		.meant = "the server behind the gate may have methods of its own" };
	struct str rest = str_of(methods);
	enum err e = ERR_OK;
	for (size_t i = 0; !e && i < COUNT(known); i++)
		e = names_add(&l, str_of(known[i]));
	if (e)
		return cli_error(e, "methods");
	bool any = str_eq(rest, STR("any"));
	int code = EXIT_DONE;
	while (!code && !any && rest.n > 0)
		code = name_check(c, &u, &l, str_cut(&rest, ' '));
	return code;
}

/* ---- words of a closed set ---- */

int cli_word_fail(const char *what, const char *word, const char *const *words)
{
	const char *near = text_nearest(str_of(word), words);
	BUF_AUTO b = BUF(1024);
	for (size_t i = 0; words[i]; i++) {
		if (i > 0)
			buf_puts(&b, words[i + 1] ? ", " : " or ");
		buf_puts(&b, words[i]);
	}
	return cli_fail(EXIT_USAGE, "\"%s\" is not a valid %s" NEAR_FMT " (" STR_FMT ")", word,
		what, NEAR_ARG(near), STR_ARG(buf_view(&b)));
}

/* ---- what was named and is not there ---- */

/* All names of one kind. */
struct named_lookup {
	struct cli *c;
	enum cli_named what;
	struct names names;
};

static enum err named_read(struct db_conn *conn, void *arg)
{
	struct named_lookup *l = arg;
	struct policy_cache *policies = l->c->app.wall.policies;
	const struct paywall_policy *policy = NULL;
	struct institution *v = NULL;
	size_t n = 0;
	enum err e = policy_acquire(policies, conn, &policy);
	l->names = (struct names){ .a = l->names.a };
	if (!e)
		e = policy_names(&l->names, policy, l->what);
	policy_release(policies, policy);
	if (!e && l->what == NAMED_INSTITUTION)
		e = institution_list(conn, l->names.a, &v, &n);
	for (size_t i = 0; !e && i < n; i++)
		e = names_add(&l->names, str_of(v[i].name));
	return e;
}

static enum err keys_read(struct cli *c, struct names *l)
{
	struct api_key *v = NULL;
	size_t n = 0;
	enum err e = account_api_key_list(c->app.db, l->a, &v, &n);
	for (size_t i = 0; !e && i < n; i++)
		e = v[i].revoked_at ? ERR_OK : names_add(l, str_of(v[i].name));
	return e;
}

int cli_not_found(struct cli *c, enum cli_named what, const char *word)
{
	struct named_lookup l = { .c = c, .what = what, .names = { .a = c->app.arena } };
	enum err e =
		what == NAMED_KEY ? keys_read(c, &l.names) : db_read(c->app.db, named_read, &l);
	const char *near = !e && l.names.n ? text_nearest(str_of(word), l.names.v) : NULL;
	return cli_fail(EXIT_NOT_FOUND, "%s: not found" NEAR_FMT, word, NEAR_ARG(near));
}
