/* gift: one article, opened for a friend by a subscriber, or by the staff.
 *
 * A link is shown once and stored as a hash; sharing the article again makes another link to the
 * same gift, so that links which were sent go on working and the quota counts one. Looking at a
 * link changes nothing. Redeeming counts once for a browser, which then holds a secret in a cookie;
 * the article opens for it until the gift expires or is revoked, or the giver's account is disabled
 * or deleted. The limits are on links and redemptions: a browser that redeemed in time keeps its
 * access. */
#ifndef POSTERN_GIFT_H
#define POSTERN_GIFT_H

#include "postern/crypto.h"
#include "postern/decision.h"

enum {
	GIFTS_LIST_MAX = 200,
	GIFT_HEADLINE_SIZE = 4 * 200 + 1,
	GIFT_LINKS_MAX = 50,    /* of one gift; the oldest go */
	GIFTS_IN_COOKIE_MAX = 8 /* the newest */
};
#define GIFT_COOKIE "postern-gift"
enum { GIFT_COOKIE_AGE_S = 90 * 86400, GIFT_DAYS_MAX = 90, GIFT_REDEMPTIONS_MAX = 100000 };

struct gift {
	char id[ID_SIZE];
	char article_id[ID_SIZE], slug[SLUG_SIZE];
	char headline[GIFT_HEADLINE_SIZE]; /* its first 200 characters */
	char account_id[ID_SIZE];          /* "": of the staff */
	char made_by[NAME_SIZE];           /* who of the staff; "" for a reader's */
	int64_t created_at, expires_at, redemptions, redemptions_max, revoked_at;
	bool named;            /* its giver shows his name to whom it is given */
	char giver[NAME_SIZE]; /* of gift_find: that name; "": not shown, or there is none */
};
/* "live", "revoked", "expired", "used_up" */
const char *gift_state(const struct gift *g, int64_t now_s);

/* ---- giving ---- */
/* Whether this reader may give this article: a subscription in force covers it, and it is shown.
 * ERR_UNAUTHENTICATED; ERR_PAYMENT; ERR_CONFLICT: it is open to everybody anyway; ERR_NOT_FOUND:
 * not shown to anybody, or gifts are off. */
enum err MUST_USE gift_allowed(const struct paywall *w, struct db_conn *c,
	const struct access_request *v, const struct paywall_article *art, struct arena *a);
struct gift_order {
	const char *article_id;
	const char *account_id;    /* NULL: the staff, without quota */
	const char *made_by;       /* of the staff */
	int64_t days, redemptions; /* 0: as set */
	bool named;                /* the giver shows his name; of a gift made before, anew */
	int64_t now_s;
};
struct gift_made {
	struct gift gift;
	struct token token; /* secret; the link is base_url/gifts/TOKEN */
	bool again;         /* one that was given before */
	int64_t left;       /* of the month's quota; for readers */
};
/* ERR_LIMITED: the month's quota is used. */
enum err MUST_USE gift_make(
	const struct paywall *w, const struct gift_order *o, struct gift_made *out);
/* When the quota of the month of `now_s` is counted anew, in the newsroom's time zone. */
int64_t gift_quota_ends_at(int64_t now_s);
struct gift_filter {
	const char *account_id, *slug; /* NULL: all */
	size_t limit;
};
enum err MUST_USE gift_list(struct db_conn *c, const struct gift_filter *f, struct arena *a,
	struct gift **out, size_t *count);
/* By its giver, or by the operator (account_id NULL). ERR_NOT_FOUND. */
enum err MUST_USE gift_revoke(struct db *db, struct str id, const char *account_id, int64_t now_s);
/* Drops what expired so long ago that no quota counts it. */
enum err MUST_USE gift_purge(struct db_sweeper *s);

/* ---- taking ---- */
/* ERR_NOT_FOUND: no such link. ERR_SPENT, with `out` filled: revoked, expired or used up. */
enum err MUST_USE gift_find(
	const struct paywall *w, struct str token, int64_t now_s, struct gift *out);
struct gift_redemption {
	struct str token;
	struct str cookie; /* of this browser, or empty */
	int64_t now_s;
	struct arena *a;
	struct str set_cookie; /* out: what the cookie shall hold */
	struct gift gift;      /* out */
};
/* One redemption, unless the browser has one of this gift. Errors as gift_find. */
enum err MUST_USE gift_redeem(const struct paywall *w, struct gift_redemption *r);
struct gift_giver {
	char name[NAME_SIZE]; /* "": not shown */
	bool staff;           /* the newsroom itself */
};
/* Whether the cookie opens this article now, and who gave it. Inside a read of the caller's. */
struct gift_held {
	struct str cookie;
	const char *article_id;
	int64_t now_s;
	bool yes;                /* out */
	struct gift_giver giver; /* out, where yes */
};
enum err MUST_USE gift_held(struct db_conn *c, struct gift_held *h);

#endif
