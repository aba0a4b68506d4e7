/* institution: universities, libraries and firms whose readers are known by the network they come
 * from, or by the domain of their account's confirmed mail address.
 *
 * The facts of a decision come from the policy snapshot, which holds every range and domain ready
 * for binary search. Nothing a browser keeps can grant: there is no cookie for this. */
#ifndef POSTERN_INSTITUTION_H
#define POSTERN_INSTITUTION_H

#include "postern/policy.h"
#include "postern/text.h"

enum {
	INSTITUTION_SIZE = 65, /* [a-z0-9-]{1,64} */
	DOMAIN_SIZE = 254,
	INSTITUTIONS_MAX = 2000,
	INSTITUTION_RANGES_MAX = 20000,  /* of all together */
	INSTITUTION_DOMAINS_MAX = 10000, /* of all together */
	INSTITUTION_HITS_MAX = 8,        /* for one reader; further ones are not looked at */
	INSTITUTION_FILE_MAX = 4 << 20,
};

struct institution {
	char name[INSTITUTION_SIZE];
	char title[TITLE_SIZE]; /* for people: "Harbour University" */
	char plan[PLAN_SIZE];   /* what it covers; "": all. A plan nobody knows covers nothing */
	int64_t starts_at;
	int64_t ends_at; /* 0: no end. The end itself is outside */
};

/* ---- facts ---- */
struct institutions; /* in a policy snapshot */
enum err MUST_USE institutions_load(
	struct db_conn *c, struct arena *a, const struct institutions **out);
bool institutions_by_mail(const struct institutions *in); /* there are domains to look for */
/* Those in force now that have the address or the domain (lower case; "" for none). */
size_t institutions_of(const struct institutions *in, struct ip client, struct str domain,
	int64_t now_s, const struct institution *out[static INSTITUTION_HITS_MAX]);
/* The domain of an account's mail address, "" when it is not confirmed or the account is disabled
 * or unknown. */
enum err MUST_USE institution_account_domain(
	struct db_conn *c, const char *account_id, char out[static DOMAIN_SIZE]);

/* ---- ranges and domains as text ---- */
enum institution_kind { INSTITUTION_RANGE = 1, INSTITUTION_DOMAIN };
struct institution_item {
	char institution[INSTITUTION_SIZE];
	enum institution_kind kind; /* 0: an empty line */
	struct ip_range range;
	char domain[DOMAIN_SIZE];
};
/* A domain in its ASCII form (RFC 1123 labels, with a dot), made lower case. */
enum err MUST_USE institution_domain_parse(
	struct str s, char out[static DOMAIN_SIZE], char why[static IP_RANGE_WHY_SIZE]);
/* A provider's domain, whose addresses anybody can have. */
bool institution_domain_open(const char *domain);
enum { INSTITUTION_ITEM_SIZE = DOMAIN_SIZE + 1 };
/* "192.0.2.0/24", "@harbour.example"; returns `out`. */
const char *institution_item_text(
	const struct institution_item *it, char out[static INSTITUTION_ITEM_SIZE]);
/* A line of a file: "192.0.2.0/24 harbour", "@harbour.example harbour"; without a name it is the
 * item's own, as the caller has set it. '#' begins a comment. */
enum err MUST_USE institution_line_parse(
	struct str line, struct institution_item *item, char why[static IP_RANGE_WHY_SIZE]);

/* ---- changes; all of one call or nothing ---- */
/* ERR_INVALID: name, title or dates; ERR_CONFLICT: exists; ERR_NOT_FOUND: no such plan;
 * ERR_TOO_LARGE: INSTITUTIONS_MAX. */
enum err MUST_USE institution_add(struct db *db, const struct institution *i, int64_t now_s);
/* All but the name; ERR_INVALID, ERR_NOT_FOUND (the plan, or the institution). */
enum err MUST_USE institution_set(struct db *db, const struct institution *i);
enum err MUST_USE institution_remove(struct db *db, struct str name); /* ERR_NOT_FOUND */
/* ERR_NOT_FOUND: an institution; ERR_CONFLICT: a domain is another's; ERR_TOO_LARGE: a maximum.
 * `at` tells the item. What is there already stays; with `replace`, nothing else stays of the
 * institutions that are named. */
struct institution_change {
	const struct institution_item *items;
	size_t count;
	bool replace;
	size_t at;
};
enum err MUST_USE institution_items_add(struct db *db, struct institution_change *ch);
enum err MUST_USE institution_item_remove(
	struct db *db, const struct institution_item *item); /* ERR_NOT_FOUND */

/* ---- lists, inside a read of the caller's ---- */
enum err MUST_USE institution_list(
	struct db_conn *c, struct arena *a, struct institution **out, size_t *count);
/* Ranges by institution and address, then domains; of one institution when `name` is not empty. */
enum err MUST_USE institution_items(struct db_conn *c, struct str name, struct arena *a,
	struct institution_item **out, size_t *count);
/* The stored ranges of others that have an address in common with `item`, by address. */
struct institution_overlap {
	const struct institution_item *item, *other;
};
enum { INSTITUTION_OVERLAPS_MAX = 100 };
enum err MUST_USE institution_overlaps(struct db_conn *c, const struct institution_item *items,
	size_t count, struct arena *a, struct institution_overlap **out, size_t *found);

#endif
