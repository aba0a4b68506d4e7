#include "postern/log.h"

#include "log_writer.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum {
	VALUE_MAX = 1000,
	FIELDS_MOST = 32,
	LINE_BYTES = 600, /* an ordinary one fits */
	/* Each byte of a value becomes six at most ("\u001b"); keys and the head are ours. */
	LINE_MAX_BYTES = FIELDS_MOST * (6 * VALUE_MAX + 100) + 512,
};

static const char *const level_names[] = { "debug", "info", "warn", "error" };

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
	if (s.n <= VALUE_MAX)
		return s;
	s.n = VALUE_MAX;
	while (s.n > VALUE_MAX - 3 && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
		s.n--;
	return s;
}

static void add_key(struct buf *b, const char *key, enum log_format format)
{
	if (format == LOG_JSON) {
		buf_puts(b, b->n ? ",\"" : "{\"");
		buf_puts(b, key);
		buf_puts(b, "\":");
	} else {
		if (b->n)
			buf_byte(b, ' ');
		buf_puts(b, key);
		buf_byte(b, '=');
	}
}

/* Most of what is ever logged: in one piece, for each request has a dozen of them. */
static void add_plain(struct buf *b, const char *key, struct str value)
{
	const size_t key_n = strlen(key);
	buf_room(b, key_n + value.n + 2);
	if (b->err)
		return;
	char *p = b->p + b->n;
	if (b->n > 0)
		*p++ = ' ';
	p = mempcpy(p, key, key_n);
	*p++ = '=';
	p = mempcpy(p, value.p, value.n);
	*p = 0;
	b->n = (size_t)(p - b->p);
}

static void add_text(struct buf *b, const char *key, struct str value, enum log_format format)
{
	if (format == LOG_LOGFMT && (value.n == 0 || is_plain(value))) {
		add_plain(b, key, value.n == 0 ? STR("\"\"") : cut(value));
		return;
	}
	add_key(b, key, format);
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

static void add_head(struct buf *b, const struct log *l, enum log_level level, const char *event)
{
	struct timespec now = { 0 };
	char text[48];
	clock_gettime(CLOCK_REALTIME, &now);
	const unsigned ms = (unsigned)(now.tv_nsec / 1000000);
	const struct str second = str_of(second_text(now.tv_sec));
	char *p = mempcpy(text, second.p, second.n);
	*p++ = (char)('0' + ms / 100);
	*p++ = (char)('0' + ms / 10 % 10);
	*p++ = (char)('0' + ms % 10);
	*p++ = 'Z';
	add_text(b, "time", (struct str){ text, (size_t)(p - text) }, l->format);
	add_text(b, "level", str_of(level_names[level]), l->format);
	add_text(b, "event", str_of(event), l->format);
}

static void put_line(const struct log *l, struct str line, bool now)
{
	if (l->writer)
		log_writer_add(l->writer, line, now);
	else
		log_write_all(l->fd, line);
}

struct event {
	enum log_level level;
	const char *name;
	const struct log_field *fields;
	size_t count;
};

static void put_event(const struct log *l, const struct event *e, bool now)
{
	if (!l || e->level < l->level || (size_t)e->level >= COUNT(level_names))
		return;
	int saved = errno;
	char digits[INT_TEXT_SIZE];
	BUF_AUTO b = BUF(LINE_MAX_BYTES);
	buf_room(&b, LINE_BYTES);
	add_head(&b, l, e->level, e->name);
	for (size_t i = 0; i < e->count && i < FIELDS_MOST; i++) {
		const struct log_field *f = &e->fields[i];
		if (f->is_int) {
			add_key(&b, f->key, l->format);
			buf_str(&b, int_text(f->number, digits));
		} else {
			add_text(&b, f->key, f->text, l->format);
		}
	}
	buf_puts(&b, l->format == LOG_JSON ? "}\n" : "\n");
	put_line(l, b.err == ERR_OK ? buf_view(&b) : STR("level=error event=log_nomem\n"), now);
	errno = saved;
}

void log_fields(const struct log *l, enum log_level level, const char *event,
	const struct log_field *fields, size_t count)
{
	put_event(l, &(struct event){ level, event, fields, count }, true);
}

void log_fields_soon(const struct log *l, enum log_level level, const char *event,
	const struct log_field *fields, size_t count)
{
	put_event(l, &(struct event){ level, event, fields, count }, level >= LOG_WARN);
}
