/* signature: the arguments and the row of a query's function, from its directives.
 *
 *   -- in: token_hash hash, now_s int, name?
 *   -- row: struct account created_at=times.created_at
 *   -- alone: read
 *   -- timed
 *
 * `in` names $1, $2 … in order. One that is named as a column of the statement's tables has that
 * column's type; any other says its own. `row` says where the columns of a result go. */
#include "schemac.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *const type_names[] = {
	[VALUE_INT] = "int",
	[VALUE_BOOL] = "bool",
	[VALUE_TEXT] = "text",
	[VALUE_STR] = "str",
	[VALUE_BYTES] = "bytes",
	[VALUE_HASH] = "hash",
};

/* ---- words ---- */

/* The next word up to a blank, into `out`; false at the end. */
static bool word_next(const struct query *q, const char **p, char out[static WORD_SIZE])
{
	*p += strspn(*p, " \t");
	size_t n = strcspn(*p, " \t");
	if (n >= WORD_SIZE)
		fail(q->at, "%s: '%s' is too long a word", q->name, *p);
	memcpy(out, *p, n);
	out[n] = '\0';
	*p += n;
	return n > 0;
}

/* What stands before the next comma; false at the end. */
static bool item_next(const struct query *q, const char **p, char out[static ITEM_SIZE])
{
	if (!**p)
		return false;
	*p += strspn(*p, " \t");
	size_t n = strcspn(*p, ",");
	if (n == 0 || n >= ITEM_SIZE)
		fail(q->at, "%s: nothing, or too much, stands before a comma", q->name);
	memcpy(out, *p, n);
	out[n] = '\0';
	while (n > 0 && isspace((unsigned char)out[n - 1]))
		out[--n] = '\0';
	*p += strcspn(*p, ",");
	*p += **p == ',';
	return true;
}

static bool is_name(const char *z)
{
	return (islower((unsigned char)*z) || *z == '_') &&
	       z[strspn(z, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

static enum value type_of(const char *word)
{
	for (unsigned i = VALUE_INT; i <= VALUE_HASH; i++)
		if (strcmp(word, type_names[i]) == 0)
			return (enum value)i;
	return VALUE_NONE;
}

/* ---- columns of tables ---- */

static enum value declared_type(const char *sql)
{
	if (!sql)
		return VALUE_NONE;
	if (strcmp(sql, "INTEGER") == 0)
		return VALUE_INT;
	if (strcmp(sql, "TEXT") == 0)
		return VALUE_TEXT;
	return strcmp(sql, "BLOB") == 0 ? VALUE_BYTES : VALUE_NONE;
}

/* VALUE_NONE: no table of the statement has such a column, or two have it and differ. */
static enum value column_type(const struct touched *t, const char *name)
{
	enum value found = VALUE_NONE;
	for (int i = 0; i < t->count; i++) {
		const char *sql = NULL;
		if (sqlite3_table_column_metadata(
			    t->db, NULL, t->tables[i], name, &sql, NULL, NULL, NULL, NULL))
			continue;
		enum value type = declared_type(sql);
		if (found != VALUE_NONE && found != type)
			return VALUE_NONE;
		found = type;
	}
	return found;
}

static bool types_agree(enum value column, enum value said)
{
	switch (column) {
	case VALUE_INT:
		return said == VALUE_INT || said == VALUE_BOOL;
	case VALUE_TEXT:
		return said == VALUE_TEXT || said == VALUE_STR;
	case VALUE_BYTES:
		return said == VALUE_BYTES || said == VALUE_HASH || said == VALUE_STR;
	default:
		return true;
	}
}

/* ---- in ---- */

/* "int", "str[8]", "bytes[16]", "hash" */
static void argument_type(const struct query *q, struct argument *a, char *word)
{
	char *open = strchr(word, '[');
	long n = 0;
	if (open) {
		char *end = NULL;
		*open = '\0';
		n = strtol(open + 1, &end, 10);
		if (strcmp(end, "]") != 0 || n < 1 || n > PARAMS_MAX)
			fail(q->at, "%s: the array '%s' needs a number of 1 to %d in brackets",
				q->name, a->name, PARAMS_MAX);
	}
	a->type = type_of(word);
	if (a->type == VALUE_NONE || a->type == VALUE_BOOL)
		fail(q->at, "%s: '%s' is no type of an argument: int, text, str, bytes or hash",
			q->name, word);
	if (open && a->type == VALUE_STR)
		a->count = (int)n;
	else if (open && a->type == VALUE_BYTES)
		a->bytes = (int)n;
	else if (open)
		fail(q->at, "%s: only str and bytes can be an array", q->name);
	if (a->type == VALUE_HASH)
		a->bytes = HASH_BYTES;
}

static bool mark_cut(char *word)
{
	size_t n = strlen(word);
	bool marked = n > 0 && word[n - 1] == '?';
	if (marked)
		word[n - 1] = '\0';
	return marked;
}

static void argument_settle(const struct query *q, const struct touched *t, struct argument *a)
{
	enum value column = column_type(t, a->name);
	if (a->type == VALUE_NONE && column == VALUE_NONE)
		fail(q->at, "%s: no column of its tables is named '%s': say its type, as '%s int'",
			q->name, a->name, a->name);
	if (a->type == VALUE_NONE && column == VALUE_BYTES)
		fail(q->at, "%s: say whether '%s' is a hash, bytes[16] or bytes of any number",
			q->name, a->name);
	if (a->type == VALUE_NONE)
		a->type = column;
	if (!types_agree(column, a->type))
		fail(q->at, "%s: '%s' is said to be %s, and the column of that name is not",
			q->name, a->name, type_names[a->type]);
	if (a->nullable && (a->type == VALUE_STR || a->type == VALUE_BYTES))
		fail(q->at, "%s: '%s?': only int, text and hash have a value that means NULL",
			q->name, a->name);
}

static void argument_read(struct query *q, const struct touched *t, const char *item)
{
	struct argument *a = &q->arguments[q->argument_count++];
	char type[WORD_SIZE], more[WORD_SIZE];
	*a = (struct argument){ .count = 1 };
	word_next(q, &item, a->name);
	a->nullable = mark_cut(a->name);
	if (word_next(q, &item, type)) {
		a->nullable |= mark_cut(type);
		argument_type(q, a, type);
	}
	if (!is_name(a->name) || word_next(q, &item, more))
		fail(q->at, "%s: an argument is 'name', 'name type' or 'name?', not '%s'", q->name,
			a->name);
	a->max = strcmp(a->name, "max") == 0 && strcmp(q->kind, ":many") == 0;
	if (a->max)
		a->type = VALUE_INT;
	argument_settle(q, t, a);
}

static void arguments_read(struct query *q, const struct touched *t)
{
	const char *p = q->said.in ? q->said.in : "";
	char item[ITEM_SIZE];
	int params = 0;
	while (q->argument_count < PARAMS_MAX && item_next(q, &p, item)) {
		argument_read(q, t, item);
		params += q->arguments[q->argument_count - 1].count;
	}
	if (params != q->params)
		fail(q->at, "%s: has %d parameters, and '-- in:' names %d", q->name, q->params,
			params);
}

/* ---- row ---- */

static bool is_array(enum value type)
{
	return type == VALUE_TEXT || type == VALUE_BYTES;
}

/* "int", "bool", "str", "id", "char[SIZE]", "bytes[SIZE]" */
static void member_type(const struct query *q, struct column *c, const char *word)
{
	char *to = c->size;
	const char *open = strchr(word, '[');
	size_t n = open ? (size_t)(open - word) : strlen(word);
	*to = '\0';
	if (open && strlen(open) > 2 && word[strlen(word) - 1] == ']')
		snprintf(to, WORD_SIZE, "%.*s", (int)strlen(open) - 2, open + 1);
	if (strcmp(word, "id") == 0) {
		c->type = VALUE_TEXT;
		snprintf(to, WORD_SIZE, "ID_SIZE");
	} else if (n == 4 && strncmp(word, "char", 4) == 0) {
		c->type = VALUE_TEXT;
	} else {
		char name[WORD_SIZE];
		snprintf(name, sizeof name, "%.*s", (int)n, word);
		c->type = type_of(name);
	}
	if (c->type == VALUE_NONE || c->type == VALUE_HASH || is_array(c->type) != (*to != '\0'))
		fail(q->at,
			"%s: '%s' is no type of a column: int, bool, id, str, char[SIZE] or "
			"bytes[SIZE]",
			q->name, word);
	if (!types_agree(c->declared, c->type))
		fail(q->at, "%s: the column '%s' cannot be %s", q->name, c->name, word);
}

static void member_default(const struct query *q, struct column *c)
{
	size_t n = strlen(c->name);
	bool id = strcmp(c->name, "id") == 0 || (n > 3 && strcmp(c->name + n - 3, "_id") == 0);
	if (c->declared == VALUE_INT)
		member_type(q, c, "int");
	else if (c->declared == VALUE_TEXT && id)
		member_type(q, c, "id");
	else
		fail(q->at,
			"%s: say in '-- row:' what the column '%s' is: int, bool, id, str, "
			"char[SIZE] or bytes[SIZE]",
			q->name, c->name);
}

static struct column *column_named(struct query *q, const char *name)
{
	for (int i = 0; i < q->columns; i++)
		if (strcmp(q->column[i].name, name) == 0)
			return &q->column[i];
	fail(q->at, "%s: has no column '%s'", q->name, name);
}

/* "column=member" or "column=member by function", of a struct that the room has. */
static void place_read(struct query *q, const char *item)
{
	char pair[WORD_SIZE], by[WORD_SIZE], more[WORD_SIZE];
	word_next(q, &item, pair);
	char *member = strchr(pair, '=');
	if (member)
		*member++ = '\0';
	struct column *c = column_named(q, pair);
	if (member)
		snprintf(c->member, sizeof c->member, "%s", member);
	if (!word_next(q, &item, by))
		return;
	if (strcmp(by, "by") != 0 || !word_next(q, &item, c->parse) || word_next(q, &item, more))
		fail(q->at,
			"%s: a column of a struct is 'column=member' or 'column=member by "
			"function'",
			q->name);
	if (c->declared == VALUE_INT || c->declared == VALUE_BYTES)
		fail(q->at, "%s: '%s' is no text, which a function could read", q->name, c->name);
}

static void row_struct_read(struct query *q, const char *p)
{
	char item[ITEM_SIZE];
	const char *rest = p;
	q->row = ROW_STRUCT;
	word_next(q, &rest, q->row_name);
	if (!is_name(q->row_name))
		fail(q->at, "%s: 'struct' and a name are expected in '-- row:'", q->name);
	rest += strspn(rest, " ");
	if (strncmp(rest, "in arena", 8) == 0) {
		q->arena = true;
		rest += 8;
	}
	rest += strspn(rest, ", ");
	while (item_next(q, &rest, item))
		place_read(q, item);
}

/* "column type", of a struct that is written here. */
static void row_own_read(struct query *q, const char *p)
{
	char item[ITEM_SIZE], name[WORD_SIZE], type[WORD_SIZE];
	q->row = ROW_OWN;
	snprintf(q->row_name, sizeof q->row_name, "%.58s_row", q->name);
	while (item_next(q, &p, item)) {
		const char *rest = item;
		word_next(q, &rest, name);
		if (!word_next(q, &rest, type))
			fail(q->at, "%s: '%s' in '-- row:' says no type", q->name, name);
		member_type(q, column_named(q, name), type);
	}
	for (int i = 0; i < q->columns; i++) {
		struct column *c = &q->column[i];
		if (!is_name(c->name))
			fail(q->at, "%s: column %d is an expression: give it a name with AS",
				q->name, i + 1);
		if (c->type == VALUE_NONE)
			member_default(q, c);
		q->arena |= c->type == VALUE_STR;
	}
}

/* The row of a query before, "as that_query". */
static void row_share(struct query *q, const char *name, query_find *find, const void *queries)
{
	const struct query *other = find(queries, name);
	if (!other || other >= q || (other->row != ROW_STRUCT && other->row != ROW_OWN))
		fail(q->at, "%s: no query before it is named '%s' and returns a struct", q->name,
			name);
	q->arena = other->arena;
	if (other->row == ROW_STRUCT) {
		row_struct_read(q, other->said.row + strlen("struct "));
		return;
	}
	q->row = ROW_STRUCT;
	snprintf(q->row_name, sizeof q->row_name, "%s", other->row_name);
}

static void row_read(struct query *q, query_find *find, const void *queries)
{
	const char *row = q->said.row ? q->said.row : "";
	if (strcmp(row, "none") == 0) {
		q->row = ROW_NONE;
	} else if (strncmp(row, "struct ", 7) == 0) {
		row_struct_read(q, row + 7);
	} else if (strncmp(row, "as ", 3) == 0) {
		row_share(q, row + 3, find, queries);
	} else if (q->columns == 1 && !strchr(row, ' ')) {
		q->row = ROW_VALUE;
		if (*row)
			member_type(q, &q->column[0], row);
		else
			member_default(q, &q->column[0]);
		q->arena = q->column[0].type == VALUE_STR;
	} else {
		row_own_read(q, row);
	}
	if (q->row == ROW_NONE && strcmp(q->kind, ":one") != 0)
		fail(q->at, "%s: only a query of kind :one may have 'none' for a row", q->name);
}

void signature_read(struct query *q, sqlite3_stmt *st, const struct touched *t, query_find *find,
	const void *queries)
{
	const char *alone = q->said.alone;
	arguments_read(q, t);
	if (alone && strcmp(alone, "read") != 0 && strcmp(alone, "tx") != 0 &&
		strcmp(alone, "each") != 0)
		fail(q->at, "%s: alone in a 'read', a 'tx' or a tx of db_tx_'each', not '%s'",
			q->name, alone);
	if (q->said.timed && strcmp(q->kind, ":many") != 0)
		fail(q->at, "%s: only a query of kind :many can be timed", q->name);
	if (q->columns == 0 && q->said.row)
		fail(q->at, "%s: returns no columns, and says '-- row:'", q->name);
	if (q->columns > ROW_MAX)
		fail(q->at, "%s: returns more than %d columns", q->name, ROW_MAX);
	for (int i = 0; i < q->columns; i++) {
		struct column *c = &q->column[i];
		snprintf(c->name, sizeof c->name, "%s", sqlite3_column_name(st, i));
		snprintf(c->member, sizeof c->member, "%s", c->name);
		c->declared = declared_type(sqlite3_column_decltype(st, i));
	}
	if (q->columns > 0)
		row_read(q, find, queries);
}
