/* A growing byte buffer with a cap. A write that would exceed the cap, or that gets no memory,
 * marks the buffer as failed; later writes do nothing, so a caller checks once at the end. */
#include "postern/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes: of the first allocation, and of the text that buf_fmt writes on the stack before it asks
 * for room. */
enum { FIRST_ROOM = 64, FMT_STACK = 512 };

/* Makes room for `n` more bytes and the closing NUL. */
static bool reserve(struct buf *b, size_t n)
{
	if (b->err != ERR_OK)
		return false;
	if (n > b->max - b->n || n >= SIZE_MAX - b->n) {
		b->err = ERR_TOO_LARGE;
		return false;
	}
	size_t need = b->n + n + 1;
	if (need <= b->capacity)
		return true;
	size_t capacity = b->capacity ? b->capacity : FIRST_ROOM;
	while (capacity < need && capacity <= SIZE_MAX / 2)
		capacity *= 2;
	if (capacity < need)
		capacity = need;
	if (capacity - 1 > b->max)
		capacity = b->max + 1;
	char *p = realloc(b->p, capacity);
	if (!p) {
		b->err = ERR_NOMEM;
		return false;
	}
	b->p = p;
	b->capacity = capacity;
	return true;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	if (!reserve(b, n))
		return;
	if (n > 0)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = '\0';
}

void buf_str(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.n);
}

void buf_puts(struct buf *b, const char *z)
{
	buf_str(b, str_of(z));
}

void buf_byte(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_fmt(struct buf *b, const char *fmt, ...)
{
	char stack[FMT_STACK];
	va_list args, again;
	va_start(args, fmt);
	va_copy(again, args);
	int n = vsnprintf(stack, sizeof stack, fmt, args);
	if (n < 0) {
		if (b->err == ERR_OK)
			b->err = ERR_NOMEM;
	} else if ((size_t)n < sizeof stack) {
		buf_add(b, stack, (size_t)n);
	} else if (reserve(b, (size_t)n)) {
		vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
	va_end(args);
}

struct str buf_view(const struct buf *b)
{
	return b->err == ERR_OK ? (struct str){ b->p, b->n } : (struct str){ NULL, 0 };
}

void buf_free(struct buf *b)
{
	free(b->p);
	*b = BUF(b->max);
}
