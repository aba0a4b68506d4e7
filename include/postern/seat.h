/* seat: seats in a group subscription. The owner of an entitlement with seats invites members by
 * mail. The holder of the mailed link accepts with any account, which then reads what the owner
 * reads until the seat is removed or the entitlement ends. An open invitation takes up a seat.
 *
 * A group is one owner and one plan, over all entitlements that are not revoked. A seat belongs to
 * the entitlement it was invited on; when that has ended, its holder takes a place that is free in
 * another one of the group, those invited first coming first. So a renewal keeps the members, also
 * when it begins before or some time after the old end, and one with fewer seats keeps as many as
 * it has. */
#ifndef POSTERN_SEAT_H
#define POSTERN_SEAT_H

#include "postern/decision.h"
#include "postern/entitlement.h"

enum { SEAT_INVITATION_S = 7 * 86400 };
struct seat {
	char id[ID_SIZE];
	char email[EMAIL_SIZE];   /* where the invitation went */
	char account_id[ID_SIZE]; /* "" until it is accepted */
	int64_t invited_at, expires_at, accepted_at;
};
struct seat_group {
	char entitlement_id[ID_SIZE], plan[PLAN_SIZE];
	int64_t seats, ends_at;
	struct seat *list;
	size_t count;
};
/* Of an owner: the group of the newest entitlement with seats that is in force, else of the next to
 * begin; `seats` is the sum of what is in force, `list` every seat of the group. Inside a read of
 * the caller's. ERR_NOT_FOUND: no group. */
struct seat_owner {
	const char *account_id;
	int64_t now_s;
};
enum err MUST_USE entitlement_seats_load(
	struct db_conn *c, const struct seat_owner *o, struct arena *a, struct seat_group *out);
/* The same in a read of its own. */
enum err MUST_USE entitlement_seats_read(
	struct db *db, const struct seat_owner *o, struct arena *a, struct seat_group *out);

struct seat_invitation {
	const char *owner_id, *owner_email;
	struct str email;
	int64_t now_s;
};
/* Queues the mail in the same transaction. Inviting an address again voids the link before.
 * ERR_INVALID: no address, or the owner's own; ERR_NOT_FOUND: no group; ERR_TOO_LARGE: no seat is
 * free; ERR_CONFLICT: has accepted already; ERR_LIMITED: the mailbox had its share. */
enum err MUST_USE entitlement_seat_invite(
	const struct paywall *w, const struct seat_invitation *inv);
/* Ends membership or invitation; obeyed by the very next request. ERR_NOT_FOUND: not this owner's.
 */
enum err MUST_USE entitlement_seat_remove(struct db *db, const char *owner_id, struct str seat_id);
/* Who wants a seat: the holder of the mailed link, with any account, or, without the link, an
 * account with the address that was invited. An account that can be signed in with has proved its
 * mailbox, so this takes no more than the link does, and works on another device. */
struct seat_claim {
	struct str token; /* of the link, or empty */
	struct str named; /* the owner's address that the form was for; empty: it says nothing */
	const char *account_id, *account_email; /* "": nobody is signed in */
	int64_t now_s;
};
struct seat_offer {
	char plan[PLAN_SIZE], owner_email[EMAIL_SIZE], owner_id[ID_SIZE];
	uint8_t token_hash[HASH_BYTES]; /* of the invitation */
};
/* What is offered. ERR_SPENT: used, replaced, too old, or its entitlement is gone; or no
 * invitation waits. */
enum err MUST_USE entitlement_seat_find(
	const struct paywall *w, const struct seat_claim *claim, struct seat_offer *out);
/* Spends the invitation. ERR_SPENT also for the owner and for members who have a seat already.
 * ERR_CONFLICT: it is another owner's than the form named. */
enum err MUST_USE entitlement_seat_accept(const struct paywall *w, const struct seat_claim *claim);

#endif
