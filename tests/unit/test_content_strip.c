/* Goal: no picture tells where, with what and by whom it was taken; it looks as before, and its
 * copyright and credit stay. The samples hold the same secrets in every place their formats have.
 */
#include "content_help.h"

#include "../../src/content/picture/picture.h"

static struct str sample(struct fixture *f, const char *name)
{
	BUF_AUTO b = BUF(1 << 20);
	assert_int_equal(
		file_read(arena_fmt(f->arena, "tests/data/pictures/%s", name), &b), ERR_OK);
	return arena_str(f->arena, buf_view(&b));
}

static bool says(struct str bytes, const char *what)
{
	return memmem(bytes.p, bytes.n, what, strlen(what)) != NULL;
}

static void nothing_but_the_picture_is_left(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *name, *copyright, *credit, *stays;
		unsigned orientation;
	} rows[] = {
		{ "position.jpg", "(c) Northern Wire 2026", "Northern Wire / XMP",
			"icc-profile-bytes", 6 },
		{ "progressive.jpg", "(c) Northern Wire 2026", "Northern Wire / XMP",
			"icc-profile-bytes", 6 },
		{ "position.png", "(c) Northern Wire 2026", "Northern Wire / XMP", "IDAT", 3 },
		{ "position.gif", "(c) XMP rights", "Northern Wire / XMP", "NETSCAPE2.0", 0 },
		{ "position.webp", "(c) Northern Wire 2026", "Northern Wire / XMP",
			"icc-profile-bytes", 8 },
	};
	static const char *const secrets[] = { "SERIAL-42", "Owner", "Oslo", "CameraMaker", "GPS",
		"thumb-of", "xmpmeta", "8BIM", "MPF", "trailing", "motion" };
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct picture_notes notes, again;
		struct picture_info before, after;
		struct str in = sample(f, rows[i].name), out, twice;
		assert_int_equal(picture_probe(in, &before), ERR_OK);
		assert_int_equal(picture_strip(in, f->arena, &out, &notes), ERR_OK);
		for (size_t k = 0; k < COUNT(secrets); k++)
			if (says(out, secrets[k]))
				fail_msg("%s still says %s", rows[i].name, secrets[k]);
		if (!says(out, rows[i].stays))
			fail_msg("%s has lost %s", rows[i].name, rows[i].stays);
		assert_str(notes.copyright, rows[i].copyright);
		assert_str(notes.credit, rows[i].credit);
		assert_int_equal(notes.orientation, rows[i].orientation);
		assert_int_equal(picture_probe(out, &after), ERR_OK);
		assert_int_equal(after.width, before.width);
		/* stripped again it is the same, and says the same of itself where it can */
		assert_int_equal(picture_strip(out, f->arena, &twice, &again), ERR_OK);
		assert_ptr_equal(twice.p, out.p);
		assert_int_equal(again.orientation, notes.orientation);
		if (!strstr(rows[i].name, ".gif"))
			assert_str(again.copyright, rows[i].copyright);
	}
}

static struct str replaced(struct fixture *f, struct str in, const char *from, const char *to)
{
	char *p = (char *)(uintptr_t)arena_str(f->arena, in).p, *at;
	assert_int_equal(strlen(from), strlen(to));
	while ((at = memmem(p, in.n, from, strlen(from))) != NULL)
		memcpy(at, to, strlen(to));
	return (struct str){ p, in.n };
}

/* Without the first, the next that says it. */
static void where_copyright_is_looked_for(void **state)
{
	struct fixture *f = *state;
	struct picture_notes n;
	struct str out, in = sample(f, "position.jpg");
	in = replaced(f, in, "Exif", "None");
	assert_int_equal(picture_strip(in, f->arena, &out, &n), ERR_OK);
	assert_str(n.copyright, "(c) XMP rights");
	assert_int_equal(n.orientation, 0);
	in = replaced(f, in, "http://ns.adobe.com/xap/1.0/", "http://ns.adobe.com/xap/9.0/");
	assert_int_equal(picture_strip(in, f->arena, &out, &n), ERR_OK);
	assert_str(n.copyright, "\xc2\xa9 Northern Wire"); /* Latin-1 there */
	assert_str(n.credit, "Ida Brandt / Northern Wire");
	in = sample(f, "position.png");
	in = replaced(f, replaced(f, in, "eXIf", "eXXf"), "iTXt", "iTTt");
	assert_int_equal(picture_strip(in, f->arena, &out, &n), ERR_OK);
	assert_str(n.copyright, "\xc2\xa9 Wire PNG");
}

static struct str utf16(struct fixture *f, const char *text)
{
	BUF_AUTO b = BUF(1 << 16);
	buf_add(&b, "\xff\xfe", 2);
	for (; *text; text++) {
		buf_byte(&b, *text);
		buf_byte(&b, '\0');
	}
	return arena_str(f->arena, buf_view(&b));
}

/* A few kilobytes of entities would become gigabytes of copyright. */
static void a_document_type_is_not_read_in_any_encoding(void **state)
{
	struct fixture *f = *state;
	static const char with_type[] =
		"<!DOCTYPE x [<!ENTITY a \"grows\">]><x "
		"xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:rights>&a;&a;</dc:rights></x>";
	const struct str rows[] = { str_of(with_type), utf16(f, with_type),
		utf16(f, arena_fmt(f->arena, "<?xml version=\"1.0\" encoding=\"UTF-16\"?>%s",
				 with_type)) };
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct strip s = { .arena = f->arena };
		picture_note_xmp(&s, rows[i]);
		assert_int_equal(s.notes.copyright.n, 0);
	}
}

/* Cut anywhere, or with any byte changed: an error or a picture, never a secret, and no byte beyond
 * the end (under ASan). */
static void damaged_pictures_tell_nothing(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = { "position.jpg", "progressive.jpg", "position.png",
		"position.gif", "position.webp" };
	for (size_t i = 0; i < COUNT(names); i++) {
		struct str in = sample(f, names[i]);
		for (size_t n = 0; n <= in.n; n++) {
			ARENA_AUTO *a = arena_new(1 << 22);
			struct picture_notes notes;
			struct str out;
			char *cut = malloc(n + 1);
			memcpy(cut, in.p, n);
			enum err e = picture_strip((struct str){ cut, n }, a, &out, &notes);
			if (!e && (says(out, "SERIAL-42") || says(out, "Ownerson")))
				fail_msg("%s cut at %zu", names[i], n);
			memcpy(cut, in.p, n);
			if (n > 12) {
				cut[n - 1] = (char)(cut[n - 1] ^ 0x55);
				(void)!picture_strip((struct str){ cut, n }, a, &out, &notes);
			}
			free(cut);
		}
	}
}

/* The same picture is not stored anew, its credit goes to its caption unless the article says one,
 * and a picture that lies on its side has its sides changed. */
static void imported_pictures_are_clean(void **state)
{
	struct fixture *f = *state;
	put_bytes(f, "a.jpg", sample(f, "position.jpg"));
	put_bytes(f, "b.png", sample(f, "position.png"));
	put_bytes(f, "c.webp", sample(f, "position.webp"));
	put_file(f, "a.md",
		"---\nheadline: A\nimages:\n  - file: a.jpg\n  - file: b.png\n    credit: "
		"Ida\n---\n"
		"![](c.webp)\n\nText.\n");
	assert_int_equal(import(f, "a.md").created, 1);
	struct reading_of r = open_words(f, "a", &full, 1);
	assert_int_equal(r.image_count, 3);
	assert_int_equal(r.images[2].width, 8); /* browsers do not turn it */
	assert_str(r.images[0].credit, "Northern Wire / XMP");
	assert_str(r.images[1].credit, "Ida");
	assert_int_equal(r.images[0].width, 4); /* 8 by 4, turned by a quarter */
	assert_int_equal(r.images[0].height, 8);
	assert_int_equal(r.images[1].width, 8);
	assert_int_equal(r.images[0].stripped, 1);
	assert_int_equal(import(f, "a.md").unchanged, 1);
}

struct stored_ask {
	struct fixture *f;
	const struct image *img;
	struct str bytes;
};

static enum err store_as_before(struct db_conn *c, void *arg)
{
	const struct stored_ask *q = arg;
	struct article a;
	enum err e = content_find(c, STR("a"), q->f->arena, &a);
	if (!e)
		e = q_media_delete(c, a.id);
	const struct str empty = STR("");
	return e ? e
		 : q_media_insert(c, "old", a.id, 0, STR("a.jpg"), "image/jpeg", 8, 4, empty, empty,
			   empty, "digest", q->bytes);
}

static enum err open_stored(struct db_conn *c, void *arg)
{
	struct stored_ask *q = arg;
	return content_media_open(c, q->img, &full, q->f->arena, &q->bytes);
}

/* What an earlier version stored leaks no longer either. */
static void pictures_of_earlier_versions_go_out_clean(void **state)
{
	struct fixture *f = *state;
	put_file(f, "a.md", "---\nheadline: A\n---\nText.\n");
	import(f, "a.md");
	struct stored_ask q = { .f = f, .bytes = sample(f, "position.jpg") };
	assert_int_equal(db_tx(f->db, store_as_before, &q), ERR_OK);
	struct reading_of r = open_words(f, "a", &full, 1);
	assert_int_equal(r.image_count, 1);
	r.images[0].stripped = 0; /* the column of rows that were there before it */
	q.img = &r.images[0];
	assert_int_equal(db_read(f->db, open_stored, &q), ERR_OK);
	assert_false(says(q.bytes, "Owner"));
	assert_true(says(q.bytes, "icc-profile-bytes"));
}

#define WITH_DB(test) cmocka_unit_test_setup_teardown(test, fixture_make, fixture_end)
int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DB(nothing_but_the_picture_is_left),
		WITH_DB(where_copyright_is_looked_for),
		WITH_DB(a_document_type_is_not_read_in_any_encoding),
		WITH_DB(damaged_pictures_tell_nothing),
		WITH_DB(imported_pictures_are_clean),
		WITH_DB(pictures_of_earlier_versions_go_out_clean),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
