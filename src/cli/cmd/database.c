/* postern db migrate and db check, and init, which makes a database. */
#include "../cli.h"
#include "../progress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int with_database(struct cli *c, enum db_use use,
	enum err (*fn)(struct cli *, char[static 256]), const char *done)
{
	char why[CONFIG_WHY_SIZE] = "", shown[256];
	struct db_version v = { 0 };
	struct db_settings s = { .url = c->app.cfg.database_url,
		.use = use,
		.readers = 1,
		.busy_timeout_ms = 5000,
		.log = &c->app.log,
		.stop = c->app.stop };
	c->app.log = (struct log){ .level = LOG_WARN, .fd = 2 };
	enum err e = db_open(&s, &c->app.db, why);
	if (!e)
		e = fn(c, why);
	if (!e)
		e = db_version(c->app.db, &v);
	if (e == ERR_STOPPED)
		return EXIT_UNAVAILABLE;
	if (e == ERR_CORRUPT)
		return cli_fail(EXIT_FAILED, "%s", why);
	if (e)
		return cli_open_error(e, why);
	db_url_show(s.url, shown);
	printf("%s %s: version %d of %d.\n", shown, done, v.found, v.wanted);
	return v.found == v.wanted ? EXIT_DONE : EXIT_FAILED;
}

static enum err migrate(struct cli *c, char why[static 256])
{
	c->interrupt.left = "nothing was changed; the database keeps its version";
	return db_migrate(c->app.db, why);
}

static void check_told(void *ctx, const char *what, int64_t done, int64_t all)
{
	cli_progress_tell(ctx, &(struct progress_state){ what, "parts", done, all });
}

static enum err check(struct cli *c, char why[static 256])
{
	struct progress progress = cli_progress_make(c);
	c->interrupt.left = "the check did not finish and has no result; nothing was changed";
	enum err e =
		db_check_told(c->app.db, &(struct db_check_progress){ check_told, &progress }, why);
	cli_progress_clear(&progress);
	return e;
}

int cmd_db_migrate(struct cli *c)
{
	return with_database(c, DB_TOOL, migrate, "is migrated");
}

int cmd_db_check(struct cli *c)
{
	return with_database(c, DB_LOOK, check, "is sound");
}

static int write_sample(const char *path)
{
	BUF_AUTO b = BUF(1 << 20);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EEXIST
			       ? cli_fail(EXIT_CONFLICT, "%s already exists; nothing was changed",
					 path)
			       : cli_fail(EXIT_UNAVAILABLE, "%s: %s", path, strerror(errno));
	config_sample(&b);
	struct str s = buf_view(&b);
	bool ok = write(fd, s.p, s.n) == (ssize_t)s.n;
	ok = close(fd) == 0 && ok;
	return ok ? EXIT_DONE : cli_fail(EXIT_UNAVAILABLE, "%s: %s", path, strerror(errno));
}

int cmd_init(struct cli *c)
{
	char why[CONFIG_WHY_SIZE] = "";
	const char *dir = c->arg_count ? c->args[0] : ".";
	if (mkdir(dir, 0750) != 0 && errno != EEXIST)
		return cli_fail(EXIT_UNAVAILABLE, "%s: %s", dir, strerror(errno));
	if (chdir(dir) != 0)
		return cli_fail(EXIT_UNAVAILABLE, "%s: %s", dir, strerror(errno));
	int code = write_sample("postern.ini");
	if (code)
		return code;
	if (mkdir("var", 0750) != 0 && errno != EEXIST)
		return cli_fail(EXIT_UNAVAILABLE, "%s/var: %s", dir, strerror(errno));
	enum err e = config_load("postern.ini", c->env, c->app.arena, &c->app.cfg, why);
	if (e)
		return cli_fail(EXIT_CONFIG, "%s", why);
	code = with_database(c, DB_TOOL, migrate, "is made");
	if (!code)
		printf("Now edit %s/postern.ini (server.base_url, site.name, mail.transport), "
		       "then: cd %s && postern serve\n",
			dir, dir);
	return code;
}
