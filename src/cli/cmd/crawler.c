/* postern crawler …: add, list and remove crawlers, load published address lists, check an
 * address. */
#include "../cli.h"

#include <stdio.h>
#include <string.h>

#include "postern/crawler.h"

/* ---- add, remove ---- */

static int crawler_options(const struct cli *c, struct crawler *cr)
{
	const char *class = cli_option(c, "class"), *agent = cli_option(c, "agent"),
		   *suffix = cli_option(c, "suffix");
	char why[IP_RANGE_WHY_SIZE];
	if (!class || crawler_class_parse(str_of(class), &cr->class) != ERR_OK)
		return cli_fail(EXIT_USAGE, "--class search or --class ai is expected");
	if (!agent || str_copy(cr->agent, sizeof cr->agent, str_of(agent)) != ERR_OK)
		return cli_fail(EXIT_USAGE,
			"--agent WORD is expected: the name that stands in the User-Agent, such "
			"as Googlebot");
	if (suffix && crawler_suffixes_parse(str_of(suffix), cr->suffixes, why) != ERR_OK)
		return cli_fail(EXIT_USAGE, "--suffix %s: %s", suffix, why);
	if (suffix && cr->class == CRAWLER_AI)
		return cli_fail(EXIT_USAGE, "--suffix is for --class search only; an AI crawler is "
					    "recognised by its User-Agent");
	return EXIT_DONE;
}

int cmd_crawler_add(struct cli *c)
{
	struct crawler cr = { .class = CRAWLER_NONE };
	if (str_copy(cr.name, sizeof cr.name, str_of(c->args[0])) != ERR_OK)
		return cli_error(ERR_INVALID, c->args[0]);
	int code = crawler_options(c, &cr);
	if (code)
		return code;
	enum err e = crawler_add(c->app.db, &cr, c->now_s);
	if (e == ERR_INVALID)
		return cli_fail(EXIT_USAGE, "NAME: use a-z, 0-9 and single '-', such as googlebot. "
					    "--agent: use one word of at least three letters, and "
					    "none that browsers use too, such as Googlebot");
	if (e == ERR_TOO_LARGE)
		return cli_fail(EXIT_FAILED, "there are already %d crawlers, which is the maximum",
			CRAWLERS_MAX);
	if (e)
		return cli_error(e, cr.name);
	printf("%s is added.\n", cr.name);
	if (cr.class == CRAWLER_SEARCH && !*cr.suffixes)
		fprintf(stderr,
			"note: without --suffix, it is recognised by its address list only; load "
			"it with postern crawler load %s FILE\n",
			cr.name);
	return EXIT_DONE;
}

int cmd_crawler_remove(struct cli *c)
{
	enum err e = crawler_remove(c->app.db, str_of(c->args[0]));
	if (e == ERR_NOT_FOUND)
		return cli_not_found(c, NAMED_CRAWLER, c->args[0]);
	if (e)
		return cli_error(e, c->args[0]);
	printf("%s is removed.\n", c->args[0]);
	return EXIT_DONE;
}

/* ---- list ---- */

/* One read of all crawlers, in the arena. */
struct crawler_listing {
	struct arena *a;
	struct crawler *v;
	size_t n;
};

static enum err crawlers_read(struct db_conn *c, void *arg)
{
	struct crawler_listing *l = arg;
	return crawler_list(c, l->a, &l->v, &l->n);
}

/* "\na.example\nb.example\n" as "a.example, b.example". */
static const char *suffixes_text(struct arena *a, const char *suffixes)
{
	BUF_AUTO b = BUF((size_t)CRAWLER_SUFFIXES_SIZE * 2);
	struct str rest = str_of(suffixes);
	while (rest.p) {
		struct str one = str_cut(&rest, '\n');
		if (one.n == 0)
			continue;
		buf_puts(&b, b.n ? ", " : "");
		buf_str(&b, one);
	}
	return arena_fmt(a, STR_FMT, STR_ARG(arena_buf(a, &b)));
}

static json_t *crawler_json(const struct crawler *cr, const char *suffixes)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:o}", "name", cr->name, "class",
		crawler_class_name(cr->class), "agent", cr->agent, "suffixes", suffixes,
		"loaded_at", text_json_time(cr->loaded_at));
}

int cmd_crawler_list(struct cli *c)
{
	struct crawler_listing l = { .a = c->app.arena };
	enum err e = db_read(c->app.db, crawlers_read, &l);
	if (e)
		return cli_error(e, "crawlers");
	json_t *doc = c->json ? json_array() : NULL;
	for (size_t i = 0; i < l.n; i++) {
		const struct crawler *cr = &l.v[i];
		const char *suffixes = suffixes_text(l.a, cr->suffixes);
		if (c->json)
			text_json_append(&doc, crawler_json(cr, suffixes));
		else
			printf("%-20s  %-6s  %-20s  %-30s  list of %s\n", cr->name,
				crawler_class_name(cr->class), cr->agent,
				*suffixes ? suffixes : "-", cli_day(l.a, cr->loaded_at));
	}
	return c->json ? cli_print_json(doc) : EXIT_DONE;
}

/* ---- load ---- */

int cmd_crawler_load(struct cli *c)
{
	ARENA_AUTO *a = arena_new(sizeof(struct crawler_ranges) + 4096);
	struct crawler_ranges *list = a ? arena_alloc(a, sizeof *list) : NULL;
	BUF_AUTO text = BUF(CRAWLER_FILE_MAX);
	char why[IP_RANGE_WHY_SIZE];
	enum err e = list ? file_read(c->args[1], &text) : ERR_NOMEM;
	if (e)
		return e == ERR_TOO_LARGE
			       ? cli_fail(EXIT_FAILED, "%s: larger than 4 MiB", c->args[1])
			       : cli_error(e, c->args[1]);
	if (crawler_list_parse(buf_view(&text), list, why) != ERR_OK)
		return cli_fail(EXIT_FAILED, "%s: %s; nothing was changed", c->args[1], why);
	if (list->wide && !cli_option(c, "force"))
		return cli_fail(EXIT_FAILED,
			"%s: %zu networks are wider than an IPv4 /16 or an IPv6 /32; add --force "
			"if that is meant; nothing was changed",
			c->args[1], list->wide);
	e = crawler_load(c->app.db, str_of(c->args[0]), list, c->now_s);
	if (e == ERR_TOO_LARGE)
		return cli_fail(EXIT_FAILED,
			"all crawlers together can have at most %d ranges; nothing was changed",
			CRAWLER_RANGES_MAX);
	if (e == ERR_NOT_FOUND)
		return cli_not_found(c, NAMED_CRAWLER, c->args[0]);
	if (e)
		return cli_error(e, c->args[0]);
	if (c->json)
		return cli_print_json(
			json_pack("{s:s, s:I}", "name", c->args[0], "ranges", (json_int_t)list->n));
	printf("%s: %zu ranges.\n", c->args[0], list->n);
	return EXIT_DONE;
}

/* ---- check ---- */

/* One address under examination: by its ranges and, if need be, by DNS. */
struct checking {
	struct cli *c;
	struct ip ip;
	const struct paywall_policy *policy;
	json_t *doc; /* with --json */
	bool proved;
};

static void check_one(struct checking *k, const struct crawler *cr)
{
	struct dns_verify_request q = {
		.ip = k->ip, .suffixes = cr->suffixes, .now_s = k->c->now_s
	};
	char host[HOST_SIZE] = "";
	bool listed = crawler_listed(k->policy->crawlers, cr, k->ip);
	enum dns_verdict proof =
		*cr->suffixes ? dns_verify(k->c->app.wall.dns_verifier, &q, host) : VERIFY_NONE;
	bool yes = listed || proof == VERIFY_HOST;
	k->proved = k->proved || (yes && cr->class == CRAWLER_SEARCH);
	if (k->c->json)
		text_json_append(&k->doc,
			json_pack("{s:s, s:s, s:b, s:b, s:s, s:s}", "name", cr->name, "class",
				crawler_class_name(cr->class), "proved", yes, "listed", listed,
				"dns", *cr->suffixes ? dns_verdict_name(proof) : "", "host", host));
	else
		printf("%-20s  %-6s  %-10s  list: %-3s  dns: %s%s%s\n", cr->name,
			crawler_class_name(cr->class), yes ? "proved" : "not proved",
			listed ? "yes" : "no", *cr->suffixes ? dns_verdict_name(proof) : "-",
			*host ? " " : "", host);
}

int cmd_crawler_check(struct cli *c)
{
	struct checking k = { .c = c };
	char why[CONFIG_WHY_SIZE] = "";
	const struct crawler *cr;
	if (ip_parse(str_of(c->args[0]), &k.ip) != ERR_OK)
		return cli_fail(EXIT_USAGE, "\"%s\" is not an IPv4 or IPv6 address", c->args[0]);
	enum err e = app_verifier_open(&c->app, why);
	if (e)
		return cli_fail(e == ERR_INVALID ? EXIT_CONFIG : EXIT_UNAVAILABLE, "%s", why);
	e = cli_policy(c, &k.policy);
	if (e)
		return cli_error(e, "crawlers");
	k.doc = c->json ? json_array() : NULL;
	for (size_t i = 0; (cr = crawler_at(k.policy->crawlers, i)); i++)
		check_one(&k, cr);
	policy_release(c->app.wall.policies, k.policy);
	int code = c->json ? cli_print_json(k.doc) : EXIT_DONE;
	if (code)
		return code;
	return k.proved ? EXIT_DONE : EXIT_FAILED;
}
