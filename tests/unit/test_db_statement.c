/* One call: parameters in, columns out, and which error each trouble is. */
#include "db_help.h"

struct kind {
	int64_t n;
	bool n_there;
	char t[8];
	struct str t_all;
	uint8_t b[4];
	struct str b_all;
};
static const struct db_column kind_columns[] = { DB_COL_INT(struct kind, n),
	DB_COL_INT(struct kind, n_there), DB_COL_CHARS(struct kind, t),
	DB_COL_TEXT(struct kind, t_all), DB_COL_BYTES(struct kind, b),
	DB_COL_BLOB(struct kind, b_all) };
static const struct db_shape kind_shape = DB_SHAPE(struct kind, kind_columns);

struct get {
	struct db_call call;
	struct kind row;
	struct db_param params[4];
};
static enum err get_fn(struct db_conn *c, void *arg)
{
	struct get *g = arg;
	return db_get(c, &g->call, &g->row);
}

static enum err kind_get(struct db *db, struct arena *a, const char *id, struct kind *row)
{
	struct get g = { .params = { db_z(id) } };
	memset(&g.row, 0x5a, sizeof g.row);
	g.call = (struct db_call){ .query = (enum query)Q_KIND_GET,
		.params = g.params,
		.param_count = 1,
		.shape = &kind_shape,
		.arena = a };
	enum err e = db_read(db, get_fn, &g);
	*row = g.row;
	return e;
}

/* Goal: what goes in comes out, each kind, with NULL and empty told apart in the database. */
static void test_each_kind(void **state)
{
	struct fixture *f = *state;
	static const char bytes[] = "\0\1\2\xff";
	static const struct {
		const char *id;
		struct db_param n, t, b;
		struct kind want;
	} rows[] = {
		{ "full", { DB_INT, INT64_MIN, { 0 } }, { DB_TEXT, 0, { "sieben7", 7 } },
			{ DB_BLOB, 0, { bytes, 4 } },
			{ INT64_MIN, true, "sieben7", { "sieben7", 7 }, { 0, 1, 2, 0xff },
				{ bytes, 4 } } },
		{ "null", { .type = DB_NULL }, { .type = DB_NULL }, { .type = DB_NULL },
			{ 0, false, "", { "", 0 }, { 0 }, { "", 0 } } },
		{ "zero", { DB_INT, 0, { 0 } }, { DB_TEXT, 0, { NULL, 0 } }, { .type = DB_NULL },
			{ 0, false, "", { "", 0 }, { 0 }, { "", 0 } } },
		{ "utf8", { DB_INT, INT64_MAX, { 0 } },
			{ DB_TEXT, 0, { "\xc3\xa4\xe2\x82\xac", 5 } }, { .type = DB_NULL },
			{ INT64_MAX, true, "\xc3\xa4\xe2\x82\xac", { "\xc3\xa4\xe2\x82\xac", 5 },
				{ 0 }, { "", 0 } } },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct put p = { Q_KIND_PUT, { db_z(rows[i].id), rows[i].n, rows[i].t, rows[i].b },
			4, 0 };
		assert_int_equal(db_tx(f->db, put_fn, &p), ERR_OK);
		assert_int_equal(p.changed, 1);
		ARENA_AUTO *a = arena_new(4096);
		struct kind row;
		const struct kind *want = &rows[i].want;
		assert_int_equal(kind_get(f->db, a, rows[i].id, &row), ERR_OK);
		assert_int_equal(row.n, want->n);
		assert_int_equal(row.n_there, want->n_there);
		assert_string_equal(row.t, want->t);
		assert_true(str_eq(row.t_all, want->t_all) && row.t_all.p);
		assert_memory_equal(row.b, want->b, 4);
		assert_true(str_eq(row.b_all, want->b_all) && row.b_all.p);
	}
}

/* Goal: a row that has not the shape we expect is ERR_CORRUPT and leaves the caller's row alone. */
static void test_corrupt_rows(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *id;
		struct db_param n, t, b;
	} rows[] = {
		{ "text too long", { .type = DB_NULL }, { DB_TEXT, 0, { "achtacht", 8 } },
			{ .type = DB_NULL } },
		{ "blob too short", { .type = DB_NULL }, { .type = DB_NULL },
			{ DB_BLOB, 0, { "abc", 3 } } },
		{ "blob too long", { .type = DB_NULL }, { .type = DB_NULL },
			{ DB_BLOB, 0, { "abcde", 5 } } },
		{ "blob empty", { .type = DB_NULL }, { .type = DB_NULL },
			{ DB_BLOB, 0, { NULL, 0 } } },
		{ "text for number", { DB_TEXT, 0, { "x", 1 } }, { .type = DB_NULL },
			{ .type = DB_NULL } },
		{ "blob for text", { .type = DB_NULL }, { DB_BLOB, 0, { "x", 1 } },
			{ .type = DB_NULL } },
	};
	/* The last two are of a type that PostgreSQL does not let in. */
	for (size_t i = 0; i < COUNT(rows) - (on_postgres() ? 2 : 0); i++) {
		struct put p = { Q_KIND_PUT, { db_z(rows[i].id), rows[i].n, rows[i].t, rows[i].b },
			4, 0 };
		assert_int_equal(db_tx(f->db, put_fn, &p), ERR_OK);
		ARENA_AUTO *a = arena_new(4096);
		struct kind row;
		assert_int_equal(kind_get(f->db, a, rows[i].id, &row), ERR_CORRUPT);
		assert_int_equal((unsigned char)row.t[0], 0x5a);
	}
	struct count c = { Q_KIND_FLOAT, 7 };
	assert_int_equal(db_read(f->db, count_fn, &c), ERR_CORRUPT);
	assert_int_equal(c.n, 7);
}

/* Goal: parameters go by number, not by the order in which the text names them. */
static void test_parameters_by_number(void **state)
{
	struct fixture *f = *state;
	ARENA_AUTO *a = arena_new(4096);
	assert_int_equal(kind_put(f->db, "a", 5), ERR_OK);
	struct get g = { .params = { db_z("a"), db_int(5) } };
	g.call = (struct db_call){ .query = (enum query)Q_KIND_SWAPPED,
		.params = g.params,
		.param_count = 2,
		.shape = &kind_shape,
		.arena = a };
	assert_int_equal(db_read(f->db, get_fn, &g), ERR_OK);
	assert_int_equal(g.row.n, 5);
}

/* Goal: no row is ERR_NOT_FOUND; an engine that cannot answer never is. */
static void test_not_found_is_not_trouble(void **state)
{
	struct fixture *f = *state;
	ARENA_AUTO *a = arena_new(4096);
	struct kind row;
	assert_int_equal(kind_get(f->db, a, "nobody", &row), ERR_NOT_FOUND);
	struct count c = { Q_BROKEN, 7 };
	assert_int_equal(db_read(f->db, count_fn, &c), ERR_INTERNAL);
	assert_int_equal(c.n, 7);
}

/* Goal: which constraint is whose fault. */
static void test_constraints(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(kind_put(f->db, "a", 1), ERR_OK);
	assert_int_equal(kind_put(f->db, "a", 2), ERR_CONFLICT);
	assert_int_equal(kind_put(f->db, "b", -13), ERR_INTERNAL); /* the CHECK */
	struct put orphan = { Q_CHILD_PUT, { db_z("c"), db_z("nobody") }, 2, 0 };
	assert_int_equal(db_tx(f->db, put_fn, &orphan), ERR_CONFLICT);
	struct put quiet = { Q_KIND_PUT_QUIET, { db_z("a") }, 1, -1 };
	assert_int_equal(db_tx(f->db, put_fn, &quiet), ERR_OK);
	assert_int_equal(quiet.changed, 0);
	struct put child = { Q_CHILD_PUT, { db_z("c"), db_z("a") }, 2, 0 };
	assert_int_equal(db_tx(f->db, put_fn, &child), ERR_OK);
	assert_int_equal(count_of(f->db, Q_CHILD_COUNT), 1);
	struct put delete = { Q_KIND_DELETE, { db_z("a") }, 1, 0 };
	assert_int_equal(db_tx(f->db, put_fn, &delete), ERR_OK);
	assert_int_equal(count_of(f->db, Q_CHILD_COUNT), 0);
}

static enum err returning_fn(struct db_conn *c, void *arg)
{
	struct count *to = arg;
	static const struct db_column columns[] = { DB_COL_INT(struct count, n) };
	static const struct db_shape shape = DB_SHAPE(struct count, columns);
	return db_get(c,
		&(struct db_call){ .query = (enum query)Q_CHILD_PUT_RETURNING,
			.shape = &shape,
			DB_PARAMS(db_z("c"), db_z(to->n ? "a" : "nobody")) },
		to);
}

/* Goal: a write that returns rows keeps its keys, though only the first row is wanted. */
static void test_returning(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(kind_put(f->db, "a", 1), ERR_OK);
	struct count to = { 0, 0 };
	assert_int_equal(db_tx(f->db, returning_fn, &to), ERR_CONFLICT);
	to.n = 1;
	assert_int_equal(db_tx(f->db, returning_fn, &to), ERR_OK);
	assert_int_equal(count_of(f->db, Q_CHILD_COUNT), 1);
}

struct item {
	char id[16];
	int64_t n;
};
struct list {
	struct arena *arena;
	size_t max;
	int64_t from;
	struct item *rows;
	size_t count;
};
static enum err list_fn(struct db_conn *c, void *arg)
{
	struct list *l = arg;
	static const struct db_column columns[] = { DB_COL_CHARS(struct item, id),
		DB_COL_INT(struct item, n) };
	static const struct db_shape shape = DB_SHAPE(struct item, columns);
	return db_list(c,
		&(struct db_call){ .query = (enum query)Q_KIND_LIST,
			.shape = &shape,
			.arena = l->arena,
			.max_rows = l->max,
			DB_PARAMS(db_int(l->from)) },
		&l->rows, &l->count);
}

/* Goal: lists of every length up to the maximum, and not one row more. */
static void test_list(void **state)
{
	struct fixture *f = *state;
	static const struct {
		size_t max, arena;
		int64_t from;
		enum err err;
		size_t count;
	} cases[] = {
		{ 100, 65536, 0, ERR_OK, 30 },
		{ 30, 65536, 0, ERR_OK, 30 },
		{ 29, 65536, 0, ERR_TOO_LARGE, 99 },
		{ 1, 65536, 29, ERR_OK, 1 },
		{ 5, 65536, 30, ERR_OK, 0 },
		{ 100, 64, 0, ERR_NOMEM, 99 },
		{ 0, 65536, 0, ERR_INTERNAL, 99 },
	};
	for (int i = 0; i < 30; i++) {
		char id[16];
		snprintf(id, sizeof id, "id%02d", i);
		assert_int_equal(kind_put(f->db, id, i), ERR_OK);
	}
	for (size_t i = 0; i < COUNT(cases); i++) {
		ARENA_AUTO *a = arena_new(cases[i].arena);
		struct list l = { a, cases[i].max, cases[i].from, NULL, 99 };
		assert_int_equal(db_read(f->db, list_fn, &l), cases[i].err);
		assert_int_equal(l.count, cases[i].count);
		if (cases[i].count == 30) {
			assert_string_equal(l.rows[0].id, "id00");
			assert_string_equal(l.rows[29].id, "id29");
			assert_int_equal(l.rows[17].n, 17);
		}
	}
}

/* ---- words, columns that nobody asks for, and statements that are alone ---- */

enum size { SMALL = 1, LARGE };
static enum err size_parse(struct str word, void *member)
{
	enum size size = str_eq(word, STR("small"))   ? SMALL
			 : str_eq(word, STR("large")) ? LARGE
						      : (enum size)0;
	memcpy(member, &size, sizeof size);
	return size ? ERR_OK : ERR_INVALID;
}
struct sized {
	int64_t n;
	enum size size;
};
static const struct db_column sized_columns[] = { DB_COL_WORD(struct sized, size, size_parse),
	DB_COL_INT(struct sized, n) };
static const struct db_shape sized_shape = DB_SHAPE(struct sized, sized_columns);
static const struct db_column unseen_columns[] = { { .kind = DB_TO_NOTHING },
	{ .kind = DB_TO_NOTHING } };
static const struct db_shape unseen_shape = { unseen_columns, COUNT(unseen_columns), 0 };

/* Goal: a word is what its function makes of it; one that it does not know is ERR_CORRUPT. */
static void test_words(void **state)
{
	struct fixture *f = *state;
	const struct db_param from[] = { db_int(2) };
	struct db_call call = { .query = (enum query)Q_KIND_LIST,
		.params = from,
		.param_count = 1,
		.shape = &sized_shape };
	struct sized row = { 0 };

	assert_int_equal(kind_put(f->db, "huge", 1), ERR_OK);
	assert_int_equal(kind_put(f->db, "large", 2), ERR_OK);
	assert_int_equal(db_get_alone(f->db, DB_ALONE_READ, &call, &row), ERR_OK);
	assert_int_equal(row.size, LARGE);
	assert_int_equal(row.n, 2);
	call.params = (const struct db_param[]){ db_int(1) };
	assert_int_equal(db_get_alone(f->db, DB_ALONE_READ, &call, &row), ERR_CORRUPT);
}

/* Goal: a row may be asked for as a yes or no, and a statement alone in any of three ways. */
static void test_alone(void **state)
{
	struct fixture *f = *state;
	static const enum db_alone all[] = { DB_ALONE_READ, DB_ALONE_TX, DB_ALONE_TX_EACH };
	struct db_call look = { .query = (enum query)Q_KIND_LIST,
		.params = (const struct db_param[]){ db_int(0) },
		.param_count = 1,
		.shape = &unseen_shape };
	struct db_call wipe = { .query = (enum query)Q_KIND_WIPE };

	for (size_t i = 0; i < COUNT(all); i++) {
		ARENA_AUTO *a = arena_new(4096);
		struct db_call list = look;
		struct sized *rows = NULL;
		size_t count = 0;
		int64_t changed = 0;

		assert_int_equal(db_get_alone(f->db, all[i], &look, NULL), ERR_NOT_FOUND);
		assert_int_equal(kind_put(f->db, "small", 3), ERR_OK);
		assert_int_equal(db_get_alone(f->db, all[i], &look, NULL), ERR_OK);
		list.shape = &sized_shape;
		list.arena = a;
		list.max_rows = 9;
		assert_int_equal(db_list_alone(f->db, all[i], &list, &rows, &count), ERR_OK);
		assert_int_equal(count, 1);
		assert_int_equal(rows[0].size, SMALL);
		enum err e = db_run_alone(
			f->db, all[i] == DB_ALONE_READ ? DB_ALONE_TX : all[i], &wipe, &changed);
		assert_int_equal(e, ERR_OK);
		assert_int_equal(changed, 1);
	}
	assert_int_equal(db_run_alone(f->db, DB_ALONE_READ, &wipe, NULL), ERR_INTERNAL);
	assert_int_equal(db_run_alone(f->db, (enum db_alone)0, &wipe, NULL), ERR_INTERNAL);
}

/* Goal: a call that the program got wrong is refused, not guessed at. */
static void test_misuse(void **state)
{
	struct fixture *f = *state;
	struct put few = { Q_KIND_PUT, { db_z("a") }, 1, 0 };
	assert_int_equal(db_tx(f->db, put_fn, &few), ERR_INTERNAL);
	struct put untyped = { Q_TOKEN_PUT, { { 0 } }, 1, 0 };
	assert_int_equal(db_tx(f->db, put_fn, &untyped), ERR_INTERNAL);
	struct put nul = { Q_TOKEN_PUT, { { DB_TEXT, 0, { "a\0b", 3 } } }, 1, 0 };
	assert_int_equal(db_tx(f->db, put_fn, &nul), ERR_INVALID);
	struct put unknown = { Q_COUNT, { { 0 } }, 0, 0 };
	assert_int_equal(db_tx(f->db, put_fn, &unknown), ERR_INTERNAL);
	struct put reading = { Q_CHILD_COUNT, { { 0 } }, 0, 0 };
	assert_int_equal(db_tx(f->db, put_fn, &reading), ERR_INTERNAL);
	struct count shapeless = { Q_KIND_GET, 0 };
	assert_int_equal(db_read(f->db, count_fn, &shapeless), ERR_INTERNAL);
	struct kind row;
	assert_int_equal(kind_get(f->db, NULL, "a", &row), ERR_INTERNAL);
}

/* Goal: a snapshot cannot write. */
static void test_readers_only_read(void **state)
{
	struct fixture *f = *state;
	struct put p = { Q_TOKEN_PUT, { db_z("t") }, 1, 0 };
	assert_int_equal(db_read(f->db, put_fn, &p), ERR_INTERNAL);
}

static enum err conflict_swallowed_fn(struct db_conn *c, void *arg)
{
	(void)put_fn(c, arg);
	return ERR_OK;
}

/* Goal: a failed statement is not made good by a function that looks away; the engines would
 * differ. */
static void test_failed_statement_dooms(void **state)
{
	struct fixture *f = *state;
	struct put p = { Q_TOKEN_PUT, { db_z("t") }, 1, 0 };
	assert_int_equal(db_tx(f->db, put_fn, &p), ERR_OK);
	assert_int_equal(db_tx(f->db, conflict_swallowed_fn, &p), ERR_CONFLICT);
	p.params[0] = db_z("u");
	assert_int_equal(db_tx(f->db, conflict_swallowed_fn, &p), ERR_OK);
}

/* Goal: the operator learns the query and the reason of trouble, once, and nothing of what is
 * expected. */
static void test_logged_once(void **state)
{
	struct fixture *f = *state;
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	f->db->log_copy.fd = ends[1];
	assert_int_equal(kind_put(f->db, "a", 1), ERR_OK);
	assert_int_equal(kind_put(f->db, "a", 1), ERR_CONFLICT);
	struct count broken = { Q_BROKEN, 0 }, corrupt = { Q_KIND_FLOAT, 0 };
	assert_int_equal(db_read(f->db, count_fn, &broken), ERR_INTERNAL);
	assert_int_equal(db_read(f->db, count_fn, &corrupt), ERR_CORRUPT);
	char text[4096];
	ssize_t n = read(ends[0], text, sizeof text - 1);
	assert_true(n > 0);
	text[n] = '\0';
	f->db->log_copy.fd = -1;
	close(ends[0]);
	close(ends[1]);
	assert_non_null(strstr(text, "query=broken"));
	assert_non_null(strstr(text, on_postgres() ? "relation \\\"nowhere\\\" does not exist"
						   : "no such table: nowhere"));
	assert_non_null(strstr(text, "query=kind_float"));
	assert_null(strstr(text, "kind_put"));
	int lines = 0;
	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	assert_int_equal(lines, 2);
}

struct slow {
	int64_t upto, n;
	unsigned limit_ms;
	struct arena *a;
};

static enum err slow_fn(struct db_conn *c, void *arg)
{
	struct slow *s = arg;
	static const struct db_column columns[] = { DB_COL_INT(struct slow, n) };
	static const struct db_shape shape = DB_SHAPE(struct slow, columns);
	struct slow *rows = NULL;
	size_t count = 0;
	enum err e = db_list(c,
		&(struct db_call){ .query = (enum query)Q_SLOW,
			DB_PARAMS(db_int(s->upto)),
			.shape = &shape,
			.arena = s->a,
			.max_rows = 1,
			.limit_ms = s->limit_ms },
		&rows, &count);
	if (e == ERR_OK)
		s->n = rows[0].n;
	return e;
}

/* Goal: a list that takes longer than it may ends, and the next one on its connection has all the
 * time it wants. */
static void test_time_limit(void **state)
{
	struct fixture *f = *state;
	ARENA_AUTO *a = arena_new(1 << 20);
	struct slow late = { .upto = 1000000000000, .limit_ms = 20, .a = a };
	struct slow quick = { .upto = 10, .limit_ms = 10000, .a = a };
	struct slow free = { .upto = 300000, .a = a };
	for (int i = 0; i < 8; i++) { /* on each connection at some time */
		assert_int_equal(db_read(f->db, slow_fn, &late), ERR_BUSY);
		assert_int_equal(db_read(f->db, slow_fn, &quick), ERR_OK);
		assert_int_equal(quick.n, 10);
	}
	assert_int_equal(db_read(f->db, slow_fn, &free), ERR_OK);
	assert_int_equal(free.n, 300000);
}

#define ON_DB(test) cmocka_unit_test_setup_teardown(test, fixture_make, fixture_end)
int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_DB(test_each_kind),
		ON_DB(test_corrupt_rows),
		ON_DB(test_parameters_by_number),
		ON_DB(test_not_found_is_not_trouble),
		ON_DB(test_constraints),
		ON_DB(test_returning),
		ON_DB(test_list),
		ON_DB(test_words),
		ON_DB(test_alone),
		ON_DB(test_time_limit),
		ON_DB(test_misuse),
		ON_DB(test_readers_only_read),
		ON_DB(test_failed_statement_dooms),
		ON_DB(test_logged_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
