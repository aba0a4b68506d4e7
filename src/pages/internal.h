/* What the files of this room share: the common view of a page, cards, forms. */
#ifndef POSTERN_PAGES_INTERNAL_H
#define POSTERN_PAGES_INTERNAL_H

#include <stdatomic.h>

#include "postern/pages.h"
#include "postern/text.h"

/* A static file and its compressed forms. Address and etag change with the bytes. */
struct asset_type;
struct asset {
	const char *name; /* below static/: "postern.css", "fonts/serif.woff2" */
	const struct asset_type *type;
	struct str bytes;
	struct buf file; /* a theme's own; empty for one that is built in */
	struct buf gzip, brotli;
	const char *href; /* "/static/1f2e3d4c5b6a7988/postern.css" */
	const char *etag;
};
/* Answers under way and pages in browsers still want the files of a theme that was replaced: they
 * stay as long as the pages do. Read-only once they are in use. */
struct assets {
	struct arena *arena;
	struct asset *v; /* by name */
	size_t n;
	size_t bytes; /* of the theme's own files */
	char prefix[32];
	const struct asset *css, *js, *icon;
	struct template_data *names; /* what {{asset.…}} names */
	const char *csp;             /* instead of the server's; NULL: it is enough */
	struct assets *older;
	size_t bytes_all; /* with those of the older ones */
	unsigned generation;
};

/* The strings of `set` are the caller's. One atomic pointer changes while pages are served, and the
 * template set under its own lock. */
struct pages {
	struct pages_settings set;
	const struct accounts *accounts;
	const struct paywall *wall;
	struct template_set *templates;
	_Atomic(struct assets *) assets; /* those that pages name now */
};

/* ---- asset.c ---- */
struct asset_reading;
struct assets *pages_assets_new(void); /* NULL: no memory */
void pages_assets_free(struct assets *all);
bool pages_assets_equal(const struct assets *a, const struct assets *b);
/* Reads and checks all files and makes addresses, names and policy of them; `csp`: the server's. */
enum err MUST_USE pages_assets_load(struct asset_reading *g, const char *csp);
/* Those that pages name now. */
const struct assets *pages_assets(const struct pages *p);

/* ---- view.c ---- */
/* What the frame of a public page takes from the database; empty on the others. In the request's
 * arena. */
struct frame {
	struct section *sections;
	size_t section_count;
	const char *institution; /* the reader comes from it; or NULL */
	bool loaded;             /* filled in; else what is sold is looked up in memory */
	bool sold;               /* a plan is: links lead to the page that sells */
};
enum err MUST_USE pages_frame_load(
	struct access_snapshot *s, const struct access_request *req, struct frame *out);
/* What a handler says of its page for the common frame. All in the request's arena or static. */
struct page {
	const char *title; /* NULL: the front page */
	const char *description;
	struct str return_to;  /* what log-in leads back to; empty: this page */
	const char *canonical; /* local path, or NULL: not for search engines */
	bool noindex;          /* nor this one, though it has one */
	const char *section;   /* slug of the current one, or NULL */
	const char *image;     /* absolute address, or NULL */
	const char *notice;
	struct frame frame;
};
/* The root object with every common key. */
struct template_data *pages_frame_data(
	const struct pages *p, const struct request *r, const struct page *pg);
/* Renders into the response as text/html. */
enum err MUST_USE pages_render(const struct pages *p, const struct request *r, struct response *rsp,
	int status, const char *name, const struct template_data *v);
/* Whether a theme has put its reader's name or address into the page. */
bool pages_names_reader(const struct request *r, struct str body);
/* Pages with a form, or of one reader: their address is sent to no other site as Referer. */
void pages_private(struct response *rsp);
/* Answers without a form at an address that may hold a token: it is not sent on at all. */
void pages_secret(struct response *rsp);
/* Has the browser delete it. */
void pages_cookie_forget(const struct request *r, struct response *rsp, const char *name);
const char *pages_local_href(
	struct arena *a, const char *path, struct str return_to); /* path?return_to=… */
/* What leads back to this page: its path and what it reads of the query, but for a token and for
 * what is said once (`done`). */
struct str pages_own_address(const struct request *r);
const char *pages_section_href(struct arena *a, struct str slug);
struct str pages_safe_return_to(struct str s);           /* a local path, else "/" */
struct str pages_return_to(const struct request *r);     /* that of the form, or of the address */
const char *pages_text_z(struct arena *a, struct str s); /* NUL-terminated copy */
void pages_template_str(struct template_data *v, const char *key, struct str s); /* empty: false */
/* A time for readers under `key`, in one of the forms of text.h (time_date, time_human,
 * time_until), and the instant under `key`_iso; both false where `t_s` is 0. */
typedef void time_words(int64_t t_s, int64_t now_s, char out[static TIME_TEXT_SIZE]);
struct shown_time {
	struct arena *a;
	int64_t t_s, now_s;
};
void pages_template_time(
	struct template_data *v, const char *key, struct shown_time t, time_words *words);

/* ---- form.c ---- */
/* What a form shows again after a refusal. Never a password. */
struct form_state {
	struct str email, name;
	bool remember;
	const char *error;
	const struct field_error *field_error; /* at a field, or NULL */
	const char *password_field; /* what the form calls the field "password"; NULL: "password" */
	const char *token_error;
};
void pages_form_data(struct template_data *root, struct arena *a, const struct pages *p,
	const struct form_state *f);
const char *pages_wait_text(struct arena *a, int64_t seconds); /* "41 minutes" */

/* ---- card.c ---- */
/* One article in a list, in the request's arena. */
struct card {
	struct article article;
	enum access level; /* in force now */
	struct image image;
	bool has_image;
	int64_t now_s; /* of the request: which year its time is told with */
};
/* Several, in the request's arena. */
struct cards {
	struct card *v;
	size_t n;
};
/* A list with the lead pictures. */
enum err MUST_USE pages_cards_load(struct access_snapshot *s, const struct article_filter *f,
	struct card **out, size_t *count);
/* What a card and the article itself begin with: headline, dek, byline, section. */
void pages_headline_data(struct template_data *v, struct arena *a, const struct article *art);
void pages_card_data(struct template_data *v, struct arena *a, const struct card *c);
void pages_cards_data(
	struct template_data *list, struct arena *a, const struct card *cards, size_t n);
void pages_image_data(struct template_data *v, const char *key, struct arena *a,
	const struct image *img); /* NULL: false */
void pages_access_data(struct template_data *v, enum access access);

/* ---- text.c ---- */
/* Several tables have different names. `html` as content_open gives it. */
struct str pages_body_html(struct arena *a, struct str html);
/* A headline as HTML in which no line ends at a hyphen. */
struct str pages_headline_html(struct arena *a, struct str headline);

/* ---- meter.c ---- */
/* The key "meter": how many free articles are left, or false. */
void pages_meter_data(struct template_data *root, struct arena *a, const struct decision *d);
/* The same in a wall, when they are all read. */
void pages_meter_wall_data(struct template_data *wall, struct arena *a, const struct decision *d);

/* ---- once.c: what is carried to the next page, in a cookie of a few minutes ---- */
/* To a page of ours that reads `done`, to say there what happened: one of the names in once.c. */
void pages_done_redirect(
	struct request *r, struct response *rsp, const char *href, const char *what);
/* The sentence, told once; NULL: nothing happened, whatever the address says. Makes the answer one
 * of this request alone if the address asks at all. */
const char *pages_done_notice(struct request *r, struct response *rsp);
/* Keeps what was typed (address, name, box; no password) until the page of that path shows its form
 * again. False: nothing to keep. */
bool pages_typed_keep(struct request *r, struct response *rsp, struct str page, int64_t wait_s);
/* Into the form of the page that is asked for; nothing when none of it was kept. */
void pages_typed_load(const struct request *r, struct form_state *f);
/* The form of that page was taken; NULL: of any page. */
void pages_typed_forget(struct request *r, struct response *rsp, const char *page);

/* ---- resend.c ---- */
/* The answer to a form that cannot be taken now, with its way back. ERR_NOT_FOUND: this is another
 * kind of error. */
enum err MUST_USE pages_resend(const struct pages *p, struct request *r, struct response *rsp);

/* ---- login.c ---- */
/* The form to log in as the answer of 401 to another one; leads to `back`. */
enum err MUST_USE pages_login_again(const struct pages *p, struct request *r, struct response *rsp,
	const char *why, struct str back);
/* The answer of a log-out: our cookies deleted, and to the front page. */
void pages_logged_out(struct request *r, struct response *rsp);
/* Marks this browser as known, unless `t` is empty. */
void pages_device_cookie(struct request *r, struct response *rsp, const struct token *t);
/* Gives the browser this session, in place of the one it had, which ends. */
void pages_session_begin(const struct pages *p, struct request *r, struct response *rsp,
	const struct login_result *res);

/* ---- link.c: mailed links ---- */
/* Moves ?token= into a cookie, and redirects to the bare path. */
void pages_token_to_cookie(struct request *r, struct response *rsp, const char *cookie,
	const char *path, int64_t life_s);
/* Whom the form says it is for (`for`), so that it acts for nobody else after another site led the
 * browser to a link of its own. Empty: an older theme's form, which is taken. */
struct str pages_link_named(const struct request *r);
/* What is said when the link of now is for somebody else. */
#define PAGES_LINK_CHANGED                                                                         \
	"This browser has opened another link since this page was shown. Check what the page is "  \
	"about now, and continue only if it is what you want."
enum pages_link_kind { PAGES_LINK_VERIFY, PAGES_LINK_RESET };
/* Of a link that does not work: what has become of it, and what to do. */
struct pages_link_words {
	const char *title, *sentence;
};
struct pages_link_words pages_link_words(const struct pages *p, struct arena *a,
	enum pages_link_kind kind, const struct link_info *l);
const char *pages_minutes_text(struct arena *a, unsigned minutes); /* "30 minutes", "24 hours" */

/* ---- register.c ---- */
/* "Check your mail", after registration and reset alike. */
enum err MUST_USE pages_check_mail(const struct pages *p, struct request *r, struct response *rsp,
	bool registering, struct str back);

/* ---- wall.c ---- */
/* `wall`, or false: what is withheld, why, and what opens it. */
void pages_wall_data(struct template_data *root, const struct request *r, const struct pages *p,
	const struct article_reading *rd);
/* `given`, or false: who gave the article to its reader, and what is sold. */
void pages_given_data(struct template_data *root, struct arena *a, const struct pages *p,
	const struct article_reading *rd);
/* `giver` and `by_staff`. "": the giver did not agree to be named. */
void pages_giver_data(struct template_data *v, const struct pages *p, const char *name, bool staff);
/* An entitlement that opens nothing now, as its reader is told: which of `ended`, `unpaid`,
 * `paused`, `future` and `closed` it is, its title, dates, and what to do. True: there is a page
 * where to do it. */
struct shown_entitlement {
	struct arena *a;
	const struct entitlement *e;
	const struct plan *plan; /* NULL: nobody has described it */
	int64_t now_s;
};
/* It is in force, or ended so lately that its reader should be told. */
bool pages_held_is_news(const struct shown_entitlement *h);
bool pages_held_data(struct template_data *v, const struct shown_entitlement *h);

/* ---- user_agent.c ---- */
/* "Firefox on Linux" from a User-Agent header: what a reader needs to know a session again. */
const char *pages_user_agent_name(struct arena *a, struct str user_agent);

#endif
