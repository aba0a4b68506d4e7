/* What the files of this room share. */
#ifndef POSTERN_GATE_INTERNAL_H
#define POSTERN_GATE_INTERNAL_H

#include <stdatomic.h>

#include "postern/gate.h"
#include "postern/template.h"

/* What hangs on the theme changes with it, all else at start-up alone; `templates` has a lock of
 * its own. */
struct gate {
	struct gate_settings set;
	const struct paywall *wall;
	const struct sites *sites;
	struct template_set *templates;
	_Atomic(const char *) css, js, icon, csp;
	_Atomic(struct template_data *) names;
};

/* ---- original.c: the request that the proxy asks about ---- */
/* In which headers the question comes: X-Original-URL and X-Original-Method (nginx),
 * X-Forwarded-Method, -Proto, -Host and -Uri (Traefik, Caddy), or as the request itself (Envoy). */
enum dialect { DIALECT_AUTH_REQUEST = 1, DIALECT_FORWARD_AUTH, DIALECT_EXT_AUTHZ };
/* Both in the request's arena. */
struct original {
	struct str method;
	struct url url;
};
/* ERR_DENIED: not from a proxy that is trusted. ERR_INVALID: missing, doubled, malformed or
 * ambiguous. rsp->reason and detail say which. */
enum err MUST_USE gate_original_read(const struct gate *g, struct request *r, enum dialect d,
	struct original *out, struct response *rsp);
/* Costs little to read, as the event loop wants it: short, and in ASCII also behind percent signs.
 */
bool gate_original_is_cheap(const struct request *r, enum dialect d);
/* A program that wants data, not a person that wants a page. */
bool gate_wants_data(const struct request *r);
/* A person's browser going to a page. */
bool gate_navigates(const struct request *r, const struct original *o);

/* ---- identity.c ---- */
/* Remote-User, -Email, -Name, -Groups: always all of them. */
void gate_identity_headers(struct request *r, struct response *rsp, const struct path_answer *p);

/* ---- page.c ---- */
/* What a refusal is made from. status: of the page or problem document. */
struct wall {
	int status;
	const struct path_answer *answer;
	const struct original *original;
};
enum err MUST_USE gate_wall_page(
	const struct gate *g, struct request *r, struct response *rsp, const struct wall *w);
enum err MUST_USE gate_wall_problem(struct request *r, struct response *rsp, const struct wall *w);
/* "https://news.example/login?return_to=/paid/story" */
struct str gate_login_address(
	struct arena *a, const struct path_answer *p, const struct original *o);

#endif
