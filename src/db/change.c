/* Changes: a row in the table beside each cause, and the subscriber told once it is committed.
 * Those of other processes are read by change_log.c; both ways tell each change once. */
#include "internal.h"

#include "postern/cache.h"
#include "postern/queries/change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static const char *const names[DB_CHANGE_COUNT] = { [DB_CHANGE_SESSION] = "session",
	[DB_CHANGE_ACCOUNT] = "account",
	[DB_CHANGE_ARTICLE] = "article",
	[DB_CHANGE_ENTITLEMENT] = "entitlement",
	[DB_CHANGE_POLICY] = "policy" };

const char *db_change_name(enum db_change kind)
{
	return str_name_of(names, COUNT(names), kind);
}

uint64_t db_change_tag(enum db_change kind, struct str key)
{
	return cache_tag(db_change_name(kind), key);
}

/* 0 for a kind that only a newer program knows. */
static enum db_change kind_of(const char *name)
{
	enum db_change kind = (enum db_change)0;
	(void)!str_name_find(names, COUNT(names), str_of(name), &kind);
	return kind;
}

/* ---- writing ---- */

/* The random id of a row in the table of changes. A process that reads its own row knows it again
 * and does not tell it twice. */
struct change_id {
	char text[ID_SIZE];
	uint64_t start; /* its first 64 bits, to know it again by */
};

static uint64_t id_start(const char text[static ID_SIZE])
{
	char start[17];
	memcpy(start, text, 16);
	start[16] = 0;
	return strtoull(start, NULL, 16);
}

static enum err id_make(struct change_id *id)
{
	uint8_t bytes[(ID_SIZE - 1) / 2];
	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		return ERR_INTERNAL;
	str_hex(bytes, sizeof bytes, id->text);
	id->start = id_start(id->text);
	return ERR_OK;
}

static void note(struct db_changes *ch, enum db_change kind, const char *key, uint64_t id)
{
	if (ch->count == DB_TOLD_MAX) {
		ch->many = true;
		return;
	}
	ch->list[ch->count].kind = kind;
	ch->list[ch->count].id = id;
	snprintf(ch->list[ch->count].key, DB_CHANGE_KEY_SIZE, "%s", key);
	ch->count++;
}

enum err db_change_add(struct db_conn *c, enum db_change kind, const char *key)
{
	struct change_id id = { "", 0 };
	if (!*db_change_name(kind) || strlen(key) >= DB_CHANGE_KEY_SIZE || !c->changes) {
		LOG(c->db->log, LOG_ERROR, "db_misuse",
			log_z("why", "a change of no kind, with too long a key, or outside db_tx"));
		return ERR_INTERNAL;
	}
	enum err e = id_make(&id);
	if (e != ERR_OK)
		return e;
	/* The system's time, which only says when the row may go. */
	e = q_change_insert(c, id.text, db_change_name(kind), key, clock_now_s(NULL));
	if (e == ERR_OK)
		note(c->changes, kind, key, id.start);
	return e;
}

enum err db_change_add_ids(
	struct db_conn *c, enum db_change kind, char (*ids)[ID_SIZE], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		enum err e = db_change_add(c, kind, ids[i]);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

/* ---- telling ---- */

void db_changes_flush(struct db_change_log *f)
{
	atomic_fetch_add(&f->flushes, 1);
	f->to.flush(f->to.ctx);
}

/* Of what has been seen, the last DB_SEEN_MAX are known again; the others are told twice, which
 * costs a look at the database and no more. */
static bool seen_before(struct db_change_log *f, uint64_t id)
{
	pthread_mutex_lock(&f->worker.lock);
	bool found = false;
	for (size_t i = 0; i < DB_SEEN_MAX && !found; i++)
		found = f->seen[i] == id;
	if (!found) {
		f->seen[f->seen_next] = id;
		f->seen_next = (f->seen_next + 1) % DB_SEEN_MAX;
	}
	pthread_mutex_unlock(&f->worker.lock);
	return found;
}

void db_changes_tell(struct db *db, const struct db_changes *ch, bool committed)
{
	struct db_change_log *f = &db->feed;
	if (!f->to.changed || ch->count == 0)
		return;
	if (ch->many)
		db_changes_flush(f);
	for (size_t i = 0; i < ch->count && !ch->many; i++)
		f->to.changed(f->to.ctx, ch->list[i].kind, str_of(ch->list[i].key));
	for (size_t i = 0; i < ch->count && committed; i++)
		(void)seen_before(f, ch->list[i].id);
	atomic_fetch_add(&f->changes, ch->count);
}

void db_change_tell(struct db_change_log *f, const char *id, const char *name, const char *key)
{
	if (seen_before(f, id_start(id)))
		return;
	enum db_change kind = kind_of(name);
	atomic_fetch_add(&f->changes, 1);
	if (kind)
		f->to.changed(f->to.ctx, kind, str_of(key));
	else
		db_changes_flush(f);
}
