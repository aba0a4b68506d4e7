/* A database in a folder that goes away, a clock that can be set, and short ways to queue and look.
 */
#ifndef TESTS_MAIL_HELP_H
#define TESTS_MAIL_HELP_H

#include "../../src/mail/internal.h"

#include "postern/crypto.h"

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { START_S = 1795513200, ROWS_MAX = 1000 };

struct fixture {
	char folder[64], url[112], maildir[112], theme[112];
	struct db *db;
	_Atomic int64_t now_s;
	struct clock clock;
	struct log quiet;
	struct mail_settings settings;
	struct arena *arena;
};

static inline int64_t fixture_now(void *ctx)
{
	return ((struct fixture *)ctx)->now_s;
}

static inline struct db *fixture_db(const struct fixture *f)
{
	char why[256] = "";
	struct db *db = NULL;
	const struct db_settings s = { .url = f->url,
		.use = DB_TOOL,
		.readers = 6,
		.busy_timeout_ms = 20000,
		.log = &f->quiet };
	if (db_open(&s, &db, why) || db_migrate(db, why))
		fail_msg("%s", why);
	return db;
}

static inline int fixture_make(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	if (!f || crypto_start())
		return -1;
	snprintf(f->folder, sizeof f->folder, "/tmp/postern-mail-XXXXXX");
	if (!mkdtemp(f->folder))
		return -1;
	snprintf(f->url, sizeof f->url, "sqlite:%s/t.db", f->folder);
	snprintf(f->maildir, sizeof f->maildir, "maildir:%s/mail", f->folder);
	f->now_s = START_S;
	f->clock = (struct clock){ fixture_now, f };
	f->quiet = (struct log){ .level = LOG_ERROR, .fd = -1 };
	f->settings = (struct mail_settings){
		.transport = f->maildir,
		.from = "news@example.org",
		.from_name = "The Harbour Courier",
		.username = "",
		.password = "",
		.ca_file = "",
		.timeout_s = 10,
		.per_mailbox_hour = 5,
		.attempts_max = 25,
		.site_name = "The Harbour Courier",
		.base_url = "https://news.example.org/",
		.clock = &f->clock,
		.log = &f->quiet,
	};
	f->db = fixture_db(f);
	f->arena = arena_new(64 << 20);
	*state = f;
	return f->arena ? 0 : -1;
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

/* A theme of one file, named as below the folder mail/ of a theme. */
static inline void fixture_theme(struct fixture *f, const char *name, const char *text)
{
	char path[256];
	snprintf(f->theme, sizeof f->theme, "%s/theme", f->folder);
	assert_true(mkdir(f->theme, 0700) == 0 || errno == EEXIST);
	snprintf(path, sizeof path, "%s/mail", f->theme);
	assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
	snprintf(path, sizeof path, "%s/mail/%s", f->theme, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	f->settings.theme = f->theme;
}

static inline int fixture_end(void **state)
{
	struct fixture *f = *state;
	db_close(f->db);
	arena_free(f->arena);
	int rc = nftw(f->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(f);
	return rc;
}

static inline struct mail *fixture_mail(const struct fixture *f, struct db *db)
{
	char why[256] = "";
	struct mail *m = NULL;
	if (mail_open(&f->settings, db, &m, why))
		fail_msg("%s", why);
	return m;
}

struct queueing {
	struct mail *m;
	const struct notice *notice;
};
static inline enum err queue_fn(struct db_conn *c, void *arg)
{
	const struct queueing *q = arg;
	return mail_queue(q->m, c, q->notice);
}

static inline enum err queue(struct db *db, struct mail *m, const struct notice *n)
{
	return db_tx(db, queue_fn, &(struct queueing){ m, n });
}

static inline struct notice notice_to(const char *to, int64_t now_s)
{
	return (struct notice){
		.kind = MAIL_RESET,
		.to = to,
		.to_key = to,
		.name = "Ada & Co",
		.link = "https://news.example.org/reset/confirm?token=pst_x&y=1",
		.minutes = 30,
		.now_s = now_s,
	};
}

/* Queues, or is left out because the mailbox had its share: the rows tell. */
static inline void queue_to(struct fixture *f, struct mail *m, const char *to)
{
	const struct notice n = notice_to(to, f->now_s);
	enum err e = queue(f->db, m, &n);
	assert_true(e == ERR_OK || e == ERR_LIMITED);
}

static inline struct mail_row *rows(struct fixture *f, size_t *count)
{
	struct mail_row *all = NULL;
	assert_int_equal(mail_list(f->db, f->arena, ROWS_MAX, &all, count), ERR_OK);
	return all;
}

/* The only row to this address. */
static inline struct mail_row row_to(struct fixture *f, const char *to)
{
	size_t count, found = 0;
	struct mail_row *all = rows(f, &count), row = { 0 };
	for (size_t i = 0; i < count; i++) {
		if (strcmp(all[i].to, to) == 0) {
			row = all[i];
			found++;
		}
	}
	assert_int_equal(found, 1);
	return row;
}

static inline void round_is(struct mail *m, size_t sent, size_t deferred, size_t failed)
{
	struct mail_round r = { 0 };
	assert_int_equal(mail_deliver_once(m, &r), ERR_OK);
	assert_int_equal(r.sent, sent);
	assert_int_equal(r.deferred, deferred);
	assert_int_equal(r.failed, failed);
}

#endif
