/* Decides about a page of another web server: finds the rule for the path, makes an article of
 * the path, and asks the same decision as for our own articles. */
#include "postern/decision_cache.h"
#include "postern/path.h"

#include <stdio.h>

/* ---- sites ---- */

static enum err site_add(struct str origin, struct arena *a, struct sites *out)
{
	struct url u;
	enum err e = url_absolute(str_of(arena_fmt(a, STR_FMT "/", STR_ARG(origin))), a, &u);
	if (arena_failed(a))
		return ERR_NOMEM;
	if (e || u.path.n != 1)
		return e ? e : ERR_INVALID;
	out->origin[out->n] = u.origin;
	out->site[out->n] = u.site;
	out->n++;
	return ERR_OK;
}

enum err path_sites_parse(const char *base_url, const char *list, struct arena *a,
	struct sites *out, char why[static 256])
{
	struct str rest = str_of(list);
	enum err e = ERR_OK;
	*out = (struct sites){ 0 };
	e = site_add(str_of(base_url), a, out);
	while (!e && rest.n > 0) {
		struct str one = str_trim(str_cut(&rest, ','));
		if (one.n == 0)
			continue;
		if (out->n == SITES_MAX) {
			snprintf(why, 256, "at most %d sites", SITES_MAX);
			return ERR_INVALID;
		}
		e = site_add(one, a, out);
		if (e)
			snprintf(why, 256,
				"%.100s: an address such as https://blog.example is expected, "
				"without a path",
				arena_fmt(a, STR_FMT, STR_ARG(one)));
	}
	return e;
}

static bool site_known(const struct sites *s, struct str site, struct str *origin)
{
	for (size_t i = 0; i < s->n; i++) {
		if (str_eq(site, s->site[i])) {
			*origin = s->origin[i];
			return true;
		}
	}
	return false;
}

/* ---- pages and files ---- */

static bool extension_is_file(struct str e)
{
	static const char *const files[] = { "css", "js", "mjs", "map", "png", "jpg", "jpeg", "gif",
		"webp", "avif", "svg", "ico", "bmp", "woff", "woff2", "ttf", "otf", "eot", "mp3",
		"m4a", "ogg", "wav", "mp4", "webm", "mov", "vtt" };
	for (size_t i = 0; i < COUNT(files); i++) {
		if (str_eq_nocase(e, str_of(files[i])))
			return true;
	}
	return false;
}

static struct str extension(struct str name)
{
	size_t at = name.n;
	while (at > 0 && name.p[at - 1] != '.')
		at--;
	return at > 1 ? (struct str){ name.p + at, name.n - at } : (struct str){ NULL, 0 };
}

/* "/story.php/x.png" is the page story.php to many a server. */
bool path_is_file(struct str path)
{
	while (path.p) {
		struct str part = str_cut(&path, '/');
		if (!path.p)
			return extension_is_file(extension(part));
		if (str_has_byte(part, '.'))
			return false;
	}
	return false;
}

/* ---- the question ---- */

static bool method_taken(const struct path_rule *r, struct str method)
{
	struct str rest = str_of(r->methods);
	if (str_eq(rest, STR("any")))
		return true;
	while (rest.p) {
		if (str_eq(str_cut(&rest, ' '), method))
			return true;
	}
	return false;
}

static enum path_verdict verdict_find(const struct path_question *q,
	const struct paywall_policy *policy, const struct path_rule **rule, struct str *origin)
{
	bool ambiguous = false;
	if (!site_known(q->sites, q->url.site, origin))
		return PATH_UNKNOWN_SITE;
	*rule = path_rule_find(policy, &q->url, &ambiguous);
	if (ambiguous)
		return PATH_AMBIGUOUS;
	if (!*rule)
		return PATH_NO_RULE;
	if ((*rule)->closed)
		return PATH_CLOSED;
	return method_taken(*rule, q->method) ? PATH_DECIDED : PATH_METHOD;
}

static enum err take_rule(
	struct path_answer *out, const struct path_rule *rule, const struct url *u, struct arena *a)
{
	struct path_rule *copy = arena_alloc(a, sizeof *copy);
	char *id = arena_alloc(a, ID_SIZE);
	if (!copy || !id)
		return ERR_NOMEM;
	*copy = *rule;
	copy->folded = (struct str){ NULL, 0 }; /* the policy's */
	path_article_id(copy, u, id);
	out->rule = copy;
	out->article = (struct paywall_article){ .id = id,
		.section = str_of(copy->section),
		.tags = *copy->tag ? str_of(arena_fmt(a, "\n%s\n", copy->tag)) : STR(""),
		.access = copy->access,
		.usable = true,
		.undated = true };
	return ERR_OK;
}

/* Nobody reads a HEAD; a file is read with its page. */
static bool counts(const struct path_question *q, const struct path_rule *r)
{
	bool text = !str_eq(q->method, STR("HEAD")) && !str_eq(q->method, STR("OPTIONS"));
	return text && (r->files == PATH_FILES_COUNT || !path_is_file(q->url.path));
}

/* One of the free ones that is not counted yet, asked for in a way that does not count it. */
static enum path_verdict uncounted(const struct path_answer *p, struct str path)
{
	if (!p->decision.must_count)
		return PATH_DECIDED;
	if (p->counts && p->req.ahead)
		return PATH_PREFETCH;
	if (!p->counts && p->rule->files == PATH_FILES_READ && path_is_file(path))
		return PATH_UNREAD;
	return PATH_DECIDED;
}

static void visit_fill(const struct path_question *q, struct path_answer *out)
{
	out->counts = counts(q, out->rule);
	out->req = q->req;
	out->req.head = str_eq(q->method, STR("HEAD"));
	out->req.whole_get = out->counts && !out->req.ahead;
}

static enum err decide(struct db_conn *c, const struct path_question *q,
	const struct decision_query *ask, const struct paywall_policy *policy,
	struct path_answer *out)
{
	visit_fill(q, out);
	enum err e = decision_load(c, ask, policy, &out->seen);
	if (!e)
		e = decision_plans(&out->seen.k, ask->a, &out->plans);
	if (e)
		return e;
	out->decision = out->seen.d;
	out->verdict = uncounted(out, q->url.path);
	if (out->verdict != PATH_DECIDED)
		out->decision.grant = GRANT_NONE;
	return decision_dup(&out->decision, ask->a);
}

enum err path_record(const struct paywall *w, struct path_answer *p, struct arena *a,
	struct meter_cookie_update *out)
{
	const struct decision_query ask = { .w = w,
		.v = &p->req,
		.art = &p->article,
		.a = a,
		.before = p->seen.policy ? &p->seen : NULL };
	*out = (struct meter_cookie_update){ .move = METER_COOKIE_KEEP };
	if (p->verdict != PATH_DECIDED)
		return ERR_OK;
	if (!p->counts && !p->req.head) {
		p->decision.must_count = false;
		return ERR_OK;
	}
	return meter_record(&ask, &p->decision, out);
}

enum err path_decide(struct db_conn *c, const struct path_question *q,
	const struct paywall_policy *policy, struct arena *a, struct path_answer *out)
{
	const struct decision_query ask = {
		.w = q->w, .v = &out->req, .art = &out->article, .a = a, .load = q->load
	};
	const struct path_rule *rule = NULL;
	enum err e = ERR_OK;
	*out = (struct path_answer){ .decision.grant = GRANT_NONE };
	out->verdict = verdict_find(q, policy, &rule, &out->origin);
	if (rule)
		e = take_rule(out, rule, &q->url, a);
	return e || out->verdict != PATH_DECIDED ? e : decide(c, q, &ask, policy, out);
}

/* ---- from memory ---- */

static bool ask_cached(const struct path_question *q, struct decision_cached *c, struct arena *a,
	struct path_answer *out)
{
	const struct path_rule *rule = NULL;
	struct access_request v;
	const struct decision_query ask = { .w = q->w, .v = &v, .art = &out->article, .a = a };
	out->verdict = verdict_find(q, c->policy, &rule, &out->origin);
	if (out->verdict != PATH_DECIDED || take_rule(out, rule, &q->url, a) != ERR_OK)
		return false;
	visit_fill(q, out);
	v = out->req;
	v.whole_get = false; /* whatever a meter has a say in is for the database */
	if (!decision_inputs_cached(&ask, c) || !paywall_by_right(&c->m.d))
		return false;
	out->decision = c->m.d;
	out->decision.by = NULL; /* it goes with `c` */
	return decision_plans(&c->k, a, &out->plans) == ERR_OK &&
	       decision_dup(&out->decision, a) == ERR_OK;
}

bool path_decide_cached(const struct path_question *q, struct arena *a, struct path_answer *out)
{
	struct decision_cached c;
	*out = (struct path_answer){ .decision.grant = GRANT_NONE };
	bool known = decision_cached_begin(q->w, &c) && ask_cached(q, &c, a, out);
	decision_cached_end(&c);
	return known;
}

/* ---- words ---- */

static const struct {
	const char *name, *text;
} verdicts[] = {
	[PATH_UNKNOWN_SITE] = { "unknown_site", "The gate is not set up for this site." },
	[PATH_AMBIGUOUS] = { "ambiguous_address",
		"This address is ambiguous: servers could read it in different ways." },
	[PATH_NO_RULE] = { "no_rule", "No gate rule covers this address." },
	[PATH_CLOSED] = { "closed", "This address is closed to everybody." },
	[PATH_METHOD] = { "method_not_allowed",
		"The rule for this address does not allow this kind of request." },
	[PATH_UNREAD] = { "file_unread", "This file belongs to an article that has not been "
					 "opened. Open the article first." },
	[PATH_PREFETCH] = { "prefetch",
		"Metered pages are not sent in advance. Open the page to read it." },
};

const char *path_reason_name(const struct path_answer *p)
{
	return p->verdict == PATH_DECIDED ? paywall_reason_name(p->decision.reason)
					  : verdicts[p->verdict].name;
}

const char *path_reason_text(const struct path_answer *p)
{
	return p->verdict == PATH_DECIDED ? paywall_decision_text(&p->decision)
					  : verdicts[p->verdict].text;
}

struct str path_decision_text(const struct path_answer *p, struct arena *a)
{
	if (p->verdict == PATH_DECIDED)
		return decision_text(&p->decision, a);
	const char *text = arena_fmt(a, "none; reason=%s", verdicts[p->verdict].name);
	return *text ? str_of(text) : (struct str){ NULL, 0 };
}
