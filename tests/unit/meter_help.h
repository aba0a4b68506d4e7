/* A wall with a database of its own, and a reader who opens one article after the other. */
#ifndef TESTS_METER_HELP_H
#define TESTS_METER_HELP_H

#include "content_help.h"

#include <time.h>

#include "postern/meter.h"

enum { DAY = 86400, MONTH_END = 1801440000 }; /* NOW is 15 January 2027, 8.00 UTC */

struct world {
	struct fixture *f;
	struct paywall w;
};

static inline int world_make(void **state)
{
	static const struct policy_settings set = {
		.fallback = ACCESS_SUBSCRIBER, .ai = AI_TEASER, .open_statuses = 1u << STATUS_ACTIVE
	};
	struct world *o = calloc(1, sizeof *o);
	void *f = NULL;

	time_local_zone_set("UTC0");
	if (!o || fixture_make(&f) != 0)
		return -1;
	o->f = f;
	o->w = (struct paywall){ .db = o->f->db, .log = &help_quiet };
	*state = o;
	return policy_cache_open(&set, &o->w.policies) == ERR_OK ? 0 : -1;
}

static inline int world_end(void **state)
{
	struct world *o = *state;
	void *f = o->f;

	meter_ceiling_close(o->w.ceiling);
	policy_cache_close(o->w.policies);
	free(o);
	return fixture_end(&f);
}

static inline void put_account(struct world *o, const char *id)
{
	account_put(o->f, id);
}

struct opened {
	struct world *o;
	struct decision_query q;
	struct decision d;
	struct meter_cookie_update cookie_update;
	enum err err;
};

static inline enum err opened_read(struct db_conn *c, void *arg)
{
	struct opened *p = arg;

	return decision_make(p->q.w, c, p->q.v, p->q.art, p->q.a, &p->d);
}

static inline struct paywall_article metered_article(const char *id, const char *section)
{
	return (struct paywall_article){ .id = id,
		.section = str_of(section),
		.access = ACCESS_METERED,
		.usable = true,
		.published_at = NOW - DAY };
}

/* As access_article_open has it: decide, settle, and the reader's browser keeps the cookie. */
static inline struct opened open_as(
	struct world *o, struct access_request *v, const char *id, const char *section)
{
	const struct paywall_article art = metered_article(id, section);
	struct opened p = { .o = o };
	p.q = (struct decision_query){ .w = &o->w, .v = v, .art = &art, .a = o->f->arena };

	p.err = db_read(o->f->db, opened_read, &p);
	if (!p.err && meter_must_record(v, &p.d))
		p.err = meter_record(&p.q, &p.d, &p.cookie_update);
	if (!p.err) {
		assert_false(p.d.must_count);
		*v = meter_request_after(v, &p.cookie_update);
	}
	return p;
}

static inline struct access_request anonymous_request(void)
{
	return (struct access_request){ .whole_get = true, .now_s = NOW };
}

static inline struct access_request member(const char *id)
{
	return (struct access_request){ .account_id = id, .whole_get = true, .now_s = NOW };
}

/* Opens "a0", "a1", …: how many came in full, each as one of the free ones. */
static inline int read_many(struct world *o, struct access_request *v, int first, int count)
{
	int full_ones = 0;

	for (int i = first; i < first + count; i++) {
		const char *id = arena_fmt(o->f->arena, "a%d", i);
		struct opened p = open_as(o, v, id, "city");
		assert_int_equal(p.err, ERR_OK);
		full_ones += p.d.grant == GRANT_FULL && p.d.reason == REASON_METERED;
	}
	return full_ones;
}

static inline void put_meter(struct world *o, const struct meter *m)
{
	char why[METER_WHY_SIZE];
	if (meter_set(o->f->db, m, why) != ERR_OK)
		fail_msg("%s", why);
}

#define ASSERT_OPENED(p, reason_, used_)                                                           \
	do {                                                                                       \
		struct opened opened_ = (p);                                                       \
		assert_int_equal(opened_.err, ERR_OK);                                             \
		assert_string_equal(                                                               \
			paywall_reason_name(opened_.d.reason), paywall_reason_name(reason_));      \
		assert_int_equal(opened_.d.used, used_);                                           \
	} while (0)

#endif
