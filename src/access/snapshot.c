/* One read of the database for one answer. The policy is looked up once, and held until the answer
 * is made; all that is kept in memory of it was read behind one moment. */
#include "internal.h"

struct access_snapshot access_snapshot_begin(const struct paywall *w, const struct request *r)
{
	return (struct access_snapshot){ .w = w, .now_s = r->now_s, .a = r->arena };
}

static void policy_drop(struct access_snapshot *s)
{
	policy_release(s->w->policies, s->policy);
	s->policy = NULL;
}

/* Binds the caller's function to the read that calls it. */
struct running {
	struct access_snapshot *s;
	access_snapshot_fn *fn;
	void *arg;
};

static enum err run(struct db_conn *c, void *arg)
{
	const struct running *g = arg;
	struct access_snapshot *s = g->s;
	policy_drop(s); /* of a run before this one */
	s->c = c;
	enum err e = policy_acquire(s->w->policies, c, &s->policy);
	return e ? e : g->fn(s, g->arg);
}

enum err access_snapshot_read(struct access_snapshot *s, access_snapshot_fn *fn, void *arg)
{
	struct running g = { s, fn, arg };
	if (s->w->decision_cache) {
		s->begun = cache_begin(s->w->decision_cache);
		s->load = &s->begun;
	}
	enum err e = db_read(s->w->db, run, &g);
	s->c = NULL;
	return e;
}

void access_snapshot_end(struct access_snapshot *s)
{
	policy_drop(s);
}

enum err access_read(
	const struct paywall *w, const struct request *r, access_snapshot_fn *fn, void *arg)
{
	struct access_snapshot s = access_snapshot_begin(w, r);
	enum err e = access_snapshot_read(&s, fn, arg);
	access_snapshot_end(&s);
	return e;
}
