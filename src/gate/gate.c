/* The forward-auth endpoints: reads the question of another web server, asks the paywall, and
 * answers in that server's dialect. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>

enum err gate_theme_load(const char *theme, struct template_set **out, char why[static 256])
{
	char dir[1024];
	snprintf(dir, sizeof dir, "%s/templates", theme ? theme : "");
	enum err e = template_load("web/templates/", theme ? dir : NULL, out, why);
	if (!e && !template_has(*out, "gate.html")) {
		snprintf(why, 256, "the template gate.html is missing");
		e = ERR_INTERNAL;
	}
	return e;
}

static void assets_take(struct gate *g, const struct gate_assets *assets)
{
	atomic_store(&g->css, assets->css);
	atomic_store(&g->js, assets->js);
	atomic_store(&g->icon, assets->icon);
	atomic_store(&g->csp, assets->csp);
	atomic_store(&g->names, assets->names);
}

void gate_theme_take(struct gate *g, struct template_set *fresh, const struct gate_assets *assets)
{
	template_replace(g->templates, fresh);
	assets_take(g, assets);
}

enum err gate_open(const struct gate_settings *s, const struct paywall *wall,
	const struct sites *sites, struct gate **out, char why[static 256])
{
	struct gate *g = calloc(1, sizeof *g);
	if (!g)
		return ERR_NOMEM;
	g->set = *s;
	g->wall = wall;
	g->sites = sites;
	assets_take(g, &s->assets);
	enum err e = gate_theme_load(s->theme, &g->templates, why);
	if (e)
		gate_close(g);
	else
		*out = g;
	return e;
}

void gate_close(struct gate *g)
{
	if (g)
		template_free(g->templates);
	free(g);
}

/* ---- asking ---- */

static struct access_path_query query(const struct gate *g, const struct original *o)
{
	return (struct access_path_query){
		.wall = g->wall, .sites = g->sites, .url = &o->url, .method = o->method
	};
}

/* 401: logging in could open it; 402: this account needs more; 403: nothing a reader does would
 * help. */
static int refusal_status(const struct request *r, const struct path_answer *p)
{
	if (p->verdict != PATH_DECIDED)
		return 403;
	if (p->decision.offer & OFFER_LOGIN)
		return 401;
	return r->caller.signed_in && p->decision.offer ? 402 : 403;
}

static enum err pass(struct request *r, struct response *rsp, const struct path_answer *p)
{
	gate_identity_headers(r, rsp, p);
	rsp->status = 200;
	return ERR_OK;
}

/* A log-in page behind its own gate would lead to itself for ever. */
static bool is_login(const struct original *o)
{
	return str_eq(o->url.path, STR("/login"));
}

enum err gate_auth_request(void *ctx, struct request *r, struct response *rsp)
{
	const struct gate *g = ctx;
	struct original o;
	struct path_answer p;
	enum err e = gate_original_read(g, r, DIALECT_AUTH_REQUEST, &o, rsp);
	if (e)
		return e;
	const struct access_path_query q = query(g, &o);
	e = access_path_open(&q, r, rsp, &p);
	if (e)
		return e;
	if (p.decision.grant == GRANT_FULL)
		return pass(r, rsp, &p);
	rsp->status = refusal_status(r, &p) == 401 && !is_login(&o) ? 401 : 403;
	if (rsp->status == 401)
		response_header(rsp, "Location", gate_login_address(r->arena, &p, &o));
	return ERR_OK;
}

static enum err request_refuse(const struct gate *g, struct request *r, struct response *rsp,
	const struct path_answer *p, const struct original *o)
{
	struct wall w = { .status = refusal_status(r, p), .answer = p, .original = o };
	if (w.status == 401 && gate_navigates(r, o) && !is_login(o)) {
		rsp->status = 302;
		response_header(rsp, "Location", gate_login_address(r->arena, p, o));
		return ERR_OK;
	}
	if (w.status == 401)
		response_header(rsp, "WWW-Authenticate", STR("Bearer"));
	return gate_navigates(r, o) ? gate_wall_page(g, r, rsp, &w) : gate_wall_problem(r, rsp, &w);
}

static enum err answer(
	const struct gate *g, struct request *r, struct response *rsp, enum dialect d)
{
	struct original o;
	struct path_answer p;
	enum err e = gate_original_read(g, r, d, &o, rsp);
	if (e)
		return e;
	const struct access_path_query q = query(g, &o);
	e = access_path_open(&q, r, rsp, &p);
	if (e)
		return e;
	return p.decision.grant == GRANT_FULL ? pass(r, rsp, &p)
					      : request_refuse(g, r, rsp, &p, &o);
}

enum err gate_forward_auth(void *ctx, struct request *r, struct response *rsp)
{
	return answer(ctx, r, rsp, DIALECT_FORWARD_AUTH);
}

enum err gate_ext_authz(void *ctx, struct request *r, struct response *rsp)
{
	return answer(ctx, r, rsp, DIALECT_EXT_AUTHZ);
}

static enum dialect dialect_of(http_handler *h)
{
	if (h == gate_auth_request)
		return DIALECT_AUTH_REQUEST;
	if (h == gate_forward_auth)
		return DIALECT_FORWARD_AUTH;
	return h == gate_ext_authz ? DIALECT_EXT_AUTHZ : (enum dialect)0;
}

/* All but a reader's plain right to pass is answered with the database. */
bool gate_cached_answer(void *ctx, struct request *r, struct response *rsp)
{
	const struct gate *g = ctx;
	const enum dialect d = dialect_of(r->route->handler);
	struct original o;
	struct path_answer p;
	if (!d || !gate_original_is_cheap(r, d) || gate_original_read(g, r, d, &o, rsp) != ERR_OK)
		return false;
	const struct access_path_query q = query(g, &o);
	return access_path_open_cached(&q, r, rsp, &p) && pass(r, rsp, &p) == ERR_OK;
}

enum err gate_wall(void *ctx, struct request *r, struct response *rsp)
{
	const struct gate *g = ctx;
	struct original o;
	struct path_answer p;
	enum err e = gate_original_read(g, r, DIALECT_AUTH_REQUEST, &o, rsp);
	if (e)
		return e;
	struct access_path_query q = query(g, &o);
	q.only_look = true;
	e = access_path_open(&q, r, rsp, &p);
	if (e)
		return e;
	struct wall w = { .status = 403, .answer = &p, .original = &o };
	if (p.decision.grant != GRANT_FULL)
		w.status = refusal_status(r, &p);
	return gate_wants_data(r) ? gate_wall_problem(r, rsp, &w) : gate_wall_page(g, r, rsp, &w);
}

/* ---- refusing what could not be answered ---- */

/* nginx knows two refusals; anything else would be an error to it, and a refusal as well. */
void gate_fail(void *ctx, struct request *r, struct response *rsp)
{
	const struct error_info *face = http_error_info(rsp->err);
	struct str target = r->target, path = str_cut(&target, '?');
	bool nginx = str_eq(path, STR("/gate/auth-request"));
	(void)ctx;
	rsp->decision = paywall_grant_name(GRANT_NONE);
	if (!rsp->reason)
		rsp->reason = face->code;
	response_header(rsp, "Postern-Decision",
		str_of(arena_fmt(r->arena, "none; reason=%s", rsp->reason)));
	rsp->status = nginx ? 403 : response_error_status(rsp);
	if (nginx)
		return;
	rsp->content_type = "text/plain; charset=utf-8";
	rsp->body = str_of(rsp->detail ? rsp->detail : face->sentence);
}
