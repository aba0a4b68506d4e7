/* schemac, inside: a query as its files pass it on. Build time only. */
#ifndef TOOLS_SCHEMAC_H
#define TOOLS_SCHEMAC_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>

enum {
	MIGRATIONS_MAX = 9999,
	TABLES_MAX = 200,
	COLUMNS_MAX = 90, /* of a table */
	QUERIES_MAX = 1000,
	NAME_MAX_BYTES = 63,
	WORD_SIZE = 64,
	ITEM_SIZE = 256,
	PARAMS_MAX = 40,
	ROW_MAX = 40,     /* columns of a result */
	TOUCHED_MAX = 16, /* tables of a statement */
	HASH_BYTES = 32
};

struct place {
	const char *file;
	int line; /* 0: the file as a whole */
};

/* What a query's directives say, as it stands there; NULL: not said. */
struct said {
	const char *in, *row, *alone;
	bool timed;
};

enum value { VALUE_NONE, VALUE_INT, VALUE_BOOL, VALUE_TEXT, VALUE_STR, VALUE_BYTES, VALUE_HASH };
/* One argument, bound to one parameter or, of an array, to `count` in a row. */
struct argument {
	char name[WORD_SIZE];
	enum value type;
	bool nullable; /* 0, "" or NULL is stored as NULL */
	int count;
	int bytes; /* of a value of fixed length, else 0 */
	bool max;  /* how many rows at most, which has a place of its own among the arguments */
};
struct column {
	char name[WORD_SIZE];
	enum value declared; /* by the table; VALUE_NONE: an expression */
	char member[WORD_SIZE];
	char parse[WORD_SIZE]; /* the function that reads it; "": none */
	enum value type;       /* of a member that is ours to declare */
	char size[WORD_SIZE];  /* of its array; "": none */
};
enum row_kind { ROW_NONE = 1, ROW_VALUE, ROW_OWN, ROW_STRUCT };
struct query {
	struct place at;
	char name[NAME_MAX_BYTES + 1];
	char kind[12];
	char *sql, *postgres;
	int params, columns;
	struct said said;
	struct argument arguments[PARAMS_MAX];
	int argument_count;
	enum row_kind row;
	char row_name[WORD_SIZE]; /* of the struct */
	struct column column[ROW_MAX];
	bool arena; /* the row has text in an arena */
};

/* ---- tables.c ---- */
struct table {
	char name[WORD_SIZE];
	/* The columns of the primary key first, in its order. */
	char columns[COLUMNS_MAX][WORD_SIZE];
	int column_count, key_count;
	long long seeded; /* rows that the migrations put in */
	bool placed;
};
struct tables {
	struct table all[TABLES_MAX];
	size_t count;
	size_t order[TABLES_MAX]; /* parents before children */
};
/* NULL, or what is wrong, with the table in `*which`. */
const char *tables_read(sqlite3 *db, struct tables *s, const char **which);
void tables_write(FILE *f, const struct tables *s);

struct migration {
	char *name, *sql;
};
struct schema {
	sqlite3 *db;
	struct memory *memory; /* all that lives until the end */
	struct migration migrations[MIGRATIONS_MAX];
	size_t migration_count;
	struct query queries[QUERIES_MAX];
	size_t query_count;
	struct tables tables;
	const char *out; /* the folder that is written to */
};

/* ---- common.c ---- */
void *must(void *p);
char *path_join(struct schema *s, const char *dir, const char *name);
/* Calls `fn` with each .sql file of dir/sub in the order of names. A missing folder is an empty
 * one. */
void files_each(struct schema *s, const char *dir, const char *sub,
	void (*fn)(struct schema *, const char *));
__attribute__((format(printf, 2, 3))) _Noreturn void fail(struct place at, const char *fmt, ...);
/* Zeroed; a copy has a closing NUL. Both live until schema_free. */
char *schema_alloc(struct schema *s, size_t n);
char *schema_copy(struct schema *s, const char *p, size_t n);
void schema_free(struct schema *s);

/* ---- signature.c ---- */
/* What the statement says of itself, by directives and, where they are silent, by the columns of
 * its tables. `touched`: those tables. */
struct touched {
	sqlite3 *db;
	char tables[TOUCHED_MAX][WORD_SIZE];
	int count;
};
typedef const struct query *query_find(const void *queries, const char *name);
void signature_read(struct query *q, sqlite3_stmt *st, const struct touched *t, query_find *find,
	const void *queries);
/* ---- function.c, output.c ---- */
/* "QUERY_ACCOUNT_BY_KEY" */
void constant_write(FILE *f, const struct query *q);
void function_write(FILE *f, const struct query *q);
void schema_output(struct schema *s, const char *schema_dir);

#endif
