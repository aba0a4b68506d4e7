/* dialect: migrations name types as PostgreSQL does; SQLite is told its own names for the two that
 * differ, so that a column has the affinity we mean. What only PostgreSQL has (storage settings)
 * stands behind "-- postgres: ", a comment for SQLite. Shared with schemac, so that the build
 * checks what the program runs. */
#ifndef DB_DIALECT_H
#define DB_DIALECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static inline bool dialect_is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* Behind a '…' text or a comment that starts at `p`, or `p` itself. */
static inline const char *dialect_literal_skip(const char *p)
{
	if (*p == '\'') {
		const char *end = strchr(p + 1, '\'');
		return end ? end + 1 : p + strlen(p);
	}
	if (p[0] == '-' && p[1] == '-')
		return p + strcspn(p, "\n");
	return p;
}

/* The length of the mark of a line for PostgreSQL alone at `p`, else 0. */
static inline size_t dialect_postgres_mark(const char *p)
{
	static const char mark[] = "-- postgres: ";
	return strncmp(p, mark, sizeof mark - 1) == 0 ? sizeof mark - 1 : 0;
}

/* The whole word at `p`, replaced; the word itself when it has no other name. */
static inline const char *dialect_sqlite_type(const char *p, size_t n)
{
	if (n == 6 && memcmp(p, "BIGINT", 6) == 0)
		return "INTEGER";
	if (n == 5 && memcmp(p, "BYTEA", 5) == 0)
		return "BLOB";
	return NULL;
}

/* How much of a script is copied at once: a literal, a word or one character. */
static inline size_t dialect_step(size_t literal, size_t word)
{
	if (literal)
		return literal;
	return word ? word : 1;
}

/* A copy in SQLite's words, for the caller to free; NULL without memory. */
static inline char *dialect_to_sqlite(const char *sql)
{
	char *out = malloc(strlen(sql) * 2 + 1), *to = out;
	while (out && *sql) {
		size_t skip = (size_t)(dialect_literal_skip(sql) - sql), n = 0;
		while (!skip && dialect_is_word(sql[n]))
			n++;
		const char *type = dialect_sqlite_type(sql, n);
		size_t take = dialect_step(skip, n), put = type ? strlen(type) : take;
		memcpy(to, type ? type : sql, put);
		to += put;
		sql += take;
	}
	if (out)
		*to = '\0';
	return out;
}

#endif
