/* Goal: an article that cannot be read whole is not stored, and nothing of it is missed: no
 * picture, no mark of the author's, no word of its state, no orientation of a photograph. */
#include "memory_help.h"

#include "../../src/content/html/cut.h"
#include "../../src/content/picture/picture.h"
#include "content_help.h"

enum { ARENA_MAX = 64 << 20 };

/* ---- HTML ---- */

static struct str keep(void *ctx, struct str src)
{
	(void)ctx;
	return src;
}

static enum err sanitise(void *ctx, struct memory_result *r)
{
	struct blocks blocks = { 0 };
	ARENA_AUTO *a = arena_new(ARENA_MAX);
	if (!a)
		return ERR_NOMEM;
	const enum err e = content_sanitise(str_of(ctx), keep, NULL, a, &blocks);
	for (size_t i = 0; !e && i < blocks.n; i++)
		memory_say(r, "block", blocks.v[i].html);
	memory_say_number(r, "cut", e ? 0 : (long long)blocks.cut);
	return e;
}

static char rich[] =
	"<h2>Harbour &amp; town</h2><p>One <a href=\"/a?b=1\">link</a>, <b>bold</b> and "
	"<i>more</i>.</p><hr id=\"system-readmore\"><ul><li>one<li>two</ul>"
	"<figure><img src=\"a.png\" alt=\"The harbour\"><figcaption>At <em>dawn</em></figcaption>"
	"</figure><table><tr><td colspan=2>x<td>y</table><pre>a\n  b</pre><blockquote>q"
	"</blockquote><!-- more --><ol start=3><li>three</ol>";

static void html_is_whole_or_an_error(void **state)
{
	(void)state;
	memory_try("the sanitiser", sanitise, rich);
	memory_try("what is not UTF-8", sanitise, (char[]){ "<p>\xff</p>" });
}

static enum err cut(void *ctx, struct memory_result *r)
{
	const struct html_limit limit = { .characters = 20, .visible = 20, .words = 4 };
	BUF_AUTO out = BUF(1 << 16);
	const struct html_part part = html_cut(str_of(ctx), &limit, &out);
	if (out.err)
		return out.err;
	memory_say(r, "part", buf_view(&out));
	memory_say_number(r, "whole", part.whole);
	return ERR_OK;
}

static void teaser_is_whole_or_an_error(void **state)
{
	(void)state;
	memory_try("the cut", cut,
		(char[]){ "<p>One two three.</p>\n<ul><li>four five</li><li>six &amp; "
			  "seven</li></ul>" });
}

/* ---- pictures ---- */

static enum err strip(void *ctx, struct memory_result *r)
{
	const struct str *bytes = ctx;
	struct picture_notes notes;
	struct str out;
	uint8_t hash[HASH_BYTES];
	char tag[HASH_TAG_SIZE];
	ARENA_AUTO *a = arena_new(ARENA_MAX);
	if (!a)
		return ERR_NOMEM;
	const enum err e = picture_strip(*bytes, a, &out, &notes);
	if (e)
		return e;
	crypto_digest(out, hash);
	crypto_hash_tag(hash, tag);
	memory_say(r, "bytes", str_of(tag));
	memory_say(r, "copyright", notes.copyright);
	memory_say(r, "credit", notes.credit);
	memory_say_number(r, "orientation", notes.orientation);
	return ERR_OK;
}

static void picture_keeps_its_notes_or_is_an_error(void **state)
{
	static const char *const names[] = { "position.jpg", "position.png", "position.gif",
		"position.webp" };
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		char path[128];
		BUF_AUTO b = BUF(1 << 20);
		(void)snprintf(path, sizeof path, "tests/data/pictures/%s", names[i]);
		assert_int_equal(file_read(path, &b), ERR_OK);
		struct str bytes = buf_view(&b);
		memory_try(names[i], strip, &bytes);
	}
}

/* ---- whole files, into a database ---- */

struct import_trial {
	struct fixture *f;
	const char *name;
};

/* An item that was refused for want of memory changes nothing; whatever is in the database after it
 * is what was there, or the whole article. */
static enum err import_file(void *ctx, struct memory_result *r)
{
	const struct import_trial *t = ctx;
	struct import_count n = { 0 };
	struct import_settings s = import_settings_of(t->f);
	enum err e = content_import(t->f->db, t->name, &s, NOW, &n);
	if (e == ERR_UNAVAILABLE)
		e = ERR_NOMEM;
	if (e)
		return e;
	const bool memory = n.refused && t->f->reports &&
			    strstr(t->f->why[0], "needs more memory than one article may");
	if (memory)
		return ERR_NOMEM;
	memory_say_number(r, "files", (long long)n.files);
	memory_say_number(r, "refused", (long long)n.refused);
	for (size_t i = 0; i < t->f->reports; i++)
		memory_say(r, "why", str_of(t->f->why[i]));
	return ERR_OK;
}

static void say_stored(struct fixture *f, const char *slug, struct memory_result *r)
{
	const struct reading_of one = open_words(f, slug, &full, 90);
	r->n = 0;
	memory_say_number(r, "found", one.find_err);
	if (one.find_err)
		return;
	memory_say(r, "headline", one.article.headline);
	memory_say(r, "dek", one.article.dek);
	memory_say(r, "tags", one.article.tags);
	memory_say(r, "byline", one.article.byline);
	memory_say(r, "section", one.article.section);
	memory_say(r, "status", one.article.status);
	memory_say_number(r, "access", one.article.access);
	memory_say_number(r, "embargo", one.article.embargo_at);
	memory_say(r, "text", one.text.html);
	memory_say_number(r, "images", (long long)one.image_count);
	for (size_t i = 0; i < one.image_count; i++) {
		memory_say(r, "image", str_of(one.images[i].id));
		memory_say(r, "credit", one.images[i].credit);
	}
}

/* With an empty database each time, what is stored is nothing or the article whole. */
static void import_each(struct fixture *f, const char *name, const char *slug)
{
	static struct memory_result right, now, said;
	struct import_trial t = { f, fixture_path(f, name) };
	assert_int_equal(import_file(&t, &said), ERR_OK);
	say_stored(f, slug, &right);
	if (strncmp(right.text, "found=1:0", 9) != 0)
		fail_msg("%s is not stored: %.*s", name, (int)said.n, said.text);
	for (long n = 1;; n++) {
		const enum err gone = content_delete(f->db, str_of(slug));
		assert_true(gone == ERR_OK || gone == ERR_NOT_FOUND);
		said.n = 0;
		memory_arm(n, MEMORY_ONE);
		const enum err e = import_file(&t, &said);
		const bool failed = memory_disarm();
		say_stored(f, slug, &now);
		const bool absent = strncmp(now.text, "found=1:0", 9) != 0;
		const bool same = now.n == right.n && memcmp(now.text, right.text, now.n) == 0;
		if (!same && (!absent || !e))
			fail_msg("%s without allocation %ld: %s %.*s, stored\n%.*s\nexpected\n%.*s",
				name, n, err_name(e), (int)said.n, said.text, (int)now.n, now.text,
				(int)right.n, right.text);
		if (!failed)
			return;
	}
}

static void markdown_is_stored_whole_or_not_at_all(void **state)
{
	struct fixture *f = *state;
	put_png(f, "harbour.png", 80, 'a');
	put_file(f, "one.md",
		"---\ndek: What the harbour has that no other has\nheadline: \"Harbour \\\"and\\\" "
		"town\"\nsection: City Life\n"
		"tags: [harbour, \"Arts, Culture\"]\nbyline: By Ada\naccess: metered\n"
		"embargo: 2027-01-01T00:00:00Z\nimages:\n  - file: harbour.png\n    credit: Photo "
		"& "
		"Co\n---\n"
		"The first paragraph, with [a link](/x).\n\n<!-- more -->\n\n" SIXTY_WORDS "\n\n"
		"![The harbour](harbour.png)\n\nThe end.\n");
	import_each(f, "one.md", "one");
}

static void ninjs_is_stored_whole_or_not_at_all(void **state)
{
	struct fixture *f = *state;
	put_png(f, "b.png", 80, 'b');
	put_file(f, "two.json",
		"{\"uri\":\"urn:two\",\"pubStatus\":\"usable\",\"version\":\"3\",\"slug\":\"two\","
		"\"versionCreated\":\"2026-01-02T00:00:00Z\",\"embargoed\":\"2027-01-01T00:00:"
		"00Z\","
		"\"headlines\":[{\"role\":\"main\",\"value\":\"Two &amp; more\"}],"
		"\"subjects\":[{\"name\":\"Harbour\"},{\"name\":\"Town\"}],"
		"\"by\":\"Ada\",\"bodies\":[{\"contentType\":\"text/html\",\"value\":\"<p>One "
		"two.</p>"
		"<p>" SIXTY_WORDS "</p><p>Three.</p>\"}]}");
	import_each(f, "two.json", "two-more");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allocations_do_fail),
		cmocka_unit_test(html_is_whole_or_an_error),
		cmocka_unit_test(teaser_is_whole_or_an_error),
		cmocka_unit_test(picture_keeps_its_notes_or_is_an_error),
		cmocka_unit_test_setup_teardown(
			markdown_is_stored_whole_or_not_at_all, fixture_make, fixture_end),
		cmocka_unit_test_setup_teardown(
			ninjs_is_stored_whole_or_not_at_all, fixture_make, fixture_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
