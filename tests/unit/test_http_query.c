/* Goal: a route reads of a query what it declares, and nothing else of it matters on a page. */
#include "http_help.h"

static enum err echo(void *ctx, struct request *r, struct response *rsp)
{
	(void)ctx;
	BUF_AUTO b = BUF(100000);
	say(r, rsp, "");
	buf_fmt(&b, "n=%zu", r->query.n);
	for (size_t i = 0; i < r->query.n; i++) {
		buf_fmt(&b, " " STR_FMT ":%zu", STR_ARG(r->query.v[i].name), r->query.v[i].value.n);
	}
	for (size_t i = 0; i < r->form.n; i++) {
		buf_fmt(&b, " " STR_FMT "=" STR_FMT, STR_ARG(r->form.v[i].name),
			STR_ARG(r->form.v[i].value));
	}
	rsp->body = arena_str(r->arena, buf_view(&b));
	return ERR_OK;
}

static const struct route pages[] = {
	{ METHOD_GET, "/", "p q", echo, WHO_ANYONE, RATE_PAGE, BODY_NONE, 1, LANE_LOOP },
	{ METHOD_GET, "/items/{id}", "", echo, WHO_ANYONE, RATE_PAGE, BODY_NONE, 1, LANE_LOOP },
	{ METHOD_POST, "/form", "", echo, WHO_ANYONE, RATE_WRITE, BODY_FORM, 4096, LANE_WORK },
};
static const struct route api[] = {
	{ METHOD_GET, "/api/list", "p q", echo, WHO_ANYONE, RATE_PAGE, BODY_NONE, 1, LANE_WORK },
};
static const struct route gate[] = {
	{ METHOD_GET, "/gate/x", "", echo, WHO_ANYONE, RATE_PAGE, BODY_NONE, 1, LANE_WORK },
};
static const struct route_group groups[] = {
	{ "/api/", api, COUNT(api), "api", site_fail, CREDENTIAL_BEARER, NULL },
	{ "/gate/", gate, COUNT(gate), "gate", site_fail, CREDENTIAL_PROXIED, NULL },
	{ "/", pages, COUNT(pages), "pages", site_fail, CREDENTIAL_COOKIE, NULL },
};

struct row {
	const char *request, *headers;
	int status;
	const char *body; /* it begins with this */
};

static const struct row rows[] = {
	{ "GET /?p=1&p=2", "", 400, "pages|malformed|" },
	{ "GET /?p=1&%70=2", "", 400, "pages|malformed|" },
	{ "GET /?q=%zz", "", 400, "pages|malformed|" },
	{ "GET /?q=%FC", "", 400, "pages|malformed|" },
	{ "GET /?q=%00z", "", 200, "n=1 q:2" },
	{ "GET /?q=12&p", "", 200, "n=2 p:0 q:2" },
	{ "GET /?q=1&u=1&u=2", "", 200, "n=1 q:1" },
	{ "GET /?50%off&a=%FC&%zz=1&&=&=x&p=1", "", 200, "n=1 p:1" },
	{ "GET /items/a?p=1&p=2&%zz", "", 200, "n=0" },
	{ "GET /nowhere?p=1&p=2&%zz", "", 404, "pages|not_found|" },
	{ "POST /form?p=1&p=2&%zz", SAME FORM "Content-Length: 3\r\n", 200, "n=0 a=1" },
	{ "GET /gate/x?p=1&p=2&%zz", "", 200, "n=0" },
	{ "GET /api/list?q=1&&p=22", "", 200, "n=2 p:2 q:1" },
	{ "GET /api/list?q=1&utm=2", "", 422, "api|malformed|" },
	{ "GET /api/list?%zz", "", 422, "api|malformed|" },
	{ "GET /api/list?q=1&q=1", "", 400, "api|malformed|" },
};

static void read_and_ignored(void **state)
{
	(void)state;
	static struct site site;
	static struct answer a;
	site.settings = site_settings(&site);
	site.settings.groups = groups;
	site.settings.group_count = COUNT(groups);
	site_start(&site);
	for (size_t i = 0; i < COUNT(rows); i++) {
		char request[1024];
		(void)snprintf(request, sizeof request, "%s HTTP/1.1\r\n" HOST "%s\r\n%s",
			rows[i].request, rows[i].headers, *rows[i].headers ? "a=1" : "");
		assert_true(ask(http_port(site.http, false), request, &a));
		if (a.status != rows[i].status || a.closed ||
			strncmp(answer_body(&a), rows[i].body, strlen(rows[i].body)) != 0) {
			fail_msg("%s: closed %d: %s", rows[i].request, a.closed, a.bytes);
		}
	}
	site_stop(&site);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(read_and_ignored),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
