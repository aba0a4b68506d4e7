/* The cases of the official Mustache specification, as they are in tests/data/mustache. */
#include "postern/template.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

enum { PAIRS_MOST = 32 };

struct spec {
	struct arena *a;
	bool html; /* values as template_html */
};

static struct str text_of(const struct spec *s, const json_t *j)
{
	if (json_is_integer(j))
		return str_of(arena_fmt(s->a, "%lld", (long long)json_integer_value(j)));
	if (json_is_real(j))
		return str_of(arena_fmt(s->a, "%g", json_real_value(j)));
	return str_of(json_string_value(j));
}

static void fill_object(const struct spec *s, struct template_data *obj, const json_t *j);

static void fill_list(const struct spec *s, struct template_data *list, const json_t *j)
{
	for (size_t i = 0; i < json_array_size(j); i++) {
		const json_t *item = json_array_get(j, i);
		if (json_is_array(item))
			fill_list(s, template_append_list(list), item);
		else if (json_is_object(item))
			fill_object(s, template_append(list), item);
		else
			template_append_text(list, text_of(s, item));
	}
}

static void put(const struct spec *s, struct template_data *obj, const char *key, const json_t *j)
{
	if (json_is_object(j)) {
		struct template_data *child = template_object(s->a);
		fill_object(s, child, j);
		template_child(obj, key, child);
	} else if (json_is_array(j)) {
		fill_list(s, template_list(obj, key), j);
	} else if (json_is_boolean(j) || json_is_null(j)) {
		template_bool(obj, key, json_is_true(j));
	} else if (s->html) {
		template_html(obj, key, text_of(s, j));
	} else {
		template_text(obj, key, text_of(s, j));
	}
}

static void fill_object(const struct spec *s, struct template_data *obj, const json_t *j)
{
	for (void *i = json_object_iter((json_t *)j); i; i = json_object_iter_next((json_t *)j, i))
		put(s, obj, json_object_iter_key(i), json_object_iter_value(i));
}

/* Our root is always an object. Another root becomes the only item of a list, or a text, that a
 * section around the template opens. */
static struct str wrapped(const struct spec *s, struct template_data *root, const json_t *test)
{
	const char *source = json_string_value(json_object_get(test, "template"));
	const json_t *data = json_object_get(test, "data");
	if (json_is_object(data)) {
		fill_object(s, root, data);
		return str_of(source);
	}
	if (json_is_array(data))
		fill_list(s, template_append_list(template_list(root, "root")), data);
	else
		put(s, root, "root", data);
	return str_of(arena_fmt(s->a, "{{#root}}%s{{/root}}", source));
}

static void partials_of(const json_t *test, const char *pairs[static PAIRS_MOST + 1])
{
	json_t *all = json_object_get(test, "partials");
	size_t n = 0;
	for (void *i = json_object_iter(all); i; i = json_object_iter_next(all, i)) {
		assert_true(n + 2 <= PAIRS_MOST);
		pairs[n++] = json_object_iter_key(i);
		pairs[n++] = json_string_value(json_object_iter_value(i));
	}
	pairs[n] = NULL;
}

static bool run_case(const json_t *test, enum template_mode mode)
{
	const char *pairs[PAIRS_MOST + 1];
	ARENA_AUTO *a = arena_new(1 << 20);
	BUF_AUTO out = BUF(1 << 20);
	const struct spec s = { .a = a, .html = mode == TEMPLATE_HTML };
	struct template_data *root = template_object(a);
	struct str source = wrapped(&s, root, test);
	struct str expected = str_of(json_string_value(json_object_get(test, "expected")));
	partials_of(test, pairs);
	enum err e = template_render_text(source, pairs, mode, root, &out);
	if (e == ERR_OK && str_eq(buf_view(&out), expected))
		return true;
	print_error("%s, mode %d: %s, expected\n[%s]\nis\n[" STR_FMT "]\n",
		json_string_value(json_object_get(test, "name")), (int)mode, err_name(e),
		expected.p, STR_ARG(buf_view(&out)));
	return false;
}

/* Escaping needs the HTML mode. There, raw tags print values marked as HTML only, which a list of
 * texts cannot hold: what has both is run as plain text. */
static size_t failures_of(const json_t *test)
{
	const char *source = json_string_value(json_object_get(test, "template"));
	const char *expected = json_string_value(json_object_get(test, "expected"));
	bool raw = strstr(source, "{{{") || strstr(source, "{{&");
	bool text_items = json_is_array(json_object_get(json_object_get(test, "data"), "list"));
	size_t failures = 0;
	if (!(raw && text_items))
		failures += !run_case(test, TEMPLATE_HTML);
	if (!strstr(expected, "&amp;"))
		failures += !run_case(test, TEMPLATE_TEXT);
	return failures;
}

static json_t *load(const char *name)
{
	char path[64];
	snprintf(path, sizeof path, "tests/data/mustache/%s.json", name);
	return json_load_file(path, 0, NULL);
}

/* Goal: every case of a file of the specification renders to the byte, in each mode that can. */
static void run_file(const char *name, size_t at_least)
{
	json_t *file = load(name);
	assert_non_null(file);
	const json_t *tests = json_object_get(file, "tests");
	size_t failures = 0;
	assert_true(json_array_size(tests) >= at_least);
	for (size_t i = 0; i < json_array_size(tests); i++)
		failures += failures_of(json_array_get(tests, i));
	json_decref(file);
	assert_int_equal(failures, 0);
}

static void comments(void **state)
{
	(void)state;
	run_file("comments", 12);
}

static void delimiters(void **state)
{
	(void)state;
	run_file("delimiters", 14);
}

static void interpolation(void **state)
{
	(void)state;
	run_file("interpolation", 42);
}

static void inverted(void **state)
{
	(void)state;
	run_file("inverted", 22);
}

static void partials(void **state)
{
	(void)state;
	run_file("partials", 12);
}

static void sections(void **state)
{
	(void)state;
	run_file("sections", 34);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comments),
		cmocka_unit_test(delimiters),
		cmocka_unit_test(interpolation),
		cmocka_unit_test(inverted),
		cmocka_unit_test(partials),
		cmocka_unit_test(sections),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
