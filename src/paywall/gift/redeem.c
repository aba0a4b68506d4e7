/* Redeeming a gift: the link, the count of redemptions, and the cookie that holds the browser's
 * secrets ("pst_….pst_…", newest first). */
#include "postern/gift.h"

#include "postern/queries/gift.h"

#include <string.h>

/* What a link gives, before anybody redeems it. Charges nothing. */
struct look_job {
	uint8_t hash[HASH_BYTES];
	int64_t now_s;
	struct gift *out;
};

static enum err look_read(struct db_conn *c, void *arg)
{
	struct look_job *j = arg;
	return q_gift_by_token(c, j->hash, j->now_s + CLOCK_SKEW_S, j->out);
}

enum err gift_find(const struct paywall *w, struct str token, int64_t now_s, struct gift *out)
{
	struct look_job j = { .now_s = now_s, .out = out };
	if (crypto_token_hash(token, j.hash) != ERR_OK)
		return ERR_NOT_FOUND;
	enum err e = db_read(w->db, look_read, &j);
	if (e)
		return e;
	return strcmp(gift_state(out, now_s), "live") == 0 ? ERR_OK : ERR_SPENT;
}

/* ---- the cookie ---- */

/* The next secret that has the form of one, hashed; false at the end. */
static bool secret_next(struct str *rest, unsigned *seen, uint8_t hash[static HASH_BYTES])
{
	while (rest->n > 0 && *seen < GIFTS_IN_COOKIE_MAX) {
		struct str one = str_cut(rest, '.');
		++*seen;
		if (crypto_token_hash(one, hash) == ERR_OK)
			return true;
	}
	return false;
}

enum err gift_held(struct db_conn *c, struct gift_held *h)
{
	struct str rest = h->cookie;
	uint8_t hash[HASH_BYTES];
	unsigned seen = 0;
	h->yes = false;
	while (!h->yes && secret_next(&rest, &seen, hash)) {
		enum err e = q_gift_held(
			c, hash, h->article_id, h->now_s, h->now_s + CLOCK_SKEW_S, &h->giver);
		if (e && e != ERR_NOT_FOUND)
			return e;
		h->yes = !e;
	}
	return ERR_OK;
}

/* Whether this browser has redeemed this gift. */
static enum err is_visitor(struct db_conn *c, struct str cookie, const char *gift_id, bool *yes)
{
	uint8_t hash[HASH_BYTES];
	unsigned seen = 0;
	*yes = false;
	while (!*yes && secret_next(&cookie, &seen, hash)) {
		enum err e = q_gift_visitor_of(c, hash, gift_id);
		if (e && e != ERR_NOT_FOUND)
			return e;
		*yes = !e;
	}
	return ERR_OK;
}

/* The new secret in front of those that are worth keeping. */
static struct str cookie_with(struct arena *a, struct str old, const char *secret)
{
	BUF_AUTO b = BUF((size_t)GIFTS_IN_COOKIE_MAX * TOKEN_SIZE);
	uint8_t hash[HASH_BYTES];
	buf_puts(&b, secret);
	for (unsigned i = 0; i + 1 < GIFTS_IN_COOKIE_MAX && old.n > 0; i++) {
		struct str one = str_cut(&old, '.');
		if (crypto_token_hash(one, hash) != ERR_OK)
			continue;
		buf_byte(&b, '.');
		buf_str(&b, one);
	}
	return arena_buf(a, &b);
}

/* ---- redeeming ---- */

/* One redemption. `secret` is what this browser will show for the article; has_already: this
 * browser has redeemed the link before, which costs nothing again. */
struct redeem_job {
	struct gift_redemption *r;
	uint8_t hash[HASH_BYTES];
	struct token secret;
	bool has_already;
};

static enum err spend(struct db_conn *c, const struct redeem_job *j)
{
	const char *id = j->r->gift.id;
	int64_t changed = 0;
	enum err e = q_gift_redeem(c, id, j->r->now_s, &changed);
	if (e)
		return e;
	if (changed != 1)
		return ERR_SPENT;
	return q_gift_visitor_insert(c, j->secret.hash, id, j->r->now_s);
}

static enum err redeem_tx(struct db_conn *c, void *arg)
{
	struct redeem_job *j = arg;
	struct gift *g = &j->r->gift;
	enum err e = q_gift_by_token(c, j->hash, j->r->now_s + CLOCK_SKEW_S, g);
	if (e)
		return e;
	if (g->revoked_at || g->expires_at <= j->r->now_s)
		return ERR_SPENT;
	e = is_visitor(c, j->r->cookie, g->id, &j->has_already);
	return e || j->has_already ? e : spend(c, j);
}

enum err gift_redeem(const struct paywall *w, struct gift_redemption *r)
{
	struct redeem_job j = { .r = r };
	if (crypto_token_hash(r->token, j.hash) != ERR_OK)
		return ERR_NOT_FOUND;
	crypto_token_make(&j.secret);
	enum err e = db_tx(w->db, redeem_tx, &j);
	if (!e) {
		r->set_cookie =
			j.has_already ? r->cookie : cookie_with(r->a, r->cookie, j.secret.text);
		e = r->set_cookie.p ? ERR_OK : ERR_NOMEM;
	}
	crypto_wipe(&j.secret, sizeof j.secret);
	return e;
}
