/* Creates, changes and removes meters, and deletes the counts of windows that are over. */
#include "internal.h"

#include "postern/queries/meter.h"
#include "postern/queries/policy.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { DAY_S = 86400 };

/* All meters; longest_s: the longest window among them, after which no count matters any more. */
struct meter_list {
	struct meter v[METERS_MAX];
	size_t n;
	int64_t longest_s;
};

/* The policy's own reading of the table, without a cache: for rare uses. */
static enum err meters_read(struct db_conn *c, struct meter_list *out)
{
	struct policy_cache *pc = NULL;
	const struct policy_settings set = { .fallback = ACCESS_SUBSCRIBER, .ai = AI_BLOCK };
	const struct paywall_policy *p = NULL;
	enum err e = policy_cache_open(&set, &pc);
	if (!e)
		e = policy_acquire(pc, c, &p);
	for (size_t i = 0; !e && i < p->meter_count; i++)
		out->v[out->n++] = p->meters[i];
	if (!e)
		out->longest_s = meter_longest_s(p);
	if (pc)
		policy_release(pc, p);
	policy_cache_close(pc);
	return e;
}

/* ---- setting ---- */

static enum err PRINTF(2, 3) refuse(char why[static METER_WHY_SIZE], const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(why, METER_WHY_SIZE, fmt, ap);
	va_end(ap);
	return ERR_INVALID;
}

static bool word_ok(const char *z, size_t size)
{
	size_t n = strlen(z);
	return n > 0 && n < size && strspn(z, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

static enum err meter_check(const struct meter *m, char why[static METER_WHY_SIZE])
{
	if (!word_ok(m->name, METER_NAME_SIZE))
		return refuse(why, "a meter's name is 1 to %d lower-case letters, digits and '-'",
			METER_NAME_SIZE - 1);
	if (*m->section && !word_ok(m->section, SECTION_SIZE))
		return refuse(why, "a section is named by its slug, such as \"city\"");
	if (m->anonymous_limit < 0 || m->anonymous_limit > METER_LIMIT_MAX ||
		m->registered_limit < 0 || m->registered_limit > METER_LIMIT_MAX)
		return refuse(why, "a limit is 0 to %d articles", METER_LIMIT_MAX);
	if (m->registered_limit < m->anonymous_limit)
		return refuse(why,
			"readers with an account would get %lld articles, fewer than the %lld "
			"without one",
			(long long)m->registered_limit, (long long)m->anonymous_limit);
	if (!*policy_window_name(m->window))
		return refuse(why, "a window is day, week, month or rolling");
	if (m->window == WINDOW_ROLLING ? m->days < 1 || m->days > METER_DAYS_MAX : m->days != 0)
		return refuse(
			why, "a rolling window has 1 to %d days, the others none", METER_DAYS_MAX);
	return ERR_OK;
}

/* Beside the other meters. */
static enum err fit_check(
	const struct meter_list *l, const struct meter *m, char why[static METER_WHY_SIZE])
{
	int64_t sum = m->anonymous_limit;
	bool is_new = true;
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->v[i].name, m->name) == 0) {
			is_new = false;
			continue;
		}
		sum += l->v[i].anonymous_limit;
		if (strcmp(l->v[i].section, m->section) == 0) {
			(void)refuse(why, "the meter \"%s\" is %s%s already", l->v[i].name,
				*m->section ? "that of the section "
					    : "the one for all other sections",
				m->section);
			return ERR_CONFLICT;
		}
	}
	if (is_new && l->n >= METERS_MAX) {
		(void)refuse(why, "there are already %d meters, which is the maximum", METERS_MAX);
		return ERR_TOO_LARGE;
	}
	if (sum > METER_TAGS_MAX)
		return refuse(why,
			"the limits of all meters for readers without an account are %lld articles "
			"together; %d fit into the cookie",
			(long long)sum, METER_TAGS_MAX);
	return ERR_OK;
}

/* Of meter_set. `why` is written inside the transaction, where the other meters are known. */
struct set_job {
	const struct meter *m;
	char *why;
};

static enum err set_tx(struct db_conn *c, void *arg)
{
	const struct set_job *j = arg;
	const struct meter *m = j->m;
	struct meter_list l = { .n = 0 };
	enum err e = meters_read(c, &l);
	if (e)
		return e;
	e = fit_check(&l, m, j->why);
	if (e)
		return e;
	e = q_meter_put(c, m->name, m->section, m->anonymous_limit, m->registered_limit,
		policy_window_name(m->window), m->days);
	return e ? e : policy_version_bump(c);
}

enum err meter_set(struct db *db, const struct meter *m, char why[static METER_WHY_SIZE])
{
	struct set_job j = { .m = m, .why = why };
	why[0] = '\0';
	enum err e = meter_check(m, why);
	return e ? e : db_tx(db, set_tx, &j);
}

/* Of meter_remove; changed 0: there is none of that name. */
struct remove_job {
	struct str name;
	int64_t changed;
};

static enum err remove_tx(struct db_conn *c, void *arg)
{
	struct remove_job *j = arg;
	enum err e = q_meter_drop(c, j->name, &j->changed);
	return e ? e : policy_version_bump(c);
}

enum err meter_remove(struct db *db, struct str name)
{
	struct remove_job j = { .name = name };
	enum err e = db_tx(db, remove_tx, &j);
	if (e)
		return e;
	return j.changed ? ERR_OK : ERR_NOT_FOUND;
}

/* ---- forgetting ---- */

/* Before which no window that is still open can have begun. */
static enum err oldest_read(struct db_conn *c, void *arg)
{
	struct meter_list l = { .n = 0 };
	enum err e = meters_read(c, &l);
	/* a day more, for clocks that are put forward and back */
	*(int64_t *)arg = l.longest_s + DAY_S;
	return e;
}

static enum err keys_tx(struct db_conn *c, void *arg)
{
	return meter_keys_forget(c, *(const int64_t *)arg);
}

static enum err keys_batch(struct db_sweeper *s, void *arg, struct db_batch *b)
{
	(void)b; /* a handful */
	return db_tx(s->db, keys_tx, arg);
}

static enum err oldest_batch(struct db_sweeper *s, void *arg, struct db_batch *b)
{
	(void)b;
	return db_read(s->db, oldest_read, arg);
}

enum err meter_purge(struct db_sweeper *s)
{
	int64_t before_s = 0;
	enum err e = db_sweep(
		s, &(struct db_sweep){
			   .name = "meter_windows", .batch = oldest_batch, .arg = &before_s });
	if (e)
		return e;
	before_s = s->now_s - before_s;
	const struct db_sweep steps[] = {
		{ .name = "meter_reads", .purge = q_meter_forget, .before_s = before_s },
		{ .name = "meter_keys", .batch = keys_batch, .arg = &before_s },
	};

	return db_sweep_all(s, steps, COUNT(steps));
}
