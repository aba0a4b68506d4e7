#include "postern/template.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { THREADS = 4 };

static enum err render(const char *source, const char *const *partials, enum template_mode mode,
	const struct template_data *root, struct buf *out)
{
	return template_render_text(str_of(source), partials, mode, root, out);
}

/* Goal: in HTML only what the program marked as HTML prints raw, whatever the theme writes; in text
 * nothing is escaped. */
static void escaping_is_by_type(void **state)
{
	(void)state;
	ARENA_AUTO *a = arena_new(4096);
	struct template_data *root = template_object(a);
	template_text(root, "t", STR("<'>"));
	template_html(root, "h", STR("<b>"));
	static const struct {
		const char *source, *html, *text;
	} cases[] = {
		{ "{{t}}", "&lt;&#39;&gt;", "<'>" },
		{ "{{{t}}}", "&lt;&#39;&gt;", "<'>" },
		{ "{{&t}}", "&lt;&#39;&gt;", "<'>" },
		{ "{{h}}", "&lt;b&gt;", "<b>" },
		{ "{{{h}}}", "<b>", "<b>" },
		{ "{{&h}}", "<b>", "<b>" },
		{ "{{#h}}{{.}}{{{.}}}{{/h}}", "&lt;b&gt;<b>", "<b><b>" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		BUF_AUTO html = BUF(100);
		BUF_AUTO text = BUF(100);
		assert_int_equal(render(cases[i].source, NULL, TEMPLATE_HTML, root, &html), 0);
		assert_int_equal(render(cases[i].source, NULL, TEMPLATE_TEXT, root, &text), 0);
		assert_string_equal(html.p, cases[i].html);
		assert_string_equal(text.p, cases[i].text);
	}
}

/* Goal: what counts as true, what prints, which value of a key is the last, as the reference for
 * theme authors says. */
static void values(void **state)
{
	(void)state;
	ARENA_AUTO *a = arena_new(1 << 16);
	struct template_data *root = template_object(a);
	template_bool(root, "yes", true);
	template_bool(root, "no", false);
	template_z(root, "null", NULL);
	template_z(root, "empty", "");
	template_int(root, "zero", 0);
	template_int(root, "least", INT64_MIN);
	template_child(root, "gone", NULL);
	template_list(root, "none");
	template_text(root, "twice", STR("1"));
	template_text(root, "twice", STR("2"));
	struct template_data *child = template_object(a);
	template_z(child, "name", "inner");
	template_child(root, "obj", child);
	struct template_data *list = template_list(root, "list");
	template_z(template_append(list), "n", "a");
	template_z(template_append(list), "n", "b");
	template_append_text(list, STR("c"));
	static const struct {
		const char *source, *out;
	} cases[] = {
		{ "[{{yes}}{{no}}{{null}}{{gone}}{{obj}}{{list}}{{missing}}{{obj.x.y}}]", "[]" },
		{ "{{#yes}}1{{/yes}}{{#zero}}2{{/zero}}{{#obj}}3{{/obj}}", "123" },
		{ "{{#no}}1{{/no}}{{#null}}2{{/null}}{{#empty}}3{{/empty}}{{#gone}}4{{/gone}}",
			"" },
		{ "{{^no}}1{{/no}}{{^null}}2{{/null}}{{^empty}}3{{/empty}}{{^gone}}4{{/gone}}"
		  "{{^none}}5{{/none}}{{^missing}}6{{/missing}}",
			"123456" },
		{ "{{zero}} {{least}} {{twice}}", "0 -9223372036854775808 2" },
		{ "{{#list}}{{n}}{{.}},{{/list}}", "a,b,c," },
		{ "{{#obj}}{{name}} {{twice}}{{/obj}} {{obj.name}}", "inner 2 inner" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		BUF_AUTO out = BUF(1000);
		buf_puts(&out, "");
		assert_int_equal(render(cases[i].source, NULL, TEMPLATE_HTML, root, &out), ERR_OK);
		assert_string_equal(out.p, cases[i].out);
	}
}

/* Goal: every fault of a template is refused, none prints half. */
static void faults(void **state)
{
	(void)state;
	static const char *const cases[] = { "{{", "{{a", "a{{a}", "{{{a}}", "{{#a}}", "{{/a}}",
		"{{#a}}{{/b}}", "{{#a}}{{#b}}{{/a}}{{/b}}", "{{}}", "{{ }}", "{{a b}}", "{{a..b}}",
		"{{.a}}", "{{a.}}", "{{..}}", "{{#}}{{/}}", "{{=}}", "{{= =}}", "{{=<% =}}",
		"{{=a b c=}}", "{{=== ==}}", "{{=<<<<<<<<<<<<<<<<< >=}}", "{{<a}}{{/a}}",
		"{{$a}}{{/a}}", "{{!", "{{>}}", "{{#a}}{{=| |=}}{{/a}}", "{{a\n}}x{{" };
	ARENA_AUTO *a = arena_new(4096);
	const struct template_data *root = template_object(a);
	for (size_t i = 0; i < COUNT(cases); i++) {
		BUF_AUTO out = BUF(100);
		enum err e = render(cases[i], NULL, TEMPLATE_HTML, root, &out);
		if (e != ERR_INVALID)
			print_error("%s\n", cases[i]);
		assert_int_equal(e, ERR_INVALID);
		assert_int_equal(out.n, 0);
	}
}

/* `n` sections "a" inside each other. */
static void nest(struct buf *b, int n)
{
	for (int i = 0; i < n; i++)
		buf_puts(b, "{{#a}}");
	buf_puts(b, "x");
	for (int i = 0; i < n; i++)
		buf_puts(b, "{{/a}}");
}

/* Goal: depth, work and output end at their maximum, with nothing of the page left behind. */
static void limits(void **state)
{
	(void)state;
	ARENA_AUTO *a = arena_new(1 << 20);
	struct template_data *root = template_object(a);
	struct template_data *list = template_list(root, "l");
	for (int i = 0; i < 40; i++)
		template_append(list);
	char *big = arena_alloc(a, 1 << 17);
	memset(big, '&', 1 << 17);
	template_text(root, "big", (struct str){ big, 1 << 17 });
	template_bool(root, "a", true);
	static const char *const self[] = { "p", "{{>p}}", NULL };
	static const char *const twice[] = { "p", "{{>p}}{{>p}}", NULL };
	static const struct {
		const char *source;
		const char *const *partials;
	} cases[] = {
		{ "{{>p}}", self },
		{ "{{>p}}", twice },
		{ "{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{/l}}{{/l}}{{/l}}{{/l}}{{/l}}", NULL },
		{ "{{#l}}{{big}}{{/l}}", NULL },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		BUF_AUTO out = BUF(8 << 20);
		buf_puts(&out, "kept");
		enum err e = render(cases[i].source, cases[i].partials, TEMPLATE_HTML, root, &out);
		assert_int_equal(e, ERR_TOO_LARGE);
		assert_string_equal(out.p, "kept");
	}
	BUF_AUTO deepest = BUF(4096);
	BUF_AUTO deeper = BUF(4096);
	BUF_AUTO out = BUF(4096);
	nest(&deepest, TEMPLATE_DEPTH_MAX);
	nest(&deeper, TEMPLATE_DEPTH_MAX + 1);
	assert_int_equal(render(deepest.p, NULL, TEMPLATE_HTML, root, &out), ERR_OK);
	assert_string_equal(out.p, "x");
	assert_int_equal(render(deeper.p, NULL, TEMPLATE_HTML, root, &out), ERR_INVALID);
}

/* Goal: the buffer's own cap is the answer as well. */
static void small_buffer(void **state)
{
	(void)state;
	ARENA_AUTO *a = arena_new(4096);
	BUF_AUTO out = BUF(3);
	assert_int_equal(
		render("abcd", NULL, TEMPLATE_HTML, template_object(a), &out), ERR_TOO_LARGE);
	assert_int_equal(buf_view(&out).n, 0);
}

/* A page of every kind of value. False when the arena refused something. */
static bool build(struct arena *a, struct template_data **out)
{
	struct template_data *root = template_object(a);
	struct template_data *list = template_list(root, "l");
	for (int i = 0; i < 3; i++) {
		struct template_data *item = template_append(list);
		template_int(item, "n", 100 + i);
		template_append_text(template_append_list(list), STR("x"));
	}
	struct template_data *child = template_object(a);
	template_html(child, "h", STR("<b>"));
	template_bool(child, "b", true);
	template_child(root, "c", child);
	template_z(root, "z", "z");
	*out = root;
	return !arena_failed(a);
}

/* Goal: with an arena of any size, a page is whole or refused; no value is quietly missing. */
static void out_of_memory(void **state)
{
	(void)state;
	const char *source = "{{#l}}{{n}}{{#.}}{{.}}{{/.}},{{/l}}{{#c}}{{{h}}}{{b}}{{/c}}{{z}}";
	size_t refused = 0;
	for (size_t size = 0; size < 6000; size += 16) {
		ARENA_AUTO *a = arena_new(size);
		BUF_AUTO out = BUF(1000);
		struct template_data *root;
		bool whole = build(a, &root);
		enum err e = render(source, NULL, TEMPLATE_HTML, root, &out);
		assert_int_equal(e, whole ? ERR_OK : ERR_NOMEM);
		if (whole)
			assert_string_equal(out.p, "100,x,101,x,102,x,<b>z");
		refused += !whole;
	}
	assert_true(refused > 10 && refused < 370);
}

static size_t count_embedded(struct str prefix)
{
	size_t n = 0;
	for (const struct embedded_file *f = embedded_files; f->path; f++)
		n += str_starts(str_of(f->path), prefix);
	return n;
}

/* Goal: all built-in pages and mails parse, find their partials and render over an empty tree. */
static void built_in(void **state)
{
	(void)state;
	static const struct {
		const char *prefix;
		enum template_mode mode;
	} cases[] = { { "web/templates/", TEMPLATE_HTML }, { "web/mail/", TEMPLATE_TEXT } };
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct template_set *set = NULL;
		char why[256];
		ARENA_AUTO *a = arena_new(4096);
		struct template_data *root = template_object(a);
		enum err e = template_load(cases[i].prefix, NULL, &set, why);
		if (e != ERR_OK)
			print_error("%s\n", why);
		assert_int_equal(e, ERR_OK);
		for (const struct embedded_file *f = embedded_files; f->path; f++) {
			BUF_AUTO out = BUF(1 << 20);
			if (!str_starts(str_of(f->path), str_of(cases[i].prefix)))
				continue;
			const char *name = f->path + strlen(cases[i].prefix);
			assert_true(template_has(set, name));
			assert_int_equal(
				template_render(set, name, cases[i].mode, root, &out), ERR_OK);
		}
		BUF_AUTO out = BUF(100);
		assert_false(template_has(set, "nowhere.html"));
		e = template_render(set, "nowhere.html", TEMPLATE_HTML, root, &out);
		assert_int_equal(e, ERR_NOT_FOUND);
		template_free(set);
	}
	template_free(NULL);
}

struct theme {
	char dir[40], file[300];
};

/* A folder with one file, named as the first of the embedded templates that has no '/' or '_'. */
static const char *theme_open(struct theme *t, const char *text, size_t n)
{
	static const char prefix[] = "web/templates/";
	memcpy(t->dir, "/tmp/postern-theme-XXXXXX", 26);
	assert_non_null(mkdtemp(t->dir));
	for (const struct embedded_file *f = embedded_files; f->path; f++) {
		const char *name = f->path + sizeof prefix - 1;
		if (strncmp(f->path, prefix, sizeof prefix - 1) != 0 || strpbrk(name, "/_"))
			continue;
		snprintf(t->file, sizeof t->file, "%s/%s", t->dir, name);
		FILE *out = fopen(t->file, "we");
		assert_non_null(out);
		fwrite(text, 1, n, out);
		fclose(out);
		return name;
	}
	return NULL;
}

static void theme_close(const struct theme *t)
{
	unlink(t->file);
	rmdir(t->dir);
}

/* Goal: the file of a theme takes the place of the built-in one, the others stay; partials of the
 * program are there for it. */
static void theme(void **state)
{
	(void)state;
	struct theme t;
	struct template_set *set = NULL;
	char why[256];
	if (count_embedded(STR("web/templates/")) < 2)
		skip();
	const char *text = "mine: {{x}}{{#none}}{{> footer}}{{/none}}";
	const char *name = theme_open(&t, text, strlen(text));
	ARENA_AUTO *a = arena_new(4096);
	BUF_AUTO out = BUF(4096);
	struct template_data *root = template_object(a);
	template_z(root, "x", "1");
	assert_int_equal(template_load("web/templates/", t.dir, &set, why), ERR_OK);
	assert_int_equal(template_render(set, name, TEMPLATE_HTML, root, &out), ERR_OK);
	assert_string_equal(out.p, "mine: 1");
	assert_true(template_has(set, "_footer.html"));
	template_free(set);
	theme_close(&t);
}

/* Goal: a fault in a theme is told with file, line and what is wrong, before the program serves. */
static void theme_faults(void **state)
{
	(void)state;
	static char big[TEMPLATE_FILE_MAX + 1];
	static const struct {
		const char *text;
		size_t n;
		enum err err;
		const char *says;
	} cases[] = {
		{ "a\nb {{#open}}\nc", 15, ERR_INVALID, ":2: this section is not closed: open" },
		{ "{{!\n\n}}\n{{x", 11, ERR_INVALID, ":4: this tag is not closed" },
		{ "\n{{> nobody}}", 13, ERR_INVALID, ":2: there is no partial nobody" },
		{ "\xff", 1, ERR_INVALID, ": cannot be read as UTF-8 text (invalid)" },
		{ big, sizeof big, ERR_TOO_LARGE, ": cannot be read as UTF-8 text (too_large)" },
	};
	if (count_embedded(STR("web/templates/")) < 2)
		skip();
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct theme t;
		struct template_set *set = NULL;
		char why[256];
		theme_open(&t, cases[i].text, cases[i].n);
		assert_int_equal(template_load("web/templates/", t.dir, &set, why), cases[i].err);
		assert_null(set);
		assert_true(str_starts(str_of(why), str_of(t.file)));
		assert_string_equal(why + strlen(t.file), cases[i].says);
		theme_close(&t);
	}
}

static void *render_often(void *set)
{
	for (int i = 0; i < 50; i++) {
		ARENA_AUTO *a = arena_new(4096);
		BUF_AUTO out = BUF(1 << 20);
		struct template_data *root = template_object(a);
		template_int(root, "status", 404);
		if (template_render(set, "error.html", TEMPLATE_HTML, root, &out) != ERR_OK)
			return set;
	}
	return NULL;
}

/* Goal: threads share a loaded set. */
static void race(void **state)
{
	(void)state;
	struct template_set *set = NULL;
	pthread_t threads[THREADS];
	char why[256];
	if (!embed_find("web/templates/error.html"))
		skip();
	assert_int_equal(template_load("web/templates/", NULL, &set, why), ERR_OK);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, render_often, set), 0);
	for (int i = 0; i < THREADS; i++) {
		void *failed = set;
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	template_free(set);
}

static void *render_mine(void *set)
{
	for (int i = 0; i < 300; i++) {
		BUF_AUTO out = BUF(1 << 20);
		ARENA_AUTO *a = arena_new(4096);
		if (template_render(set, "error.html", TEMPLATE_HTML, template_object(a), &out) !=
				ERR_OK ||
			(strcmp(out.p, "one one") != 0 && strcmp(out.p, "two two") != 0))
			return set;
	}
	return NULL;
}

static struct template_set *set_of(const char *text)
{
	struct template_set *set = NULL;
	char why[256], dir[] = "/tmp/postern-swap-XXXXXX", file[64];
	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof file, "%s/error.html", dir);
	FILE *out = fopen(file, "we");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
	assert_int_equal(template_load("web/templates/", dir, &set, why), ERR_OK);
	unlink(file);
	rmdir(dir);
	return set;
}

/* Goal: a set is replaced while threads render from it; each rendering is of one of the two. */
static void replaced(void **state)
{
	(void)state;
	pthread_t threads[THREADS];
	if (!embed_find("web/templates/error.html"))
		skip();
	struct template_set *set = set_of("one one");
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, render_mine, set), 0);
	for (int i = 0; i < 20; i++)
		template_replace(set, set_of(i % 2 ? "one one" : "two two"));
	for (int i = 0; i < THREADS; i++) {
		void *failed = set;
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	template_free(set);
}

struct busy {
	struct template_set *set;
	_Atomic int begun, ended;
	_Atomic bool stop;
};

/* Until it is stopped; the bound is for a set that cannot be replaced while this goes on. */
static void *render_on(void *arg)
{
	struct busy *b = arg;
	ARENA_AUTO *a = arena_new(4096);
	const struct template_data *root = template_object(a);
	enum err e = ERR_OK;
	for (int i = 0; i < 200000 && !b->stop && e == ERR_OK; i++) {
		BUF_AUTO out = BUF(1 << 20);
		e = template_render(b->set, "error.html", TEMPLATE_HTML, root, &out);
		b->begun += i == 0;
	}
	b->ended++;
	return e == ERR_OK ? NULL : b;
}

/* Goal: whoever replaces a set gets his turn though there is no moment at which nobody renders. */
static void replaced_in_time(void **state)
{
	(void)state;
	pthread_t threads[THREADS];
	static char text[100000];
	if (!embed_find("web/templates/error.html"))
		skip();
	memset(text, '&', sizeof text - 1);
	struct busy b = { .set = set_of(text) };
	struct template_set *fresh[] = { set_of(text), set_of(text), set_of(text) };
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, render_on, &b), 0);
	while (b.begun < THREADS)
		usleep(1000);
	for (size_t i = 0; i < COUNT(fresh); i++)
		template_replace(b.set, fresh[i]);
	const int ended = b.ended;
	b.stop = true;
	for (int i = 0; i < THREADS; i++) {
		void *failed = &b;
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	assert_int_equal(ended, 0);
	template_free(b.set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escaping_is_by_type),
		cmocka_unit_test(values),
		cmocka_unit_test(faults),
		cmocka_unit_test(limits),
		cmocka_unit_test(small_buffer),
		cmocka_unit_test(out_of_memory),
		cmocka_unit_test(built_in),
		cmocka_unit_test(theme),
		cmocka_unit_test(theme_faults),
		cmocka_unit_test(race),
		cmocka_unit_test(replaced),
		cmocka_unit_test(replaced_in_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
