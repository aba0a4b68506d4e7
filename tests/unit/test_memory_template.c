/* Goal: a page that cannot be rendered whole is not rendered; a theme that cannot be read whole is
 * not taken, and never exchanged for the one built in. */
#include "memory_help.h"

#include <sys/stat.h>
#include <unistd.h>

#include "postern/template.h"

enum { ARENA_MAX = 1 << 20 };

/* ---- rendering ---- */

static struct template_data *data_make(struct arena *a)
{
	struct template_data *root = template_object(a), *page = template_object(a);
	struct template_data *list = template_list(root, "articles");
	template_z(page, "title", arena_fmt(a, "%s & %s", "Harbour", "town"));
	template_child(root, "page", page);
	for (int i = 0; i < 3; i++) {
		struct template_data *one = template_append(list);
		template_int(one, "number", 100 + i);
		template_z(one, "dek", i == 1 ? NULL : arena_fmt(a, "dek %d", i));
		template_html(one, "html", STR("<b>bold</b>"));
	}
	template_append_text(template_list(root, "words"), STR("one"));
	template_bool(root, "has_articles", true);
	template_child(root, "reader", NULL);
	return root;
}

static enum err render(void *ctx, struct memory_result *r)
{
	static const char source[] =
		"{{#page}}{{title}}{{/page}}\n{{#articles}}{{> card}}{{/articles}}"
		"{{^reader}}nobody{{/reader}}{{#words}}{{.}}{{/words}}\n";
	static const char *const partials[] = { "card",
		"  <p>{{number}} {{#dek}}{{dek}}{{/dek}}{{^dek}}none{{/dek}} {{{html}}}</p>\n",
		NULL };
	ARENA_AUTO *a = arena_new(ARENA_MAX);
	BUF_AUTO out = BUF(TEMPLATE_OUTPUT_MAX);
	(void)ctx;
	if (!a)
		return ERR_NOMEM;
	const enum err e =
		template_render_text(str_of(source), partials, TEMPLATE_HTML, data_make(a), &out);
	if (!e)
		memory_say(r, "page", buf_view(&out));
	else
		assert_int_equal(out.n, 0);
	return e;
}

static void rendering_is_whole_or_an_error(void **state)
{
	(void)state;
	memory_try("a page", render, NULL);
}

/* ---- loading ---- */

static enum err load(void *ctx, struct memory_result *r)
{
	const char *dir = ctx;
	char why[256] = "";
	struct template_set *set = NULL;
	ARENA_AUTO *a = arena_new(ARENA_MAX);
	BUF_AUTO out = BUF(TEMPLATE_OUTPUT_MAX);
	if (!a)
		return ERR_NOMEM;
	enum err e = template_load("web/templates/", dir, &set, why);
	if (e)
		return e;
	struct template_data *root = template_object(a);
	template_z(root, "title", "Not found");
	template_z(root, "detail",
		"There is nothing at this address. It may be misspelled or out of date.");
	e = template_render(set, "error.html", TEMPLATE_HTML, root, &out);
	if (!e)
		memory_say(r, "page", buf_view(&out));
	template_free(set);
	return e;
}

static void theme_is_read_whole_or_not_at_all(void **state)
{
	char dir[] = "/tmp/postern-theme-XXXXXX", file[64];
	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof file, "%s/error.html", dir);
	FILE *f = fopen(file, "w");
	assert_non_null(f);
	fputs("<h1>Ours: {{title}}</h1>\n", f);
	assert_int_equal(fclose(f), 0);
	memory_try_mode("a theme", load, dir, MEMORY_ONE, ERR_OK);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allocations_do_fail),
		cmocka_unit_test(rendering_is_whole_or_an_error),
		cmocka_unit_test(theme_is_read_whole_or_not_at_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
