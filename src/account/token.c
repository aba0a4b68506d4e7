/* Tokens of mailed links (confirm an address, reset a password): mailing one, looking at it without
 * spending it, spending it, and what has become of it. Only the hash is stored, and a conditional
 * UPDATE spends it, so of two simultaneous uses one succeeds. */
#include "internal.h"

#include "postern/queries/account.h"

#include <string.h>

static unsigned token_minutes(const struct accounts *s, const char *purpose)
{
	return strcmp(purpose, PURPOSE_RESET) == 0 ? s->set.reset_minutes : s->set.verify_minutes;
}

/* Where the link leads. */
static const char *token_page(const char *purpose)
{
	return strcmp(purpose, PURPOSE_RESET) == 0 ? "/reset/confirm" : "/verify";
}

static enum err token_store(struct db_conn *c, const struct accounts *s, const char *account_id,
	const char *purpose, int64_t now_s, const struct token *t)
{
	const int64_t life_s = (int64_t)token_minutes(s, purpose) * 60;
	enum err e = q_mail_token_void(c, account_id, purpose, now_s);
	return e ? e : q_mail_token_insert(c, t->hash, account_id, purpose, now_s, now_s + life_s);
}

static void link_write(struct buf *b, const struct token_order *o, const struct token *t)
{
	buf_puts(b, o->s->set.base_url);
	buf_puts(b, token_page(o->purpose));
	buf_puts(b, "?token=");
	buf_puts(b, t->text);
	if (o->return_to.n > 1) { /* "/" is where one lands anyway */
		buf_puts(b, "&return_to=");
		url_encode(b, o->return_to);
	}
}

/* A mailbox that had its share is no error to anybody. A mail that cannot be written is ours, and
 * must not look like a bad field of the reader's. */
static enum err queue_result(enum err e)
{
	if (e == ERR_LIMITED)
		return ERR_OK;
	return e == ERR_INVALID || e == ERR_NOT_FOUND || e == ERR_TOO_LARGE ? ERR_INTERNAL : e;
}

static bool has_link(enum mail_kind kind)
{
	return kind == MAIL_RESET || kind == MAIL_VERIFY;
}

enum err account_token_send(struct db_conn *c, const struct token_order *o)
{
	const bool linked = has_link(o->kind);
	struct token t;
	BUF_AUTO link = BUF(8192);
	crypto_token_make(&t);
	link_write(&link, o, &t);
	struct notice n = { .kind = o->kind,
		.to = o->owner->email,
		.to_key = o->owner->email_key,
		/* Who typed the name is not known before the mailbox is proved: nobody writes into
		 * an anonymous reader's mailbox by choosing one. */
		.name = o->owner->verified_at ? o->owner->name : "",
		.link = linked ? buf_view(&link).p : "",
		.link_hash = linked ? t.hash : NULL,
		.return_to = o->return_to,
		.minutes = token_minutes(o->s, o->purpose),
		.now_s = o->now_s };
	enum err e = link.err ? link.err : mail_queue(o->s->mail, c, &n);
	if (!e)
		e = token_store(c, o->s, linked ? o->owner->id : "", o->purpose, o->now_s, &t);
	crypto_wipe(&t, sizeof t);
	if (link.p)
		crypto_wipe(link.p, link.n);
	return queue_result(e);
}

enum err account_token_spend(struct db_conn *c, const uint8_t hash[static HASH_BYTES],
	const char *purpose, int64_t now_s, char account_id[static ID_SIZE])
{
	enum err e = q_mail_token_spend(c, hash, purpose, now_s, now_s + CLOCK_SKEW_S, account_id);
	return e == ERR_NOT_FOUND ? ERR_SPENT : e;
}

/* Whose token this is, without spending it. */
struct token_lookup {
	uint8_t hash[HASH_BYTES];
	const char *purpose;
	int64_t now_s;
	struct account *out;
};

static enum err token_read(struct db_conn *c, void *arg)
{
	struct token_lookup *l = arg;
	char account_id[ID_SIZE];
	enum err e = q_mail_token_look(
		c, l->hash, l->purpose, l->now_s, l->now_s + CLOCK_SKEW_S, account_id);
	if (!e)
		e = q_account_by_id(c, account_id, l->out);
	return e == ERR_NOT_FOUND ? ERR_SPENT : e;
}

enum err account_token_find(const struct accounts *s, struct str token, const char *purpose,
	int64_t now_s, struct account *out)
{
	struct token_lookup l = { .purpose = purpose, .now_s = now_s, .out = out };
	if (crypto_token_hash(token, l.hash) != ERR_OK)
		return ERR_SPENT;
	return db_read(s->db, token_read, &l);
}

/* Another site may have led the browser to a link of its own while the reader had the page of his
 * link open. */
enum err account_named_check(struct str named, const struct account *owner)
{
	return named.n == 0 || str_eq(named, str_of(owner->email)) ? ERR_OK : ERR_CONFLICT;
}

/* ---- what to tell the holder of a link that does not work ---- */

struct link_lookup {
	uint8_t hash[HASH_BYTES];
	const char *purpose;
	int64_t now_s;
	struct mail_token_state_row row;
};

static enum err link_read(struct db_conn *c, void *arg)
{
	struct link_lookup *l = arg;
	return q_mail_token_state(c, l->hash, l->purpose, l->now_s, &l->row);
}

/* A link that confirms an address is used when the address is confirmed; else it was voided by a
 * newer one, which may have expired since. */
static enum link_state link_state_of(const struct link_lookup *l)
{
	const struct mail_token_state_row *row = &l->row;
	const bool confirms = strcmp(l->purpose, PURPOSE_VERIFY) == 0;
	if (confirms && row->is_verified)
		return LINK_USED;
	if (row->used_at && row->is_replaced)
		return LINK_REPLACED;
	if (row->used_at)
		return confirms ? LINK_UNKNOWN : LINK_USED;
	return row->expires_at <= l->now_s ? LINK_EXPIRED : LINK_WORKS;
}

enum err account_link_look(const struct accounts *s, struct str token, const char *purpose,
	int64_t now_s, struct link_info *out)
{
	struct link_lookup l = { .purpose = purpose, .now_s = now_s };
	*out = (struct link_info){ .state = LINK_NONE };
	if (crypto_token_hash(token, l.hash) != ERR_OK)
		return ERR_OK;
	out->state = LINK_UNKNOWN;
	enum err e = db_read(s->db, link_read, &l);
	if (e)
		return e == ERR_NOT_FOUND ? ERR_OK : e;
	out->state = link_state_of(&l);
	out->verified = l.row.is_verified;
	memcpy(out->email, l.row.email, sizeof out->email);
	return ERR_OK;
}

enum err account_notice_send(struct db_conn *c, const struct accounts *s, enum mail_kind kind,
	const struct account *to, int64_t now_s)
{
	struct notice n = { .kind = kind,
		.to = to->email,
		.to_key = to->email_key,
		.name = to->name,
		.link = "",
		.now_s = now_s };
	return queue_result(mail_queue(s->mail, c, &n));
}
