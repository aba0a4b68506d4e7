/* postern db copy: copies every table to another database, SQLite or PostgreSQL, in batches that
 * commit, so that an interrupted run goes on where it stopped. At the end both sides are read
 * again and compared by row count and checksum. An unfinished target is marked, and every other
 * command refuses it. */
#include "copy.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum {
	BATCH_FIRST_ROWS = 16, /* the first batch of a table, whose rows may be large */
	BATCH_MAX_ROWS = 4096,
	BATCH_WANTED_BYTES = 1 << 20, /* above: half as many rows in the next batch */
	BATCH_MAX_BYTES = 512 << 20,  /* the first rows of a table may be pictures */
	VALUES_MAX = 100,             /* columns of one table */
};

/* What belongs to the running programs of one database and not to the newsroom: which entries of
 * their caches to drop. The numbers in it are the engine's own. */
static const char *const left_out[] = { "change" };

static bool is_left_out(size_t table)
{
	for (size_t i = 0; i < COUNT(left_out); i++)
		if (strcmp(db_tables[table].name, left_out[i]) == 0)
			return true;
	return false;
}

/* ---- a batch of rows, kept because a transaction may run again ---- */
struct batch {
	struct arena *arena;
	size_t table, max, count, bytes;
	struct db_param *values; /* count * columns */
};

static enum err batch_add(void *arg, const struct db_param *values)
{
	struct batch *b = arg;
	size_t columns = db_tables[b->table].columns;
	struct db_param *row = &b->values[b->count * columns];
	for (size_t i = 0; i < columns; i++) {
		row[i] = values[i];
		if (!values[i].s.n || (values[i].type != DB_TEXT && values[i].type != DB_BLOB))
			continue;
		row[i].s = arena_str(b->arena, values[i].s);
		b->bytes += values[i].s.n;
		if (!row[i].s.p)
			return ERR_NOMEM;
	}
	b->count++;
	return ERR_OK;
}

static enum err batch_read(struct db_conn *from, const struct db_param *after, struct batch *b)
{
	b->count = b->bytes = 0;
	b->values =
		arena_alloc(b->arena, b->max * db_tables[b->table].columns * sizeof b->values[0]);
	if (!b->values)
		return ERR_NOMEM;
	return db_table_rows(
		from, b->table, (struct db_table_range){ after, b->max }, batch_add, b);
}

static const struct db_param *batch_last(const struct batch *b)
{
	return &b->values[(b->count - 1) * db_tables[b->table].columns];
}

/* More rows as long as they are small: a picture is a thousand times as large as a session. */
static size_t batch_next_max(const struct batch *b)
{
	if (b->bytes > BATCH_WANTED_BYTES)
		return b->max > 1 ? b->max / 2 : 1;
	return b->bytes < BATCH_WANTED_BYTES / 4 && b->max < BATCH_MAX_ROWS ? b->max * 2 : b->max;
}

static enum err batch_write_tx(struct db_conn *c, void *arg)
{
	const struct batch *b = arg;
	return db_table_insert(c, b->table, b->values, b->count);
}

/* ---- keys: where the batch before ended ---- */
struct key {
	struct arena *arena;
	size_t table;
	struct db_param values[VALUES_MAX];
	bool there;
};

static enum err key_store(void *arg, const struct db_param *values)
{
	struct key *k = arg;
	size_t keys = db_tables[k->table].keys;
	for (size_t i = 0; i < keys && i < VALUES_MAX; i++) {
		k->values[i] = values[i];
		if (values[i].s.n && !(k->values[i].s = arena_str(k->arena, values[i].s)).p)
			return ERR_NOMEM;
	}
	k->there = true;
	return ERR_OK;
}

static enum err key_last_read(struct db_conn *c, void *arg)
{
	struct key *k = arg;
	enum err e = db_table_last(c, k->table, key_store, k);
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

/* ---- copying one table ---- */
/* One table on its way. done and all count rows. */
struct table_copy {
	const struct copy *copy;
	struct db_conn *from; /* inside the one snapshot of the whole copy */
	size_t table, max;
	int64_t done, all;
	bool end;
};

/* One batch behind `*k`, which then is its last key, in an arena of the batch. */
static enum err table_step(struct table_copy *t, struct key *k)
{
	struct arena *arena = arena_new(BATCH_MAX_BYTES);
	struct batch b = { .arena = arena, .table = t->table, .max = t->max };
	enum err e = arena ? batch_read(t->from, k->there ? k->values : NULL, &b) : ERR_NOMEM;
	if (e == ERR_OK && b.count > 0)
		e = db_tx_each(t->copy->to, batch_write_tx, &b);
	if (e == ERR_OK && b.count > 0) {
		struct arena *before = k->arena;
		k->arena = arena_new(BATCH_MAX_BYTES);
		e = k->arena ? key_store(k, batch_last(&b)) : ERR_NOMEM;
		arena_free(before);
	}
	t->done += e == ERR_OK ? (int64_t)b.count : 0;
	t->end = b.count < b.max;
	t->max = batch_next_max(&b);
	arena_free(arena);
	return e;
}

static enum err rows_count(struct db_conn *c, void *arg)
{
	struct table_copy *t = arg;
	return db_table_rows_count(c, t->table, &t->done);
}

static enum err table_copy(struct table_copy *t)
{
	struct key k = { .arena = arena_new(BATCH_MAX_BYTES), .table = t->table };
	t->max = BATCH_FIRST_ROWS;
	enum err e = k.arena ? db_table_rows_count(t->from, t->table, &t->all) : ERR_NOMEM;
	if (e == ERR_OK)
		e = db_read(t->copy->to, rows_count, t);
	if (e == ERR_OK)
		e = db_read(t->copy->to, key_last_read, &k);
	while (e == ERR_OK && !t->end) {
		e = table_step(t, &k);
		if (e == ERR_OK)
			e = t->copy->progress(
				t->copy->ctx, &(struct copy_progress){ db_tables[t->table].name,
						      false, t->done, t->all });
	}
	arena_free(k.arena);
	return e;
}

/* ---- comparing one table ---- */
static void hash_row(uint8_t sum[static HASH_BYTES], const struct db_param *v, size_t columns)
{
	uint8_t joined[HASH_BYTES + 2 * sizeof(int64_t)];
	for (size_t i = 0; i < columns; i++) {
		const int64_t head[2] = { v[i].type,
			v[i].type == DB_INT ? v[i].i : (int64_t)v[i].s.n };
		memcpy(joined, sum, HASH_BYTES);
		memcpy(joined + HASH_BYTES, head, sizeof head);
		crypto_digest((struct str){ (const char *)joined, sizeof joined }, sum);
		if (v[i].type != DB_TEXT && v[i].type != DB_BLOB)
			continue;
		uint8_t two[2 * HASH_BYTES];
		memcpy(two, sum, HASH_BYTES);
		crypto_digest(v[i].s, two + HASH_BYTES);
		crypto_digest((struct str){ (const char *)two, sizeof two }, sum);
	}
}

/* A key as a person can look for it: text as it is, bytes in hexadecimal. */
static void key_print(char out[static COPY_KEY_SIZE], const struct db_param *v, size_t keys)
{
	size_t n = 0;
	for (size_t i = 0; i < keys && n + 24 < COPY_KEY_SIZE; i++) {
		if (i)
			out[n++] = ' ';
		if (v[i].type == DB_INT)
			n += (size_t)snprintf(
				out + n, COPY_KEY_SIZE - n, "%lld", (long long)v[i].i);
		for (size_t at = 0; at < v[i].s.n && n + 3 < COPY_KEY_SIZE; at++) {
			unsigned char byte = (unsigned char)v[i].s.p[at];
			n += (size_t)snprintf(out + n, COPY_KEY_SIZE - n,
				v[i].type == DB_TEXT && isprint(byte) ? "%c" : "%02x", byte);
		}
	}
	out[n] = '\0';
}

static bool values_equal(const struct db_param *a, const struct db_param *b, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (a[i].type != b[i].type || a[i].i != b[i].i || !str_eq(a[i].s, b[i].s))
			return false;
	return true;
}

/* Each side is read on its own: behind a first difference the two drift apart. */
struct side {
	struct db_conn *from; /* the source's snapshot, or NULL: */
	struct db *to;
	struct key key;
	struct batch batch;
	bool end;
};

static enum err side_batch(struct db_conn *c, void *arg)
{
	struct side *s = arg;
	return batch_read(c, s->key.there ? s->key.values : NULL, &s->batch);
}

static enum err side_read(struct side *s, struct arena *arena, size_t max)
{
	s->batch = (struct batch){ .arena = arena, .table = s->key.table, .max = max };
	if (s->end)
		return ERR_OK;
	enum err e = s->from ? side_batch(s->from, s) : db_read(s->to, side_batch, s);
	s->end = s->batch.count < max;
	return e;
}

static enum err side_advance(struct side *s)
{
	struct arena *arena = arena_new(BATCH_MAX_BYTES);
	arena_free(s->key.arena);
	s->key.arena = arena;
	if (!arena)
		return ERR_NOMEM;
	return s->batch.count ? key_store(&s->key, batch_last(&s->batch)) : ERR_OK;
}

static void batch_hash(const struct batch *b, uint8_t sum[static HASH_BYTES], int64_t *rows)
{
	size_t columns = db_tables[b->table].columns;
	for (size_t i = 0; i < b->count; i++)
		hash_row(sum, &b->values[i * columns], columns);
	*rows += (int64_t)b->count;
}

static void batches_compare(const struct batch *a, const struct batch *b, struct copy_result *r)
{
	const struct db_table *t = &db_tables[a->table];
	batch_hash(a, r->from_sum, &r->from_rows);
	batch_hash(b, r->to_sum, &r->to_rows);
	for (size_t i = 0; !*r->differs && (i < a->count || i < b->count); i++) {
		const struct db_param *x = &a->values[i * t->columns];
		const struct db_param *y = &b->values[i * t->columns];
		if (i >= a->count || i >= b->count || !values_equal(x, y, t->columns))
			key_print(r->differs, i < a->count ? x : y, t->keys);
	}
}

static enum err compare_step(struct side *a, struct side *b, size_t *max, struct copy_result *r)
{
	struct arena *arena = arena_new((size_t)2 * BATCH_MAX_BYTES);
	enum err e = arena ? side_read(a, arena, *max) : ERR_NOMEM;
	if (e == ERR_OK)
		e = side_read(b, arena, *max);
	if (e == ERR_OK) {
		batches_compare(&a->batch, &b->batch, r);
		*max = batch_next_max(a->batch.count ? &a->batch : &b->batch);
		e = side_advance(a);
	}
	if (e == ERR_OK)
		e = side_advance(b);
	arena_free(arena);
	return e;
}

/* Row by row in the order of the keys, with a checksum of each side; the first difference is
 * remembered. */
static enum err table_compare(
	const struct copy *c, struct db_conn *from, size_t table, bool *differs)
{
	struct side a = { .from = from, .key = { .table = table } };
	struct side b = { .to = c->to, .key = { .table = table } };
	struct copy_result r = { .table = db_tables[table].name };
	size_t max = BATCH_FIRST_ROWS;
	int64_t all = 0;
	enum err e = db_table_rows_count(from, table, &all);
	while (e == ERR_OK && (!a.end || !b.end)) {
		e = compare_step(&a, &b, &max, &r);
		if (e == ERR_OK)
			e = c->progress(
				c->ctx, &(struct copy_progress){ r.table, true, r.from_rows, all });
	}
	arena_free(a.key.arena);
	arena_free(b.key.arena);
	if (e != ERR_OK)
		return e;
	*differs = *differs || *r.differs || r.from_rows != r.to_rows ||
		   memcmp(r.from_sum, r.to_sum, HASH_BYTES) != 0;
	c->compared(c->ctx, &r);
	return ERR_OK;
}

/* ---- the whole ---- */
struct whole {
	const struct copy *copy;
	char *why;
	const char *table; /* under way */
	bool copies, differs;
};

static enum err whole_read(struct db_conn *from, void *arg)
{
	struct whole *w = arg;
	enum err e = ERR_OK;
	w->differs = false;
	for (size_t i = 0; w->copies && i < db_table_count && e == ERR_OK; i++) {
		struct table_copy t = { .copy = w->copy, .from = from, .table = i };
		w->table = db_tables[i].name;
		if (!is_left_out(i))
			e = table_copy(&t);
	}
	for (size_t i = 0; i < db_table_count && e == ERR_OK; i++) {
		w->table = db_tables[i].name;
		if (!is_left_out(i))
			e = table_compare(w->copy, from, i, &w->differs);
	}
	return e;
}

static enum err copy_refuse(char why[static COPY_WHY_SIZE], enum err e, const char *text)
{
	snprintf(why, COPY_WHY_SIZE, "%s", text);
	return e;
}

static enum err whole_run(struct whole *w)
{
	enum err e = db_read(w->copy->from, whole_read, w);
	if (e != ERR_OK)
		snprintf(w->why, COPY_WHY_SIZE, "table %s: %s; see the lines above, if any",
			w->table, err_name(e));
	return e == ERR_OK && w->differs ? copy_refuse(w->why, ERR_CORRUPT,
						   "the two databases differ, as the table shows")
					 : e;
}

/* ---- whether the target may be written ---- */
struct target {
	const struct copy *copy;
	char mark[DB_COPY_SIZE];
	const char *filled; /* a table with data, or NULL */
};

static enum err target_look(struct db_conn *c, void *arg)
{
	struct target *t = arg;
	t->filled = NULL;
	enum err e = db_copy_mark_get(c, t->mark);
	for (size_t i = 0; e == ERR_OK && i < db_table_count; i++) {
		int64_t rows = 0;
		e = db_table_rows_count(c, i, &rows);
		if (!is_left_out(i) && rows != db_tables[i].seeded)
			t->filled = db_tables[i].name;
	}
	return e;
}

/* The rows that the migrations put in come from the source like all others. */
static enum err target_begin(struct db_conn *c, void *arg)
{
	const struct target *t = arg;
	enum err e = db_copy_mark_set(c, t->copy->source);
	for (size_t i = db_table_count; e == ERR_OK && i-- > 0;)
		e = db_table_wipe(c, i);
	return e;
}

static enum err target_end(struct db_conn *c, void *arg)
{
	(void)arg;
	return db_copy_mark_set(c, "");
}

/* Marks the target before the first row is copied, so that no program serves from half a copy. */
static enum err target_prepare(const struct copy *c, char why[static COPY_WHY_SIZE])
{
	struct target t = { .copy = c };
	enum err e = db_read(c->to, target_look, &t);
	if (e != ERR_OK)
		return copy_refuse(why, e, "the target cannot be read");
	if (strcmp(t.mark, c->source) == 0)
		return ERR_OK; /* taken up again */
	if (*t.mark) {
		snprintf(why, COPY_WHY_SIZE,
			"the target holds an unfinished copy of %s; finish that one, or name an "
			"empty database",
			t.mark);
		return ERR_CONFLICT;
	}
	if (t.filled) {
		snprintf(why, COPY_WHY_SIZE,
			"the target has data of its own (in table %s); name an empty database",
			t.filled);
		return ERR_CONFLICT;
	}
	e = db_tx(c->to, target_begin, &t);
	return e == ERR_OK ? e : copy_refuse(why, e, "the target cannot be written");
}

static enum err source_check(const struct copy *c, char why[static COPY_WHY_SIZE])
{
	struct db_version v = { 0 };
	enum err e = db_version(c->from, &v);
	if (e != ERR_OK)
		return copy_refuse(why, e, "the source cannot be read");
	if (v.found == v.wanted)
		return ERR_OK;
	snprintf(why, COPY_WHY_SIZE,
		"the source has schema version %d and this program %d; run postern db migrate on "
		"the source first",
		v.found, v.wanted);
	return ERR_CONFLICT;
}

enum err cli_copy_run(const struct copy *c, char why[static COPY_WHY_SIZE])
{
	struct whole w = { .copy = c, .why = why, .table = "", .copies = true };
	char words[256] = "";
	enum err e = source_check(c, why);
	if (e != ERR_OK)
		return e;
	e = db_migrate(c->to, words);
	if (e != ERR_OK)
		return copy_refuse(why, e, words);
	e = target_prepare(c, why);
	if (e == ERR_OK)
		e = whole_run(&w);
	if (e != ERR_OK)
		return e;
	e = db_tx(c->to, target_end, NULL);
	return e == ERR_OK ? e : copy_refuse(why, e, "the target cannot be written");
}

enum err cli_copy_compare(const struct copy *c, char why[static COPY_WHY_SIZE])
{
	struct whole w = { .copy = c, .why = why, .table = "" };
	enum err e = source_check(c, why);
	return e == ERR_OK ? whole_run(&w) : e;
}
