/* postern meter …: list, set and remove meters, show and reset what a reader has used, replace the
 * key. */
#include "../cli.h"

#include <stdio.h>
#include <string.h>

#include "postern/meter.h"

/* Articles in a window for a new meter that names no limit. */
enum { ANONYMOUS_DEFAULT = 6, REGISTERED_DEFAULT = 10 };

/* ---- the meters there are ---- */

/* One read of all meters, with a reader's counts where one is named. */
struct meters {
	struct policy_cache *policies;
	const char *account_id; /* NULL: without a reader's standing */
	int64_t now_s;
	struct arena *a;
	struct meter_account_usage v[METERS_MAX];
	size_t n;
	struct meter_history *shown;
	size_t shown_count;
};

static enum err standing_read(struct db_conn *c, struct meters *m, const struct paywall_policy *p)
{
	enum err e = meter_usages(c, p, m->account_id, m->now_s, m->v);
	return e ? e : meter_history(c, m->account_id, m->a, &m->shown, &m->shown_count);
}

static enum err meters_read(struct db_conn *c, void *arg)
{
	struct meters *m = arg;
	const struct paywall_policy *p = NULL;
	enum err e = policy_acquire(m->policies, c, &p);
	if (e)
		return e;
	m->n = p->meter_count;
	for (size_t i = 0; i < m->n; i++)
		m->v[i] = (struct meter_account_usage){ .meter = p->meters[i] };
	if (m->account_id)
		e = standing_read(c, m, p);
	policy_release(m->policies, p);
	return e;
}

static enum err meters_get(struct cli *c, const char *account_id, struct meters *out)
{
	*out = (struct meters){ .policies = c->app.wall.policies,
		.account_id = account_id,
		.now_s = c->now_s,
		.a = c->app.arena };
	return db_read(c->app.db, meters_read, out);
}

static const struct meter *meters_find(const struct meters *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++) {
		if (strcmp(m->v[i].meter.name, name) == 0)
			return &m->v[i].meter;
	}
	return NULL;
}

static const char *window_text(struct arena *a, const struct meter *m)
{
	if (m->window == WINDOW_ROLLING)
		return arena_fmt(a, "%lldd", (long long)m->days);
	return policy_window_name(m->window);
}

static json_t *meter_json(struct arena *a, const struct meter *m)
{
	return json_pack("{s:s, s:s, s:I, s:I, s:s}", "name", m->name, "section", m->section,
		"anonymous", (json_int_t)m->anonymous_limit, "registered",
		(json_int_t)m->registered_limit, "window", window_text(a, m));
}

static void meter_print(struct arena *a, const struct meter *m)
{
	printf("%-20s  %-16s  %3lld without account  %3lld with  per %s\n", m->name,
		*m->section ? m->section : "(all others)", (long long)m->anonymous_limit,
		(long long)m->registered_limit, window_text(a, m));
}

int cmd_meter_list(struct cli *c)
{
	struct meters m;
	enum err e = meters_get(c, NULL, &m);
	if (e)
		return cli_error(e, "meters");
	json_t *doc = c->json ? json_array() : NULL;
	for (size_t i = 0; i < m.n; i++) {
		if (c->json)
			text_json_append(&doc, meter_json(m.a, &m.v[i].meter));
		else
			meter_print(m.a, &m.v[i].meter);
	}
	if (!c->json && m.n == 0)
		fprintf(stderr, "There is no meter: metered articles are closed to all but "
				"subscribers. See postern meter set.\n");
	return c->json ? cli_print_json(doc) : EXIT_DONE;
}

/* ---- setting ---- */

/* "day", "week", "month", or "30d". */
static bool window_take(struct str s, struct meter *m)
{
	int64_t days = 0;
	if (policy_window_parse(s, &m->window) == ERR_OK && m->window != WINDOW_ROLLING) {
		m->days = 0;
		return true;
	}
	if (!str_ends(s, STR("d")))
		return false;
	s.n--;
	if (str_int(s, 1, METER_DAYS_MAX, &days) != ERR_OK)
		return false;
	m->window = WINDOW_ROLLING;
	m->days = days;
	return true;
}

static int set_options(struct cli *c, struct meter *m)
{
	static const struct cli_range limit = { 0, METER_LIMIT_MAX };
	const char *section = cli_option(c, "section"), *window = cli_option(c, "window");
	int code = cli_number(c, "anonymous", limit, &m->anonymous_limit);
	if (!code)
		code = cli_number(c, "registered", limit, &m->registered_limit);
	if (code)
		return code;
	if (section && str_copy(m->section, sizeof m->section, str_of(section)) != ERR_OK)
		return cli_fail(EXIT_USAGE, "--section: at most %d characters", SECTION_SIZE - 1);
	if (section && *section && !text_slug_ok(str_of(section)))
		return cli_fail(EXIT_USAGE,
			"--section %s: the slug of a section, of lower-case letters, digits and "
			"'-', is expected",
			section);
	code = section ? cli_sections(c, str_of(section)) : EXIT_DONE;
	if (code)
		return code;
	if (window && !window_take(str_of(window), m))
		return cli_fail(EXIT_USAGE,
			"--window %s: day, week, month, or a number of days such as 30d (1d to "
			"%dd)",
			window, METER_DAYS_MAX);
	return EXIT_DONE;
}

static int set_fail(enum err e, const struct meter *m, const char *why)
{
	switch (e) {
	case ERR_INVALID:
		return cli_fail(EXIT_USAGE, "%s", why);
	case ERR_CONFLICT:
		return cli_fail(EXIT_CONFLICT, "%s", *why ? why : "another meter has the section");
	case ERR_TOO_LARGE:
		return cli_fail(EXIT_FAILED, "%s", why);
	default:
		return cli_error(e, m->name);
	}
}

int cmd_meter_set(struct cli *c)
{
	struct meters all;
	char why[METER_WHY_SIZE];
	struct meter m = { .anonymous_limit = ANONYMOUS_DEFAULT,
		.registered_limit = REGISTERED_DEFAULT,
		.window = WINDOW_MONTH };
	enum err e = meters_get(c, NULL, &all);
	if (e)
		return cli_error(e, "meters");
	const struct meter *old = meters_find(&all, c->args[0]);
	if (old)
		m = *old;
	else if (str_copy(m.name, sizeof m.name, str_of(c->args[0])) != ERR_OK)
		return cli_fail(EXIT_USAGE, "a meter's name has at most %d characters",
			METER_NAME_SIZE - 1);
	int code = set_options(c, &m);
	if (code)
		return code;
	e = meter_set(c->app.db, &m, why);
	if (e)
		return set_fail(e, &m, why);
	if (old && (old->window != m.window || old->days != m.days))
		fprintf(stderr, "note: after a change of the window, the counts of readers may "
				"start again\n");
	if (c->json)
		return cli_print_json(meter_json(c->app.arena, &m));
	meter_print(c->app.arena, &m);
	return EXIT_DONE;
}

int cmd_meter_remove(struct cli *c)
{
	enum err e = meter_remove(c->app.db, str_of(c->args[0]));
	if (e == ERR_NOT_FOUND)
		return cli_not_found(c, NAMED_METER, c->args[0]);
	if (e)
		return cli_error(e, c->args[0]);
	printf("The meter %s is removed. Articles of its section now use the meter for all "
	       "sections; without one they are closed to all but subscribers.\n",
		c->args[0]);
	return EXIT_DONE;
}

int cmd_meter_rotate_key(struct cli *c)
{
	bool revoke = cli_option(c, "revoke") != NULL;
	int64_t id = 0;
	enum err e = meter_rotate_key(c->app.db, revoke, c->now_s, &id);
	if (e == ERR_LIMITED)
		return cli_fail(EXIT_FAILED,
			"too many older keys are still valid; wait until the longest "
			"window is over, or revoke them with --revoke");
	if (e)
		return cli_error(e, "the key of meters");
	printf("Key %lld signs cookies from now on; %s.\n", (long long)id,
		revoke ? "cookies signed with older keys are no longer valid"
		       : "cookies signed with older keys stay valid until the longest window is "
			 "over");
	return EXIT_DONE;
}

/* ---- a reader ---- */

static json_t *shown_json(const struct meter_history *s)
{
	return json_pack("{s:s, s:o, s:o, s:o, s:o}", "meter", s->meter, "window_began_at",
		text_json_time(s->began_at), "read_at", text_json_time(s->read_at), "article_id",
		text_json_str(s->article_id), "slug", text_json_str(s->slug));
}

static int show_json(const struct meters *m)
{
	json_t *meters = json_array(), *reads = json_array();
	for (size_t i = 0; i < m->n; i++) {
		json_t *one = meter_json(m->a, &m->v[i].meter);
		text_json_put(&one, "used", json_integer((json_int_t)m->v[i].usage.used));
		text_json_put(&one, "window_ends_at", text_json_time(m->v[i].usage.ends_at));
		text_json_append(&meters, one);
	}
	for (size_t i = 0; i < m->shown_count; i++)
		text_json_append(&reads, shown_json(&m->shown[i]));
	return cli_print_json(json_pack("{s:o, s:o}", "meters", meters, "read", reads));
}

int cmd_meter_show(struct cli *c)
{
	struct account acc;
	struct meters m;
	int code = cli_account(c, c->args[0], &acc);
	if (code)
		return code;
	enum err e = meters_get(c, acc.id, &m);
	if (e)
		return cli_error(e, acc.email);
	if (c->json)
		return show_json(&m);
	for (size_t i = 0; i < m.n; i++)
		printf("%-20s  %lld of %lld read, starts again %s\n", m.v[i].meter.name,
			(long long)m.v[i].usage.used, (long long)m.v[i].meter.registered_limit,
			cli_day(m.a, m.v[i].usage.ends_at));
	for (size_t i = 0; i < m.shown_count; i++) {
		const struct meter_history *s = &m.shown[i];
		struct str name = s->slug.n ? s->slug : s->article_id;
		printf("  %-22s  %-20s  " STR_FMT "\n", cli_day(m.a, s->read_at), s->meter,
			STR_ARG(name.n ? name : STR("(before signing in)")));
	}
	return EXIT_DONE;
}

int cmd_meter_reset(struct cli *c)
{
	struct account acc;
	struct meters m;
	const char *name = c->arg_count > 1 ? c->args[1] : "";
	int64_t removed = 0;
	int code = cli_account(c, c->args[0], &acc);
	if (code)
		return code;
	enum err e = meters_get(c, NULL, &m);
	if (!e && *name && !meters_find(&m, name))
		return cli_not_found(c, NAMED_METER, name);
	if (!e)
		e = meter_reset(c->app.db, acc.id, str_of(name), &removed);
	if (e)
		return cli_error(e, acc.email);
	printf("%lld articles are no longer counted for %s.\n", (long long)removed, acc.email);
	return EXIT_DONE;
}
