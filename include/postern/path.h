/* path: pages of other servers behind the gate. A rule says which level a path has; the first that
 * matches decides, and without one the path is closed. From rule and path comes a paywall_article,
 * so that meters, plans and rules by section apply to it as to any article. */
#ifndef POSTERN_PATH_H
#define POSTERN_PATH_H

#include "postern/meter.h"

/* Sizes are bytes with the NUL; METHOD_NAME_MAX is bytes without it. */
enum {
	PATH_RULES_MAX = 256,
	PATH_PATTERN_SIZE = 257,
	PATH_STARS_MAX = 8,
	SITES_MAX = 16,
	SITE_SIZE = URL_HOST_MAX + 7, /* "news.example:8443" and NUL */
	METHODS_SIZE = 65,
	METHOD_NAME_MAX = 16,
};
/* What becomes of pictures, styles, scripts, fonts and films that a metered rule covers. */
enum path_files {
	PATH_FILES_FREE = 1, /* pass while reading may go on, and are never charged */
	PATH_FILES_READ,     /* pass once the article they belong to has been charged */
	PATH_FILES_COUNT,    /* are charged like pages */
};
/* A row of the table, as `postern gate add` makes it. */
struct path_rule {
	char id[ID_SIZE];
	int64_t position;
	char site[SITE_SIZE]; /* "news.example", with a port that its scheme does not imply; "":
				 every site */
	/* "/about": that page; "/archive/" and two stars: it and all below; one star: any
	 * characters but '/'. A slash at the end of the path asked for makes no difference. */
	char path[PATH_PATTERN_SIZE];
	char methods[METHODS_SIZE]; /* "GET HEAD", or "any" */
	bool closed;                /* for nobody; access is 0 then */
	enum access access;
	char section[SECTION_SIZE], tag[TAG_SIZE]; /* for rules, meters and plans; "": none */
	enum path_files files;
	struct str folded; /* path as text_fold has it */
};

/* ---- changes: ERR_INVALID with `why` ---- */
/* Words of the command line; NULL but for path and level: the default. */
struct path_rule_words {
	const char *site, *path, *level, *methods, *section, *tag, *files;
};
const char *path_files_name(enum path_files f);         /* "free", "read", "count" */
const char *path_level_name(const struct path_rule *r); /* "closed", or that of the access */
/* ERR_INVALID for other words; the level is `closed` or an access. */
enum err MUST_USE path_files_parse(struct str s, enum path_files *out);
enum err MUST_USE path_level_parse(struct str s, struct path_rule *r);
enum err MUST_USE path_rule_parse(
	const struct path_rule_words *w, struct path_rule *out, char why[static 256]);
/* At `position`, others moving down; 0: at the end. ERR_TOO_LARGE: PATH_RULES_MAX are there. */
enum err MUST_USE path_rule_add(
	struct db *db, struct path_rule *r, int64_t position, int64_t now_s);
enum err MUST_USE path_rule_remove(struct db *db, struct str id); /* ERR_NOT_FOUND */
/* For the policy's snapshot. */
enum err MUST_USE path_rules_load(
	struct db_conn *c, struct arena *a, const struct path_rule **out, size_t *count);

/* ---- questions ---- */
bool path_matches(const struct path_rule *r, struct str site, struct str path);
/* The first rule that matches, NULL without one; `ambiguous` when a server that does not tell large
 * letters from small ones would find another. */
const struct path_rule *path_rule_find(
	const struct paywall_policy *p, const struct url *u, bool *ambiguous);
/* An earlier rule that matches whatever rule `index` would: that one never decides, not even for
 * methods which the earlier one refuses. NULL: it may. */
const struct path_rule *path_rule_shadow(const struct paywall_policy *p, size_t index);
/* By the path alone, since a reader can send any header: a picture, style, script, font, film. */
bool path_is_file(struct str path);
/* What a meter counts and a purchase names: where the rule has stars, all that lies below what they
 * stand for is one article; otherwise each path is. */
void path_article_id(const struct path_rule *r, const struct url *u, char out[static ID_SIZE]);

/* The sites behind the gate; the first is base_url's own. */
struct sites {
	struct str origin[SITES_MAX]; /* "https://news.example" */
	struct str site[SITES_MAX];
	size_t n;
};
/* A comma list of origins behind that of base_url. ERR_INVALID with `why`. */
enum err MUST_USE path_sites_parse(const char *base_url, const char *list, struct arena *a,
	struct sites *out, char why[static 256]);

/* Everything but PATH_DECIDED refuses, whoever asks. */
enum path_verdict {
	PATH_DECIDED = 1,  /* see the decision */
	PATH_UNKNOWN_SITE, /* the rest: grant is GRANT_NONE */
	PATH_AMBIGUOUS,
	PATH_NO_RULE,
	PATH_CLOSED,
	PATH_METHOD,   /* the rule takes other methods */
	PATH_UNREAD,   /* PATH_FILES_READ, and the article has not been charged */
	PATH_PREFETCH, /* a metered page that the browser fetches ahead */
};
struct path_question {
	const struct paywall *w;
	const struct cache_load *load; /* see decision_query */
	const struct sites *sites;
	struct url url;
	struct str method;         /* of the request to the other server */
	struct access_request req; /* whole_get and head are worked out here */
};
struct path_answer {
	enum path_verdict verdict;
	const struct path_rule *rule; /* a copy; NULL without one */
	struct str origin;            /* as configured, of the site asked for */
	struct paywall_article article;
	struct decision decision;
	struct access_request req; /* as it was for the decision */
	bool counts;               /* a page whose reading a meter may be charged with */
	struct str plans;          /* of the reader's entitlements in force, comma list */
	struct decision_read seen; /* for path_record, as long as the policy is held */
};
/* As of the caller's read; lives in the arena, but for `seen`. */
enum err MUST_USE path_decide(struct db_conn *c, const struct path_question *q,
	const struct paywall_policy *policy, struct arena *a, struct path_answer *out);
/* The same answer from memory (decision_cache.h), when it is to pass by right alone; false: ask the
 * database. Any thread, the event loop too. */
bool path_decide_cached(const struct path_question *q, struct arena *a, struct path_answer *out);
/* Counts the reading where the decision says so, outside any read, before the answer goes out: what
 * meter_record does, for pages; files that are not charged pass as they are. On any error nothing
 * may pass. */
enum err MUST_USE path_record(const struct paywall *w, struct path_answer *p, struct arena *a,
	struct meter_cookie_update *out);
/* As the header Postern-Decision has it. {NULL, 0} without memory. */
struct str path_decision_text(const struct path_answer *p, struct arena *a);
/* The decision's reason, or that of the verdict ("no_rule"), and its sentence. */
const char *path_reason_name(const struct path_answer *p);
const char *path_reason_text(const struct path_answer *p);

#endif
