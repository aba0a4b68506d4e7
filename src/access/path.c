/* One path of another server for one reader: who asks, decide, count, tell, keep. */
#include "internal.h"

/* A question of the gate, inside one read. */
struct asking {
	struct path_question q;
	struct path_answer *out;
};

static enum err ask_read(struct access_snapshot *s, void *arg)
{
	struct asking *k = arg;
	k->q.load = s->load;
	return path_decide(s->c, &k->q, s->policy, s->a, k->out);
}

static struct path_question question(const struct access_path_query *q, struct access_request req)
{
	return (struct path_question){
		.w = q->wall, .sites = q->sites, .url = *q->url, .method = q->method, .req = req
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
	struct asking k = { question(q, access_request_verified(q->wall, r)), out };
	struct access_snapshot s = access_snapshot_begin(q->wall, r);
	struct meter_cookie_update cookie_update = { .move = METER_COOKIE_KEEP };
	enum err e = access_snapshot_read(&s, ask_read, &k);
	if (!e && !q->only_look)
		e = path_record(q->wall, out, r->arena, &cookie_update);
	access_snapshot_end(&s);
	out->seen = (struct decision_read){ .policy = NULL };
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
	if (!path_decide_cached(&ask, r->arena, out))
		return false;
	tell(r, rsp, out);
	return true;
}
