/* schemac SCHEMA_DIR OUT_DIR: reads SCHEMA_DIR/migrations/NNNN_name.sql and
 * SCHEMA_DIR/queries/…sql, applies the migrations to an empty SQLite database in memory, prepares
 * every query against it and writes both as C: the texts (schema.c), their numbers
 * (postern/queries.h), and of each file of queries a header with a function for each
 * (postern/queries/FILE.h). A bad query is a build error. Runs at build time only and leaves on the
 * first fault.
 *
 * A query is headed by "-- name: session_by_token :one", ":many", ":exec" or ":execrows"; its
 * directives (signature.c) and other comment lines may follow. Where the engines must differ, a
 * second text headed "-- name: session_by_token :one postgres" comes directly behind. */
#define _POSIX_C_SOURCE 200809L
#include "schemac.h"
#include "dialect_check.h"

#include <ctype.h>
#include <errno.h>

enum { FILE_MAX_BYTES = 256 << 10 };

/* ---- files ---- */
static char *file_text(struct schema *s, const char *path)
{
	struct place at = { path, 0 };
	FILE *f = fopen(path, "re");
	if (!f)
		fail(at, "%s", strerror(errno));
	char *text = schema_alloc(s, FILE_MAX_BYTES + 1);
	size_t n = fread(text, 1, FILE_MAX_BYTES + 1, f);
	if (ferror(f) || n > FILE_MAX_BYTES || memchr(text, 0, n))
		fail(at, "cannot be read, is larger than %d bytes or holds a NUL", FILE_MAX_BYTES);
	text[n] = '\0';
	fclose(f);
	return text;
}

static int line_at(const char *text, const char *p)
{
	int line = 1;
	for (; text < p; text++)
		line += *text == '\n';
	return line;
}

static void dialect_check(struct place at, const char *sql)
{
	const char *word = NULL;
	size_t n = 0;
	const char *why = dialect_fault(sql, &word, &n);
	if (why)
		fail((struct place){ at.file, at.line + line_at(sql, word) - 1 },
			"'%.*s' is outside our dialect: %s", (int)n, word, why);
}

/* ---- migrations ---- */
static void migration_apply(struct schema *s, const char *path, const char *sql)
{
	char *text = must(dialect_to_sqlite(sql));
	const char *p = text;
	while (*p) {
		sqlite3_stmt *st = NULL;
		const char *tail = NULL;
		int rc = sqlite3_prepare_v2(s->db, p, -1, &st, &tail);
		if (rc == SQLITE_OK && st)
			rc = sqlite3_step(st) == SQLITE_DONE ? SQLITE_OK : SQLITE_ERROR;
		if (rc != SQLITE_OK) {
			int offset = sqlite3_error_offset(s->db);
			const char *where = offset > 0 ? p + offset : p + strspn(p, " \t\r\n");
			fail((struct place){ path, line_at(text, where) }, "%s",
				sqlite3_errmsg(s->db));
		}
		sqlite3_finalize(st);
		p = tail;
	}
	free(text);
}

static void migration_read(struct schema *s, const char *path)
{
	struct place at = { path, 0 };
	const char *base = strrchr(path, '/') + 1;
	size_t digits = strspn(base, "0123456789");
	if (digits != 4 || base[4] != '_' || strlen(base) < strlen("0001_x.sql"))
		fail(at, "a migration is named NNNN_name.sql");
	if (s->migration_count == MIGRATIONS_MAX)
		fail(at, "more than %d migrations", MIGRATIONS_MAX);
	char want[8];
	snprintf(want, sizeof want, "%04zu_", s->migration_count + 1);
	if (strncmp(base, want, 5) != 0)
		fail(at, "migrations count from 0001 without holes; this should be %s…", want);
	struct migration *m = &s->migrations[s->migration_count++];
	m->sql = file_text(s, path);
	m->name = schema_copy(s, base + 5, strlen(base) - 9);
	dialect_check((struct place){ path, 1 }, m->sql);
	migration_apply(s, path, m->sql);
}

/* ---- queries ---- */
/* Without comments, blank lines and the closing semicolon. */
static char *sql_clean(struct schema *s, const char *from, const char *end)
{
	char *out = schema_alloc(s, (size_t)(end - from) + 1), *to = out;
	bool quoted = false;
	for (const char *p = from; p < end; p++) {
		if (!quoted && p[0] == '-' && p[1] == '-')
			p += strcspn(p, "\n");
		if (p >= end)
			break;
		quoted ^= *p == '\'';
		if (*p == '\n' && !quoted) {
			while (to > out && isspace((unsigned char)to[-1]))
				to--;
			if (to == out)
				continue;
		}
		*to++ = *p;
	}
	while (to > out && (isspace((unsigned char)to[-1]) || to[-1] == ';'))
		to--;
	*to = '\0';
	return out;
}

static const struct query *query_named(const void *schema, const char *name)
{
	const struct schema *s = schema;
	for (size_t i = 0; i < s->query_count; i++)
		if (strcmp(s->queries[i].name, name) == 0)
			return &s->queries[i];
	return NULL;
}

static bool name_is_good(const char *name)
{
	return islower((unsigned char)name[0]) &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

static struct query *query_add(struct schema *s, const struct query *head)
{
	const struct query *same = query_named(s, head->name);
	if (same)
		fail(head->at, "%s: stands in %s:%d already", head->name, same->at.file,
			same->at.line);
	if (s->query_count == QUERIES_MAX)
		fail(head->at, "more than %d queries", QUERIES_MAX);
	struct query *q = &s->queries[s->query_count++];
	*q = *head;
	return q;
}

static bool kind_is_good(const char *kind)
{
	return strcmp(kind, ":one") == 0 || strcmp(kind, ":many") == 0 ||
	       strcmp(kind, ":exec") == 0 || strcmp(kind, ":execrows") == 0;
}

static const char **directive_slot(struct query *q, const char *word)
{
	if (strcmp(word, "in") == 0)
		return &q->said.in;
	if (strcmp(word, "row") == 0)
		return &q->said.row;
	return strcmp(word, "alone") == 0 ? &q->said.alone : NULL;
}

/* "-- in: …" and the like; anything else is a comment. */
static void directive_take(struct query *q, const char *text)
{
	const struct place at = q->at;
	char word[16] = "";
	int used = 0;
	if (sscanf(text, "-- %15[a-z]%n", word, &used) < 1)
		return;
	const char *rest = text + used;
	const char **said = directive_slot(q, word);
	if (strcmp(text, "-- timed") == 0)
		q->said.timed = true;
	if (*rest != ':')
		return;
	if (!said || *said)
		fail(at, "%s: '-- %s:' is no directive, or stands twice: in, row, alone, timed",
			q->name, word);
	*said = rest + 1 + strspn(rest + 1, " \t");
}

/* The directives in the comment lines directly behind the header. A list whose line ends with a
 * comma goes on in the next. */
static void directives_read(struct schema *s, struct query *q, const char *p)
{
	while (strncmp(p, "\n--", 3) == 0) {
		size_t n = strcspn(++p, "\n");
		while (p[n - 1] == ',' && strncmp(p + n, "\n--", 3) == 0)
			n += 1 + strcspn(p + n + 1, "\n");
		char *text = schema_copy(s, p, n);
		for (char *c = strchr(text, '\n'); c; c = strchr(c, '\n'))
			memset(c, ' ', 3);
		directive_take(q, text);
		p += n;
	}
}

/* Adds the text behind a header, up to `end`: as a query, or as the second text of the one before.
 */
static void query_take(struct schema *s, struct place at, const char *header, const char *end)
{
	static struct query head;
	head = (struct query){ .at = at };
	char engine[16] = "", more[2] = "";
	const char *body = header + strcspn(header, "\n");
	char *line = schema_copy(s, header, (size_t)(body - header));
	int n = sscanf(line, "-- name: %63s %11s %15s %1s", head.name, head.kind, engine, more);
	if (n < 2 || n > 3 || !name_is_good(head.name) || !kind_is_good(head.kind))
		fail(at, "a query is headed '-- name: some_words :one', ':many', ':exec' or "
			 "':execrows'");
	char *sql = sql_clean(s, body, end);
	if (!*sql)
		fail(at, "%s: no statement follows", head.name);
	dialect_check(at, schema_copy(s, header, (size_t)(end - header)));
	directives_read(s, &head, body);
	if (n == 2) {
		query_add(s, &head)->sql = sql;
		return;
	}
	struct query *last = s->query_count ? &s->queries[s->query_count - 1] : NULL;
	if (strcmp(engine, "postgres") != 0)
		fail(at, "%s: the only word that may stand here is 'postgres'", head.name);
	if (!last || strcmp(last->name, head.name) != 0 || strcmp(last->kind, head.kind) != 0 ||
		last->postgres)
		fail(at, "%s: must stand directly behind its first text, of the same kind",
			head.name);
	if (head.said.in || head.said.row || head.said.alone || head.said.timed)
		fail(at, "%s: directives stand at its first text", head.name);
	last->postgres = sql;
}

static const char *line_next(const char *p)
{
	p += strcspn(p, "\n");
	return *p ? p + 1 : p;
}

static const char *header_next(const char *p)
{
	while (*p && strncmp(p, "-- name:", 8) != 0)
		p = line_next(p);
	return p;
}

static void queries_read(struct schema *s, const char *path)
{
	const char *text = file_text(s, path), *p = header_next(text);
	if (*sql_clean(s, text, p))
		fail((struct place){ path, 1 }, "a statement without a name");
	while (*p) {
		const char *end = header_next(line_next(p));
		query_take(s, (struct place){ path, line_at(text, p) }, p, end);
		p = end;
	}
}

/* The highest n of $1…$n in a PostgreSQL text, which nothing here can prepare; -1 when one is
 * missing. */
static int params_count(const char *sql)
{
	bool seen[100] = { false };
	int max = 0;
	for (const char *p = sql; *p; p++) {
		p = dialect_literal_skip(p);
		if (*p != '$')
			continue;
		long n = strtol(p + 1, NULL, 10);
		if (n < 1 || n > 99)
			return -1;
		seen[n] = true;
		max = n > max ? (int)n : max;
	}
	for (int i = 1; i <= max; i++)
		if (!seen[i])
			return -1;
	return max;
}

static void params_check(const struct query *q, sqlite3_stmt *st)
{
	for (int i = 1; i <= q->params; i++) {
		char name[16];
		snprintf(name, sizeof name, "$%d", i);
		if (sqlite3_bind_parameter_index(st, name) == 0)
			fail(q->at, "%s: has %d parameters, and %s is not among them", q->name,
				q->params, name);
	}
	if (q->postgres && params_count(q->postgres) != q->params)
		fail(q->at, "%s: its two texts differ in parameters", q->name);
}

/* Called for each table that a statement reads or writes while it is prepared. */
static int table_touch(void *arg, int action, const char *table, const char *column,
	const char *schema, const char *trigger)
{
	struct touched *t = arg;
	(void)column;
	(void)schema;
	(void)trigger;
	if (action != SQLITE_READ && action != SQLITE_INSERT && action != SQLITE_UPDATE &&
		action != SQLITE_DELETE)
		return SQLITE_OK;
	for (int i = 0; i < t->count; i++)
		if (strcmp(t->tables[i], table) == 0)
			return SQLITE_OK;
	if (t->count < TOUCHED_MAX)
		snprintf(t->tables[t->count++], WORD_SIZE, "%s", table);
	return SQLITE_OK;
}

static void query_check(struct schema *s, struct query *q)
{
	sqlite3_stmt *st = NULL;
	const char *tail = NULL;
	struct touched touched = { .db = s->db };
	sqlite3_set_authorizer(s->db, table_touch, &touched);
	if (sqlite3_prepare_v2(s->db, q->sql, -1, &st, &tail) != SQLITE_OK)
		fail(q->at, "%s: %s", q->name, sqlite3_errmsg(s->db));
	if (!st || tail[strspn(tail, " \t\r\n;")])
		fail(q->at, "%s: must be one statement", q->name);
	q->params = sqlite3_bind_parameter_count(st);
	q->columns = sqlite3_column_count(st);
	params_check(q, st);
	sqlite3_set_authorizer(s->db, NULL, NULL);
	bool exec = strncmp(q->kind, ":exec", 5) == 0;
	if (exec && q->columns > 0)
		fail(q->at, "%s: returns columns, so it is :one or :many", q->name);
	if (!exec && q->columns == 0)
		fail(q->at, "%s: returns nothing, so it is :exec", q->name);
	signature_read(q, st, &touched, query_named, s);
	sqlite3_finalize(st);
}

static void database_open(struct schema *s)
{
	if (sqlite3_open(":memory:", &s->db) != SQLITE_OK)
		fail((struct place){ "schemac", 0 }, "cannot open SQLite");
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	/* The program's own list of migrations, which a migration may ask when an earlier one ran.
	 */
	if (sqlite3_exec(s->db,
		    "CREATE TEMP TABLE schema_version (version BIGINT, name TEXT, applied_at "
		    "BIGINT)",
		    NULL, NULL, NULL) != SQLITE_OK)
		fail((struct place){ "schemac", 0 }, "%s", sqlite3_errmsg(s->db));
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fputs("usage: schemac SCHEMA_DIR OUT_DIR\n", stderr);
		return 2;
	}
	struct schema *s = must(calloc(1, sizeof *s));
	s->out = argv[2];
	database_open(s);
	files_each(s, argv[1], "migrations", migration_read);
	const char *table = NULL, *why = tables_read(s->db, &s->tables, &table);
	if (why)
		fail((struct place){ table, 0 }, "%s", why);
	files_each(s, argv[1], "queries", queries_read);
	for (size_t i = 0; i < s->query_count; i++)
		query_check(s, &s->queries[i]);
	schema_output(s, argv[1]);
	schema_free(s);
	return 0;
}
