/* Reads orientation, copyright and credit line from EXIF (CIPA DC-008, TIFF 6.0), IPTC-IIM (4.2,
 * in Photoshop's resources) and XMP (ISO 16684-1), and writes the short EXIF block that replaces
 * them. Creators' names are not read, because cameras write their owner there. */
#include "picture.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <string.h>

enum {
	NOTE_BYTES_MAX = 400,
	TIFF_ENTRIES_MAX = 512,
	TAG_ORIENTATION = 0x0112,
	TAG_COPYRIGHT = 0x8298,
	TIFF_ASCII = 2,
	TIFF_SHORT = 3,
	IPTC_RESOURCE = 0x0404,
	IPTC_CREDIT = 110,
	IPTC_COPYRIGHT = 116,
	XMP_BYTES_MAX = 1 << 20,
	XMP_DEPTH_MAX = 64,
};

/* ---- texts ---- */

static struct str from_latin1(struct str s, struct arena *a)
{
	BUF_AUTO b = BUF(2 * s.n + 1);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c >= 0x80)
			buf_byte(&b, (char)(0xc0 | c >> 6));
		buf_byte(&b, (char)(c >= 0x80 ? 0x80 | (c & 0x3f) : c));
	}
	return arena_buf(a, &b);
}

/* One line of UTF-8, so that what is written reads back the same. */
static struct str note_clean(struct str s, struct arena *a)
{
	struct str line = content_field_clean(utf8_ok(s) ? s : from_latin1(s, a), a);
	size_t n = line.n < NOTE_BYTES_MAX ? line.n : NOTE_BYTES_MAX;
	while (n > 0 && n < line.n && ((unsigned char)line.p[n] & 0xc0) == 0x80)
		n--;
	return str_trim((struct str){ line.p, n });
}

static void note_take(struct strip *s, struct str *slot, struct str text)
{
	if (slot->n == 0 && text.n > 0)
		*slot = note_clean(text, s->arena);
}

void picture_note_copyright(struct strip *s, struct str text)
{
	note_take(s, &s->notes.copyright, text);
}

/* ---- EXIF ---- */

struct tiff {
	struct str bytes;
	bool little;
};

static uint32_t tiff_number(const struct tiff *t, size_t at, size_t n)
{
	const char *p = t->bytes.p + at;
	return t->little ? picture_little_endian(p, n) : picture_big_endian(p, n);
}

static bool tiff_begin(struct tiff *t)
{
	if (t->bytes.n < 8)
		return false;
	t->little = t->bytes.p[0] == 'I' && t->bytes.p[1] == 'I';
	bool big = t->bytes.p[0] == 'M' && t->bytes.p[1] == 'M';
	return (t->little || big) && tiff_number(t, 2, 2) == 42;
}

static void tiff_entry(struct strip *s, const struct tiff *t, size_t at)
{
	uint32_t tag = tiff_number(t, at, 2), type = tiff_number(t, at + 2, 2);
	uint32_t count = tiff_number(t, at + 4, 4);
	if (tag == TAG_ORIENTATION && type == TIFF_SHORT && s->notes.orientation == 0) {
		uint32_t turn = tiff_number(t, at + 8, 2);
		s->notes.orientation = turn >= 1 && turn <= 8 ? turn : 0;
	}
	if (tag != TAG_COPYRIGHT || type != TIFF_ASCII)
		return;
	size_t from = count > 4 ? tiff_number(t, at + 8, 4) : at + 8;
	if (from > t->bytes.n || count > t->bytes.n - from)
		return;
	picture_note_copyright(s, (struct str){ t->bytes.p + from, count });
}

void picture_note_exif(struct strip *s, struct str bytes)
{
	struct tiff t = { .bytes = bytes };
	if (str_starts(bytes, STR("Exif\0\0")))
		t.bytes = (struct str){ bytes.p + 6, bytes.n - 6 };
	if (!tiff_begin(&t))
		return;
	size_t at = tiff_number(&t, 4, 4);
	if (at > t.bytes.n || t.bytes.n - at < 2)
		return;
	size_t entries = tiff_number(&t, at, 2);
	at += 2;
	for (size_t i = 0; i < entries && i < TIFF_ENTRIES_MAX && t.bytes.n - at >= 12; i++) {
		tiff_entry(s, &t, at);
		at += 12;
	}
}

static void put_le(struct buf *b, uint32_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_byte(b, (char)(v >> (8 * i) & 0xff));
}

static void put_entry(struct buf *b, uint32_t tag, uint32_t type, uint32_t count)
{
	put_le(b, tag, 2);
	put_le(b, type, 2);
	put_le(b, count, 4);
}

/* Orientation and copyright alone; nothing where neither says anything. */
static void tiff_write(const struct strip *s, struct buf *b)
{
	struct str copyright = s->notes.copyright;
	bool turned = s->notes.orientation > 1;
	uint32_t entries = (turned ? 1U : 0U) + (copyright.n ? 1U : 0U);
	uint32_t behind = 8 + 2 + 12 * entries + 4, bytes = (uint32_t)copyright.n + 1;
	if (entries == 0)
		return;
	buf_add(b, "II*\0", 4);
	put_le(b, 8, 4);
	put_le(b, entries, 2);
	if (turned) {
		put_entry(b, TAG_ORIENTATION, TIFF_SHORT, 1);
		put_le(b, s->notes.orientation, 4);
	}
	if (copyright.n) {
		put_entry(b, TAG_COPYRIGHT, TIFF_ASCII, bytes < 5 ? 5 : bytes);
		put_le(b, behind, 4);
	}
	put_le(b, 0, 4);
	buf_str(b, copyright);
	for (size_t i = copyright.n; copyright.n && (i == copyright.n || i < 5); i++)
		buf_byte(b, '\0');
}

void picture_strip_tiff(struct strip *s, struct buf *tiff)
{
	tiff_write(s, tiff);
	if (tiff->err && !s->b.err)
		s->b.err = tiff->err;
}

/* ---- IPTC ---- */

static void note_iim(struct strip *s, struct str in)
{
	for (size_t at = 0; in.n - at >= 5 && in.p[at] == 0x1c;) {
		uint8_t record = (uint8_t)in.p[at + 1], set = (uint8_t)in.p[at + 2];
		size_t n = picture_big_endian(in.p + at + 3, 2);
		at += 5;
		if (n > in.n - at) /* also the extended form, which no text needs */
			return;
		struct str value = { in.p + at, n };
		if (record == 2 && set == IPTC_CREDIT)
			note_take(s, &s->notes.credit, value);
		if (record == 2 && set == IPTC_COPYRIGHT)
			picture_note_copyright(s, value);
		at += n;
	}
}

void picture_note_photoshop(struct strip *s, struct str in)
{
	for (size_t at = 0; in.n - at >= 12 && memcmp(in.p + at, "8BIM", 4) == 0;) {
		uint32_t id = picture_big_endian(in.p + at + 4, 2);
		size_t name = 1 + (size_t)(uint8_t)in.p[at + 6];
		at += 6 + name + name % 2;
		if (at > in.n || in.n - at < 4)
			return;
		size_t n = picture_big_endian(in.p + at, 4);
		at += 4;
		if (n > in.n - at)
			return;
		if (id == IPTC_RESOURCE)
			note_iim(s, (struct str){ in.p + at, n });
		at += n + n % 2;
		if (at > in.n)
			return;
	}
}

/* ---- XMP ---- */

static bool is_named(const xmlNs *ns, const xmlChar *name, const char *uri, const char *local)
{
	return ns && ns->href && strcmp((const char *)ns->href, uri) == 0 &&
	       strcmp((const char *)name, local) == 0;
}

static void take_content(struct strip *s, struct str *slot, xmlChar *text)
{
	note_take(s, slot, str_of((const char *)text));
	xmlFree(text);
}

static void xmp_node(struct strip *s, xmlNode *n, int depth)
{
	static const char dc[] = "http://purl.org/dc/elements/1.1/";
	static const char photoshop[] = "http://ns.adobe.com/photoshop/1.0/";
	for (xmlNode *c = n; c && depth < XMP_DEPTH_MAX; c = c->next) {
		if (c->type != XML_ELEMENT_NODE)
			continue;
		if (is_named(c->ns, c->name, dc, "rights"))
			take_content(s, &s->notes.copyright, xmlNodeGetContent(c));
		if (is_named(c->ns, c->name, photoshop, "Credit"))
			take_content(s, &s->notes.credit, xmlNodeGetContent(c));
		for (xmlAttr *a = c->properties; a; a = a->next)
			if (is_named(a->ns, a->name, photoshop, "Credit"))
				take_content(s, &s->notes.credit, xmlNodeGetContent((xmlNode *)a));
		xmp_node(s, c->children, depth + 1);
	}
}

/* Without a document type: its entities could grow to gigabytes. XMP in a picture is UTF-8, and is
 * read as nothing else: in UTF-16 a document type would not be seen here. */
void picture_note_xmp(struct strip *s, struct str xml)
{
	struct content_xml memory;
	if (xml.n == 0 || xml.n > XMP_BYTES_MAX || memmem(xml.p, xml.n, "<!DOCTYPE", 9))
		return;
	if (!content_xml_begin(&memory, xml.n)) {
		s->b.err = ERR_NOMEM;
		return;
	}
	xmlDoc *doc = xmlReadMemory(xml.p, (int)xml.n, NULL, "UTF-8",
		XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC);
	if (doc)
		xmp_node(s, xmlDocGetRootElement(doc), 0);
	xmlFreeDoc(doc);
	if (content_xml_end(&memory))
		s->b.err = ERR_NOMEM;
}
