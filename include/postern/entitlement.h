/* entitlement: what an account may read, from when until when, and where that comes from. */
#ifndef POSTERN_ENTITLEMENT_H
#define POSTERN_ENTITLEMENT_H

#include "postern/paywall.h"

struct entitlement_grant {
	const char *account_id;
	const char *plan;       /* [a-z0-9-]{1,64} */
	const char *source;     /* "comp" */
	const char *article_id; /* NULL or "": what the plan covers */
	enum entitlement_status status;
	int64_t starts_at, ends_at; /* ends_at 0: open end */
	int64_t grace_s;
	int64_t seats; /* members that the owner may invite */
};
enum { SEATS_MAX = 500, ENTITLEMENTS_LIST_MAX = 200, ENTITLEMENT_GRACE_MAX_S = 366 * 86400 };
/* ERR_INVALID: plan, source, status or dates; ERR_CONFLICT: no such account. `id` receives the new
 * one's. */
enum err MUST_USE entitlement_grant(
	struct db *db, const struct entitlement_grant *g, int64_t now_s, char id[static ID_SIZE]);
/* ERR_NOT_FOUND: unknown or revoked already. */
enum err MUST_USE entitlement_revoke(struct db *db, struct str id, int64_t now_s);
/* ERR_NOT_FOUND: unknown or revoked. Obeyed by the very next request. */
struct entitlement_change {
	struct str id;
	enum entitlement_status status;
	int64_t ends_at; /* 0: as it is */
	int64_t grace_s; /* -1: as it is */
};
enum err MUST_USE entitlement_set_status(struct db *db, const struct entitlement_change *ch);
/* ERR_NOT_FOUND. Inside a read of the caller's. */
enum err MUST_USE entitlement_get(struct db_conn *c, struct str id, struct entitlement *out);
/* The group of an owner: all entitlements of one plan with seats that are not revoked. */
struct entitlement_group {
	const char *owner_id, *plan;
	const char *except; /* members invited on this entitlement are left out; NULL: none */
};
/* Writes a change for each member: what they may read may have changed. Inside db_tx. */
enum err MUST_USE entitlement_members_tell(struct db_conn *c, const struct entitlement_group *g);
struct entitlements {
	struct entitlement *v;
	size_t n;
};
/* Newest first, revoked ones and those by a seat included. Inside a read of the caller's. */
enum err MUST_USE entitlement_list(
	struct db_conn *c, const char *account_id, struct arena *a, struct entitlements *out);
/* What can concern one article: of those that are for everything or for it, the ENTITLEMENTS_MAX
 * that last longest. */
enum err MUST_USE entitlement_for_article(struct db_conn *c, const char *account_id,
	const char *article_id, struct arena *a, struct entitlements *out);
/* Of plans and sources: [a-z0-9-], fewer than `size` bytes. */
bool entitlement_name_ok(struct str s, size_t size);
const char *entitlement_status_name(enum entitlement_status s); /* "past_due"; "" for others */
const char *const *entitlement_status_words(void); /* all names, NULL behind the last */
enum err MUST_USE entitlement_status_parse(struct str s, enum entitlement_status *out);
/* As it is stored: what nobody knows is 0, which is in no set of open ones and lets nobody in. */
enum err MUST_USE entitlement_status_read(struct str s, enum entitlement_status *out);

#endif
