/* One path of another server for one reader: who asks, decide, count, tell, keep. */
#include "internal.h"

struct asking {
	const struct paywall *w;
	struct path_question q;
	struct cache_load load;
	struct arena *a;
	struct path_answer *out;
};

static enum err ask_read(struct db_conn *c, void *arg)
{
	struct asking *k = arg;
	enum err e = path_decide(k->w, c, &k->q, k->a, k->out);

	if (!e)
		path_cache_put(k->w, &k->load, c, k->out, k->a);
	return e;
}

static struct path_question question(const struct access_path_query *q, struct access_request req)
{
	return (struct path_question){
		.sites = q->sites, .url = *q->url, .method = q->method, .req = req
	};
}

static void tell(const struct request *r, struct response *rsp, const struct path_answer *p)
{
	access_tell_log(rsp, p->decision.grant, path_reason_name(p));
	response_header(rsp, "Postern-Decision", path_decision_text(p, r->arena));
}

enum err access_path_open(const struct access_path_query *q, struct request *r,
	struct response *rsp, struct path_answer *out)
{
	struct asking k = { .w = q->wall,
		.q = question(q, access_request_verified(q->wall, r)),
		.a = r->arena,
		.out = out };
	struct meter_cookie_update cookie_update = { .move = METER_COOKIE_KEEP };

	if (q->wall->decision_cache)
		k.load = cache_begin(q->wall->decision_cache);
	enum err e = db_read(q->wall->db, ask_read, &k);
	if (!e && !q->only_look)
		e = path_record(q->wall, out, r->arena, &cookie_update);
	if (e)
		return e;
	tell(r, rsp, out);
	access_tell_meter(r, rsp, &cookie_update);
	return ERR_OK;
}

bool access_path_open_cached(const struct access_path_query *q, struct request *r,
	struct response *rsp, struct path_answer *out)
{
	const struct path_question ask = question(q, access_request_from_http(r));

	if (!path_decide_cached(q->wall, &ask, r->arena, out))
		return false;
	tell(r, rsp, out);
	return true;
}
