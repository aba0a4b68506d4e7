/* crawler: which machines ask, as far as it can be proved.
 *
 * A search engine's crawler is one whose User-Agent claims it and whose address proves it: the
 * address stands in the list that the engine publishes, or its name in the DNS ends in the engine's
 * domain and leads back to the very address. A crawler for AI is one that says so, or whose address
 * stands in a list: that can only close. A User-Agent alone opens nothing. */
#ifndef POSTERN_CRAWLER_H
#define POSTERN_CRAWLER_H

#include "postern/dns.h"
#include "postern/paywall.h"
#include "postern/text.h"

enum {
	CRAWLER_NAME_SIZE = 65, /* [a-z0-9-]{1,64} */
	CRAWLER_AGENT_SIZE = 65,
	CRAWLER_SUFFIXES_SIZE = DNS_SUFFIXES_SIZE,
	CRAWLERS_MAX = 64,
	CRAWLER_RANGES_MAX = 20000, /* of all together */
	CRAWLER_FILE_MAX = 4 << 20,
	CRAWLER_AGENT_BYTES = 512, /* of a User-Agent; what is behind is not looked at */
};
struct crawler {
	char name[CRAWLER_NAME_SIZE];
	enum crawler_class class;
	char agent[CRAWLER_AGENT_SIZE];       /* a word of the User-Agent: "Googlebot" */
	char suffixes[CRAWLER_SUFFIXES_SIZE]; /* domains between newlines like tags; "": none */
	int64_t loaded_at;                    /* of its address list; 0: has none */
};
const char *crawler_class_name(enum crawler_class c);                         /* "search", "ai" */
enum err MUST_USE crawler_class_parse(struct str s, enum crawler_class *out); /* ERR_INVALID */

/* ---- facts, of a policy snapshot ---- */
struct crawlers;
enum err MUST_USE crawlers_load(struct db_conn *c, struct arena *a, const struct crawlers **out);
/* The name of the crawler for AI that asks, by what it says or by its address; NULL: none. */
const char *crawler_ai(const struct crawlers *in, struct str user_agent, struct ip client);
/* The next crawler of class search that the User-Agent claims, behind `last` (NULL: the first);
 * NULL: no more. */
const struct crawler *crawler_claimed(
	const struct crawlers *in, struct str user_agent, const struct crawler *last);
bool crawler_listed(const struct crawlers *in, const struct crawler *cr, struct ip client);
/* Names of crawlers for AI: ours, until NULL; then those of the policy. For robots.txt. */
extern const char *const crawler_ai_agents[];
const struct crawler *crawler_at(const struct crawlers *in, size_t i); /* NULL behind the last */

/* ---- published lists: {"prefixes":[{"ipv4Prefix":…},{"ipv6Prefix":…}]}, or a range a line ---- */
struct crawler_ranges {
	struct ip_range v[CRAWLER_RANGES_MAX];
	size_t n, wide; /* wide: how many are (ip_range_wide) */
};
/* ERR_INVALID with place and reason in `why`; an empty list is refused. */
enum err MUST_USE crawler_list_parse(
	struct str text, struct crawler_ranges *out, char why[static IP_RANGE_WHY_SIZE]);

/* ---- changes ---- */
/* ERR_INVALID: name, class, agent or suffixes; ERR_CONFLICT: exists; ERR_TOO_LARGE. */
enum err MUST_USE crawler_add(struct db *db, const struct crawler *cr, int64_t now_s);
enum err MUST_USE crawler_remove(struct db *db, struct str name); /* ERR_NOT_FOUND */
/* The list takes the place of the one before. ERR_NOT_FOUND, ERR_TOO_LARGE. */
enum err MUST_USE crawler_load(
	struct db *db, struct str name, const struct crawler_ranges *list, int64_t now_s);
enum err MUST_USE crawler_list(
	struct db_conn *c, struct arena *a, struct crawler **out, size_t *count);
/* By CRAWLER_SUFFIXES_SIZE: "a.example, b.example" as stored. ERR_INVALID with `why`. */
enum err MUST_USE crawler_suffixes_parse(
	struct str s, char out[static CRAWLER_SUFFIXES_SIZE], char why[static IP_RANGE_WHY_SIZE]);

#endif
