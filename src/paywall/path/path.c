/* Rules for the paths of other web servers: their words, rows and matching. */
#include "postern/path.h"

#include "postern/crypto.h"
#include "postern/queries/path.h"

#include <stdio.h>
#include <string.h>

/* ---- words ---- */

static const char *const files_names[] = {
	[PATH_FILES_FREE] = "free", [PATH_FILES_READ] = "read", [PATH_FILES_COUNT] = "count"
};

const char *path_files_name(enum path_files f)
{
	return str_name_of(files_names, COUNT(files_names), f);
}

enum err path_files_parse(struct str s, enum path_files *out)
{
	return str_name_find(files_names, COUNT(files_names), s, out);
}

const char *path_level_name(const struct path_rule *r)
{
	return r->closed ? "closed" : paywall_access_name(r->access);
}

enum err path_level_parse(struct str s, struct path_rule *r)
{
	r->closed = str_eq(s, STR("closed"));
	return r->closed ? ERR_OK : paywall_access_parse(s, &r->access);
}

static enum err rule_refuse(
	char why[static 256], const char *what, const char *value, const char *right)
{
	snprintf(why, 256, "%s %.80s: %s", what, value, right);
	return ERR_INVALID;
}

static bool stars_ok(struct str path)
{
	size_t stars = 0;
	for (size_t i = 0; i < path.n; i++) {
		bool two = path.p[i] == '*' && i + 1 < path.n && path.p[i + 1] == '*';
		if (two && !(i + 2 == path.n && i > 0 && path.p[i - 1] == '/'))
			return false;
		stars += path.p[i] == '*';
	}
	return stars <= PATH_STARS_MAX;
}

/* The pattern must be in the spelling that url_path_foreign gives to addresses, or it would never
 * match one. */
static enum err pattern_parse(const char *text, struct path_rule *r, char why[static 256])
{
	ARENA_AUTO *a = arena_new(1 << 18);
	struct str path, folded;
	if (!a)
		return ERR_NOMEM;
	enum err e = url_path_foreign(str_of(text), a, &path, &folded);
	if (e == ERR_NOMEM)
		return e;
	if (e)
		return rule_refuse(why, "path", text,
			"a path such as /about, /archive/** (it and all below) or /articles/*/** "
			"is "
			"expected, without dot segments, ';' or '#'");
	if (path.n > 1 && path.p[path.n - 1] == '/')
		return rule_refuse(why, "path", text,
			"end it with /** for all below, or without the slash for that page alone");
	if (!stars_ok(path))
		return rule_refuse(why, "path", text,
			"** stands at the end only, behind a slash, and there are at most 8 stars");
	return str_copy(r->path, sizeof r->path, path) == ERR_OK
		       ? ERR_OK
		       : rule_refuse(why, "path", text, "at most 256 bytes");
}

static enum err site_parse(const char *text, struct path_rule *r, char why[static 256])
{
	ARENA_AUTO *a = arena_new(1 << 16);
	struct url u;
	if (!a)
		return ERR_NOMEM;
	enum err e = url_absolute(str_of(arena_fmt(a, "https://%s/", text)), a, &u);
	if (arena_failed(a))
		return ERR_NOMEM;
	if (e || u.path.n != 1 || str_copy(r->site, sizeof r->site, u.site) != ERR_OK)
		return rule_refuse(why, "site", text, "a name such as blog.example is expected");
	return ERR_OK;
}

/* "GET HEAD", words of capital letters and '-'. */
static bool methods_ok(struct str s)
{
	if (s.n == 0 || s.n >= METHODS_SIZE)
		return false;
	while (s.p) {
		struct str word = str_cut(&s, ' ');
		if (word.n == 0 || word.n > METHOD_NAME_MAX)
			return false;
		for (size_t i = 0; i < word.n; i++) {
			if ((word.p[i] < 'A' || word.p[i] > 'Z') && word.p[i] != '-')
				return false;
		}
	}
	return true;
}

static enum err labels_parse(
	const struct path_rule_words *w, struct path_rule *r, char why[static 256])
{
	if (w->section &&
		(!text_slug_ok(str_of(w->section)) ||
			str_copy(r->section, sizeof r->section, str_of(w->section)) != ERR_OK))
		return rule_refuse(why, "section", w->section,
			"a slug of lower-case letters, digits and '-' is expected");
	if (w->tag && (!*w->tag || strchr(w->tag, '\n') ||
			      str_copy(r->tag, sizeof r->tag, str_of(w->tag)) != ERR_OK))
		return rule_refuse(why, "tag", w->tag, "a tag of 1 to 100 bytes is expected");
	return ERR_OK;
}

enum err path_rule_parse(
	const struct path_rule_words *w, struct path_rule *out, char why[static 256])
{
	struct path_rule r = { .files = PATH_FILES_FREE, .methods = "GET HEAD" };
	enum err e = pattern_parse(w->path, &r, why);
	if (e)
		return e;
	if (path_level_parse(str_of(w->level), &r) != ERR_OK)
		return rule_refuse(why, "level", w->level,
			"one of public, registered, metered, subscriber, default, closed is "
			"expected");
	if (w->methods && strcmp(w->methods, "any") != 0 && !methods_ok(str_of(w->methods)))
		return rule_refuse(why, "methods", w->methods,
			"methods in capitals between spaces, such as \"GET HEAD POST\", or any");
	if (w->methods && str_copy(r.methods, sizeof r.methods, str_of(w->methods)) != ERR_OK)
		return ERR_INVALID;
	if (w->files && path_files_parse(str_of(w->files), &r.files) != ERR_OK)
		return rule_refuse(why, "files", w->files, "one of free, read, count is expected");
	e = w->site ? site_parse(w->site, &r, why) : ERR_OK;
	if (!e)
		e = labels_parse(w, &r, why);
	if (!e)
		*out = r;
	return e;
}

/* ---- rows ---- */

enum err path_rules_load(
	struct db_conn *c, struct arena *a, const struct path_rule **out, size_t *count)
{
	struct path_rule *rules = NULL;
	enum err e = q_path_rule_list(c, PATH_RULES_MAX, a, &rules, count);
	for (size_t i = 0; !e && i < *count; i++)
		e = text_fold(str_of(rules[i].path), a, &rules[i].folded);
	*out = rules;
	return e == ERR_INVALID ? ERR_CORRUPT : e;
}

/* Adding or removing a rule; the others are renumbered in the same transaction. */
struct path_job {
	struct path_rule *r;
	struct str id;
	int64_t position, now_s;
};

static enum err insert(struct db_conn *c, const struct path_rule *r, int64_t now_s)
{
	return q_path_rule_insert(c, r->id, r->position, r->site, r->path, r->methods,
		path_level_name(r), r->section, r->tag, path_files_name(r->files), now_s);
}

static enum err add_tx(struct db_conn *c, void *arg)
{
	struct path_job *j = arg;
	struct path_rule *r = j->r;
	struct path_rule_last_row there;
	enum err e = q_path_rule_last(c, &there);
	if (e)
		return e;
	if (there.count >= PATH_RULES_MAX)
		return ERR_TOO_LARGE;
	r->position = j->position && j->position <= there.last ? j->position : there.last + 1;
	e = q_path_rule_make_room(c, r->position);
	if (e)
		return e;
	e = insert(c, r, j->now_s);
	return e ? e : policy_version_bump(c);
}

enum err path_rule_add(struct db *db, struct path_rule *r, int64_t position, int64_t now_s)
{
	struct path_job j = { .r = r, .position = position, .now_s = now_s };
	crypto_id_make(r->id);
	return db_tx(db, add_tx, &j);
}

static enum err remove_tx(struct db_conn *c, void *arg)
{
	const struct path_job *j = arg;
	int64_t changed = 0;
	enum err e = q_path_rule_delete(c, j->id, &changed);
	if (e)
		return e;
	return changed ? policy_version_bump(c) : ERR_NOT_FOUND;
}

enum err path_rule_remove(struct db *db, struct str id)
{
	struct path_job j = { .id = id };
	return db_tx(db, remove_tx, &j);
}

/* ---- matching ---- */

/* '*' takes any characters; the last one met may take more when what follows does not fit. */
static bool glob(struct str pattern, struct str s)
{
	size_t p = 0, i = 0, star = SIZE_MAX, from = 0;
	while (i < s.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			from = i;
		} else if (p < pattern.n && pattern.p[p] == s.p[i]) {
			p++;
			i++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			i = ++from;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

static struct str without_slash(struct str path)
{
	if (path.n > 0 && path.p[path.n - 1] == '/')
		path.n--;
	return path;
}

/* What of the path the pattern covers, without what "**" takes; NULL: no match. */
static struct str covered(struct str pattern, struct str path)
{
	const struct str none = { NULL, 0 };
	bool below = str_ends(pattern, STR("/**"));
	if (below)
		pattern.n -= 3;
	pattern = without_slash(pattern);
	path = without_slash(path);
	const char *begin = path.p;
	while (pattern.p && path.p) {
		struct str want = str_cut(&pattern, '/');
		struct str have = str_cut(&path, '/');
		if (!glob(want, have))
			return none;
		if (!pattern.p)
			return below || !path.p
				       ? (struct str){ begin, (size_t)(have.p + have.n - begin) }
				       : none;
	}
	return none;
}

bool path_matches(const struct path_rule *r, struct str site, struct str path)
{
	return (!*r->site || str_eq(site, str_of(r->site))) && covered(str_of(r->path), path).p;
}

const struct path_rule *path_rule_find(
	const struct paywall_policy *p, const struct url *u, bool *ambiguous)
{
	const struct path_rule *plain = NULL, *folded = NULL;
	for (size_t i = 0; i < p->path_count && !(plain && folded); i++) {
		const struct path_rule *r = &p->paths[i];
		if (*r->site && !str_eq(u->site, str_of(r->site)))
			continue;
		if (!plain && covered(str_of(r->path), u->path).p)
			plain = r;
		if (!folded && covered(r->folded, u->folded).p)
			folded = r;
	}
	*ambiguous = plain != folded;
	return plain;
}

/* A star of `r` is one more character to `e`, which only a star of its own takes: so whatever
 * stands for it is taken too. */
static bool path_wider(const struct path_rule *e, const struct path_rule *r)
{
	struct str path = str_of(r->path);
	bool below = str_ends(path, STR("/**"));
	if (*e->site && strcmp(e->site, r->site) != 0)
		return false;
	if (below && !str_ends(str_of(e->path), STR("/**")))
		return false;
	if (below)
		path.n -= 3;
	return covered(str_of(e->path), path).p;
}

const struct path_rule *path_rule_shadow(const struct paywall_policy *p, size_t index)
{
	for (size_t i = 0; i < index && index < p->path_count; i++) {
		if (path_wider(&p->paths[i], &p->paths[index]))
			return &p->paths[i];
	}
	return NULL;
}

void path_article_id(const struct path_rule *r, const struct url *u, char out[static ID_SIZE])
{
	struct str pattern = str_of(r->path), part = without_slash(u->path);
	uint8_t hash[HASH_BYTES];
	bool below = str_ends(pattern, STR("/**"));
	if (below && str_has_byte((struct str){ pattern.p, pattern.n - 3 }, '*'))
		part = covered(pattern, u->path);
	const struct str pieces[] = { u->site, STR("\n"), part };
	crypto_digest_join(pieces, COUNT(pieces), hash);
	for (size_t i = 0; i < ID_SIZE - 1; i++)
		out[i] = str_base32_letters[hash[i] % 32];
	out[ID_SIZE - 1] = 0;
}
