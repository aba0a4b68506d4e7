/* postern run-demo: makes a demo newspaper with accounts and a mailbox, and serves it. */
#include "../cli.h"

#include "postern/entitlement.h"
#include "postern/plan.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
	const char *email, *name, *plan; /* plan NULL: registered only */
	const char *what;
} demo_accounts[] = {
	{ "ada@courier.example", "Ada Holm", "digital", "subscriber, reads everything" },
	{ "ben@courier.example", "Ben Okafor", NULL, "registered, reads what needs an account" },
};

/* What the demo sells; nothing can be bought, and the addresses lead back to the list. */
static const struct plan demo_plans[] = {
	{ .name = "digital",
		.kind = PLAN_SUBSCRIPTION,
		.title = "The Courier, digital",
		.price = "9 crowns a month",
		.href = "/subscribe?plan=digital",
		.description = "Everything we publish, on every device.",
		.benefits = "Every article, from the first day\nThe archive back to 1874\nFive "
			    "articles a month to give to friends",
		.trial = "First month free.",
		.cancel = "Cancel any time.",
		.position = 1,
		.recommended = true,
		.on_sale = true },
	{ .name = "weekend",
		.kind = PLAN_SUBSCRIPTION,
		.sections = "\nculture\nsport\n",
		.title = "Culture and Sport",
		.price = "4 crowns a month",
		.href = "/subscribe?plan=weekend",
		.description = "For readers who come for the concert and stay for the match.",
		.benefits = "Every article in Culture and Sport",
		.cancel = "Cancel any time.",
		.position = 2,
		.on_sale = true },
	{ .name = "day",
		.kind = PLAN_DAY_PASS,
		.title = "Day pass",
		.price = "2 crowns",
		.href = "/subscribe?plan=day",
		.description = "Everything for 24 hours.",
		.cancel = "It ends by itself.",
		.position = 3,
		.on_sale = true },
};

/* Variables of the environment that the demo passes on. */
enum { DEMO_ENV_MAX = 512 };

static char *put_env(const char *text)
{
	return (char *)(uintptr_t)text; /* main's environment is char **, and nobody writes to it */
}

/* The demo's settings go in front of the environment, so that the environment may change them. */
static int demo_config(struct cli *c, const char *dir)
{
	static const char *const fixed[] = { "POSTERN_SITE_NAME=The Harbour Courier",
		"POSTERN_SITE_TAGLINE=Sandhaven and the coast since 1874",
		"POSTERN_SERVER_DEVELOPMENT=yes", "POSTERN_LOG_LEVEL=warn",
		"POSTERN_MAIL_FROM=courier@courier.example" };
	char *env[DEMO_ENV_MAX + 1];
	char why[CONFIG_WHY_SIZE];
	size_t n = 0;
	struct arena *a = c->app.arena;
	for (size_t i = 0; i < COUNT(fixed); i++)
		env[n++] = put_env(fixed[i]);
	env[n++] = put_env(arena_fmt(a, "POSTERN_DATABASE_URL=sqlite:%s/postern.db", dir));
	env[n++] = put_env(arena_fmt(a, "POSTERN_MAIL_TRANSPORT=maildir:%s/mail", dir));
	for (char **e = c->env; *e && n < DEMO_ENV_MAX; e++)
		env[n++] = *e;
	env[n] = NULL;
	enum err e = config_load(NULL, env, a, &c->app.cfg, why);
	return e ? cli_fail(EXIT_CONFIG, "%s", why) : EXIT_DONE;
}

static int make_dir(const char *path)
{
	char part[1024];
	if (strlen(path) >= sizeof part)
		return cli_fail(EXIT_USAGE, "%s: the name is too long", path);
	for (size_t i = 1; i <= strlen(path); i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0750) != 0 && errno != EEXIST)
			return cli_fail(EXIT_UNAVAILABLE, "%s: %s", part, strerror(errno));
	}
	return EXIT_DONE;
}

/* Three groups of a fresh identifier: 70 random bits that can be typed. */
static const char *fresh_password(struct arena *a)
{
	char id[ID_SIZE];
	crypto_id_make(id);
	return arena_fmt(a, "%.5s-%.5s-%.4s", id, id + 5, id + 10);
}

static enum err demo_account(struct cli *c, size_t i, const char **password)
{
	const char *chosen = fresh_password(c->app.arena);
	struct account acc;
	struct field_error why = { 0 };
	char id[ID_SIZE];
	enum err e = account_create(&c->app.accounts, str_of(demo_accounts[i].email),
		str_of(demo_accounts[i].name), str_of(chosen), c->now_s, c->app.arena, &acc, &why);
	if (e == ERR_CONFLICT)
		return ERR_OK;
	if (!e && demo_accounts[i].plan) {
		struct entitlement_grant g = { .account_id = acc.id,
			.plan = demo_accounts[i].plan,
			.source = "comp",
			.status = STATUS_ACTIVE,
			.starts_at = c->now_s };
		e = entitlement_grant(c->app.db, &g, c->now_s, id);
	}
	if (!e)
		*password = chosen;
	return e;
}

static void report(void *ctx, const char *path, const char *what, const char *slug, const char *why,
	const struct teaser_size *teaser)
{
	(void)ctx;
	(void)slug;
	(void)teaser;
	if (strcmp(what, "refused") == 0)
		fprintf(stderr, "%s: %s\n", path, why);
}

/* At the first start only: what was changed since stays. */
static enum err demo_sells(struct cli *c)
{
	const struct paywall_policy *policy = NULL;
	enum err e = cli_policy(c, &policy);
	const bool is_new = !e && policy->plan_count == 0;
	policy_release(c->app.wall.policies, policy);
	for (size_t i = 0; !e && is_new && i < COUNT(demo_plans); i++)
		e = policy_plan_set(c->app.db, &demo_plans[i], c->now_s);
	return e;
}

/* What readers and search engines are told of the sections. */
static enum err demo_sections(struct cli *c)
{
	static const char *const about[][2] = {
		{ "business",
			"Shipping, wind power and the shops on Quay Street: who earns what in "
			"Sandhaven, and why." },
		{ "city",
			"The council, the harbour, trams and schools: what is decided in Sandhaven "
			"and what comes of it." },
		{ "culture",
			"Concerts, books and exhibitions along the coast, before and after the "
			"first night." },
		{ "science", "What researchers at the coast find out about the sea, and about "
			     "us." },
		{ "sport", "Rowing, swimming and handball: results, and the people behind them." },
	};
	enum err e = ERR_OK;
	for (size_t i = 0; !e && i < COUNT(about); i++)
		e = content_section_describe(
			c->app.db, str_of(about[i][0]), str_of(about[i][1]), c->now_s);
	return e;
}

static int demo_fill(struct cli *c, const char *passwords[COUNT(demo_accounts)])
{
	struct import_count n = { 0 };
	struct import_settings s = { .bound = app_teaser_bound(&c->app.cfg),
		.default_section = "City",
		.default_access = ACCESS_DEFAULT,
		.report = report };
	enum err e = content_import_embedded(c->app.db, "web/demo/articles/", &s, c->now_s, &n);
	if (e)
		return cli_error(e, "the demo articles");
	if (n.refused)
		return cli_fail(EXIT_FAILED, "%zu demo articles were refused", n.refused);
	e = demo_sections(c);
	if (e)
		return cli_error(e, "the demo's sections");
	e = demo_sells(c);
	if (e)
		return cli_error(e, "the demo's plans");
	for (size_t i = 0; i < COUNT(demo_accounts); i++) {
		e = demo_account(c, i, &passwords[i]);
		if (e)
			return cli_error(e, demo_accounts[i].email);
	}
	return EXIT_DONE;
}

static void print_accounts(const char *const passwords[COUNT(demo_accounts)])
{
	printf("\n  Accounts (the passwords are new and are shown only at the first start):\n");
	for (size_t i = 0; i < COUNT(demo_accounts); i++)
		printf("    %-22s %-18s %s\n", demo_accounts[i].email,
			passwords[i] ? passwords[i] : "(as shown before)", demo_accounts[i].what);
}

static void banner(
	const struct cli *c, const char *dir, const char *const passwords[COUNT(demo_accounts)])
{
	const char *url = c->app.cfg.base_url;
	printf("\n  The Harbour Courier is open:  %s\n", url);
	printf("  A story for subscribers:      %s/articles/harbour-reopens\n", url);
	printf("  What it sells:                %s/subscribe\n", url);
	printf("  The mail it sends:            %s/_dev/mailbox   (and in %s/mail)\n", url, dir);
	if (*c->app.cfg.ops_listen)
		printf("  Health and metrics:           http://%s/metrics\n",
			c->app.cfg.ops_listen);
	print_accounts(passwords);
	if (!passwords[0])
		printf("  Forgot them? Use Reset Password and read the mail, or delete %s to start "
		       "again.\n",
			dir);
	printf("\n  Stop with Ctrl-C.\n\n");
	fflush(stdout);
}

int cmd_run_demo(struct cli *c)
{
	char why[CONFIG_WHY_SIZE] = "";
	const char *dir = cli_option(c, "dir");
	const char *passwords[COUNT(demo_accounts)] = { NULL };
	if (!dir)
		dir = "var/demo";
	int code = make_dir(dir);
	if (!code)
		code = demo_config(c, dir);
	if (code)
		return code;
	enum err e = app_open(&c->app, DB_SERVE, why);
	if (e)
		return cli_fail(e == ERR_CONFLICT ? EXIT_CONFLICT : EXIT_UNAVAILABLE, "%s",
			*why ? why : err_name(e));
	code = demo_fill(c, passwords);
	if (code)
		return code;
	e = app_start(&c->app, why);
	if (e && passwords[0]) /* the database keeps only their hashes */
		print_accounts(passwords);
	if (e)
		return cli_fail(e == ERR_INVALID ? EXIT_CONFIG : EXIT_UNAVAILABLE, "%s",
			*why ? why : err_name(e));
	banner(c, dir, passwords);
	app_wait(&c->app);
	return EXIT_DONE;
}
