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
};
/* ERR_INVALID: plan, source, status or dates; ERR_CONFLICT: no such account. `id` receives the new
 * one's. */
enum err MUST_USE entitlement_grant(
	struct db *db, const struct entitlement_grant *g, int64_t now_s, char id[static ID_SIZE]);
/* ERR_NOT_FOUND: unknown or revoked already. */
enum err MUST_USE entitlement_revoke(struct db *db, struct str id, int64_t now_s);
/* Newest first, at most ENTITLEMENTS_MAX, revoked ones included. Inside a read of the caller's. */
enum err MUST_USE entitlement_list(struct db_conn *c, const char *account_id, struct arena *a,
	struct entitlement **out, size_t *count);
/* Of plans and sources: [a-z0-9-], fewer than `size` bytes. */
bool entitlement_name_ok(struct str s, size_t size);
const char *entitlement_status_name(enum entitlement_status s); /* "past_due"; "" for others */
enum err MUST_USE entitlement_status_parse(struct str s, enum entitlement_status *out);

#endif
