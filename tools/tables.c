/* tables: what copies a database from one engine to the other is written from the schema, so that a
 * table of a new migration is copied without anybody thinking of it. */
#include "schemac.h"

#include <string.h>

/* NULL when it cannot be prepared. */
static sqlite3_stmt *tables_ask(
	sqlite3 *db, const char *before, const char *name, const char *behind)
{
	char sql[256];
	sqlite3_stmt *st = NULL;
	snprintf(sql, sizeof sql, "%s%s%s", before, name, behind);
	return sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK ? st : NULL;
}

static void table_column_add(struct table *t, sqlite3_stmt *st)
{
	if (t->column_count < COLUMNS_MAX)
		snprintf(t->columns[t->column_count++], WORD_SIZE, "%s",
			(const char *)sqlite3_column_text(st, 0));
}

static const char *table_read(sqlite3 *db, struct table *t)
{
	sqlite3_stmt *st = tables_ask(db, "SELECT name, pk FROM pragma_table_info('", t->name,
		"') ORDER BY pk = 0, pk, cid");
	while (st && sqlite3_step(st) == SQLITE_ROW) {
		t->key_count += sqlite3_column_int(st, 1) > 0;
		table_column_add(t, st);
	}
	sqlite3_finalize(st);
	st = tables_ask(db, "SELECT COUNT(*) FROM ", t->name, "");
	if (st && sqlite3_step(st) == SQLITE_ROW)
		t->seeded = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	if (t->column_count == COLUMNS_MAX)
		return "has too many columns";
	return t->key_count > 0 ? NULL : "has no primary key, and could not be copied in order";
}

static struct table *table_named(struct tables *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->all[i].name, name) == 0)
			return &s->all[i];
	return NULL;
}

static bool parents_placed(sqlite3 *db, struct tables *s, const struct table *t)
{
	bool all = true;
	sqlite3_stmt *st = tables_ask(
		db, "SELECT DISTINCT \"table\" FROM pragma_foreign_key_list('", t->name, "')");
	while (st && sqlite3_step(st) == SQLITE_ROW) {
		const struct table *p = table_named(s, (const char *)sqlite3_column_text(st, 0));
		all = all && p && p->placed;
	}
	sqlite3_finalize(st);
	return all;
}

static bool table_place_next(sqlite3 *db, struct tables *s, size_t at)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->all[i].placed || !parents_placed(db, s, &s->all[i]))
			continue;
		s->all[i].placed = true;
		s->order[at] = i;
		return true;
	}
	return false;
}

/* NULL, or what is wrong, with the table in `*which`. */
const char *tables_read(sqlite3 *db, struct tables *s, const char **which)
{
	sqlite3_stmt *st = tables_ask(
		db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name", "", "");
	while (st && sqlite3_step(st) == SQLITE_ROW && s->count < TABLES_MAX)
		snprintf(s->all[s->count++].name, WORD_SIZE, "%s",
			(const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	for (size_t i = 0; i < s->count; i++) {
		const char *why = table_read(db, &s->all[i]);
		*which = s->all[i].name;
		if (why)
			return why;
	}
	for (size_t i = 0; i < s->count; i++) {
		*which = "a table";
		if (!table_place_next(db, s, i))
			return "points to itself or in a circle, and could not be copied in order";
	}
	return s->count < TABLES_MAX ? NULL : "too many tables";
}

/* ---- output ---- */
static void names_write(FILE *f, const struct table *t, int count, const char *end)
{
	for (int i = 0; i < count; i++)
		fprintf(f, "%s%s%s", i ? ", " : "", t->columns[i], end);
}

static void numbers_write(FILE *f, int count)
{
	for (int i = 1; i <= count; i++)
		fprintf(f, "%s$%d", i > 1 ? ", " : "", i);
}

static void text_end(FILE *f, int params, int columns)
{
	fprintf(f, "\", NULL, %d, %d },\n", params, columns);
}

static void text_begin(FILE *f, const struct table *t, const char *what)
{
	fprintf(f, "\t\t{ \"%s_%s\", \"", t->name, what);
}

static void table_rows_write(FILE *f, const struct table *t, bool next)
{
	text_begin(f, t, next ? "next" : "first");
	fputs("SELECT ", f);
	names_write(f, t, t->column_count, "");
	fprintf(f, " FROM %s", t->name);
	if (next) {
		fputs(" WHERE (", f);
		names_write(f, t, t->key_count, "");
		fputs(") > (", f);
		numbers_write(f, t->key_count);
		fputs(")", f);
	}
	fputs(" ORDER BY ", f);
	names_write(f, t, t->key_count, "");
	fprintf(f, " LIMIT $%d", next ? t->key_count + 1 : 1);
	text_end(f, next ? t->key_count + 1 : 1, t->column_count);
}

static void table_write(FILE *f, const struct table *t)
{
	fprintf(f, "\t{ \"%s\", %d, %d, %lld, {\n", t->name, t->column_count, t->key_count,
		t->seeded);
	table_rows_write(f, t, false);
	table_rows_write(f, t, true);
	text_begin(f, t, "last");
	fputs("SELECT ", f);
	names_write(f, t, t->key_count, "");
	fprintf(f, " FROM %s ORDER BY ", t->name);
	names_write(f, t, t->key_count, " DESC");
	fputs(" LIMIT 1", f);
	text_end(f, 0, t->key_count);
	text_begin(f, t, "insert");
	fprintf(f, "INSERT INTO %s (", t->name);
	names_write(f, t, t->column_count, "");
	fputs(") VALUES (", f);
	numbers_write(f, t->column_count);
	fputs(")", f);
	text_end(f, t->column_count, 0);
	text_begin(f, t, "count");
	fprintf(f, "SELECT COUNT(*) FROM %s", t->name);
	text_end(f, 0, 1);
	text_begin(f, t, "wipe");
	fprintf(f, "DELETE FROM %s", t->name);
	text_end(f, 0, 0);
	fputs("\t} },\n", f);
}

void tables_write(FILE *f, const struct tables *s)
{
	fputs("\nconst struct db_table db_tables[] = {\n", f);
	for (size_t i = 0; i < s->count; i++)
		table_write(f, &s->all[s->order[i]]);
	fputs("\t{ NULL, 0, 0, 0, { { NULL, NULL, NULL, 0, 0 } } },\n};\n", f);
	fprintf(f, "const size_t db_table_count = %zu;\n", s->count);
}
