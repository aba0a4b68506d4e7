/* Arena: memory that is allocated piece by piece and freed at once, with a cap in bytes. Each
 * request has one; what is freed is wiped first, because it may hold a password or a token. An
 * allocation beyond the cap returns NULL and marks the arena as failed, which writers check once
 * at the end. */
#include "postern/base.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Under the address sanitizer all that was not handed out is poisoned, so that a step over the end
 * of an allocation is found here as it would be with malloc. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISON 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(ARENA_POISON)
#define ARENA_POISON 1
#endif
#ifdef ARENA_POISON
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

/* Tests that make each allocation fail in turn build this with a chunk for each. */
#ifndef ARENA_CHUNK_FIRST
#define ARENA_CHUNK_FIRST 2048
#endif
/* Bytes. The first chunk holds what a small request needs; the next ones double, up to CHUNK_MOST,
 * so that a large request takes few of them. */
enum { CHUNK_FIRST = ARENA_CHUNK_FIRST, CHUNK_MOST = 64 << 10 };

/* One malloc. `p` is aligned for any type; used <= size. */
struct chunk {
	struct chunk *next;
	size_t used, size;
	alignas(max_align_t) char p[];
};

/* `used` counts what was handed out, of `max` at most. failed: an allocation returned NULL, which
 * stays so until arena_reset. One thread at a time. */
struct arena {
	struct chunk *head; /* the one that small allocations come from */
	size_t used, max, next_size;
	bool failed;
};

struct arena *arena_new(size_t max_bytes)
{
	struct arena *a = calloc(1, sizeof *a);
	if (!a)
		return NULL;
	a->max = max_bytes;
	a->next_size = CHUNK_FIRST;
	return a;
}

static void wipe(struct chunk *c)
{
	ASAN_UNPOISON_MEMORY_REGION(c->p, c->size);
	explicit_bzero(c->p, c->used);
	c->used = 0;
}

/* All but `kept`. */
static void free_chunks(struct arena *a, const struct chunk *kept)
{
	for (struct chunk *c = a->head, *next; c; c = next) {
		next = c->next;
		if (c != kept) {
			wipe(c);
			free(c);
		}
	}
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	free_chunks(a, NULL);
	free(a);
}

void arena_freep(struct arena **a)
{
	arena_free(*a);
	*a = NULL;
}

static struct chunk *chunk_new(size_t size)
{
	struct chunk *c = calloc(1, sizeof *c + size);
	if (!c)
		return NULL;
	c->size = size;
	ASAN_POISON_MEMORY_REGION(c->p, size);
	return c;
}

static struct chunk *chunk_of_size(const struct arena *a, size_t size)
{
	struct chunk *c = a->head;
	while (c && c->size != size)
		c = c->next;
	return c;
}

bool arena_reset(struct arena *a, size_t first_bytes)
{
	struct chunk *kept = chunk_of_size(a, first_bytes);
	free_chunks(a, kept);
	if (kept) {
		wipe(kept); /* what is handed out from it is zero again */
		ASAN_POISON_MEMORY_REGION(kept->p, kept->size);
		kept->next = NULL;
	} else {
		kept = chunk_new(first_bytes);
	}
	*a = (struct arena){ .head = kept, .max = a->max, .next_size = CHUNK_FIRST };
	return kept != NULL;
}

/* A large allocation gets a chunk of its own behind the head, so that what is left of the head is
 * not lost. */
static struct chunk *chunk_for(struct arena *a, size_t n)
{
	struct chunk *head = a->head;
	if (head && head->size - head->used >= n)
		return head;
	bool large = n > a->next_size / 4;
	struct chunk *c = chunk_new(large ? n : a->next_size);
	if (!c)
		return NULL;
	if (large && head) {
		c->next = head->next;
		head->next = c;
		return c;
	}
	c->next = head;
	a->head = c;
	if (!large && a->next_size < CHUNK_MOST)
		a->next_size *= 2;
	return c;
}

/* What `n` bytes take, or 0 when that is more than is left. */
static size_t rounded(const struct arena *a, size_t n)
{
	const size_t align = alignof(max_align_t);
	size_t left = a->max - a->used;
	if (n > left || n > SIZE_MAX / 2)
		return 0;
	size_t whole = n ? (n + align - 1) / align * align : align;
	return whole <= left ? whole : 0;
}

void *arena_alloc(struct arena *a, size_t n)
{
	size_t whole = rounded(a, n);
	struct chunk *c = whole ? chunk_for(a, whole) : NULL;
	if (!c) {
		a->failed = true;
		return NULL;
	}
	char *p = c->p + c->used;
	c->used += whole;
	a->used += whole;
	ASAN_UNPOISON_MEMORY_REGION(p, n);
	return p;
}

struct str arena_str(struct arena *a, struct str s)
{
	char *p = s.p && s.n < SIZE_MAX ? arena_alloc(a, s.n + 1) : NULL;
	if (!p)
		return (struct str){ NULL, 0 };
	memcpy(p, s.p, s.n);
	return (struct str){ p, s.n };
}

struct str arena_buf(struct arena *a, const struct buf *b)
{
	if (b->err == ERR_NOMEM)
		arena_fail(a);
	if (b->err != ERR_OK)
		return (struct str){ NULL, 0 };
	return arena_str(a, (struct str){ b->p ? b->p : "", b->n });
}

struct str arena_join(struct arena *a, const struct str *pieces, size_t count)
{
	size_t n = 0;
	for (size_t i = 0; i < count; i++)
		n += pieces[i].n;
	char *p = arena_alloc(a, n + 1), *end = p;
	for (size_t i = 0; p && i < count; i++) {
		if (pieces[i].n > 0)
			end = mempcpy(end, pieces[i].p, pieces[i].n);
	}
	return (struct str){ p, p ? n : 0 };
}

const char *arena_fmt(struct arena *a, const char *fmt, ...)
{
	va_list args, again;
	char space[256]; /* most texts fit, and so are written once */
	va_start(args, fmt);
	va_copy(again, args);
	int n = vsnprintf(space, sizeof space, fmt, args);
	char *p = n >= 0 ? arena_alloc(a, (size_t)n + 1) : NULL;
	if (p && (size_t)n < sizeof space)
		memcpy(p, space, (size_t)n + 1);
	else if (p)
		vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	va_end(args);
	return p ? p : "";
}

size_t arena_bytes(const struct arena *a)
{
	return a->used;
}

void arena_fail(struct arena *a)
{
	a->failed = true;
}

bool arena_failed(const struct arena *a)
{
	return a->failed;
}
