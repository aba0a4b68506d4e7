/* pages: what readers see. Server-rendered HTML from web/templates; every page works without
 * JavaScript.
 *
 * The handlers take a `struct pages *` as context. Threads: any; a `struct pages` changes
 * by pages_theme_take alone. */
#ifndef POSTERN_PAGES_H
#define POSTERN_PAGES_H

#include "postern/access.h"
#include "postern/account.h"
#include "postern/http.h"
#include "postern/template.h"

/* The strings must outlive the pages. */
struct pages_settings {
	const char *site_name, *tagline, *language, *base_url;
	const char *contact, *contact_href; /* site.contact; "" for none */
	const char *theme;   /* directory that overrides templates and static files, or NULL */
	const char *sitemap; /* absolute address for robots.txt; "" for none */
	/* pages about the publisher, in the footer: https://…, a local path, or "" */
	const char *imprint_url, *privacy_url, *terms_url;
	const char *csp; /* the server's Content-Security-Policy; a theme's files may add to it */
	struct teaser_bound teaser;
	bool development; /* offers /_dev/mailbox */
};
struct pages;
/* `why` names the template, line and fault, or the missing file. */
enum err MUST_USE pages_open(const struct pages_settings *s, const struct accounts *accounts,
	const struct paywall *wall, struct pages **out, char why[static 256]);
/* Another theme in two steps, so that nothing changes when another part of it is wrong: loaded and
 * checked, then taken instead of the one in use, or freed. `theme` NULL: the built-in one. Any
 * thread, one at a time. */
struct pages_theme;
enum { PAGES_THEMES_MAX = 64 }; /* with other static files, until a restart: ERR_TOO_LARGE */
enum err MUST_USE pages_theme_load(
	const struct pages *p, const char *theme, struct pages_theme **out, char why[static 256]);
/* The static files alone, for `postern config check`. */
enum err MUST_USE pages_theme_static_check(const char *theme, char why[static 256]);
void pages_theme_take(struct pages *p, struct pages_theme *fresh);
void pages_theme_free(struct pages_theme *t); /* NULL is fine */
void pages_close(struct pages *p);
/* What pages of other rooms need to look like these: addresses of static files, the value of
 * {{asset}}, and the policy instead of the server's or NULL. Lives as long as the pages. */
struct pages_look {
	const char *css, *js, *icon, *csp;
	struct template_data *names;
};
struct pages_look pages_look(const struct pages *p);
/* Tells every mistake of a theme, in templates, mails and static files, by file and line (0: the
 * whole file). ERR_INVALID when there was any. */
typedef void pages_theme_fault(void *ctx, const char *path, unsigned line, const char *fault);
enum err MUST_USE pages_theme_check(const char *theme, pages_theme_fault *fault, void *ctx);

http_handler pages_front, pages_section, pages_article, pages_media, pages_static, pages_icon,
	pages_robots;
http_handler pages_login_form, pages_login, pages_logout;
http_handler pages_register_form, pages_register, pages_verify_form, pages_verify;
http_handler pages_reset_form, pages_reset, pages_reset_confirm_form, pages_reset_confirm;
http_handler pages_account, pages_password_form, pages_password, pages_sessions, pages_session_end,
	pages_sessions_end_others, pages_change_password;
http_handler pages_subscribe;
http_handler pages_gift_make, pages_gift, pages_gift_redeem, pages_gifts, pages_gift_revoke;
http_handler pages_group, pages_group_invite, pages_group_remove, pages_group_accept_form,
	pages_group_accept;
http_handler pages_mailbox;
/* The error page, and the redirect to log-in for a page that needs an account. */
http_fail pages_fail;

#endif
