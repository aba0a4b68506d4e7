/* Goal: an answer is whole, or it is 503, or the connection ends. The whole server runs here, and
 * while it answers a request each of its allocations fails in turn, on whichever thread. Never is
 * a list shorter, a page without its plans, a refusal that was none, or a reader let in. */
#include "http_help.h"
#include "memory_help.h"

#include <signal.h>
#include <sys/stat.h>

#include "postern/app.h"
#include "postern/content.h"
#include "postern/crypto.h"
#include "postern/path.h"

enum { ARENA_MAX = 256 << 20, NOW = 1800000000 };
#define END "Host: 127.0.0.1\r\nConnection: close\r\n"

struct server {
	struct app app;
	char folder[64];
	char token[TOKEN_SIZE];
};
static struct server server;

static int64_t fixed_s(void *ctx)
{
	(void)ctx;
	return NOW;
}

/* ---- what it serves ---- */

static void put_article(const char *name, const char *text)
{
	char path[128];
	(void)snprintf(path, sizeof path, "%s/in/%s", server.folder, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void tell(void *ctx, const char *path, const char *what, const char *slug, const char *why,
	const struct teaser_size *given)
{
	(void)ctx;
	(void)given;
	if (strcmp(what, "refused") == 0)
		(void)fprintf(stderr, "%s %s %s: %s\n", path, slug, what, why);
}

static void fill_articles(void)
{
	char in[96];
	struct import_count n;
	const struct import_settings s = { .default_section = "City",
		.default_access = ACCESS_DEFAULT,
		.report = tell,
		.bound = app_teaser_bound(&server.app.cfg) };
	(void)snprintf(in, sizeof in, "%s/in", server.folder);
	assert_int_equal(mkdir(in, 0700), 0);
	put_article("one.md", "---\nheadline: One & only\ntags: [harbour, town]\nbyline: Ada\n"
			      "access: registered\n---\nThe first.\n\nThe second paragraph.\n");
	put_article("two.md",
		"---\nheadline: Two\naccess: subscriber\n---\nA first sentence that is "
		"short.\n\nAnd more of it, for those who pay.\n");
	put_article("three.md", "---\nheadline: Three\naccess: public\n---\nFor all.\n");
	assert_int_equal(content_import(server.app.db, in, &s, NOW, &n), ERR_OK);
	assert_int_equal(n.created, 3);
}

static void fill_reader(void)
{
	struct account acc;
	struct field_error why = { 0 };
	struct login_result in;
	const struct login l = { .email = STR("ada@news.example"),
		.password = STR("four unrelated words here"),
		.session_name = STR("a test"),
		.request_id = "none" };
	assert_int_equal(account_create(&server.app.accounts, l.email, STR("Ada & Co"), l.password,
				 NOW, server.app.arena, &acc, &why),
		ERR_OK);
	assert_int_equal(
		account_login(&server.app.accounts, &l, NOW, server.app.arena, &in), ERR_OK);
	memcpy(server.token, in.token.text, sizeof server.token);
}

static void fill_gate(void)
{
	char why[256];
	struct path_rule rule;
	const struct path_rule_words words = { .path = "/archive/**", .level = "registered" };
	assert_int_equal(path_rule_parse(&words, &rule, why), ERR_OK);
	assert_int_equal(path_rule_add(server.app.db, &rule, 0, NOW), ERR_OK);
}

static int start(void **state)
{
	char why[CONFIG_WHY_SIZE] = "", url[128], mail[128];
	char *env[] = { url, mail, "POSTERN_SERVER_LISTEN=127.0.0.1:0",
		"POSTERN_SERVER_BASE_URL=http://127.0.0.1", "POSTERN_SITE_NAME=The News",
		"POSTERN_SERVER_TRUSTED_PROXIES=127.0.0.1",
		"POSTERN_OPS_LISTEN=", "POSTERN_SERVER_WORK_THREADS=2",
		"POSTERN_SERVER_LOOP_THREADS=1", "POSTERN_SERVER_HASH_THREADS=1",
		"POSTERN_LIMITS_PAGE_BURST=0", "POSTERN_LIMITS_PAGE_PER_MINUTE=0",
		"POSTERN_LIMITS_GATE_BURST=0", "POSTERN_LIMITS_GATE_PER_MINUTE=0",
		"POSTERN_LIMITS_WRITE_BURST=0", "POSTERN_LIMITS_WRITE_PER_MINUTE=0",
		"POSTERN_LIMITS_MAIL_BURST=0", "POSTERN_LIMITS_MAIL_PER_MINUTE=0",
		"POSTERN_LOG_LEVEL=error", NULL };
	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	(void)snprintf(server.folder, sizeof server.folder, "/tmp/postern-memory-XXXXXX");
	if (!mkdtemp(server.folder) || crypto_start() != ERR_OK)
		return -1;
	(void)snprintf(url, sizeof url, "POSTERN_DATABASE_URL=sqlite:%s/t.db", server.folder);
	(void)snprintf(mail, sizeof mail, "POSTERN_MAIL_TRANSPORT=maildir:%s/mail", server.folder);
	struct app *app = &server.app;
	app->clock = (struct clock){ .now_s = fixed_s };
	app->arena = arena_new(ARENA_MAX);
	enum err e = config_load(NULL, env, app->arena, &app->cfg, why);
	if (!e)
		e = app_open(app, DB_SERVE, why);
	if (!e)
		e = app_start(app, why);
	if (e) {
		(void)fprintf(stderr, "%s: %s\n", err_name(e), why);
		return -1;
	}
	fill_articles();
	fill_reader();
	fill_gate();
	return 0;
}

static int stop(void **state)
{
	char command[96];
	(void)state;
	app_close(&server.app);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", server.folder);
	return system(command);
}

/* ---- asking ---- */

/* The name of the request stands in some answers: "-" instead. */
static void mask(struct answer *a)
{
	char id[ID_SIZE];
	const char *header = answer_header(a, "X-Request-Id");
	if (!header || strlen(header) != ID_SIZE - 1)
		return;
	memcpy(id, header, sizeof id);
	for (char *p = a->bytes; (p = strstr(p, id)) != NULL; p += ID_SIZE - 1)
		memset(p, '-', ID_SIZE - 1);
}

/* Status, body, and the headers that a reader or a server in front goes by. */
static void say_answer(struct answer *a, struct memory_result *r)
{
	static const char *const headers[] = { "Content-Type", "Location", "Postern-Decision",
		"Postern-Account", "Postern-Reason", "X-Postern-Account" };
	mask(a);
	r->n = 0;
	memory_say_number(r, "status", a->status);
	for (size_t i = 0; i < COUNT(headers); i++)
		memory_say(r, headers[i], str_of(answer_header(a, headers[i])));
	memory_say(r, "body", (struct str){ answer_body(a), a->body_n });
}

static bool ask_anew(const char *request, struct answer *a)
{
	cache_flush(server.app.shared);
	return ask(http_port(server.app.http, false), request, a);
}

/* An error whose page cannot be rendered is said in the one sentence of the error table. */
static bool is_plain_error(const struct answer *a, int status)
{
	const char *type = answer_header(a, "Content-Type");
	return status >= 400 && a->status == status && type && strncmp(type, "text/plain", 10) == 0;
}

static void try_request(const char *what, int status, const char *request)
{
	static struct memory_result right, now;
	static struct answer a;
	assert_true(ask_anew(request, &a));
	if (a.status != status)
		fail_msg("%s: %d, expected %d\n%s", what, a.status, status, answer_body(&a));
	say_answer(&a, &right);
	long refused = 0;
	for (long n = 1; n < 20000; n++) {
		cache_flush(server.app.shared);
		atomic_store(&memory_any_thread, true);
		memory_arm(n, MEMORY_ONE);
		const bool answered = ask(http_port(server.app.http, false), request, &a);
		const bool failed = memory_disarm();
		atomic_store(&memory_any_thread, false);
		if (answered)
			say_answer(&a, &now);
		const bool same =
			answered && now.n == right.n && memcmp(now.text, right.text, now.n) == 0;
		if (!same && answered && a.status != 503 && !is_plain_error(&a, status))
			fail_msg("%s without allocation %ld:\n%.*s\nexpected\n%.*s", what, n,
				(int)now.n, now.text, (int)right.n, right.text);
		refused += !same;
		if (!failed) {
			assert_true(same);
			assert_true(refused > 0);
			return;
		}
	}
	fail_msg("%s: does not end", what);
}

static const char *with_token(const char *line)
{
	static char request[1024];
	(void)snprintf(request, sizeof request,
		"%s HTTP/1.1\r\nAuthorization: Bearer %s\r\n" END "\r\n", line, server.token);
	return request;
}

static void json_of_an_article(void **state)
{
	(void)state;
	try_request("whole", 200, with_token("GET /api/v1/articles/one"));
	try_request("refused", 402, with_token("GET /api/v1/articles/two"));
}

static void json_of_a_list(void **state)
{
	(void)state;
	try_request("list", 200, "GET /api/v1/articles?limit=2 HTTP/1.1\r\n" END "\r\n");
}

static void json_of_an_account(void **state)
{
	(void)state;
	try_request("account", 200, with_token("GET /api/v1/account"));
	try_request("sessions", 200, with_token("GET /api/v1/sessions"));
}

static void json_of_mistakes(void **state)
{
	(void)state;
	try_request("mistakes", 422,
		"POST /api/v1/accounts HTTP/1.1\r\nContent-Type: application/json\r\n"
		"Content-Length: 33\r\n" END "\r\n{\"email\":\"no address\",\"what\":\"x\"}");
}

static void pages_are_whole(void **state)
{
	(void)state;
	try_request("front page", 200, "GET / HTTP/1.1\r\n" END "\r\n");
	try_request("wall", 200, "GET /articles/two HTTP/1.1\r\n" END "\r\n");
	try_request("not found", 404, "GET /articles/none HTTP/1.1\r\n" END "\r\n");
}

static void gate_answers(void **state)
{
	(void)state;
	try_request("anonymous", 401,
		"GET /gate/forward-auth HTTP/1.1\r\nX-Forwarded-Method: GET\r\n"
		"X-Forwarded-Proto: http\r\nX-Forwarded-Host: 127.0.0.1\r\n"
		"X-Forwarded-Uri: /archive/1\r\nX-Forwarded-For: 192.0.2.1\r\n"
		"Accept: application/json\r\n" END "\r\n");
	char request[1024];
	(void)snprintf(request, sizeof request,
		"GET /gate/forward-auth HTTP/1.1\r\nX-Forwarded-Method: GET\r\n"
		"X-Forwarded-Proto: http\r\nX-Forwarded-Host: 127.0.0.1\r\n"
		"X-Forwarded-Uri: /archive/1\r\nX-Forwarded-For: 192.0.2.1\r\n"
		"Authorization: Bearer %s\r\n" END "\r\n",
		server.token);
	try_request("reader", 200, request);
}

int main(int argc, char **argv)
{
	/* the processes that hash passwords are this program again */
	if (argc > 1 && strcmp(argv[1], CRYPTO_HASHER_ARGUMENT) == 0)
		return crypto_hasher_main(argc, argv);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allocations_do_fail),
		cmocka_unit_test(json_of_an_article),
		cmocka_unit_test(json_of_a_list),
		cmocka_unit_test(json_of_an_account),
		cmocka_unit_test(json_of_mistakes),
		cmocka_unit_test(pages_are_whole),
		cmocka_unit_test(gate_answers),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
