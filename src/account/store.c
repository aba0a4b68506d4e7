/* Rows of accounts: finding, naming, disabling, deleting and listing them. Whatever ends an
 * account's access (disabling, deletion, a new password) drops it from the caches of all
 * processes in the same transaction. */
#include "internal.h"

#include "postern/queries/account.h"
#include "postern/queries/session.h"

#include <string.h>

enum err account_store_end_access(struct db_conn *c, const struct access_kept *k, int64_t now_s)
{
	enum err e = q_session_end_others(c, k->account_id, k->session_id, NULL);
	if (e)
		return e;
	e = q_device_clear_others(c, k->account_id, k->device_hash);
	if (e)
		return e;
	e = q_mail_token_void_all(c, k->account_id, now_s);
	return e ? e : db_change_add(c, DB_CHANGE_SESSION, k->account_id);
}

enum err account_store_set_password(struct db_conn *c, const struct account *acc,
	const char *new_hash, bool proves_mailbox, int64_t now_s)
{
	int64_t changed = 0;
	enum err e = q_account_set_password(c, acc->id, acc->password_hash, new_hash, now_s,
		proves_mailbox ? now_s : 0, &changed);
	if (e)
		return e;
	return changed == 1 ? ERR_OK : ERR_CONFLICT;
}

/* ---- one account, for other rooms ---- */

/* An account by its address (email_key) or by its id. */
struct find {
	const char *key;
	bool by_address;
	struct account *out;
};

static enum err find_read(struct db_conn *c, void *arg)
{
	struct find *f = arg;
	return f->by_address ? q_account_by_key(c, f->key, f->out)
			     : q_account_by_id(c, f->key, f->out);
}

enum err account_find(const struct accounts *s, struct str email_or_id, struct account *out)
{
	struct email email;
	char id[ID_SIZE];
	struct find f = { .out = out };
	enum err e = email_parse(email_or_id, &email);
	if (e == ERR_NOMEM)
		return e;
	if (!e) {
		f.key = email.key;
		f.by_address = true;
	} else if (str_copy(id, sizeof id, email_or_id) == ERR_OK) {
		f.key = id;
	} else {
		return ERR_NOT_FOUND;
	}
	return db_read(s->db, find_read, &f);
}

/* A change by the reader or the operator. A transaction may run again, so nothing in it is changed
 * by one. */
struct change {
	const struct account_settings *set;
	const char *id;
	char name[NAME_SIZE];
	bool disabled;
	int64_t now_s;
};

/* After an update of one account; no row is ERR_NOT_FOUND. */
static enum err told(struct db_conn *c, enum err e, int64_t changed, const char *id)
{
	if (e)
		return e;
	return changed ? db_change_add(c, DB_CHANGE_ACCOUNT, id) : ERR_NOT_FOUND;
}

static enum err set_name_tx(struct db_conn *c, void *arg)
{
	const struct change *ch = arg;
	int64_t changed = 0;
	enum err e = q_account_set_name(c, ch->id, ch->name, ch->now_s, &changed);
	return told(c, e, changed, ch->id);
}

enum err account_set_name(const struct accounts *s, const char *id, struct str name, int64_t now_s)
{
	struct change ch = { .id = id, .now_s = now_s };
	enum err e = text_name(name, ch.name);
	return e ? e : db_tx(s->db, set_name_tx, &ch);
}

/* Who reads by a seat in a group of this account loses or regains it with the account. */
static enum err members_tell(struct db_conn *c, const char *owner_id)
{
	ARENA_AUTO *a = arena_new(DB_CHANGE_IDS_BYTES);
	char(*ids)[ID_SIZE] = NULL;
	size_t n = 0;
	if (!a)
		return ERR_NOMEM;
	enum err e = q_entitlement_members_of(c, owner_id, DB_CHANGE_IDS_MAX, a, &ids, &n);
	return e ? e : db_change_add_ids(c, DB_CHANGE_ENTITLEMENT, ids, n);
}

static enum err set_disabled_tx(struct db_conn *c, void *arg)
{
	const struct change *ch = arg;
	int64_t changed = 0;
	enum err e = q_account_set_disabled(
		c, ch->id, ch->disabled ? ch->now_s : 0, ch->now_s, &changed);
	e = told(c, e, changed, ch->id);
	if (e)
		return e;
	e = members_tell(c, ch->id);
	if (e || !ch->disabled)
		return e;
	return account_store_end_access(c, &(struct access_kept){ ch->id, "", { 0 } }, ch->now_s);
}

enum err account_set_disabled(
	const struct accounts *s, const char *id, bool disabled, int64_t now_s)
{
	struct change ch = { .id = id, .disabled = disabled, .now_s = now_s };
	return db_tx(s->db, set_disabled_tx, &ch);
}

static enum err delete_tx(struct db_conn *c, void *arg)
{
	const struct change *ch = arg;
	int64_t changed = 0;
	enum err e = members_tell(c, ch->id); /* while they can be found */
	if (e)
		return e;
	e = q_account_delete(c, ch->id, &changed);
	return told(c, e, changed, ch->id);
}

enum err account_delete(const struct accounts *s, const char *id)
{
	struct change ch = { .id = id };
	return db_tx(s->db, delete_tx, &ch);
}

/* In the spelling that the list is ordered by: an address in capitals is no other place in it. */
static enum err cursor_parse(struct str after, char key[static EMAIL_SIZE])
{
	struct email address;
	enum err e = email_parse(after, &address);
	if (e)
		return e;
	memcpy(key, address.key, EMAIL_SIZE);
	return ERR_OK;
}

enum err account_list(const struct accounts *s, struct str after, size_t max, struct arena *a,
	struct account **out, size_t *count)
{
	char key[EMAIL_SIZE] = "";
	enum err e = after.n ? cursor_parse(after, key) : ERR_OK;
	return e ? e : q_account_list(s->db, key, max > 500 ? 500 : max, a, out, count);
}
