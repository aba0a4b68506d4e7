/* Structured log lines (logfmt or JSON). Values that outsiders control are escaped, so that no
 * value can look like a field or a line of its own (CWE-117). Lines of requests are formatted in
 * one piece, because every request writes one. */
#include "log_line.h"

#include <assert.h>
#include <string.h>
#include <time.h>

enum { TIME_SIZE = 48 };

static const char *const level_names[] = { "debug", "info", "warn", "error" };
_Static_assert(COUNT(level_names) == LOG_ERROR + 1, "each level has its word");

enum err log_level_parse(struct str s, enum log_level *out)
{
	return str_name_find(level_names, COUNT(level_names), s, out);
}

/* Characters that a terminal or a viewer may take for a new line, or that turn the order of those
 * around them, beside the plain controls: what follows could pass for a field of its own. */
static bool deceives(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x061c ||
	       (cp >= 0x200e && cp <= 0x200f) || (cp >= 0x2028 && cp <= 0x202e) ||
	       (cp >= 0x2066 && cp <= 0x2069) || cp == 0xfeff;
}

static void add_escaped(struct buf *b, uint32_t cp)
{
	switch (cp) {
	case '\n':
		buf_puts(b, "\\n");
		return;
	case '\r':
		buf_puts(b, "\\r");
		return;
	case '\t':
		buf_puts(b, "\\t");
		return;
	default:
		buf_fmt(b, "\\u%04x", (unsigned)cp);
	}
}

/* A byte that is not UTF-8 has no escape in JSON: there it becomes the text \xff. */
static void add_quoted(struct buf *b, struct str s, enum log_format format)
{
	buf_byte(b, '"');
	while (s.n > 0) {
		uint32_t cp = 0;
		size_t n = str_utf8(s, &cp);
		if (n == 0) {
			n = 1;
			buf_fmt(b, format == LOG_JSON ? "\\\\x%02x" : "\\x%02x",
				(unsigned)(unsigned char)s.p[0]);
		} else if (cp == '"' || cp == '\\') {
			buf_byte(b, '\\');
			buf_byte(b, (char)cp);
		} else if (deceives(cp)) {
			add_escaped(b, cp);
		} else {
			buf_add(b, s.p, n);
		}
		s.p += n;
		s.n -= n;
	}
	buf_byte(b, '"');
}

static bool is_plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c <= ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '=')
			return false;
	}
	return s.n > 0;
}

static struct str cut(struct str s)
{
	if (s.n <= LOG_VALUE_MAX)
		return s;
	s.n = LOG_VALUE_MAX;
	while (s.n > LOG_VALUE_MAX - 3 && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
		s.n--;
	return s;
}

static void add_key(struct buf *b, struct str key, enum log_format format)
{
	if (format == LOG_JSON) {
		buf_puts(b, b->n ? ",\"" : "{\"");
		buf_str(b, key);
		buf_puts(b, "\":");
	} else {
		if (b->n)
			buf_byte(b, ' ');
		buf_str(b, key);
		buf_byte(b, '=');
	}
}

static void add_text(struct buf *b, struct str key, struct str value, enum log_format format)
{
	add_key(b, key, format);
	if (format == LOG_LOGFMT && is_plain(value))
		buf_str(b, cut(value));
	else
		add_quoted(b, cut(value), format);
}

/* "2026-11-24T18:03:19." of the last second that this thread told: working it out costs more than
 * the rest of the line. */
static const char *second_text(time_t s)
{
	static _Thread_local time_t told = -1;
	static _Thread_local char text[32];
	if (s != told) {
		struct tm tm = { 0 };
		gmtime_r(&s, &tm);
		strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.", &tm);
		told = s;
	}
	return text;
}

/* The moment, with milliseconds. A line that is not written at once tells it to a tick of the
 * kernel's: what reading the fine clock costs is felt there. */
static struct str now_text(enum log_urgency urgency, char out[static TIME_SIZE])
{
	struct timespec now = { 0 };
	clock_gettime(urgency == LOG_GATHERED ? CLOCK_REALTIME_COARSE : CLOCK_REALTIME, &now);
	const unsigned ms = (unsigned)(now.tv_nsec / 1000000);
	const struct str second = str_of(second_text(now.tv_sec));
	char *p = mempcpy(out, second.p, second.n);
	*p++ = (char)('0' + ms / 100);
	*p++ = (char)('0' + ms / 10 % 10);
	*p++ = (char)('0' + ms % 10);
	*p++ = 'Z';
	return (struct str){ out, (size_t)(p - out) };
}

/* ---- lines of words and numbers, as each request makes one: in one piece ---- */

bool log_line_is_short(const struct log_event *e)
{
	size_t n = TIME_SIZE + strlen(e->name) + 64; /* the head's own words */
	bool words = e->count <= LOG_FIELDS_MOST;
	for (size_t i = 0; i < e->count; i++) {
		const struct log_field *f = &e->fields[i];
		words = words && (f->is_int || f->is_word);
		n += f->key.n + f->text.n + INT_TEXT_SIZE;
	}
	return words && n <= LOG_LINE_BYTES;
}

static char *add_word(char *p, struct str key, struct str value)
{
	assert(value.n == 0 || is_plain(value));
	*p++ = ' ';
	p = mempcpy(p, key.p, key.n);
	*p++ = '=';
	return value.n > 0 ? mempcpy(p, value.p, value.n) : mempcpy(p, "\"\"", 2);
}

struct str log_line_short(const struct log_event *e, char out[static LOG_LINE_BYTES])
{
	char space[TIME_SIZE];
	const struct str time = now_text(e->urgency, space);
	char *p = mempcpy(out, "time=", 5);
	p = mempcpy(p, time.p, time.n);
	p = add_word(p, STR("level"), str_of(level_names[e->level]));
	p = add_word(p, STR("event"), str_of(e->name));
	for (size_t i = 0; i < e->count; i++) {
		const struct log_field *f = &e->fields[i];
		char digits[INT_TEXT_SIZE];
		p = add_word(p, f->key, f->is_int ? str_int_text(f->number, digits) : f->text);
	}
	*p++ = '\n';
	return (struct str){ out, (size_t)(p - out) };
}

/* ---- any line ---- */

void log_line_any(const struct log_event *e, enum log_format format, struct buf *b)
{
	_Static_assert(TIME_SIZE >= (int)INT_TEXT_SIZE, "one space for both");
	char space[TIME_SIZE];
	add_text(b, STR("time"), now_text(e->urgency, space), format);
	add_text(b, STR("level"), str_of(level_names[e->level]), format);
	add_text(b, STR("event"), str_of(e->name), format);
	for (size_t i = 0; i < e->count && i < LOG_FIELDS_MOST; i++) {
		const struct log_field *f = &e->fields[i];
		if (f->is_int) {
			add_key(b, f->key, format);
			buf_str(b, str_int_text(f->number, space));
		} else {
			add_text(b, f->key, f->text, format);
		}
	}
	buf_puts(b, format == LOG_JSON ? "}\n" : "\n");
}
