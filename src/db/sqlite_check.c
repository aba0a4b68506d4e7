/* Checks the integrity of a SQLite file with SQLite's own checks. */
#include "sqlite.h"

#include <stdio.h>
#include <string.h>

/* Steps of SQLite's virtual machine between two reports of progress. */
enum { TELL_STEPS = 10 * 1000 };

/* The first row of `sql`, unless its first column is "ok", is what is wrong. */
static enum err finding(
	struct driver_conn *c, const char *sql, const char *what, char why[static DB_WHY_SIZE])
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(c->db, sql, -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	const char *text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(st, 0) : NULL;
	bool good = rc == SQLITE_DONE || (text && strcmp(text, "ok") == 0);
	if (!good)
		snprintf(why, DB_WHY_SIZE, "%s: %.200s", what, text ? text : sqlite3_errmsg(c->db));
	sqlite3_finalize(st);
	if (good)
		return ERR_OK;
	return rc == SQLITE_ROW ? ERR_CORRUPT : db_sqlite_err(rc);
}

/* What check_tell needs: pages is the size of the file. */
struct check_state {
	struct driver_conn *conn;
	const struct db_check_progress *progress;
	int64_t pages;
};

/* Pages that were read, of those the file has; some are read twice. */
static int check_tell(void *arg)
{
	const struct check_state *k = arg;
	int read = 0, high = 0;
	if (sqlite3_db_status(k->conn->db, SQLITE_DBSTATUS_CACHE_MISS, &read, &high, 0) ==
		SQLITE_OK)
		k->progress->tell(k->progress->ctx, "checking the file",
			read < k->pages ? read : k->pages - 1, k->pages);
	return db_sqlite_is_over(k->conn);
}

static enum err findings(struct driver_conn *c, char why[static DB_WHY_SIZE])
{
	enum err e = finding(c, "PRAGMA integrity_check(1)", "the file is damaged", why);
	if (e == ERR_OK)
		e = finding(c, "PRAGMA foreign_key_check",
			"a row points to another that is not there, in table", why);
	return e;
}

static int64_t pages_count(sqlite3 *db)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db, "PRAGMA page_count", -1, &st, NULL);
	int64_t n =
		rc == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
	sqlite3_finalize(st);
	return n;
}

enum err db_sqlite_check(
	struct driver_conn *c, const struct db_check_progress *p, char why[static DB_WHY_SIZE])
{
	struct check_state k = { .conn = c, .progress = p, .pages = pages_count(c->db) };
	if (p)
		sqlite3_progress_handler(c->db, TELL_STEPS, check_tell, &k);
	enum err e = findings(c, why);
	db_sqlite_watch(c);
	return e;
}
