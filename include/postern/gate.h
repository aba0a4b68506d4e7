/* gate: answers other web servers that ask "may this request pass?", in the dialect of each:
 * nginx (auth_request), Traefik and Caddy (forward_auth), Envoy (ext_authz).
 *
 * Only peers in trusted_proxies may ask. A header that is missing, repeated or malformed leads to a
 * refusal, and so does every error of our own (database, overload). On every 200 all identity
 * headers are set, empty for an anonymous reader, so that a proxy which copies them never lets a
 * client's own through.
 *
 * The handlers take a `struct gate *` as context. Threads: any; a `struct gate` changes by
 * gate_theme_take alone. */
#ifndef POSTERN_GATE_H
#define POSTERN_GATE_H

#include "postern/access.h"
#include "postern/account.h"
#include "postern/path.h"
#include "postern/template.h"

/* How the pages look, see struct pages_look. */
struct gate_assets {
	const char *css, *js, *icon, *csp;
	struct template_data *names;
};
struct gate_settings {
	const char *site_name, *tagline, *language;
	const char *contact, *contact_href;                /* site.contact; "" for none */
	const char *imprint_url, *privacy_url, *terms_url; /* for the footer; "" for none */
	const char *theme; /* directory that overrides templates, or NULL */
	struct gate_assets assets;
};
/* Made once at start-up. Holds no lock: the template set has its own, the addresses of its assets
 * are atomics. */
struct gate;
/* `why` names the template and what is wrong with it. All that is passed must outlive the gate. */
enum err MUST_USE gate_open(const struct gate_settings *s, const struct paywall *wall,
	const struct sites *sites, struct gate **out, char why[static 256]);
/* Another theme in two steps, as mail_theme_load says; the addresses in `look` must live as long as
 * the gate. Any thread. */
enum err MUST_USE gate_theme_load(
	const char *theme, struct template_set **out, char why[static 256]);
void gate_theme_take(struct gate *g, struct template_set *fresh, const struct gate_assets *assets);
void gate_close(struct gate *g);

/* 200, 401 or 403, and nothing else. */
http_handler gate_auth_request;
/* 200, or what the reader shall see: 302 to log-in, a wall page, a problem document. */
http_handler gate_forward_auth, gate_ext_authz;
/* The wall page by itself, for proxies that cannot pass on a refusal's body. Charges nothing. */
http_handler gate_wall;
http_fail gate_fail;
/* For struct route_group: lets readers with a plain right (public, signed in, entitled) pass from
 * memory. False: the handler has to ask the database. */
bool gate_cached_answer(void *ctx, struct request *r, struct response *rsp);

#endif
