/* Goal: a configuration is taken whole or refused with file, line, name, value and what would be
 * right; the environment wins over the file, the file over the default; secrets come from files and
 * are never shown. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "postern/config.h"

static struct arena *a;
static char path[64];

static int set_up(void **state)
{
	(void)state;
	a = arena_new(64 << 20);
	snprintf(path, sizeof path, "/tmp/postern-config-XXXXXX");
	int fd = mkstemp(path);
	return fd < 0 || close(fd) != 0 || !a;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(a);
	return unlink(path);
}

static enum err load(
	const char *file, char **env, struct config *c, char why[static CONFIG_WHY_SIZE])
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	fputs(file, f);
	assert_int_equal(fclose(f), 0);
	return config_load(path, env, a, c, why);
}

static void test_defaults(void **state)
{
	struct config c;
	char why[CONFIG_WHY_SIZE];

	(void)state;
	assert_int_equal(config_load(NULL, NULL, a, &c, why), ERR_OK);
	assert_string_equal(c.listen, "127.0.0.1:8080");
	assert_int_equal(c.password_memory_kib, 19456);
	assert_int_equal(c.reset_minutes, 30);
	assert_false(c.development);
	assert_false(c.secure);
	assert_int_equal(c.trusted_proxy_count, 0);
}

static void test_precedence(void **state)
{
	struct config c;
	char why[CONFIG_WHY_SIZE];
	char env_name[] = "POSTERN_SITE_NAME=From the environment", other[] = "HOME=/root",
	     conf[] = "POSTERN_CONFIG=x";
	char *env[] = { other, conf, env_name, NULL };

	(void)state;
	assert_int_equal(
		load("; a comment\n[site]\nname = From the file\ntagline = A = B # c\n[server]\n"
		     "base_url = https://news.example\ntrusted_proxies = 10.0.0.0/8, "
		     "::1\n[mail]\nstarttls = off\n",
			env, &c, why),
		ERR_OK);
	assert_string_equal(c.site_name, "From the environment");
	assert_string_equal(c.tagline, "A = B # c");
	assert_true(c.secure);
	assert_false(c.mail_starttls);
	assert_int_equal(c.trusted_proxy_count, 2);
}

/* What browsers call the same site is written in the same way. */
static void test_base_url(void **state)
{
	static const char *const rows[][2] = {
		{ "https://news.example", "https://news.example" },
		{ "https://news.example/", "https://news.example" },
		{ "HTTPS://News.EXAMPLE:443/", "https://news.example" },
		{ "https://news.example.", "https://news.example" },
		{ "https://news.example.:8443/", "https://news.example:8443" },
		{ "http://news.example:80", "http://news.example" },
		{ "http://news.example:443", "http://news.example:443" },
		{ "https://[2001:DB8::1]:443", "https://[2001:db8::1]" },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct config c;
		char why[CONFIG_WHY_SIZE], file[200];
		snprintf(file, sizeof file, "[server]\nbase_url = %s\n", rows[i][0]);
		assert_int_equal(load(file, NULL, &c, why), ERR_OK);
		assert_string_equal(c.base_url, rows[i][1]);
		assert_int_equal(c.secure, strncmp(rows[i][1], "https:", 6) == 0);
	}
}

static void test_refusals(void **state)
{
	static const struct {
		const char *file, *says[4];
	} rows[] = {
		{ "[server]\nlisten_on = x\n",
			{ ":2: ", "server.listen_on is not a setting", "server.listen?" } },
		{ "[server]\nlogo_threads = 2\n", { ":2: ", "did you mean server.loop_threads?" } },
		{ "[nowhere]\nx = 1\n", { ":2: ", "nowhere.x is not a setting" } },
		{ "name = x\n", { ":1: ", "name is not a setting" } },
		{ "[server]\n\nwork_threads = many\n",
			{ ":3: ", "server.work_threads = many", "1 to 256", "threads" } },
		{ "[server]\nwork_threads = 0\n", { "server.work_threads = 0", "1 to 256" } },
		{ "[server]\nwork_threads = 257\n", { "1 to 256" } },
		{ "[server]\ndevelopment = maybe\n", { "development = maybe", "yes or no" } },
		{ "[log]\nlevel = loud\n", { "log.level = loud", "debug info warn error" } },
		{ "[server]\nlisten = a\nlisten = b\n", { ":3: ", "set twice" } },
		{ "[server\n", { ":1: ", "neither [section]" } },
		{ "[server]\njust words\n", { ":2: ", "neither [section]" } },
		{ "[server]\nbase_url = news.example\n",
			{ "server.base_url = news.example", "https://news.example" } },
		{ "[server]\nbase_url = https://news.example/paper\n", { "without a path" } },
		{ "[server]\nbase_url = https://news.example//\n", { "without a path" } },
		{ "[server]\nbase_url = https://\n", { "server.base_url" } },
		{ "[server]\ntrusted_proxies = 10.0.0.0/33\n", { "10.0.0.0/33", "10.0.0.0/8" } },
		{ "[server]\ntrusted_proxies = 0.0.0.0/0, ::/0\n", { "server.trusted_proxies" } },
		{ "[password]\nmemory_kib = 1024\n", { "password.memory_kib = 1024", "19456" } },
		{ "[password]\npasses = 1\n", { "password.passes = 1", "47104" } },
		{ "[session]\ndays = 5\nidle_days = 14\n",
			{ ":3: session.idle_days = 14", "session.days = 5" } },
		{ "[server]\ndevelopment = yes\nlisten = 0.0.0.0:80\n",
			{ "server.development = yes", "0.0.0.0:80" } },
		{ "[server]\ndevelopment = yes\nbase_url = https://a.example\n",
			{ "server.development = yes", "https://a.example" } },
		{ "[site]\ntimezone = Europe/Berln\n",
			{ ":2: ", "site.timezone = Europe/Berln", "did you mean Europe/Berlin?" } },
		{ "[site]\n\ntimezone = new york\n",
			{ ":3: ", "site.timezone = new york", "did you mean America/New_York?" } },
		{ "[site]\ntimezone = asia/tokyo\n", { ":2: ", "did you mean Asia/Tokyo?" } },
		{ "[site]\ntimezone = CEST\n",
			{ ":2: ", "site.timezone = CEST", "such as Europe/Berlin or UTC" } },
		{ "[site]\ntimezone = UTC+2\n", { ":2: ", "site.timezone = UTC+2" } },
		{ "[site]\ntimezone =\n", { "site.timezone = ", "such as Europe/Berlin or UTC" } },
		{ "[site]\ntimezone = zone.tab\n", { "site.timezone = zone.tab" } },
		{ "[site]\ntimezone = Europe\n", { "site.timezone = Europe" } },
		{ "[site]\ntimezone = ../localtime\n", { "site.timezone = ../localtime" } },
		{ "[site]\ntimezone = /etc/localtime\n", { "site.timezone = /etc/localtime" } },
		{ "[site]\ntimezone = right/Asia/Tokyo\n",
			{ "leap seconds", "did you mean Asia/Tokyo?" } },
		{ "[site]\nname = Caf\xe9\n", { "site.name", "UTF-8" } },
		{ "[site]\nname =\n", { "site.name is empty" } },
		{ "[mail]\npassword_file = /nowhere/at/all\n",
			{ ":2: ", "mail.password_file", "/nowhere/at/all" } },
		{ "[site]\nname_file = /etc/passwd\n", { "site.name_file is not a setting" } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct config c;
		char why[CONFIG_WHY_SIZE] = "";

		if (load(rows[i].file, NULL, &c, why) != ERR_INVALID)
			fail_msg("row %zu was taken", i);
		for (size_t k = 0; k < COUNT(rows[i].says) && rows[i].says[k]; k++) {
			if (!strstr(why, rows[i].says[k]))
				fail_msg("row %zu: \"%s\" does not say \"%s\"", i, why,
					rows[i].says[k]);
		}
	}
}

static void test_odd_files(void **state)
{
	struct config c;
	char why[CONFIG_WHY_SIZE];
	char line[1000];

	(void)state;
	assert_int_equal(config_load("/nowhere/postern.ini", NULL, a, &c, why), ERR_NOT_FOUND);
	assert_non_null(strstr(why, "/nowhere/postern.ini"));
	snprintf(line, sizeof line, "[site]\nname = %0600d\n", 1);
	assert_int_equal(load(line, NULL, &c, why), ERR_INVALID);
	assert_non_null(strstr(why, ":2: the line is longer"));
	assert_int_equal(load("", NULL, &c, why), ERR_OK);
	assert_int_equal(load("[site]\nname = no line end", NULL, &c, why), ERR_OK);
	assert_string_equal(c.site_name, "no line end");
}

static void test_environment_refusals(void **state)
{
	struct config c;
	char why[CONFIG_WHY_SIZE];
	char typo[] = "POSTERN_SERVER_LISTN=x", bad[] = "POSTERN_SERVER_WORK_THREADS=-1";
	char zone[] = "POSTERN_SITE_TIMEZONE=America/New_York",
	     far[] = "POSTERN_SITE_TIMEZONE=Moon";
	char *typos[] = { typo, NULL }, *bads[] = { bad, NULL };
	char *zones[] = { zone, NULL }, *moon[] = { far, NULL };

	(void)state;
	assert_int_equal(config_load(NULL, typos, a, &c, why), ERR_INVALID);
	assert_non_null(strstr(why, "did you mean POSTERN_SERVER_LISTEN?"));
	assert_int_equal(config_load(NULL, bads, a, &c, why), ERR_INVALID);
	assert_non_null(strstr(why, "environment: server.work_threads = -1"));
	assert_int_equal(load("[site]\ntimezone = Mars\n", zones, &c, why), ERR_OK);
	assert_string_equal(c.timezone, "America/New_York");
	assert_int_equal(load("[site]\ntimezone = UTC\n", moon, &c, why), ERR_INVALID);
	assert_non_null(strstr(why, "environment: site.timezone = Moon"));
}

static void test_secret(void **state)
{
	struct config c;
	char why[CONFIG_WHY_SIZE], file[128];
	char secret[] = "/tmp/postern-secret-XXXXXX";
	int fd = mkstemp(secret);
	BUF_AUTO shown = BUF(1 << 20);

	(void)state;
	assert_true(fd >= 0 && write(fd, "hunter2 hunter2\n", 16) == 16 && close(fd) == 0);
	snprintf(file, sizeof file, "[mail]\npassword_file = %s\n", secret);
	assert_int_equal(load(file, NULL, &c, why), ERR_OK);
	assert_string_equal(c.mail_password, "hunter2 hunter2");
	config_show(&c, &shown);
	assert_null(strstr(shown.p, "hunter2"));
	assert_non_null(strstr(shown.p, "password = (set)"));
	assert_int_equal(unlink(secret), 0);
}

/* Goal: what is written out can be read back: the sample, and the sample with every setting
 * uncommented. */
static void test_sample_is_valid(void **state)
{
	struct config c;
	char why[CONFIG_WHY_SIZE];
	BUF_AUTO sample = BUF(1 << 20);
	size_t settings_seen = 0;

	(void)state;
	config_sample(&sample);
	assert_int_equal(load(sample.p, NULL, &c, why), ERR_OK);
	for (char *p = strstr(sample.p, "\n;"); p; p = strstr(p + 1, "\n;")) {
		if (memmem(p, strcspn(p + 1, "\n"), "_file =", 7))
			continue;
		memmove(p + 1, p + 2, strlen(p + 2) + 1);
		settings_seen++;
	}
	assert_int_equal(settings_seen, config_setting_count);
	if (load(sample.p, NULL, &c, why) != ERR_OK)
		fail_msg("%s", why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_precedence),
		cmocka_unit_test(test_base_url),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_odd_files),
		cmocka_unit_test(test_environment_refusals),
		cmocka_unit_test(test_secret),
		cmocka_unit_test(test_sample_is_valid),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
