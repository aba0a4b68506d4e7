/* One request from its sanity check to its log line: who calls, same-origin check, handler on its
 * lane, answer. */
#include "internal.h"

#include <string.h>
#include <sys/random.h>

/* Of an X-Request-Id, written as 32 hexadecimal digits. */
enum { ID_BYTES = 16 };

/* Random bits for many requests at once, for each thread: a system call for each would cost more
 * than the answer. */
static bool take_bits(uint8_t out[static ID_BYTES])
{
	static _Thread_local uint8_t pool[ID_BYTES * 64];
	static _Thread_local size_t left;
	if (left == 0) {
		if (getrandom(pool, sizeof pool, 0) != (ssize_t)sizeof pool)
			return false;
		left = sizeof pool;
	}
	left -= ID_BYTES;
	memcpy(out, pool + left, ID_BYTES);
	return true;
}

/* crypto, which makes all other ids, is a sibling of this room, and this name is no secret. */
static bool make_id(char out[static ID_SIZE])
{
	uint8_t bits[ID_BYTES];
	if (!take_bits(bits))
		return false;
	str_base32(bits, sizeof bits, out, ID_SIZE);
	return true;
}

struct exchange *http_exchange_new(struct listener *l, struct conn *c, struct MHD_Connection *mhd)
{
	struct arena *a = http_arena_acquire();
	struct exchange *x = a ? arena_alloc(a, sizeof *x) : NULL;
	if (!x || !make_id(x->req.id)) {
		http_arena_release(a);
		return NULL;
	}
	x->h = l->h;
	x->listener = l;
	x->conn = c;
	x->mhd = mhd;
	x->group = &l->groups[l->group_count - 1];
	x->started_us = clock_monotonic_us();
	x->req.arena = a;
	x->req.x = x;
	x->req.client = c->peer;
	x->req.now_s = clock_now_s(l->h->s.clock);
	return x;
}

static void wipe(struct str secret)
{
	if (secret.n > 0) {
		/* in the arena, which is ours to write to */
		explicit_bzero((void *)(uintptr_t)secret.p, secret.n);
	}
}

/* Bodies and fields may hold passwords. All of them lie in the arena. */
void http_exchange_free(struct exchange *x)
{
	wipe(x->req.token.text);
	wipe((struct str){ x->body, x->body_n });
	for (size_t i = 0; i < x->req.form.n; i++)
		wipe(x->req.form.v[i].value);
	if (x->answer && http_response_pool_may_keep(x) && x->held == 0)
		http_response_pool_release(x);
	if (x->answer)
		MHD_destroy_response(x->answer);
	cache_release(x->item);
	atomic_fetch_sub(&x->h->metrics.held_bytes, x->held);
	http_arena_release(x->req.arena);
}

static void plain_failure(struct exchange *x, enum err e)
{
	struct response *rsp = &x->rsp;
	const struct error_info *face = http_error_info(e);
	*rsp = (struct response){
		.err = e, .reason = rsp->reason, .retry_after_s = rsp->retry_after_s
	};
	rsp->status = face->status;
	rsp->content_type = "text/plain; charset=utf-8";
	rsp->body = str_of(face->sentence);
}

/* Counts what the exchange keeps until its answer is out: all of its arena, since even a range or a
 * 304 of a large picture holds the whole. Returns what is held by all together, 0 when this one is
 * too small to matter. */
static int64_t hold(struct exchange *x)
{
	const struct response *rsp = &x->rsp;
	/* what memory lent may be put out of it, and lives on for this reader alone */
	const size_t lent = x->item ? rsp->body.n + rsp->gzip.n + rsp->brotli.n : 0;
	const int64_t bytes = (int64_t)(arena_bytes(x->req.arena) + lent);
	if (bytes <= HELD_SMALL_BYTES)
		return 0;
	x->held = bytes;
	return atomic_fetch_add(&x->h->metrics.held_bytes, bytes) + bytes;
}

static enum err read_body(struct exchange *x)
{
	struct request *r = &x->req;
	struct str body = { x->body, x->body_n };
	if (r->route->body == BODY_JSON)
		r->body = body;
	if (r->route->body != BODY_FORM)
		return ERR_OK;
	enum err e = form_parse(body, r->arena, &r->form);
	if (e == ERR_OK || e == ERR_NOMEM)
		return e;
	return http_request_refuse(
		x, ERR_INVALID, "bad_form", "The form is malformed or contains a field twice.");
}

/* The form of a request that cannot be taken now, so that the answer gives back what was typed; but
 * not what a page of another site put into it. */
static void read_form_refused(struct exchange *x, enum err e)
{
	struct request *r = &x->req;
	const char *reason = x->rsp.reason, *detail = x->rsp.detail;
	const bool for_now = e == ERR_LIMITED || e == ERR_BUSY || e == ERR_UNAVAILABLE;
	if (!for_now || !r->route || r->route->body != BODY_FORM || r->form.n > 0 || x->drained > 0)
		return;
	if (http_origin_check(x) != ERR_OK || read_body(x) != ERR_OK)
		r->form = (struct fields){ .n = 0 };
	x->rsp.reason = reason;
	x->rsp.detail = detail;
}

/* An error said after memory was refused may have come of that alone: a 404 for a name that was cut
 * off, a 403 for an origin that could not be compared. */
void http_exchange_fail(struct exchange *x, enum err e)
{
	struct response *rsp = &x->rsp;
	if (e != ERR_NOMEM && arena_failed(x->req.arena)) {
		*rsp = (struct response){ .reason = "no_memory" };
		e = ERR_NOMEM;
	}
	rsp->err = e;
	if (rsp->shared.per_reader_cookie)
		http_response_cookies_drop(rsp);
	rsp->body = rsp->gzip = rsp->brotli = (struct str){ NULL, 0 };
	rsp->content_type = rsp->etag = rsp->csp = NULL;
	rsp->cacheable = rsp->ranges = false;
	rsp->status = rsp->status >= 400 ? rsp->status : 0;
	read_form_refused(x, e);
	x->group->fail(x->group->ctx, &x->req, rsp);
	if (rsp->status < 300 || rsp->status > 599 || http_response_poisoned(rsp))
		plain_failure(x, e);
	http_answer_make(x);
}

static enum err identify(struct exchange *x)
{
	struct request *r = &x->req;
	const struct http_settings *s = &x->h->s;
	if (r->route->who == WHO_ANYONE)
		return ERR_OK;
	enum err e = http_token_read(x);
	if (e == ERR_OK && r->token.text.n > 0)
		e = s->identify(s->identify_ctx, &r->token, r->now_s, &r->caller);
	if (e != ERR_OK) {
		r->caller = (struct caller){ 0 };
		return http_request_refuse(x, e, "identify", NULL);
	}
	if (!r->caller.signed_in)
		r->caller = (struct caller){ .session_ended = r->caller.session_ended,
			.read_elsewhere = r->caller.read_elsewhere };
	return ERR_OK;
}

/* Behind the origin check and the form, so that the answer of 401 can show again what was typed. */
static enum err require_session(struct exchange *x)
{
	const struct request *r = &x->req;
	const char *detail = NULL;
	if (r->caller.signed_in || r->route->who != WHO_SIGNED_IN)
		return ERR_OK;
	if (request_token_is_dead(r)) {
		x->rsp.code = HTTP_INVALID_TOKEN;
		detail = "This session has ended. Log in again.";
	}
	return http_request_refuse(x, ERR_UNAUTHENTICATED, "signed_out", detail);
}

/* The handler may say much, but not leave a transaction open or a header half made. What it made in
 * an arena that refused memory may lack a part, whether the handler looked or not, and is not sent.
 */
static enum err run_handler(struct exchange *x)
{
	struct http_settings *s = &x->h->s;
	enum err e = x->req.route->handler(x->group->ctx, &x->req, &x->rsp);
	const bool open = s->in_tx(s->in_tx_ctx);
	const bool poisoned = http_response_poisoned(&x->rsp);
	const bool silent = e == ERR_OK && (x->rsp.status < 200 || x->rsp.status > 599);
	if (!open && arena_failed(x->req.arena)) {
		x->rsp = (struct response){ .reason = "no_memory" };
		return ERR_NOMEM;
	}
	if (!open && !poisoned && !silent)
		return e;
	const char *fault = poisoned ? "bad_header" : "no_status";
	if (open)
		fault = "transaction_left_open";
	LOG(s->log, LOG_ERROR, "handler_fault", log_z("fault", fault), log_z("id", x->req.id),
		log_z("route", x->req.route->pattern));
	x->rsp = (struct response){ .reason = fault };
	return ERR_INTERNAL;
}

/* From memory when it can be, else by the handler. */
static enum err give(struct exchange *x)
{
	if (http_response_cache_answer_late(x))
		return ERR_OK;
	enum err e = run_handler(x);
	if (e == ERR_OK)
		http_response_cache_put(x);
	return e;
}

void http_exchange_serve(struct exchange *x)
{
	static enum err (*const steps[])(struct exchange *) = { identify, http_origin_check,
		read_body, require_session, give };
	enum err e = ERR_OK;
	for (size_t i = 0; i < COUNT(steps) && e == ERR_OK; i++)
		e = steps[i](x);
	/* the database is lost, maybe even to look up who asks: from memory after all */
	http_exchange_finish(x, http_response_cache_rescue(x, e) ? ERR_OK : e);
}

void http_exchange_finish(struct exchange *x, enum err e)
{
	const int64_t held = hold(x);
	if (held > HELD_BYTES_MAX)
		e = http_request_refuse(x, ERR_BUSY, "answers_full", NULL);
	if (held > HELD_REFUSED_MAX)
		return;
	if (e != ERR_OK) {
		http_exchange_fail(x, e);
		return;
	}
	http_answer_make(x);
}

static const char *method_name(const struct exchange *x)
{
	static const char *const names[] = { "-", "GET", "POST", "PUT", "PATCH", "DELETE",
		"OPTIONS" };
	return x->req.head ? "HEAD" : names[x->req.method];
}

/* Who asks is mostly the peer itself. */
static const char *client_text(const struct exchange *x, char space[static IP_TEXT_SIZE])
{
	if (memcmp(x->req.client.b, x->conn->peer.b, sizeof x->req.client.b) == 0)
		return x->conn->peer_text;
	ip_text(x->req.client, space);
	return space;
}

void http_exchange_log(struct exchange *x, int64_t now_us, const char *end)
{
	const struct request *r = &x->req;
	const struct response *rsp = &x->rsp;
	const int status = x->answered ? rsp->status : 0;
	const int64_t took_us = now_us - x->started_us;
	http_metrics_count(&x->h->metrics, x, status, took_us - x->paused_us);
	if (rsp->decision)
		http_decisions_count(x->h->decisions, r->route ? r->route->pattern : "",
			rsp->decision, rsp->reason);
	char other[IP_TEXT_SIZE];
	const char *client = client_text(x, other);
	const enum log_level quiet = x->listener->is_ops ? LOG_DEBUG : LOG_INFO;
	LOG_SOON(x->h->s.log, status >= 500 ? LOG_WARN : quiet, "request", log_word("id", r->id),
		log_word("method", method_name(x)),
		log_word("route", r->route ? r->route->pattern : "-"), log_int("status", status),
		log_int("duration_us", took_us), log_int("bytes", (int64_t)x->bytes),
		log_word("client", client), log_word("account", r->caller.account_id),
		log_word("session", r->caller.session_tag), log_word("decision", rsp->decision),
		log_word("reason", rsp->reason),
		log_word("err", rsp->err != ERR_OK ? err_name(rsp->err) : ""),
		log_word("end", end));
}
