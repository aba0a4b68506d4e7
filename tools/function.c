/* function: a query as C. A static inline function, so that it is compiled where the structs of its
 * row are known: in the room that owns the query. */
#include "schemac.h"

#include <ctype.h>
#include <string.h>

static bool kind_is(const struct query *q, const char *kind)
{
	return strcmp(q->kind, kind) == 0;
}

/* ---- the row ---- */

static const char *plain_type(const struct column *c)
{
	if (c->type == VALUE_STR)
		return "struct str";
	return c->type == VALUE_BOOL ? "bool" : "int64_t";
}

/* A type with what it declares: "int64_t *out", "char out[static ID_SIZE]", "char
 * (**rows)[ID_SIZE]". */
static void value_declare(FILE *f, const struct column *c, const char *before, const char *name)
{
	if (c->type == VALUE_TEXT || c->type == VALUE_BYTES)
		fprintf(f, "%s (%s%s)[%s]", c->type == VALUE_TEXT ? "char" : "uint8_t", before,
			name, c->size);
	else
		fprintf(f, "%s %s%s", plain_type(c), before, name);
}

static void row_struct_write(FILE *f, const struct query *q)
{
	fprintf(f, "struct %s {\n", q->row_name);
	for (int i = 0; i < q->columns; i++) {
		const struct column *c = &q->column[i];
		fputc('\t', f);
		if (*c->size)
			fprintf(f, "%s %s[%s]", c->type == VALUE_TEXT ? "char" : "uint8_t", c->name,
				c->size);
		else
			value_declare(f, c, "", c->name);
		fputs(";\n", f);
	}
	fputs("};\n", f);
}

static const char *member_macro(const struct query *q, const struct column *c)
{
	bool arena = q->arena || kind_is(q, ":many");
	switch (c->declared) {
	case VALUE_INT:
		return "DB_COL_INT";
	case VALUE_TEXT:
		return arena ? "DB_COL_TEXT" : "DB_COL_CHARS";
	case VALUE_BYTES:
		return arena ? "DB_COL_BLOB" : "DB_COL_BYTES";
	default:
		return arena ? "DB_COL_ANY" : "DB_COL_FIXED";
	}
}

static void value_column_write(FILE *f, const struct column *c)
{
	static const char *const kinds[] = { [VALUE_INT] = "DB_TO_INT",
		[VALUE_BOOL] = "DB_TO_BOOL",
		[VALUE_TEXT] = "DB_TO_CHARS",
		[VALUE_STR] = "DB_TO_STR",
		[VALUE_BYTES] = "DB_TO_BYTES" };
	fprintf(f, "\t\t{ .kind = %s, .size = ", kinds[c->type]);
	if (*c->size)
		fprintf(f, "%s },\n", c->size);
	else
		fprintf(f, "sizeof(%s) },\n", plain_type(c));
}

static void columns_write(FILE *f, const struct query *q)
{
	fputs("\tstatic const struct db_column columns[] = {\n", f);
	for (int i = 0; i < q->columns; i++) {
		const struct column *c = &q->column[i];
		if (q->row == ROW_NONE)
			fputs("\t\t{ .kind = DB_TO_NOTHING },\n", f);
		else if (q->row == ROW_VALUE)
			value_column_write(f, c);
		else if (*c->parse && strcmp(c->member, "*") == 0)
			fprintf(f, "\t\t{ .kind = DB_TO_WORD, .parse = q_%s_%s },\n", q->name,
				c->name);
		else if (*c->parse)
			fprintf(f, "\t\tDB_COL_WORD(struct %s, %s, q_%s_%s),\n", q->row_name,
				c->member, q->name, c->name);
		else
			fprintf(f, "\t\t%s(struct %s, %s),\n", member_macro(q, c), q->row_name,
				c->member);
	}
	fputs("\t};\n\tstatic const struct db_shape shape = { columns, ", f);
	fprintf(f, "%d, ", q->columns);
	if (q->row == ROW_STRUCT || q->row == ROW_OWN)
		fprintf(f, "sizeof(struct %s) };\n", q->row_name);
	else if (q->row == ROW_VALUE && *q->column[0].size)
		fprintf(f, "%s };\n", q->column[0].size);
	else if (q->row == ROW_VALUE)
		fprintf(f, "sizeof *%s };\n", kind_is(q, ":many") ? "*rows" : "out");
	else
		fputs("0 };\n", f);
}

/* A parser takes the type it makes, a column one for all. */
static void parsers_write(FILE *f, const struct query *q)
{
	for (int i = 0; i < q->columns; i++) {
		const struct column *c = &q->column[i];
		if (*c->parse)
			fprintf(f,
				"static inline enum err q_%s_%s(struct str word, void *member)\n"
				"{\n\treturn %s(word, member);\n}\n",
				q->name, c->name, c->parse);
	}
}

/* ---- arguments ---- */

static void argument_write(FILE *f, const struct argument *a)
{
	fputs(", ", f);
	if (a->count > 1)
		fprintf(f, "const struct str %s[static %d]", a->name, a->count);
	else if (a->type == VALUE_INT)
		fprintf(f, "int64_t %s", a->name);
	else if (a->type == VALUE_TEXT)
		fprintf(f, "const char *%s", a->name);
	else if (a->bytes == 0)
		fprintf(f, "struct str %s", a->name);
	else if (a->nullable)
		fprintf(f, "const uint8_t *%s", a->name);
	else
		fprintf(f, "const uint8_t %s[static %d]", a->name, a->bytes);
}

static void parameter_write(FILE *f, const struct argument *a)
{
	static const char *const makers[] = { [VALUE_INT] = "db_int",
		[VALUE_TEXT] = "db_z",
		[VALUE_STR] = "db_text",
		[VALUE_BYTES] = "db_bytes",
		[VALUE_HASH] = "db_hash" };
	if (a->type == VALUE_BYTES && a->bytes > 0) {
		fprintf(f, "\t\tdb_blob(%s, %d),\n", a->name, a->bytes);
		return;
	}
	for (int i = 0; i < a->count; i++) {
		fprintf(f, "\t\t%s%s(%s%s", makers[a->type], a->nullable ? "_or_null" : "",
			a->max ? "(int64_t)" : "", a->name);
		if (a->count > 1)
			fprintf(f, "[%d]", i);
		fputs("),\n", f);
	}
}

static void out_write(FILE *f, const struct query *q)
{
	const struct column *c = &q->column[0];
	bool many = kind_is(q, ":many");
	if (many)
		fprintf(f, ", size_t max%s", q->said.timed ? ", unsigned limit_ms" : "");
	if (q->arena || many)
		fputs(", struct arena *a", f);
	if (q->row == ROW_OWN || q->row == ROW_STRUCT) {
		fprintf(f, ", struct %s *%s", q->row_name, many ? "*rows" : "row");
	} else if (q->row == ROW_VALUE && !many && *c->size) {
		fprintf(f, ", %s out[static %s]", c->type == VALUE_TEXT ? "char" : "uint8_t",
			c->size);
	} else if (q->row == ROW_VALUE) {
		fputs(", ", f);
		value_declare(f, c, many ? "**" : "*", many ? "rows" : "out");
	}
	if (many)
		fputs(", size_t *count", f);
	if (kind_is(q, ":execrows"))
		fputs(", int64_t *changed", f);
}

static void head_write(FILE *f, const struct query *q)
{
	fprintf(f, "static inline enum err MUST_USE q_%s(struct %s *c", q->name,
		q->said.alone ? "db" : "db_conn");
	for (int i = 0; i < q->argument_count; i++)
		if (!q->arguments[i].max)
			argument_write(f, &q->arguments[i]);
	out_write(f, q);
	fputs(")\n", f);
}

/* ---- the call ---- */

void constant_write(FILE *f, const struct query *q)
{
	fputs("QUERY_", f);
	for (const char *p = q->name; *p; p++)
		fputc(toupper((unsigned char)*p), f);
}

static void call_write(FILE *f, const struct query *q)
{
	bool many = kind_is(q, ":many");
	fputs("\tconst struct db_call call = { .query = ", f);
	constant_write(f, q);
	if (q->params > 0)
		fprintf(f, ",\n\t\t.params = in, .param_count = %d", q->params);
	if (q->columns > 0)
		fputs(", .shape = &shape", f);
	if (q->arena || many)
		fputs(", .arena = a", f);
	if (many)
		fprintf(f, ", .max_rows = max%s", q->said.timed ? ", .limit_ms = limit_ms" : "");
	fputs(" };\n", f);
}

static void alone_write(FILE *f, const struct query *q)
{
	if (!q->said.alone)
		return;
	const char *tx = strcmp(q->said.alone, "tx") == 0 ? "TX" : "TX_EACH";
	fprintf(f, "DB_ALONE_%s, ", strcmp(q->said.alone, "read") == 0 ? "READ" : tx);
}

static const char *verb_of(const struct query *q)
{
	if (kind_is(q, ":many"))
		return "list";
	return kind_is(q, ":one") ? "get" : "run";
}

static void return_write(FILE *f, const struct query *q)
{
	fprintf(f, "\treturn db_%s%s(c, ", verb_of(q), q->said.alone ? "_alone" : "");
	alone_write(f, q);
	fputs("&call, ", f);
	if (kind_is(q, ":many"))
		fputs("rows, count", f);
	else if (kind_is(q, ":execrows"))
		fputs("changed", f);
	else if (q->row == ROW_VALUE)
		fputs("out", f);
	else
		fputs(q->row > ROW_NONE ? "row" : "NULL", f);
	fputs(");\n", f);
}

void function_write(FILE *f, const struct query *q)
{
	fputc('\n', f);
	if (q->row == ROW_OWN)
		row_struct_write(f, q);
	parsers_write(f, q);
	head_write(f, q);
	fputs("{\n", f);
	if (q->columns > 0)
		columns_write(f, q);
	if (q->params > 0) {
		fputs("\tconst struct db_param in[] = {\n", f);
		for (int i = 0; i < q->argument_count; i++)
			parameter_write(f, &q->arguments[i]);
		fputs("\t};\n", f);
	}
	call_write(f, q);
	return_write(f, q);
	fputs("}\n", f);
}
