/* A database that two "processes" have open, and one that listens to the changes of both. */
#ifndef TESTS_FEED_HELP_H
#define TESTS_FEED_HELP_H

#include "db_help.h"

enum { TOLD_MAX = 4096, SECOND_MS = 1000, PATIENCE_MS = 8000 };

struct listener {
	pthread_mutex_t lock;
	struct {
		enum db_change kind;
		char key[DB_CHANGE_KEY_SIZE];
	} told[TOLD_MAX];
	size_t count, flushes;
	int64_t validated_at_us;
};
struct capacity {
	struct fixture f;
	struct db *other; /* another process, as far as the database can tell */
	struct listener l;
};

static inline void on_changed(void *ctx, enum db_change kind, struct str key)
{
	struct listener *l = ctx;
	pthread_mutex_lock(&l->lock);
	if (l->count < TOLD_MAX) {
		l->told[l->count].kind = kind;
		(void)!str_copy(l->told[l->count].key, DB_CHANGE_KEY_SIZE, key);
		l->count++;
	}
	pthread_mutex_unlock(&l->lock);
}

static inline void on_flush(void *ctx)
{
	struct listener *l = ctx;
	pthread_mutex_lock(&l->lock);
	l->flushes++;
	pthread_mutex_unlock(&l->lock);
}

static inline void on_validated(void *ctx, int64_t at_us)
{
	struct listener *l = ctx;
	pthread_mutex_lock(&l->lock);
	assert_true(at_us >= l->validated_at_us);
	l->validated_at_us = at_us;
	pthread_mutex_unlock(&l->lock);
}

static inline size_t times_told(struct listener *l, const char *key)
{
	size_t n = 0;
	pthread_mutex_lock(&l->lock);
	for (size_t i = 0; i < l->count; i++)
		n += strcmp(l->told[i].key, key) == 0;
	pthread_mutex_unlock(&l->lock);
	return n;
}

static inline size_t told(struct listener *l)
{
	pthread_mutex_lock(&l->lock);
	size_t n = l->count;
	pthread_mutex_unlock(&l->lock);
	return n;
}

static inline size_t flushes(struct listener *l)
{
	pthread_mutex_lock(&l->lock);
	size_t n = l->flushes;
	pthread_mutex_unlock(&l->lock);
	return n;
}

static inline int64_t validated(struct listener *l)
{
	pthread_mutex_lock(&l->lock);
	int64_t at_us = l->validated_at_us;
	pthread_mutex_unlock(&l->lock);
	return at_us;
}

static inline void wait_proof(struct listener *l)
{
	int64_t from = clock_boot_us();
	for (int ms = 0; validated(l) < from; ms++) {
		assert_true(ms < PATIENCE_MS);
		usleep(1000);
	}
}

static inline struct db *open_one(struct capacity *r)
{
	char why[256] = "";
	struct db *db = NULL;
	struct db_settings s = { .url = r->f.url,
		.use = DB_TOOL,
		.readers = 2,
		.busy_timeout_ms = 2000,
		.log = &test_quiet };
	if (db_open(&s, &db, why) != ERR_OK || db_migrate(db, why) != ERR_OK)
		fail_msg("%s", why);
	return db;
}

static inline int room_open(void **state)
{
	struct capacity *r = calloc(1, sizeof *r);
	assert_non_null(r);
	snprintf(r->f.folder, sizeof r->f.folder, "/tmp/postern-feed-XXXXXX");
	assert_non_null(mkdtemp(r->f.folder));
	snprintf(r->f.url, sizeof r->f.url, "sqlite:%s/t.db", r->f.folder);
	if (on_postgres())
		base_make(&r->f);
	pthread_mutex_init(&r->l.lock, NULL);
	r->f.db = open_one(r);
	r->other = open_one(r);
	*state = r;
	return 0;
}

static inline int room_close(void **state)
{
	struct capacity *r = *state;
	char command[96];
	db_close(r->f.db);
	db_close(r->other);
	if (on_postgres())
		base_end(&r->f);
	snprintf(command, sizeof command, "rm -rf '%s'", r->f.folder);
	int rc = system(command);
	free(r);
	return rc;
}

static inline void start(struct capacity *r)
{
	const struct db_subscriber s = { &r->l, on_changed, on_flush, on_validated };
	assert_int_equal(db_change_log_start(r->f.db, &s), ERR_OK);
	assert_int_equal(db_change_log_start(r->f.db, &s), ERR_CONFLICT);
	wait_proof(&r->l);
	assert_int_equal(flushes(&r->l), 1); /* what came before the feed */
}

#endif
