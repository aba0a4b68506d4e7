/* Makes each allocation fail in turn. For programs called test_memory_*: the Makefile links them so
 * that malloc and its like of our own code are the ones below, and so are those of libjansson and
 * libxml2, which are given them. The arena is built anew here with a chunk for each allocation, so
 * that none of them hides in a chunk that is there already. */
#ifndef TESTS_MEMORY_HELP_H
#define TESTS_MEMORY_HELP_H

#include "unit.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "postern/base.h"

bool arena_reset_kept(struct arena *a, size_t first_bytes);
#define ARENA_CHUNK_FIRST 16
#define arena_reset arena_reset_kept
#include "../../src/base/arena.c"
#undef arena_reset

/* Keeps nothing, for what is allocated from a kept chunk could not fail. */
bool arena_reset(struct arena *a, size_t first_bytes)
{
	return arena_reset_kept(a, first_bytes ? ARENA_CHUNK_FIRST : 0);
}

/* ---- which allocation fails ---- */
enum memory_mode { MEMORY_ONE = 1, MEMORY_ALL_AFTER };
static _Atomic long memory_count;      /* since memory_arm */
static _Atomic long memory_first;      /* the first that fails; 0: none does */
static _Atomic bool memory_one;        /* it alone */
static _Atomic bool memory_any_thread; /* false: only of the thread that called memory_arm */
static _Thread_local bool memory_watched;

static bool memory_refuses(void)
{
	if (!atomic_load(&memory_first) || (!memory_watched && !atomic_load(&memory_any_thread)))
		return false;
	const long n = atomic_fetch_add(&memory_count, 1) + 1;
	return n == atomic_load(&memory_first) ||
	       (n > atomic_load(&memory_first) && !atomic_load(&memory_one));
}

static inline void memory_arm(long n, enum memory_mode mode)
{
	memory_watched = true;
	atomic_store(&memory_count, 0);
	atomic_store(&memory_one, mode == MEMORY_ONE);
	atomic_store(&memory_first, n);
}

/* True when an allocation failed since. */
static inline bool memory_disarm(void)
{
	const bool failed = atomic_load(&memory_count) >= atomic_load(&memory_first);
	atomic_store(&memory_first, 0);
	return failed;
}

/* ---- what the linker puts in place of the C library's (--wrap) ---- */
void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__real_realloc(void *p, size_t n);
void *__real_reallocarray(void *p, size_t count, size_t n);
char *__real_strdup(const char *z);
char *__real_strndup(const char *z, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_reallocarray(void *p, size_t count, size_t n);
char *__wrap_strdup(const char *z);
char *__wrap_strndup(const char *z, size_t n);

void *__wrap_malloc(size_t n)
{
	return memory_refuses() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t count, size_t n)
{
	return memory_refuses() ? NULL : __real_calloc(count, n);
}

void *__wrap_realloc(void *p, size_t n)
{
	return memory_refuses() ? NULL : __real_realloc(p, n);
}

void *__wrap_reallocarray(void *p, size_t count, size_t n)
{
	return memory_refuses() ? NULL : __real_reallocarray(p, count, n);
}

char *__wrap_strdup(const char *z)
{
	return memory_refuses() ? NULL : __real_strdup(z);
}

char *__wrap_strndup(const char *z, size_t n)
{
	return memory_refuses() ? NULL : __real_strndup(z, n);
}

/* First in every program: were it linked otherwise, no other test could fail. */
static inline void allocations_do_fail(void **state)
{
	(void)state;
	memory_arm(1, MEMORY_ONE);
	struct arena *a = arena_new(100);
	assert_true(memory_disarm());
	assert_null(a);
	a = arena_new(100);
	assert_non_null(a);
	memory_arm(2, MEMORY_ONE);
	assert_non_null(arena_alloc(a, 16));
	assert_null(arena_alloc(a, 16));
	assert_non_null(arena_alloc(a, 16));
	assert_true(memory_disarm());
	arena_free(a);
}

/* ---- the trial ---- */

/* What a call made, as text: two results that are the same have the same. */
struct memory_result {
	char text[1 << 18];
	size_t n;
};

static inline void memory_say(struct memory_result *r, const char *name, struct str s)
{
	const int n = snprintf(r->text + r->n, sizeof r->text - r->n, "%s=%zu:%.*s\n", name, s.n,
		(int)s.n, s.p ? s.p : "");
	assert_in_range(n, 0, sizeof r->text - r->n - 1);
	r->n += (size_t)n;
}

static inline void memory_say_number(struct memory_result *r, const char *name, long long v)
{
	char text[32];
	const int n = snprintf(text, sizeof text, "%lld", v);
	memory_say(r, name, (struct str){ text, (size_t)n });
}

/* A call with all that it makes and frees; its error, and in `r` what it made. */
typedef enum err memory_trial(void *ctx, struct memory_result *r);

/* Without memory a call says ERR_NOMEM, or `also`; or it could do without, and says and makes what
 * it always does. */
static inline void memory_try_mode(
	const char *what, memory_trial *fn, void *ctx, enum memory_mode mode, enum err also)
{
	static struct memory_result right, now;
	right.n = 0;
	const enum err expected = fn(ctx, &right);
	for (long n = 1; n < 200000; n++) {
		now.n = 0;
		memory_arm(n, mode);
		const enum err e = fn(ctx, &now);
		if (!memory_disarm()) {
			assert_int_equal(e, expected);
			return;
		}
		if (e == ERR_NOMEM || (also && e == also))
			continue;
		if (e != expected)
			fail_msg("%s: without allocation %ld%s: %s, expected %s or %s", what, n,
				mode == MEMORY_ONE ? "" : " and all after it", err_name(e),
				err_name(expected), err_name(ERR_NOMEM));
		if (right.n != now.n || memcmp(right.text, now.text, now.n) != 0)
			fail_msg("%s: without allocation %ld%s:\n%.*s\nexpected\n%.*s", what, n,
				mode == MEMORY_ONE ? "" : " and all after it", (int)now.n, now.text,
				(int)right.n, right.text);
	}
	fail_msg("%s: does not end", what);
}

static inline void memory_try(const char *what, memory_trial *fn, void *ctx)
{
	memory_try_mode(what, fn, ctx, MEMORY_ONE, ERR_OK);
	memory_try_mode(what, fn, ctx, MEMORY_ALL_AFTER, ERR_OK);
}

#endif
