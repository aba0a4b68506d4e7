/* The change log: rows that say what changed, written in the same transaction as the change.
 * Subscribers in this process are told at once; other processes learn it by watching the table. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
	WAIT_MS = 250,        /* without a word we look all the same: that is the proof */
	ROWS_MAX = 4096,      /* of one look; more is told as "anything may have changed" */
	RETRY_FIRST_MS = 100, /* to connect again; doubles … */
	RETRY_MOST_MS = 2000, /* … up to this, and half of it is chance */
	KEEP_S = 86400,       /* changes are kept for so long, clocks being what they are … */
	ASLEEP_US = 600 * 1000000, /* … and who has not looked for so long flushes */
};

static const char *const names[DB_CHANGE_COUNT] = { [DB_CHANGE_SESSION] = "session",
	[DB_CHANGE_ACCOUNT] = "account",
	[DB_CHANGE_ARTICLE] = "article",
	[DB_CHANGE_ENTITLEMENT] = "entitlement",
	[DB_CHANGE_POLICY] = "policy" };

const char *db_change_name(enum db_change kind)
{
	return kind > 0 && kind < DB_CHANGE_COUNT ? names[kind] : "";
}

/* 0 for a kind that only a newer program knows. */
static enum db_change kind_of(const char *name)
{
	for (unsigned i = 1; i < DB_CHANGE_COUNT; i++)
		if (strcmp(name, names[i]) == 0)
			return (enum db_change)i;
	return (enum db_change)0;
}

/* ---- writing ---- */

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
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(id->text + 2 * i, 3, "%02x", bytes[i]);
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
	e = db_run(c,
		&(struct db_call){ .query = QUERY_CHANGE_INSERT,
			DB_PARAMS(db_z(id.text), db_z(db_change_name(kind)), db_z(key),
				db_int(clock_now_s(NULL))) },
		NULL);
	if (e == ERR_OK)
		note(c->changes, kind, key, id.start);
	return e;
}

struct changed_id {
	char id[ID_SIZE];
};

enum err db_change_add_each(struct db_conn *c, enum db_change kind, const struct db_call *query)
{
	static const struct db_column columns[] = { DB_COL_CHARS(struct changed_id, id) };
	static const struct db_shape shape = DB_SHAPE(struct changed_id, columns);
	ARENA_AUTO *arena = arena_new((size_t)DB_CHANGE_EACH_MAX * 4 * sizeof(struct changed_id));
	struct db_call call = *query;
	struct changed_id *rows = NULL;
	size_t n = 0;
	call.shape = &shape;
	call.arena = arena;
	call.max_rows = DB_CHANGE_EACH_MAX;
	enum err e = arena ? db_list(c, &call, &rows, &n) : ERR_NOMEM;
	for (size_t i = 0; e == ERR_OK && i < n; i++)
		e = db_change_add(c, kind, rows[i].id);
	return e;
}

/* ---- telling ---- */

static void tell_flush(struct db_change_log *f)
{
	atomic_fetch_add(&f->flushes, 1);
	f->to.flush(f->to.ctx);
}

/* Of what has been seen, the last DB_SEEN_MAX are known again; the others are told twice, which
 * costs a look at the database and no more. */
static bool seen_before(struct db_change_log *f, uint64_t id)
{
	pthread_mutex_lock(&f->lock);
	bool found = false;
	for (size_t i = 0; i < DB_SEEN_MAX && !found; i++)
		found = f->seen[i] == id;
	if (!found) {
		f->seen[f->seen_next] = id;
		f->seen_next = (f->seen_next + 1) % DB_SEEN_MAX;
	}
	pthread_mutex_unlock(&f->lock);
	return found;
}

void db_changes_tell(struct db *db, const struct db_changes *ch, bool committed)
{
	struct db_change_log *f = &db->feed;
	if (!f->to.changed || ch->count == 0)
		return;
	if (ch->many)
		tell_flush(f);
	for (size_t i = 0; i < ch->count && !ch->many; i++)
		f->to.changed(f->to.ctx, ch->list[i].kind, str_of(ch->list[i].key));
	for (size_t i = 0; i < ch->count && committed; i++)
		(void)seen_before(f, ch->list[i].id);
	atomic_fetch_add(&f->changes, ch->count);
}

/* ---- watching ---- */

struct change_row {
	char id[ID_SIZE];
	char kind[32];
	char key[DB_CHANGE_KEY_SIZE];
};
static const struct db_column row_columns[] = {
	DB_COL_CHARS(struct change_row, id),
	DB_COL_CHARS(struct change_row, kind),
	DB_COL_CHARS(struct change_row, key),
};
static const struct db_shape row_shape = DB_SHAPE(struct change_row, row_columns);

struct look {
	struct str mark;  /* what this look has seen, in the engine's words */
	const char *from; /* the mark of the last look; NULL: there was none */
	struct arena *arena;
	struct change_row *rows;
	size_t count;
	bool many;
};
static const struct db_column mark_columns[] = {
	DB_COL_STR(struct look, mark),
};
static const struct db_shape mark_shape = DB_SHAPE(struct look, mark_columns);

/* Both statements see the same snapshot: what becomes visible behind it is met by the next look. */
static enum err look_read(struct db_conn *c, void *arg)
{
	struct look *l = arg;
	enum err e = db_get(c,
		&(struct db_call){
			.query = QUERY_CHANGE_MARK, .shape = &mark_shape, .arena = l->arena },
		l);
	if (e != ERR_OK || !l->from)
		return e;
	e = db_list(c,
		&(struct db_call){ .query = QUERY_CHANGE_SINCE,
			DB_PARAMS(db_z(l->from), db_int(ROWS_MAX + 1)),
			.shape = &row_shape,
			.arena = l->arena,
			.max_rows = ROWS_MAX },
		&l->rows, &l->count);
	l->many = e == ERR_TOO_LARGE;
	return l->many ? ERR_OK : e;
}

static void tell_row(struct db_change_log *f, const struct change_row *row)
{
	if (seen_before(f, id_start(row->id)))
		return;
	enum db_change kind = kind_of(row->kind);
	atomic_fetch_add(&f->changes, 1);
	if (kind)
		f->to.changed(f->to.ctx, kind, str_of(row->key));
	else
		tell_flush(f);
}

static void mark_set(struct db_change_log *f, char *mark)
{
	free(f->mark);
	f->mark = mark;
}

/* One look at the table. The first after connecting (no mark) only finds out where to go on from:
 * what happened before is met by the flush. */
static enum err feed_look(struct db_change_log *f)
{
	ARENA_AUTO *arena = arena_new((size_t)4 << 20);
	int64_t at_us = clock_boot_us();
	struct look l = { .from = f->mark, .arena = arena };
	if (!arena)
		return ERR_NOMEM;
	enum err e = db_snapshot_run(f->conn, look_read, &l);
	char *mark = e == ERR_OK ? strndup(l.mark.p, l.mark.n) : NULL;
	if (!mark)
		return e == ERR_OK ? ERR_NOMEM : e;
	bool asleep = at_us - atomic_load(&f->validated_at_us) > ASLEEP_US;
	if (!l.from || l.many || asleep)
		tell_flush(f);
	for (size_t i = 0; i < l.count && !l.many; i++)
		tell_row(f, &l.rows[i]);
	mark_set(f, mark);
	atomic_store(&f->validated_at_us, at_us);
	f->to.proven(f->to.ctx, at_us);
	return ERR_OK;
}

static bool feed_closing(struct db_change_log *f)
{
	pthread_mutex_lock(&f->lock);
	bool closing = f->closing;
	pthread_mutex_unlock(&f->lock);
	return closing;
}

static void feed_pause(struct db_change_log *f, int64_t ms)
{
	const int64_t end_us = clock_monotonic_us() + ms * 1000;
	pthread_mutex_lock(&f->lock);
	if (!f->closing)
		(void)thread_cond_wait_until(&f->wake, &f->lock, end_us);
	pthread_mutex_unlock(&f->lock);
}

/* Half of the pause is chance, so that many processes do not come back at the same moment. */
static int64_t retry_ms(unsigned tries)
{
	int64_t most = RETRY_FIRST_MS;
	uint16_t chance = 0;
	while (tries-- > 0 && most < RETRY_MOST_MS)
		most *= 2;
	if (most > RETRY_MOST_MS)
		most = RETRY_MOST_MS;
	(void)!getrandom(&chance, sizeof chance, 0);
	return most / 2 + most / 2 * chance / UINT16_MAX;
}

static void feed_disconnect(struct db_change_log *f)
{
	atomic_store(&f->live, false);
	db_conn_close(f->conn);
	f->conn = NULL;
}

static enum err feed_connect(struct db *db, struct db_change_log *f)
{
	char why[DB_WHY_SIZE] = "";
	enum err e = db_conn_open(db, false, &f->conn, why);
	atomic_store(&f->lost, e != ERR_OK);
	mark_set(f, NULL);
	if (e == ERR_OK)
		e = db_error(f->conn, "listen", db->driver->listen(f->conn->handle));
	if (e == ERR_OK)
		e = feed_look(f);
	atomic_store(&f->live, e == ERR_OK);
	if (e != ERR_OK) {
		LOG(db->log, LOG_WARN, "feed_broken", log_z("err", err_name(e)), log_z("why", why));
		feed_disconnect(f);
	}
	return e;
}

static enum err feed_wait(struct db *db, struct db_change_log *f)
{
	bool changed = false;
	enum err e = db->driver->wait(f->conn->handle, WAIT_MS, &changed);
	if (e == ERR_OK)
		e = feed_look(f);
	if (e != ERR_OK) {
		LOG(db->log, LOG_WARN, "feed_broken", log_z("err", err_name(e)),
			log_z("why", db->driver->message(f->conn->handle)));
		atomic_fetch_add(&f->breaks, 1);
		feed_disconnect(f);
	}
	return e;
}

static void feed_run(struct db *db, struct db_change_log *f)
{
	unsigned tries = 0;
	while (!feed_closing(f)) {
		if (f->conn) {
			(void)!feed_wait(db, f); /* broken: we connect anew */
		} else if (feed_connect(db, f) == ERR_OK) {
			tries = 0;
		} else {
			feed_pause(f, retry_ms(tries++));
		}
	}
	feed_disconnect(f);
	mark_set(f, NULL);
}

static void *feed_main(void *arg)
{
	struct db *db = arg;
	struct db_scope scope;
	if (db_scope_enter(&scope, db) != ERR_OK)
		return NULL;
	feed_run(db, &db->feed);
	db_scope_leave(&scope);
	return NULL;
}

/* ---- starting and stopping ---- */

enum err db_change_log_start(struct db *db, const struct db_subscriber *s)
{
	struct db_change_log *f = &db->feed;
	if (f->running)
		return ERR_CONFLICT;
	f->to = *s;
	f->closing = false;
	atomic_store(&f->validated_at_us, clock_boot_us());
	f->running = thread_start(&f->thread, feed_main, db);
	return f->running ? ERR_OK : ERR_UNAVAILABLE;
}

void db_change_log_stop(struct db *db)
{
	struct db_change_log *f = &db->feed;
	if (!f->running)
		return;
	pthread_mutex_lock(&f->lock);
	f->closing = true;
	pthread_cond_signal(&f->wake);
	pthread_mutex_unlock(&f->lock);
	pthread_join(f->thread, NULL);
	f->running = false;
	f->to = (struct db_subscriber){ NULL, NULL, NULL, NULL };
}

struct db_change_log_stats db_change_log_stats_get(struct db *db)
{
	struct db_change_log *f = &db->feed;
	return (struct db_change_log_stats){ .running = f->running,
		.live = atomic_load(&f->live),
		.lost = atomic_load(&f->lost),
		.age_us = clock_boot_us() - atomic_load(&f->validated_at_us),
		.changes = atomic_load(&f->changes),
		.flushes = atomic_load(&f->flushes),
		.breaks = atomic_load(&f->breaks) };
}

bool db_lost(struct db *db)
{
	return atomic_load_explicit(&db->feed.lost, memory_order_relaxed);
}

/* ---- purging ---- */

static enum err marks_batch(struct db_sweeper *s, void *arg, struct db_batch *b)
{
	(void)arg;
	(void)b; /* one for each connection there was */
	return db_marks_purge(s->db);
}

enum err db_changes_purge(struct db_sweeper *s)
{
	const struct db_sweep steps[] = {
		{ .name = "changes", .query = QUERY_CHANGE_PURGE, .before_s = s->now_s - KEEP_S },
		{ .name = "transaction_marks", .batch = marks_batch },
	};

	return db_sweep_all(s, steps, COUNT(steps));
}
