/* The driver for PostgreSQL: connections, migrations, checks. postgres.h says how it works. */
#include "postgres.h"
#include "dialect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const schemes[] = { "postgres://", "postgresql://", NULL };

/* ---- the location ---- */
static enum err prepare_location(
	const char *url, enum db_use use, char **location, int *claim, char why[static DB_WHY_SIZE])
{
	(void)use; /* any number of servers may share it */
	enum err e = db_pg_url_check(url, why);
	if (e != ERR_OK)
		return e;
	*claim = -1;
	*location = strdup(url);
	return *location ? ERR_OK : ERR_NOMEM;
}

static void release_location(int claim)
{
	(void)claim;
}

/* Any number may be connected; what is asked is whether there are. */
static enum err claim(
	struct driver_conn *c, const char *location, int *out, char why[static DB_WHY_SIZE])
{
	PGresult *r = NULL;
	char shown[DB_SHOWN_SIZE];
	enum err e = db_pg_script(c,
		"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
		"AND application_name = 'postern' AND pid <> pg_backend_pid()",
		&r);
	bool served = e == ERR_OK && strcmp(PQgetvalue(r, 0, 0), "0") != 0;
	PQclear(r);
	db_pg_url_show(location, shown);
	*out = -1;
	if (e != ERR_OK)
		snprintf(why, DB_WHY_SIZE, "%.80s: %.120s", shown, c->message);
	if (served)
		snprintf(why, DB_WHY_SIZE,
			"a postern serves the database %.100s; stop all that do first", shown);
	return served ? ERR_CONFLICT : e;
}

/* ---- connections ---- */

static const char *message(struct driver_conn *c)
{
	return c->message;
}

/* A server that went away has left its last words and then the end, which are two reads. */
static bool alive(struct driver_conn *c)
{
	for (int i = 0; i < 2 && !c->lost; i++)
		if (!PQconsumeInput(c->pg) || PQstatus(c->pg) != CONNECTION_OK)
			db_pg_lose(c, PQerrorMessage(c->pg));
	return !c->lost;
}

/* ---- migrations and checks ---- */
static bool is_word(const char *p, size_t n, const char *word)
{
	return strlen(word) == n && memcmp(p, word, n) == 0;
}

/* Text is ordered by its bytes, as in SQLite, and no change of the system's collations can put an
 * index out of order. A copy for the caller to free. */
static char *dialect_to_postgres(const char *sql)
{
	static const char collated[] = "TEXT COLLATE \"C\"";
	char *out = malloc(strlen(sql) * 4 + 1), *to = out;
	while (out && *sql) {
		sql += dialect_postgres_mark(sql);
		size_t skip = (size_t)(dialect_literal_skip(sql) - sql), n = 0;
		while (!skip && dialect_is_word(sql[n]))
			n++;
		bool type = !skip && is_word(sql, n, "TEXT");
		size_t take = dialect_step(skip, n);
		size_t put = type ? sizeof collated - 1 : take;
		memcpy(to, type ? collated : sql, put);
		to += put;
		sql += take;
	}
	if (out)
		*to = '\0';
	return out;
}

static enum err script(struct driver_conn *c, const char *sql)
{
	char *text = dialect_to_postgres(sql);
	if (!text)
		return ERR_NOMEM;
	enum err e = db_pg_tx_lead(c, false);
	if (e == ERR_OK && c->queued)
		e = db_pg_finish(c, NULL);
	db_pg_tx_led(c);
	if (e == ERR_OK)
		e = db_pg_script(c, text, NULL);
	free(text);
	return e;
}

/* The texts of SELECTs, one for each thing to look for; what they return is a finding. */
static const char check_texts[] =
	"SELECT format('SELECT %L FROM (SELECT 1) AS one', 'index ' || c.relname || ' is not "
	"valid') "
	"FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
	"WHERE NOT i.indisvalid AND c.relnamespace = current_schema()::regnamespace "
	"UNION ALL "
	"SELECT format('SELECT %L FROM pg_stat_database WHERE datname = current_database() "
	"AND checksum_failures > 0', 'pages of the database failed their checksum') "
	"UNION ALL "
	"SELECT format('SELECT %L FROM %s c WHERE NOT EXISTS (SELECT 1 FROM %s p WHERE %s) AND %s "
	"LIMIT 1', 'a row points to another that is not there, in table ' || k.conrelid::regclass, "
	"k.conrelid::regclass, k.confrelid::regclass, "
	"string_agg(format('p.%I = c.%I', p.attname, c.attname), ' AND '), "
	"string_agg(format('c.%I IS NOT NULL', c.attname), ' AND ')) "
	"FROM pg_constraint k, unnest(k.conkey, k.confkey) AS u (c, p), pg_attribute c, "
	"pg_attribute p "
	"WHERE k.contype = 'f' AND k.connamespace = current_schema()::regnamespace "
	"AND c.attrelid = k.conrelid AND c.attnum = u.c "
	"AND p.attrelid = k.confrelid AND p.attnum = u.p "
	"GROUP BY k.oid, k.conrelid, k.confrelid";

static enum err ask(struct driver_conn *c, const char *sql, PGresult **r)
{
	enum err e = db_pg_tx_lead(c, false);
	if (e == ERR_OK)
		e = db_pg_push_text(c, sql);
	if (e == ERR_OK)
		e = db_pg_finish(c, r);
	db_pg_tx_led(c);
	return e;
}

static enum err finding(struct driver_conn *c, const char *sql, char why[static DB_WHY_SIZE])
{
	PGresult *r = NULL;
	enum err e = ask(c, sql, &r);
	if (e == ERR_OK && PQntuples(r) > 0) {
		snprintf(why, DB_WHY_SIZE, "%.200s", PQgetvalue(r, 0, 0));
		e = ERR_CORRUPT;
	} else if (e != ERR_OK) {
		snprintf(why, DB_WHY_SIZE, "%.200s", c->message);
	}
	PQclear(r);
	return e;
}

static enum err check(
	struct driver_conn *c, const struct db_check_progress *p, char why[static DB_WHY_SIZE])
{
	PGresult *texts = NULL;
	enum err e = ask(c, check_texts, &texts);
	if (e != ERR_OK)
		snprintf(why, DB_WHY_SIZE, "%.200s", c->message);
	for (int i = 0; e == ERR_OK && i < PQntuples(texts); i++) {
		if (p)
			p->tell(p->ctx, "checking keys and indexes", i, PQntuples(texts));
		e = finding(c, PQgetvalue(texts, i, 0), why);
	}
	PQclear(texts);
	return e;
}

const struct driver db_postgres_driver = {
	.schemes = schemes,
	.concurrent = true,
	.tables = db_pg_tables,
	.url_check = db_pg_url_check,
	.url_show = db_pg_url_show,
	.prepare_location = prepare_location,
	.release_location = release_location,
	.claim = claim,
	.open = db_pg_open,
	.session_check = db_pg_session_check,
	.close = db_pg_close,
	.message = message,
	.alive = alive,
	.begin = db_pg_begin,
	.commit = db_pg_commit,
	.rollback = db_pg_rollback,
	.in_doubt = db_pg_in_doubt,
	.look = db_pg_look,
	.forget = db_pg_forget,
	.prepare = db_pg_prepare,
	.finish = db_pg_stmt_finish,
	.bind = db_pg_bind,
	.step = db_pg_step,
	.limit = db_pg_limit,
	.queue = db_pg_queue,
	.queue_end = db_pg_queue_end,
	.column = db_pg_column,
	.changed = db_pg_changed,
	.reset = db_pg_reset,
	.script = script,
	.check = check,
	.listen = db_pg_listen,
	.wait = db_pg_wait,
};
