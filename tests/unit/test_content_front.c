/* Goal: front matter is understood exactly or refused with its line; pictures are known by their
 * bytes. */
#include "content_help.h"

static void refused_with_line_and_reason(void **state)
{
	(void)state;
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "line 1: the article must begin" },
		{ "Hello\n", "line 1: the article must begin" },
		{ "----\n---\n", "line 1: the article must begin" },
		{ "---\nslug: a\n", "line 1: the front matter is not closed" },
		{ "---", "line 1: the front matter is not closed" },
		{ "---\nhedline: a\n---\n",
			"line 2: unknown key \"hedline\"; did you mean \"headline\"?" },
		{ "---\nslug: a\nacces: public\n---\n",
			"line 3: unknown key \"acces\"; did you mean \"access\"?" },
		{ "---\nAccess: public\n---\n", "line 2: unknown key \"Access\"" },
		{ "---\nsomethingelse: 1\n---\n", "line 2: unknown key \"somethingelse\"" },
		{ "---\nslug: a\nslug: b\n---\n", "line 3: \"slug\" stands in line 2 already" },
		{ "---\naccess: subscriber\n\naccess: public\n---\n",
			"line 4: \"access\" stands in line 2 already" },
		{ "---\njust words\n---\n", "line 2: \"key: value\" expected" },
		{ "---\n: value\n---\n", "line 2: a name is missing" },
		{ "---\n  slug: a\n---\n", "line 2: indented" },
		{ "---\n\tslug: a\n---\n", "line 2: indent by spaces" },
		{ "---\nheadline: \"a\n---\n", "line 2: the closing \" is missing" },
		{ "---\nheadline: 'a\n---\n", "line 2: the closing ' is missing" },
		{ "---\nheadline: \"a\" b\n---\n", "line 2: text behind the closing \"" },
		{ "---\nheadline: \"a\\x\"\n---\n", "line 2: in double quotes" },
		{ "---\nheadline: \"a\\", "line 2: in double quotes" },
		{ "---\nimages: a.png\n---\n", "line 2: the pictures follow" },
		{ "---\nimages:\n    alt: a\n---\n", "line 3: a picture begins with" },
		{ "---\nimages:\n  - alt: a\n---\n", "line 3: this picture has no \"file\"" },
		{ "---\nimages:\n  - file: a\n    file: b\n---\n",
			"line 4: this picture has a second \"file\"" },
		{ "---\nimages:\n  - fil: a\n---\n",
			"line 3: unknown key \"fil\"; did you mean \"file\"?" },
		{ "---\nimages:\n  - file: a\nslug: b\n    alt: c\n---\n", "line 5: indented" },
	};
	ARENA_AUTO *a = arena_new(1 << 20);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct front f;
		enum err e = import_front_parse(str_of(rows[i].text), a, &f);
		if (e != ERR_INVALID || !str_starts(str_of(f.why), str_of(rows[i].why)))
			fail_msg("%s\n%s: %s", rows[i].text, err_name(e), f.why);
	}
}

static void values_are_read(void **state)
{
	(void)state;
	static const struct {
		const char *line, *value;
	} rows[] = {
		{ "headline: plain: with colon", "plain: with colon" },
		{ "headline:tight", "tight" },
		{ "headline:   spaced   ", "spaced" },
		{ "headline: \"quoted: # yes\"", "quoted: # yes" },
		{ "headline: 'it''s'", "it's" },
		{ "headline: ''", "" },
		{ "headline: \"\"", "" },
		{ "headline: \"a \\\"b\\\" \\\\ c\"", "a \"b\" \\ c" },
		{ "headline: \"a\\nb\"", "a\nb" },
		{ "headline: a \"b\" c", "a \"b\" c" },
		{ "headline: it's", "it's" },
		{ "headline: # no comment", "# no comment" },
		{ "headline:", "" },
		{ "headline: \xc3\xa9t\xc3\xa9\r", "\xc3\xa9t\xc3\xa9" },
	};
	ARENA_AUTO *a = arena_new(1 << 20);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct front f;
		const char *text =
			arena_fmt(a, "---\n# a comment\n\n%s\n---\nBody\n", rows[i].line);
		assert_int_equal(import_front_parse(str_of(text), a, &f), ERR_OK);
		assert_str(f.value[FRONT_HEADLINE], rows[i].value);
		assert_int_equal(f.line[FRONT_HEADLINE], 4);
		assert_str(f.body, "Body\n");
	}
}

static void pictures_are_read(void **state)
{
	(void)state;
	ARENA_AUTO *a = arena_new(1 << 20);
	struct front f;
	assert_int_equal(
		import_front_parse(
			STR("\xef\xbb\xbf---\r\nimages:\r\n  - file: a.png\r\n    alt: \"A: b\"\r\n"
			    "  - alt: c\r\n    file: d/e.png\r\n    credit: f\r\n---\r\n"),
			a, &f),
		ERR_OK);
	assert_int_equal(f.image_count, 2);
	assert_str(f.images[0].file, "a.png");
	assert_str(f.images[0].alt, "A: b");
	assert_int_equal(f.images[1].line, 5);
	assert_str(f.images[1].file, "d/e.png");
	assert_str(f.images[1].credit, "f");
}

static void too_many_pictures(void **state)
{
	(void)state;
	ARENA_AUTO *a = arena_new(1 << 20);
	BUF_AUTO b = BUF(10000);
	struct front f;
	buf_puts(&b, "---\nimages:\n");
	for (int i = 0; i <= ARTICLE_IMAGES_MAX; i++)
		buf_puts(&b, "  - file: a.png\n");
	buf_puts(&b, "---\n");
	assert_int_equal(import_front_parse(buf_view(&b), a, &f), ERR_INVALID);
	assert_string_equal(f.why, "line 35: more than 32 pictures");
}

static void what_is_quoted_is_read_back(void **state)
{
	(void)state;
	static const char *const rows[] = { "", "a", "\"", "\\", "a\\\"b", "'", "line\nbreak",
		"---", "# x", "- y", "\\n", "tab\there" };
	ARENA_AUTO *a = arena_new(1 << 20);
	for (size_t i = 0; i < COUNT(rows); i++) {
		BUF_AUTO b = BUF(1000);
		struct front f;
		buf_puts(&b, "---\ndek: ");
		import_front_quote(&b, str_of(rows[i]));
		buf_puts(&b, "\n---\n");
		assert_int_equal(import_front_parse(buf_view(&b), a, &f), ERR_OK);
		assert_str(f.value[FRONT_DEK], rows[i]);
	}
}

static void fields_become_one_clean_line(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "", "" },
		{ "  a \n\t b\x01  c\r\n", "a b c" },
		{ " \n ", "" },
		{ "\xc3\xa9", "\xc3\xa9" },
	};
	ARENA_AUTO *a = arena_new(1 << 20);
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_str(content_field_clean(str_of(rows[i].in), a), rows[i].out);
	assert_str(content_field_clean((struct str){ NULL, 0 }, a), "");
	assert_str(import_byline_clean(STR("By Ada Byron"), a), "Ada Byron");
	assert_str(import_byline_clean(STR("BY ADA"), a), "ADA");
	assert_str(import_byline_clean(STR("Byron"), a), "Byron");
	assert_str(import_byline_clean(STR("By "), a), "By");
	BUF_AUTO big = BUF((size_t)4 * FIELD_MAX);
	while (big.n < (size_t)2 * FIELD_MAX)
		buf_puts(&big, "\xe2\x82\xac");
	struct str cut = content_field_clean(buf_view(&big), a);
	assert_in_range(cut.n, FIELD_MAX - 6, FIELD_MAX);
	assert_true(utf8_ok(cut) && str_ends(cut, STR("\xe2\x80\xa6")));
}

static void tags_are_few_and_distinct(void **state)
{
	(void)state;
	BUF_AUTO b = BUF(10000);
	import_draft_tag_add(&b, STR("a"));
	import_draft_tag_add(&b, STR("A"));
	import_draft_tag_add(&b, STR(""));
	import_draft_tag_add(&b, STR("b\nc"));
	import_draft_tag_add(&b, STR("b c"));
	assert_str(buf_view(&b), "\na\nb c\n");
	for (int i = 0; i < 2 * ARTICLE_TAGS_MAX; i++) {
		char name[16];
		snprintf(name, sizeof name, "t%d", i);
		import_draft_tag_add(&b, str_of(name));
	}
	struct str rest = buf_view(&b), tag;
	size_t n = 0;
	while (content_tag_next(&rest, &tag))
		n++;
	assert_int_equal(n, ARTICLE_TAGS_MAX);
}

/* ---- pictures by their bytes ---- */

#define B(s)                                                                                       \
	{                                                                                          \
		s, sizeof(s) - 1                                                                   \
	}
#define PNG "\x89PNG\r\n\x1a\n"
#define IHDR "\0\0\0\rIHDR"
#define REST "\x08\x02\0\0\0\0\0\0\0"
#define JPEG "\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0"
#define SOF(h, w) "\xff\xc0\0\x11\x08" h w "\3\1\"\0\2\x11\1\3\x11\1"
#define WEBP "RIFF\x40\0\0\0WEBP"

static void pictures_by_their_bytes(void **state)
{
	(void)state;
	static const struct {
		const char *goal;
		struct str bytes;
		enum err err;
		const char *type;
		int64_t width, height;
	} rows[] = {
		{ "PNG", B(PNG IHDR "\0\0\2\x80\0\0\1\xe0" REST), ERR_OK, "image/png", 640, 480 },
		{ "PNG cut short", B(PNG IHDR "\0\0\2\x80"), ERR_INVALID, NULL, 0, 0 },
		{ "PNG without IHDR", B(PNG "\0\0\0\rIDAT\0\0\2\x80\0\0\1\xe0" REST), ERR_INVALID,
			NULL, 0, 0 },
		{ "PNG of no width", B(PNG IHDR "\0\0\0\0\0\0\1\xe0" REST), ERR_INVALID, NULL, 0,
			0 },
		{ "PNG above the limit", B(PNG IHDR "\x7f\xff\xff\xff\0\0\1\xe0" REST), ERR_INVALID,
			NULL, 0, 0 },
		{ "GIF", B("GIF89a\x80\2\xe0\1\0\0\0"), ERR_OK, "image/gif", 640, 480 },
		{ "GIF cut short", B("GIF89a\x80\2"), ERR_INVALID, NULL, 0, 0 },
		{ "JPEG", B(JPEG SOF("\1\xe0", "\2\x80")), ERR_OK, "image/jpeg", 640, 480 },
		{ "JPEG with fill bytes", B(JPEG "\xff\xff" SOF("\1\xe0", "\2\x80")), ERR_OK,
			"image/jpeg", 640, 480 },
		{ "JPEG, progressive",
			B(JPEG "\xff\xc2\0\x11\x08\1\xe0\2\x80\3\1\"\0\2\x11\1\3\x11\1"), ERR_OK,
			"image/jpeg", 640, 480 },
		{ "JPEG, tables first", B(JPEG "\xff\xc4\0\4\0\0" SOF("\1\xe0", "\2\x80")), ERR_OK,
			"image/jpeg", 640, 480 },
		{ "JPEG without frame", B(JPEG "\xff\xda\0\4\0\0"), ERR_INVALID, NULL, 0, 0 },
		{ "JPEG segment beyond the end", B("\xff\xd8\xff\xe0\xff\xff"), ERR_INVALID, NULL,
			0, 0 },
		{ "JPEG segment of no length", B("\xff\xd8\xff\xe0\0\0\0\0"), ERR_INVALID, NULL, 0,
			0 },
		{ "JPEG frame too short", B("\xff\xd8\xff\xc0\0\4\x08\1"), ERR_INVALID, NULL, 0,
			0 },
		{ "JPEG start alone", B("\xff\xd8\xff"), ERR_INVALID, NULL, 0, 0 },
		{ "WebP, extended", B(WEBP "VP8X\x0a\0\0\0\0\0\0\0\x7f\2\0\xdf\1\0"), ERR_OK,
			"image/webp", 640, 480 },
		{ "WebP, lossless", B(WEBP "VP8L\x0a\0\0\0\x2f\x7f\xc2\x77\0\0\0\0\0\0"), ERR_OK,
			"image/webp", 640, 480 },
		{ "WebP, lossy", B(WEBP "VP8 \x0a\0\0\0\0\0\0\x9d\1\x2a\x80\2\xe0\1"), ERR_OK,
			"image/webp", 640, 480 },
		{ "WebP, lossy without start code",
			B(WEBP "VP8 \x0a\0\0\0\0\0\0\0\0\0\x80\2\xe0\1"), ERR_INVALID, NULL, 0, 0 },
		{ "WebP cut short", B(WEBP "VP8X"), ERR_INVALID, NULL, 0, 0 },
		{ "RIFF of another kind", B("RIFF\x40\0\0\0WAVEfmt "), ERR_UNSUPPORTED, NULL, 0,
			0 },
		{ "SVG", B("<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), ERR_UNSUPPORTED, NULL, 0,
			0 },
		{ "HTML under a picture's name", B("<html><script>alert(1)</script>"),
			ERR_UNSUPPORTED, NULL, 0, 0 },
		{ "nothing", B(""), ERR_UNSUPPORTED, NULL, 0, 0 },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct picture_info info = { NULL, 0, 0 };
		enum err e = picture_probe(rows[i].bytes, &info);
		if (e != rows[i].err || info.width != rows[i].width ||
			info.height != rows[i].height)
			fail_msg("%s: %s %d x %d", rows[i].goal, err_name(e), (int)info.width,
				(int)info.height);
		if (!e)
			assert_string_equal(info.content_type, rows[i].type);
	}
}

static void picture_names(void **state)
{
	(void)state;
	static const char *const good[] = { "a.png", "A-b_c.1.JPG", "x.jpeg", "y.webp", "z.gif",
		"0.png" };
	static const char *const bad[] = { "", ".png", "-a.png", "a", "a.svg", "a b.png", "a/b.png",
		"..png/", "a.png ", "\xc3\xa9.png", "a.png\n", "a%2f.png", "png" };
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(picture_name_ok(str_of(good[i])));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(picture_name_ok(str_of(bad[i])));
	BUF_AUTO longest = BUF(IMAGE_NAME_MAX + 1);
	while (longest.n < IMAGE_NAME_MAX - 4)
		buf_byte(&longest, 'a');
	buf_puts(&longest, ".png");
	assert_true(picture_name_ok(buf_view(&longest)));
	longest.p[0] = '0';
	longest.n -= 4;
	buf_puts(&longest, "a.png");
	assert_int_equal(longest.n, IMAGE_NAME_MAX + 1);
	assert_false(picture_name_ok(buf_view(&longest)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused_with_line_and_reason),
		cmocka_unit_test(values_are_read),
		cmocka_unit_test(pictures_are_read),
		cmocka_unit_test(too_many_pictures),
		cmocka_unit_test(what_is_quoted_is_read_back),
		cmocka_unit_test(fields_become_one_clean_line),
		cmocka_unit_test(tags_are_few_and_distinct),
		cmocka_unit_test(pictures_by_their_bytes),
		cmocka_unit_test(picture_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
