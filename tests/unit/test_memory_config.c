/* Goal: a configuration that cannot be read whole is not taken, and nothing false is said of it. */
#include "memory_help.h"

#include <unistd.h>

#include "postern/config.h"

enum { ARENA_MAX = 16 << 20 };

struct file {
	const char *path;
	char **env;
};

static enum err load(void *ctx, struct memory_result *r)
{
	const struct file *f = ctx;
	struct config c;
	char why[CONFIG_WHY_SIZE];
	ARENA_AUTO *a = arena_new(ARENA_MAX);
	BUF_AUTO out = BUF(1 << 20);
	if (!a)
		return ERR_NOMEM;
	const enum err e = config_load(f->path, f->env, a, &c, why);
	if (e != ERR_NOMEM)
		memory_say(r, "why", str_of(why));
	else
		assert_string_equal(why, "there is no memory to read the configuration");
	if (!e)
		config_show(&c, &out);
	if (out.err)
		return out.err;
	memory_say(r, "settings", buf_view(&out));
	return e;
}

static void try_text(const char *what, const char *text)
{
	char path[] = "/tmp/postern-config-XXXXXX", secret[] = "/tmp/postern-secret-XXXXXX",
	     variable[128];
	char *env[] = { variable, "POSTERN_SITE_NAME=The Harbour News", NULL };
	struct file f = { path, env };
	FILE *out = fdopen(mkstemp(path), "w"), *other = fdopen(mkstemp(secret), "w");
	assert_non_null(out);
	assert_non_null(other);
	fputs(text, out);
	fputs("a secret of many words\n", other);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(fclose(other), 0);
	snprintf(variable, sizeof variable, "POSTERN_MAIL_PASSWORD_FILE=%s", secret);
	memory_try_mode(what, load, &f, MEMORY_ONE, ERR_OK);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(secret), 0);
}

static void configuration_is_whole_or_an_error(void **state)
{
	(void)state;
	try_text("a good one",
		"[server]\nlisten = 127.0.0.1:8081\nbase_url = https://NEWS.example/\n"
		"trusted_proxies = 10.0.0.0/8, ::1\n[paywall]\nopen_statuses = active trialing\n");
	try_text("an unknown name", "[server]\nlistn = 127.0.0.1:8081\n");
	try_text("a choice that is none", "[log]\nlevel = loud\n");
	try_text("what does not fit together", "[server]\nbase_url = ftp://news.example\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allocations_do_fail),
		cmocka_unit_test(configuration_is_whole_or_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
