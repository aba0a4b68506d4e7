/* dialect_check: what SQL in schema/ may not use, because SQLite and PostgreSQL do not share it or
 * because the program passes it in. Build time only. */
#ifndef BUILD_DIALECT_CHECK_H
#define BUILD_DIALECT_CHECK_H

#include "../src/db/dialect.h"

#include <strings.h>

static const struct banned {
	const char *word;
	bool only_call; /* banned when "(" follows: the word alone may be a column */
	const char *why;
} banned_words[] = {
	{ "now", true, "time is passed in" },
	{ "current_timestamp", false, "time is passed in" },
	{ "current_date", false, "time is passed in" },
	{ "current_time", false, "time is passed in" },
	{ "date", true, "times are seconds, computed by the program" },
	{ "time", true, "times are seconds, computed by the program" },
	{ "datetime", false, "times are BIGINT seconds" },
	{ "julianday", false, "times are seconds, computed by the program" },
	{ "unixepoch", false, "time is passed in" },
	{ "strftime", false, "times are seconds, computed by the program" },
	{ "autoincrement", false, "ids are made by the program" },
	{ "rowid", false, "only SQLite has it" },
	{ "_rowid_", false, "only SQLite has it" },
	{ "oid", false, "the engines mean different things" },
	{ "last_insert_rowid", false, "use RETURNING" },
	{ "changes", true, "use RETURNING, or the count of db_run" },
	{ "random", true, "random values are passed in" },
	{ "glob", false, "only SQLite has it" },
	{ "ifnull", false, "use COALESCE" },
	{ "pragma", false, "only SQLite has it" },
	{ "integer", false, "32 bits in PostgreSQL: use BIGINT" },
	{ "int", false, "32 bits in PostgreSQL: use BIGINT" },
	{ "blob", false, "use BYTEA" },
};

static const char *word_banned(const char *p, size_t n, char next)
{
	if (n >= 4 && strncasecmp(p, "json", 4) == 0)
		return "JSON is opaque text";
	if (n == 7 && strncasecmp(p, "replace", 7) == 0 && next != '(')
		return "only SQLite has it: use ON CONFLICT";
	for (size_t i = 0; i < sizeof banned_words / sizeof *banned_words; i++) {
		const struct banned *b = &banned_words[i];
		if (strlen(b->word) == n && strncasecmp(p, b->word, n) == 0 &&
			(next == '(' || !b->only_call))
			return b->why;
	}
	return NULL;
}

static const char *byte_banned(char c)
{
	if (c == '?')
		return "parameters are written $1";
	if (c == '"' || c == '`' || c == '[')
		return "names are plain words, and SQLite takes an unknown one in quotes for text";
	return NULL;
}

/* Why `sql` is outside the dialect, with the offending word; NULL when it is inside. */
static const char *dialect_fault(const char *sql, const char **word, size_t *len)
{
	const char *p = sql;
	while (*p) {
		const char *behind = dialect_literal_skip(p);
		if (behind > p) {
			p = behind;
			continue;
		}
		size_t n = 0;
		while (dialect_is_word(p[n]))
			n++;
		const char *why =
			n ? word_banned(p, n, p[n + strspn(p + n, " \t\n")]) : byte_banned(*p);
		*word = p;
		*len = n ? n : 1;
		if (why)
			return why;
		p += *len;
	}
	return NULL;
}

#endif
