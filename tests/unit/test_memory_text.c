/* Goal: a parser of untrusted text that gets no memory says so. It takes nothing for another text,
 * leaves nothing behind and reads nothing that it did not write. */
#include "memory_help.h"

#include "postern/crypto.h"
#include "postern/json.h"
#include "postern/path.h"
#include "postern/text.h"

enum { ARENA_MAX = 1 << 20 };

struct text_case {
	const char *name;
	enum err (*run)(struct str in, struct arena *a, struct memory_result *r);
	const char *in;
};

static enum err trial(void *ctx, struct memory_result *r)
{
	const struct text_case *t = ctx;
	ARENA_AUTO *a = arena_new(ARENA_MAX);
	return a ? t->run(str_of(t->in), a, r) : ERR_NOMEM;
}

/* ---- the parsers ---- */

static enum err run_url_path(struct str in, struct arena *a, struct memory_result *r)
{
	struct str out;
	const enum err e = url_path(in, a, &out);
	if (!e)
		memory_say(r, "path", out);
	return e;
}

static enum err run_url_absolute(struct str in, struct arena *a, struct memory_result *r)
{
	struct url u;
	const enum err e = url_absolute(in, a, &u);
	if (e)
		return e;
	memory_say(r, "origin", u.origin);
	memory_say(r, "site", u.site);
	memory_say(r, "target", u.target);
	memory_say(r, "path", u.path);
	memory_say(r, "folded", u.folded);
	return ERR_OK;
}

static enum err run_url_origin(struct str in, struct arena *a, struct memory_result *r)
{
	struct str out;
	const enum err e = url_origin(in, a, &out);
	if (!e)
		memory_say(r, "origin", out);
	return e;
}

static enum err run_url_decode(struct str in, struct arena *a, struct memory_result *r)
{
	struct str out;
	const enum err e = url_decode(in, a, &out);
	if (!e)
		memory_say(r, "text", out);
	return e;
}

static enum err run_form(struct str in, struct arena *a, struct memory_result *r)
{
	struct fields f;
	const enum err e = form_parse(in, a, &f);
	for (size_t i = 0; !e && i < f.n; i++) {
		memory_say(r, "name", f.v[i].name);
		memory_say(r, "value", f.v[i].value);
	}
	return e;
}

static enum err run_query(struct str in, struct arena *a, struct memory_result *r)
{
	struct fields f;
	struct str fault = { NULL, 0 };
	const enum err e = query_parse(in, STR("q cursor token"), a, &f, &fault);
	for (size_t i = 0; !e && i < f.n; i++) {
		memory_say(r, "name", f.v[i].name);
		memory_say(r, "value", f.v[i].value);
	}
	memory_say(r, "fault", e == ERR_NOMEM ? STR("") : fault);
	return e;
}

static enum err run_cookie(struct str in, struct arena *a, struct memory_result *r)
{
	struct str out = { NULL, 0 };
	(void)a;
	memory_say_number(r, "times", (long long)cookie_find(in, STR("postern-meter"), &out));
	memory_say(r, "value", out);
	return ERR_OK;
}

static enum err run_email(struct str in, struct arena *a, struct memory_result *r)
{
	struct email m;
	(void)a;
	const enum err e = email_parse(in, &m);
	if (!e)
		memory_say(r, "text", str_of(m.text));
	if (!e)
		memory_say(r, "key", str_of(m.key));
	return e;
}

static enum err run_opaque(struct str in, struct arena *a, struct memory_result *r)
{
	struct str out;
	size_t n = 0;
	const enum err e = text_opaque(in, a, &out, &n);
	if (!e)
		memory_say(r, "text", out);
	memory_say_number(r, "code points", e ? 0 : (long long)n);
	return e;
}

static enum err run_name(struct str in, struct arena *a, struct memory_result *r)
{
	char out[NAME_SIZE];
	(void)a;
	const enum err e = text_name(in, out);
	if (!e)
		memory_say(r, "name", str_of(out));
	return e;
}

static enum err run_folds(struct str in, struct arena *a, struct memory_result *r)
{
	struct str fold, marks;
	enum err e = text_fold(in, a, &fold);
	if (!e)
		e = text_fold_marks(in, a, &marks);
	if (e)
		return e;
	memory_say(r, "fold", fold);
	memory_say(r, "marks", marks);
	return ERR_OK;
}

/* These have no error of their own: the arena tells. */
static enum err run_forms_of_names(struct str in, struct arena *a, struct memory_result *r)
{
	memory_say(r, "mended", utf8_mended(in, a));
	memory_say(r, "composed", utf8_composed(in, a));
	memory_say(r, "decomposed", utf8_decomposed(in, a));
	return arena_failed(a) ? ERR_NOMEM : ERR_OK;
}

static enum err run_slug(struct str in, struct arena *a, struct memory_result *r)
{
	char out[SLUG_SIZE];
	(void)a;
	text_slug(in, out);
	memory_say(r, "slug", str_of(out));
	return ERR_OK;
}

static enum err run_header(struct str in, struct arena *a, struct memory_result *r)
{
	uint64_t first = 0, last = 0;
	(void)a;
	memory_say_number(r, "accepts", header_accepts(in, STR("gzip")));
	memory_say_number(r, "etag", header_etag_match(in, STR("\"a\"")));
	memory_say_number(r, "range", header_range(in, 1000, &first, &last));
	return ERR_OK;
}

static enum err run_ip_range(struct str in, struct arena *a, struct memory_result *r)
{
	struct ip_range range;
	char why[IP_RANGE_WHY_SIZE], text[IP_RANGE_TEXT_SIZE] = "";
	(void)a;
	const enum err e = ip_range_parse(in, &range, why);
	if (!e)
		ip_range_text(&range, text);
	memory_say(r, "range", str_of(text));
	return e;
}

static enum err run_time(struct str in, struct arena *a, struct memory_result *r)
{
	int64_t t = 0;
	(void)a;
	const enum err e = time_parse(in, TIME_STARTS, &t);
	memory_say_number(r, "time", t);
	return e;
}

static enum err run_json(struct str in, struct arena *a, struct memory_result *r)
{
	json_t *doc = NULL;
	json_error_t at;
	struct str again = { NULL, 0 };
	enum err e = text_json_parse(in, JSON_REJECT_DUPLICATES, &doc, &at);
	if (e == ERR_INVALID)
		memory_say(r, "why", str_of(at.text));
	if (!e)
		e = text_json_write(doc, JSON_COMPACT, a, &again);
	if (!e)
		memory_say(r, "again", again);
	return e;
}

#define X16 "xxxxxxxxxxxxxxxx"
#define X256 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16 X16
#define N16 "1234567890123456"
#define N256 N16 N16 N16 N16 N16 N16 N16 N16 N16 N16 N16 N16 N16 N16 N16 N16

static struct text_case cases[] = {
	{ "url_path", run_url_path, "/sections/caf%C3%A9/a-long-enough-path" },
	{ "url_path that is refused", run_url_path, "/a%2fb" },
	{ "url_absolute", run_url_absolute, "https://NEWS.example:8443/Caf%C3%A9/x?y=1" },
	{ "url_absolute that is refused", run_url_absolute, "https://a@news.example/" },
	{ "url_origin", run_url_origin, "https://News.example.:443" },
	{ "url_decode", run_url_decode, "pictures/my%20harbour.png" },
	{ "form", run_form, "email=ada%40news.example&password=a+b+c&name=%C3%84da" },
	{ "form that is refused", run_form, "email=a&email=b" },
	{ "query", run_query, "q=harbour+town&utm=1&cursor=abc%3D" },
	{ "query that is refused", run_query, "q=a&q=b" },
	{ "cookie", run_cookie, "a=b; postern-meter=AAAA; c" },
	{ "email", run_email,
		" Ada@b\xc3\xbc"
		"cher.example " },
	{ "email that is refused", run_email, "ada@@news.example" },
	{ "opaque", run_opaque, "correct\xe3\x80\x80horse e\xcc\x81" },
	{ "name", run_name, "  Zoe\xcc\x88 Q. Reader " },
	{ "fold", run_folds,
		"Stra\xc3\x9f"
		"e \xef\xbc\xa1 \xc3\x89" },
	{ "forms of names", run_forms_of_names, "caf\xc3\xa9 e\xcc\x81" },
	{ "slug", run_slug, "Caf\xc3\xa9 au lait: what now?" },
	{ "header", run_header, "gzip;q=0.5, \"a\", bytes=0-1" },
	{ "ip range", run_ip_range, "192.0.2.7 - 192.0.2.99" },
	{ "ip range that is refused", run_ip_range, "192.0.2.7/24" },
	{ "time", run_time, "2027-01-31T18:00:00+01:00" },
	{ "json", run_json,
		"{\"email\":\"ada@news.example\",\"list\":[1,2.5,true,null,"
		"\"\\u00e4\\ud83d\\ude00\","
		"{}],\"of\":{\"a\":{\"b\":[]}}}" },
	{ "json with long values", run_json,
		"[\"" X256 X256 "\",\"" X256 "\\n\\u00e4" X256 X256 X256
		"\", 0.1234567890123, 123456789012345678]" },
	{ "json with a long number", run_json, "[0." N256 N256 "]" },
	{ "json of fifteen digits and their end", run_json, "[123456789012345, 1]" },
	{ "json that is refused", run_json, "{\"a\":1,\"a\":2}" },
	{ "json that does not end", run_json, "{\"a\":\"" X256 },
};

static void every_parser(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		memory_try(cases[i].name, trial, &cases[i]);
}

/* ---- JSON ---- */

/* A list that lacks an item is none, whoever looks. */
static enum err json_list(void *ctx, struct memory_result *r)
{
	json_t *list = json_array(), *doc = json_object();
	struct str text = { NULL, 0 };
	ARENA_AUTO *a = arena_new(ARENA_MAX);
	(void)ctx;
	for (int i = 0; i < 40; i++)
		text_json_append(
			&list, json_pack("{s:s, s:i, s:o, s:[s]}", "name", "an item", "number", i,
				       "time", text_json_time(1800000000), "tags", "harbour"));
	text_json_put(&doc, "list", list);
	text_json_put(&doc, "title", text_json_str(STR("Forty items")));
	text_json_put(&doc, "none", text_json_str((struct str){ NULL, 0 }));
	if (!a) {
		json_decref(doc);
		return ERR_NOMEM;
	}
	const enum err e = text_json_write(doc, JSON_COMPACT, a, &text);
	if (!e)
		memory_say(r, "text", text);
	return e;
}

static void json_is_whole_or_an_error(void **state)
{
	(void)state;
	memory_try("a list", json_list, NULL);
}

/* ---- names made of digests ---- */

static enum err article_ids(void *ctx, struct memory_result *r)
{
	static const char *const paths[] = { "/news/one", "/news/two" };
	const struct path_rule rule = { .path = "/news/**" };
	char id[2][ID_SIZE];
	(void)ctx;
	for (size_t i = 0; i < COUNT(paths); i++) {
		const struct url u = { .site = STR("news.example"), .path = str_of(paths[i]) };
		path_article_id(&rule, &u, id[i]);
		memory_say(r, "id", str_of(id[i]));
	}
	assert_string_not_equal(id[0], id[1]);
	return ERR_OK;
}

/* Two paths never become one article, for which one reading would be counted. */
static void paths_keep_their_ids(void **state)
{
	(void)state;
	memory_try("ids of paths", article_ids, NULL);
}

static void digest_of_pieces_is_that_of_the_whole(void **state)
{
	const struct str pieces[] = { STR("one"), STR(""), { NULL, 0 }, STR("\ntwo") };
	uint8_t joined[HASH_BYTES], whole[HASH_BYTES];
	(void)state;
	crypto_digest_join(pieces, COUNT(pieces), joined);
	crypto_digest(STR("one\ntwo"), whole);
	assert_memory_equal(joined, whole, HASH_BYTES);
	crypto_digest_join(NULL, 0, joined);
	crypto_digest(STR(""), whole);
	assert_memory_equal(joined, whole, HASH_BYTES);
}

/* A buffer's failure is the arena's. */
static void buffer_that_failed_marks_the_arena(void **state)
{
	ARENA_AUTO *a = arena_new(ARENA_MAX);
	BUF_AUTO b = BUF(100);
	(void)state;
	assert_non_null(a);
	assert_ptr_not_equal(arena_buf(a, &b).p, NULL);
	memory_arm(1, MEMORY_ONE);
	buf_puts(&b, "text");
	assert_true(memory_disarm());
	assert_false(arena_failed(a));
	assert_null(arena_buf(a, &b).p);
	assert_true(arena_failed(a));
}

int main(void)
{
	if (crypto_start() != ERR_OK)
		return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allocations_do_fail),
		cmocka_unit_test(every_parser),
		cmocka_unit_test(json_is_whole_or_an_error),
		cmocka_unit_test(paths_keep_their_ids),
		cmocka_unit_test(digest_of_pieces_is_that_of_the_whole),
		cmocka_unit_test(buffer_that_failed_marks_the_arena),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
