/* Rows of accounts: finding, naming, disabling, deleting and listing them. Whatever ends an
 * account's access (disabling, deletion, a new password) drops it from the caches of all
 * processes in the same transaction. */
#include "internal.h"

#include <string.h>

static const struct db_column account_columns[] = {
	DB_COL_CHARS(struct account, id),
	DB_COL_CHARS(struct account, email),
	DB_COL_CHARS(struct account, email_key),
	DB_COL_CHARS(struct account, name),
	DB_COL_CHARS(struct account, password_hash),
	DB_COL_INT(struct account, created_at),
	DB_COL_INT(struct account, updated_at),
	DB_COL_INT(struct account, verified_at),
	DB_COL_INT(struct account, disabled_at),
	DB_COL_INT(struct account, last_login_at),
	DB_COL_BYTES(struct account, proof_hash),
};
static const struct db_shape account_shape = DB_SHAPE(struct account, account_columns);

static enum err store_one(
	struct db_conn *c, enum query query, const char *value, struct account *out)
{
	struct db_call call = { .query = query, DB_PARAMS(db_z(value)), .shape = &account_shape };
	return db_get(c, &call, out);
}

enum err account_store_by_key(struct db_conn *c, const char *email_key, struct account *out)
{
	return store_one(c, QUERY_ACCOUNT_BY_KEY, email_key, out);
}

enum err account_store_by_id(struct db_conn *c, const char *id, struct account *out)
{
	return store_one(c, QUERY_ACCOUNT_BY_ID, id, out);
}

enum err account_store_end_access(struct db_conn *c, const struct access_kept *k, int64_t now_s)
{
	struct db_call sessions = { .query = QUERY_SESSION_END_OTHERS,
		DB_PARAMS(db_z(k->account_id), db_z(k->session_id)) };
	struct db_call devices = { .query = QUERY_DEVICE_CLEAR_OTHERS,
		DB_PARAMS(db_z(k->account_id), db_blob(k->device_hash, HASH_BYTES)) };
	struct db_call tokens = { .query = QUERY_MAIL_TOKEN_VOID_ALL,
		DB_PARAMS(db_z(k->account_id), db_int(now_s)) };

	enum err e = db_run(c, &sessions, NULL);
	if (!e)
		e = db_run(c, &devices, NULL);
	if (!e)
		e = db_run(c, &tokens, NULL);
	if (!e)
		e = db_change_add(c, DB_CHANGE_SESSION, k->account_id);
	return e;
}

enum err account_store_disown(struct db_conn *c, const char *id, int64_t now_s)
{
	struct db_call call = { .query = QUERY_ACCOUNT_DISOWN, DB_PARAMS(db_z(id), db_int(now_s)) };
	return db_run(c, &call, NULL);
}

enum err account_store_set_password(struct db_conn *c, const struct account *acc,
	const char *new_hash, bool proves_mailbox, int64_t now_s)
{
	struct db_call call = { .query = QUERY_ACCOUNT_SET_PASSWORD,
		DB_PARAMS(db_z(acc->id), db_z(acc->password_hash), db_z(new_hash), db_int(now_s),
			db_int_or_null(proves_mailbox ? now_s : 0)) };
	int64_t changed = 0;
	enum err e = db_run(c, &call, &changed);
	if (e)
		return e;
	return changed == 1 ? ERR_OK : ERR_CONFLICT;
}

/* ---- one account, for other rooms ---- */

struct find {
	const char *key;
	bool by_address;
	struct account *out;
};

static enum err find_read(struct db_conn *c, void *arg)
{
	struct find *f = arg;
	return f->by_address ? account_store_by_key(c, f->key, f->out)
			     : account_store_by_id(c, f->key, f->out);
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

struct change {
	const struct account_settings *set;
	const char *id;
	char name[NAME_SIZE];
	bool disabled;
	int64_t now_s;
};

/* Runs an update of one account; no row is ERR_NOT_FOUND. */
static enum err run_on_one(struct db_conn *c, const struct db_call *call, const char *id)
{
	int64_t changed = 0;
	enum err e = db_run(c, call, &changed);
	if (!e && changed == 0)
		e = ERR_NOT_FOUND;
	return e ? e : db_change_add(c, DB_CHANGE_ACCOUNT, id);
}

static enum err set_name_tx(struct db_conn *c, void *arg)
{
	const struct change *ch = arg;
	struct db_call call = { .query = QUERY_ACCOUNT_SET_NAME,
		DB_PARAMS(db_z(ch->id), db_z(ch->name), db_int(ch->now_s)) };
	return run_on_one(c, &call, ch->id);
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
	return db_change_add_each(c, DB_CHANGE_ENTITLEMENT,
		&(struct db_call){ .query = QUERY_ENTITLEMENT_MEMBERS_OF,
			DB_PARAMS(db_z(owner_id), db_int(DB_CHANGE_EACH_MAX)) });
}

static enum err set_disabled_tx(struct db_conn *c, void *arg)
{
	const struct change *ch = arg;
	struct db_call call = { .query = QUERY_ACCOUNT_SET_DISABLED,
		DB_PARAMS(db_z(ch->id), db_int_or_null(ch->disabled ? ch->now_s : 0),
			db_int(ch->now_s)) };
	enum err e = run_on_one(c, &call, ch->id);
	if (!e)
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
	struct db_call call = { .query = QUERY_ACCOUNT_DELETE, DB_PARAMS(db_z(ch->id)) };
	enum err e = members_tell(c, ch->id); /* while they can be found */

	return e ? e : run_on_one(c, &call, ch->id);
}

enum err account_delete(const struct accounts *s, const char *id)
{
	struct change ch = { .id = id };
	return db_tx(s->db, delete_tx, &ch);
}

struct listing {
	char after[EMAIL_SIZE];
	size_t max;
	struct arena *a;
	struct account **out;
	size_t *count;
};

static enum err list_read(struct db_conn *c, void *arg)
{
	struct listing *l = arg;
	struct db_call call = { .query = QUERY_ACCOUNT_LIST,
		DB_PARAMS(db_z(l->after), db_int((int64_t)l->max)),
		.shape = &account_shape,
		.arena = l->a,
		.max_rows = l->max };
	return db_list(c, &call, l->out, l->count);
}

/* In the spelling that the list is ordered by: an address in capitals is no other place in it. */
static enum err cursor_parse(struct str after, char key[static EMAIL_SIZE])
{
	struct email address;
	enum err e = email_parse(after, &address);

	if (!e)
		memcpy(key, address.key, EMAIL_SIZE);
	return e;
}

enum err account_list(const struct accounts *s, struct str after, size_t max, struct arena *a,
	struct account **out, size_t *count)
{
	struct listing l = { .max = max > 500 ? 500 : max, .a = a, .out = out, .count = count };
	enum err e = after.n ? cursor_parse(after, l.after) : ERR_OK;
	return e ? e : db_read(s->db, list_read, &l);
}
