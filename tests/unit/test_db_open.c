/* Opening, claiming, migrating and checking: what is refused, with which words, and what other
 * processes may do. */
#include "../../src/db/postgres.h"
#include "db_help.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

static enum err try_open(const char *url, enum db_use use, const struct db_schema *schema,
	char why[static DB_WHY_SIZE])
{
	struct db *db = NULL;
	struct db_settings s = { .url = url, .use = use, .busy_timeout_ms = 200 };
	enum err e = db_open_schema(&s, schema, &db, why);
	assert_int_equal(e == ERR_OK, db != NULL);
	db_close(db);
	return e;
}

static void refused(const char *url, enum err want, const char *words)
{
	char why[DB_WHY_SIZE];
	assert_int_equal(try_open(url, DB_SERVE, &test_schema, why), want);
	if (!strstr(why, words))
		fail_msg("\"%s\" does not say \"%s\"", why, words);
}

static void file_write(const char *path, long offset, const char *byte, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(pwrite(fd, byte, 1, offset + (long)i), 1);
	close(fd);
}

static mode_t mode_of(const char *path, const char *end)
{
	char name[128];
	struct stat st;
	snprintf(name, sizeof name, "%s%s", path, end);
	return stat(name, &st) == 0 ? st.st_mode & 0777 : 0;
}

/* Goal: each thing that cannot be a database is refused in words that say what would be right. */
static void test_refused(void **state)
{
	struct fixture *f = *state;
	refused(NULL, ERR_INVALID, "sqlite:PATH");
	refused("", ERR_INVALID, "sqlite:PATH");
	refused("sqlite:", ERR_INVALID, "sqlite:PATH");
	refused("mysql://x", ERR_INVALID, "sqlite:PATH");
	char url[160];
	snprintf(url, sizeof url, "sqlite:%s/no/t.db", f->folder);
	refused(url, ERR_UNAVAILABLE, "create the folder");
	snprintf(url, sizeof url, "sqlite:%s", f->folder);
	refused(url, ERR_INVALID, "is not a file");
	file_write(f->path, 0, "x", 5000);
	refused(f->url, ERR_CORRUPT, "is not a SQLite database");
	if (geteuid() != 0) {
		chmod(f->path, 0400);
		refused(f->url, ERR_UNAVAILABLE, "cannot be written by this user");
		chmod(f->path, 0600);
		chmod(f->folder, 0500);
		refused(f->url, ERR_UNAVAILABLE, "this user may write");
		chmod(f->folder, 0700);
		unlink(f->path);
		chmod(f->folder, 0500);
		refused(f->url, ERR_UNAVAILABLE, "may not write in its folder");
		chmod(f->folder, 0700);
	}
}

/* Goal: hashes and tokens are for the owner's eyes, in all files, under a generous umask. */
static void test_modes(void **state)
{
	struct fixture *f = *state;
	char why[DB_WHY_SIZE];
	mode_t before = umask(0);
	f->db = fixture_open(f, DB_SERVE);
	assert_int_equal(db_migrate(f->db, why), ERR_OK);
	umask(before);
	static const char *const ends[] = { "", "-wal", "-shm", "-serve.lock" };
	for (size_t i = 0; i < COUNT(ends); i++)
		assert_int_equal(mode_of(f->path, ends[i]), 0600);
}

/* ---- migrations ---- */
static const struct db_migration more_migrations[] = {
	{ 1, "kinds", "CREATE TABLE kind (id TEXT PRIMARY KEY);" },
	{ 2, "tokens", "CREATE TABLE token (id TEXT PRIMARY KEY);" },
	{ 3, "third", "CREATE TABLE third (id TEXT PRIMARY KEY, n BIGINT, b BYTEA);" },
	{ 0, NULL, NULL },
};
static const struct db_migration bad_migrations[] = {
	{ 1, "kinds", "" },
	{ 2, "tokens", "" },
	{ 3, "good", "CREATE TABLE good (id TEXT PRIMARY KEY);" },
	{ 4, "bad", "CREATE TABLE better (id TEXT PRIMARY KEY); CREATE TABLE kind (id TEXT);" },
	{ 0, NULL, NULL },
};

static void version_is(const struct fixture *f, const struct db_schema *schema, bool migrate,
	enum err want, int found)
{
	char why[DB_WHY_SIZE];
	struct db *db = NULL;
	struct db_settings s = fixture_settings(f, DB_TOOL);
	struct db_version v;
	assert_int_equal(db_open_schema(&s, schema, &db, why), ERR_OK);
	if (migrate)
		assert_int_equal(db_migrate(db, why), want);
	assert_int_equal(why[0] != '\0', want != ERR_OK);
	assert_int_equal(db_version(db, &v), ERR_OK);
	assert_int_equal(v.found, found);
	db_close(db);
}

/* Goal: from nothing, again, one more, and a bad one that changes nothing at all. */
static void test_versions(void **state)
{
	struct fixture *f = *state;
	struct db_schema more = test_schema, bad = test_schema;
	more.migrations = more_migrations;
	bad.migrations = bad_migrations;
	version_is(f, &test_schema, false, ERR_OK, 0);
	version_is(f, &test_schema, true, ERR_OK, 2);
	version_is(f, &test_schema, true, ERR_OK, 2);
	version_is(f, &bad, true, ERR_INTERNAL, 2);
	version_is(f, &more, true, ERR_OK, 3);
	char why[DB_WHY_SIZE];
	assert_int_equal(try_open(f->url, DB_TOOL, &test_schema, why), ERR_UNSUPPORTED);
	assert_non_null(strstr(why, "of version 3 and this program knows up to 2"));
	assert_int_equal(try_open(f->url, DB_TOOL, &more, why), ERR_OK);
}

static struct driver_conn *bare_open(const struct fixture *f)
{
	struct driver_target t = { .location = on_postgres() ? f->url : f->path,
		.writer = true,
		.busy_timeout_ms = 1000 };
	struct driver_conn *c = NULL;
	char why[DB_WHY_SIZE];
	if (!on_postgres() && access(f->path, F_OK) != 0)
		file_write(f->path, 0, "", 0);
	assert_int_equal(fixture_driver()->open(&t, &c, why), ERR_OK);
	return c;
}

static void bare_script(const struct fixture *f, const char *sql)
{
	struct driver_conn *c = bare_open(f);
	if (fixture_driver()->script(c, sql) != ERR_OK)
		fail_msg("%s", fixture_driver()->message(c));
	fixture_driver()->close(c);
}

/* Goal: a database of another program is not written into. */
static void test_foreign_database(void **state)
{
	struct fixture *f = *state;
	bare_script(f, "CREATE TABLE bookmarks (url TEXT)");
	refused(f->url, ERR_UNSUPPORTED, "belongs to another program");
}

/* ---- checks ---- */
/* Goal: a sound database passes; a row that points nowhere is found. */
static void test_check_keys(void **state)
{
	struct fixture *f = *state;
	char why[DB_WHY_SIZE];
	version_is(f, &test_schema, true, ERR_OK, 2);
	f->db = fixture_open(f, DB_TOOL);
	assert_int_equal(db_check(f->db, why), ERR_OK);
	assert_string_equal(why, "");
	bare_script(f, on_postgres() ? "SET session_replication_role = replica;"
				       "INSERT INTO child VALUES ('c', 'nobody')"
				     : "PRAGMA foreign_keys = OFF;"
				       "INSERT INTO child VALUES ('c', 'nobody')");
	assert_int_equal(db_check(f->db, why), ERR_CORRUPT);
	assert_non_null(strstr(why, "child"));
}

/* Goal: a damaged file is said to be damaged, never empty. */
static void test_damaged_file(void **state)
{
	struct fixture *f = *state;
	char why[DB_WHY_SIZE];
	version_is(f, &test_schema, true, ERR_OK, 2);
	f->db = fixture_open(f, DB_TOOL);
	for (int i = 0; i < 500; i++) {
		char id[16];
		snprintf(id, sizeof id, "id%d", i);
		assert_int_equal(kind_put(f->db, id, i), ERR_OK);
	}
	db_close(f->db);
	f->db = NULL;
	struct stat st;
	assert_int_equal(stat(f->path, &st), 0);
	file_write(f->path, st.st_size - 8192, "\x5a", 8192);
	f->db = fixture_open(f, DB_TOOL);
	assert_int_equal(db_check(f->db, why), ERR_CORRUPT);
	assert_non_null(strstr(why, "damaged"));
}

/* ---- other processes: forked before this one has threads ---- */
struct child {
	pid_t pid;
	int to, from;
};

/* `fn` runs in a process of its own once child_go is called; its result is the exit code. */
static struct child child_start(
	const struct fixture *f, int (*fn)(const struct fixture *, struct child *))
{
	int down[2], up[2];
	assert_int_equal(pipe(down), 0);
	assert_int_equal(pipe(up), 0);
	struct child c = { .to = down[1], .from = up[0] };
	c.pid = fork();
	assert_true(c.pid >= 0);
	if (c.pid > 0) {
		close(down[0]);
		close(up[1]);
		return c;
	}
	close(down[1]);
	close(up[0]);
	struct child me = { .to = up[1], .from = down[0] };
	char byte;
	if (read(me.from, &byte, 1) != 1)
		_exit(99);
	_exit(fn(f, &me));
}

static void tell(const struct child *c)
{
	assert_int_equal(write(c->to, "x", 1), 1);
}

static void hear(const struct child *c)
{
	char byte;
	assert_int_equal(read(c->from, &byte, 1), 1);
}

static int child_end(struct child *c)
{
	int status = 0;
	close(c->to);
	close(c->from);
	assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int serve_briefly(const struct fixture *f, struct child *me)
{
	char why[DB_WHY_SIZE];
	(void)me;
	return (int)try_open(f->url, DB_SERVE, &test_schema, why);
}

static int serve_until_told(const struct fixture *f, struct child *me)
{
	char byte, why[DB_WHY_SIZE];
	struct db *db = NULL;
	struct db_settings s = fixture_settings(f, DB_SERVE);
	if (db_open_schema(&s, &test_schema, &db, why) != ERR_OK || write(me->to, "x", 1) != 1)
		return 98;
	if (read(me->from, &byte, 1) == 1)
		db_close(db);
	return 0;
}

/* Goal: one server a database: in this process, in another, by another name, until it closes. */
static void test_second_server(void **state)
{
	struct fixture *f = *state;
	struct child early = child_start(f, serve_briefly), late = child_start(f, serve_briefly);
	f->db = fixture_open(f, DB_SERVE);
	char words[64], url[300];
	snprintf(words, sizeof words, "another postern (process %ld) serves", (long)getpid());
	refused(f->url, ERR_CONFLICT, words);
	snprintf(url, sizeof url, "%s.link", f->path);
	assert_int_equal(symlink(f->path, url), 0);
	snprintf(url, sizeof url, "%s.link", f->url);
	refused(url, ERR_CONFLICT, "stop it first, or give this one a database of its own");
	tell(&early);
	assert_int_equal(child_end(&early), ERR_CONFLICT);
	char why[DB_WHY_SIZE];
	assert_int_equal(try_open(f->url, DB_TOOL, &test_schema, why), ERR_OK);
	db_close(f->db);
	f->db = NULL;
	tell(&late);
	assert_int_equal(child_end(&late), ERR_OK);
}

/* Goal: a server that is killed leaves no claim behind. */
static void test_killed_server(void **state)
{
	struct fixture *f = *state;
	struct child server = child_start(f, serve_until_told);
	tell(&server);
	hear(&server);
	char words[64];
	snprintf(words, sizeof words, "process %ld)", (long)server.pid);
	refused(f->url, ERR_CONFLICT, words);
	kill(server.pid, SIGKILL);
	assert_int_equal(child_end(&server), -SIGKILL);
	f->db = fixture_open(f, DB_SERVE);
}

enum { EACH = 60 };
static int tool_writes(const struct fixture *f, struct child *me)
{
	(void)me;
	char why[DB_WHY_SIZE];
	struct db *db = NULL;
	struct db_settings s = fixture_settings(f, DB_TOOL);
	enum err e = db_open_schema(&s, &test_schema, &db, why);
	for (int i = 0; e == ERR_OK && i < EACH; i++) {
		char id[24];
		snprintf(id, sizeof id, "tool%d", i);
		e = kind_put(db, id, i);
	}
	db_close(db);
	return (int)e;
}

struct work {
	struct db *db;
	enum err err;
};
static void *server_writes(void *arg)
{
	struct work *w = arg;
	for (int i = 0; w->err == ERR_OK && i < EACH; i++) {
		char id[24];
		snprintf(id, sizeof id, "serve%d", i);
		w->err = kind_put(w->db, id, i);
	}
	return NULL;
}
static void *server_reads(void *arg)
{
	struct work *w = arg;
	int64_t last = 0;
	for (int i = 0; i < EACH && w->err == ERR_OK; i++) {
		int64_t n = count_of(w->db, Q_KIND_COUNT);
		w->err = n < last ? ERR_CORRUPT : ERR_OK;
		last = n;
	}
	return NULL;
}

/* Goal: a tool and the server write and read at the same time, and nothing is lost. */
static void test_tool_beside_server(void **state)
{
	struct fixture *f = *state;
	struct child tool = child_start(f, tool_writes);
	char why[DB_WHY_SIZE];
	f->db = fixture_open(f, DB_SERVE);
	assert_int_equal(db_migrate(f->db, why), ERR_OK);
	tell(&tool);
	struct work writes = { f->db, ERR_OK }, reads = { f->db, ERR_OK };
	pthread_t writer, reader;
	assert_int_equal(pthread_create(&writer, NULL, server_writes, &writes), 0);
	assert_int_equal(pthread_create(&reader, NULL, server_reads, &reads), 0);
	pthread_join(writer, NULL);
	pthread_join(reader, NULL);
	assert_int_equal(child_end(&tool), ERR_OK);
	assert_int_equal(writes.err, ERR_OK);
	assert_int_equal(reads.err, ERR_OK);
	assert_int_equal(count_of(f->db, Q_KIND_COUNT), 2 * EACH);
}

static int tool_opens_and_migrates(const struct fixture *f, struct child *me)
{
	(void)me;
	char why[DB_WHY_SIZE];
	struct db *db = NULL;
	struct db_settings s = fixture_settings(f, DB_TOOL);
	enum err e = db_open_schema(&s, &test_schema, &db, why);
	if (e == ERR_OK)
		e = db_migrate(db, why);
	db_close(db);
	return (int)e;
}

/* Goal: programs that find the same new file at the same moment agree on one schema. */
static void test_first_moment(void **state)
{
	struct fixture *f = *state;
	struct child all[6];
	for (size_t i = 0; i < COUNT(all); i++)
		all[i] = child_start(f, tool_opens_and_migrates);
	for (size_t i = 0; i < COUNT(all); i++)
		tell(&all[i]);
	for (size_t i = 0; i < COUNT(all); i++)
		assert_int_equal(child_end(&all[i]), ERR_OK);
	version_is(f, &test_schema, false, ERR_OK, 2);
}

static enum err hold_fn(struct db_conn *c, void *arg)
{
	const struct child *me = arg;
	char byte;
	(void)c;
	return write(me->to, "x", 1) == 1 && read(me->from, &byte, 1) == 1 ? ERR_OK : ERR_INTERNAL;
}

static int tool_holds(const struct fixture *f, struct child *me)
{
	char why[DB_WHY_SIZE];
	struct db *db = fixture_open(f, DB_TOOL);
	enum err e = db_migrate(db, why);
	if (e == ERR_OK)
		e = db_tx(db, hold_fn, me);
	db_close(db);
	return (int)e;
}

/* Goal: a lock held elsewhere is ERR_BUSY after the time one waits, and no sooner or much later;
 * reading goes on. */
static void test_locked_elsewhere(void **state)
{
	struct fixture *f = *state;
	struct child tool = child_start(f, tool_holds);
	tell(&tool);
	hear(&tool);
	struct db_settings s = fixture_settings(f, DB_SERVE);
	char why[DB_WHY_SIZE];
	s.busy_timeout_ms = 300;
	assert_int_equal(db_open_schema(&s, &test_schema, &f->db, why), ERR_OK);
	assert_int_equal(count_of(f->db, Q_KIND_COUNT), 0);
	int64_t start_us = clock_monotonic_us();
	assert_int_equal(kind_put(f->db, "a", 1), ERR_BUSY);
	int64_t waited_ms = (clock_monotonic_us() - start_us) / 1000;
	assert_in_range(waited_ms, 250, 30000);
	tell(&tool);
	assert_int_equal(child_end(&tool), ERR_OK);
	assert_int_equal(kind_put(f->db, "a", 1), ERR_OK);
}

/* Goal: the program's own schema opens, migrates and is sound; every query of it can be prepared.
 */
static void test_own_schema(void **state)
{
	struct fixture *f = *state;
	char why[DB_WHY_SIZE];
	struct db_settings s = fixture_settings(f, DB_SERVE);
	assert_int_equal(db_open(&s, &f->db, why), ERR_OK);
	assert_int_equal(db_migrate(f->db, why), ERR_OK);
	assert_int_equal(db_check(f->db, why), ERR_OK);
	struct db_version v;
	assert_int_equal(db_version(f->db, &v), ERR_OK);
	assert_true(v.found == v.wanted && v.found > 0);
	struct db_conn *c = NULL;
	assert_int_equal(db_pool_acquire(f->db, &c), ERR_OK);
	for (int i = 0; i < QUERY_COUNT; i++) {
		struct driver_stmt *stmt = NULL;
		enum err e = fixture_driver()->prepare(c->handle, &db_query_texts[i], &stmt);
		if (e == ERR_OK && on_postgres())
			e = db_pg_describe(stmt);
		if (e != ERR_OK)
			fail_msg("%s: %s", db_query_texts[i].name,
				fixture_driver()->message(c->handle));
		fixture_driver()->finish(stmt);
	}
	db_pool_release(f->db, c);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_make, fixture_end)
/* What concerns a file, its lock and its one writer. */
static const struct CMUnitTest sqlite_tests[] = {
	IN_FOLDER(test_refused),
	IN_FOLDER(test_modes),
	IN_FOLDER(test_damaged_file),
	IN_FOLDER(test_second_server),
	IN_FOLDER(test_killed_server),
	IN_FOLDER(test_locked_elsewhere),
};

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_versions),
		IN_FOLDER(test_foreign_database),
		IN_FOLDER(test_check_keys),
		IN_FOLDER(test_tool_beside_server),
		IN_FOLDER(test_first_moment),
		IN_FOLDER(test_own_schema),
	};
	return run_group(
		tests, COUNT(tests), sqlite_tests, !on_postgres() ? COUNT(sqlite_tests) : 0);
}
