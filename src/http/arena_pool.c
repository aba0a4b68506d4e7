/* What a loop thread is done with and uses again: the arenas of requests, and answers that differ
 * from the next one in the name of the request (X-Request-Id) alone. An answer with a cookie is one
 * reader's, and never used again. What each saves is measured in docs/design.md. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* FIRST_BYTES: an ordinary request fits. ANSWERS: each holds its item, of HELD_SMALL_BYTES at most,
 * even when the cache has put it out; it is given to nobody then, since who asks has the new one.
 */
enum { FIRST_BYTES = 8192, ARENAS = 8, ANSWERS = 64 };

struct pooled_answer {
	struct MHD_Response *out; /* NULL: free */
	struct cache_item *item;  /* either this */
	char *alike;              /* or this: see struct exchange */
	size_t alike_n;
	enum coding coding;
	char id[ID_SIZE]; /* the X-Request-Id that it bears */
};
/* Of one loop thread, found by pthread_getspecific and freed when the thread ends: no lock. */
struct thread_pool {
	size_t arena_count;
	struct arena *arenas[ARENAS];
	struct pooled_answer answers[ANSWERS];
};
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool have_key;

static void answer_free(struct pooled_answer *a)
{
	if (a->out)
		MHD_destroy_response(a->out);
	cache_release(a->item);
	free(a->alike);
	*a = (struct pooled_answer){ 0 };
}

static void pool_free(void *arg)
{
	struct thread_pool *s = arg;
	while (s->arena_count > 0)
		arena_free(s->arenas[--s->arena_count]);
	for (size_t i = 0; i < ANSWERS; i++)
		answer_free(&s->answers[i]);
	free(s);
}

static void make_key(void)
{
	have_key = pthread_key_create(&key, pool_free) == 0;
}

bool http_arena_pool_start(void)
{
	(void)pthread_once(&once, make_key);
	return have_key;
}

static struct thread_pool *pool_of_thread(void)
{
	struct thread_pool *s = pthread_getspecific(key);
	if (!s && (s = calloc(1, sizeof *s)) && pthread_setspecific(key, s) != 0) {
		free(s);
		return NULL;
	}
	return s;
}

/* ---- arenas ---- */

struct arena *http_arena_acquire(void)
{
	struct thread_pool *s = pthread_getspecific(key);
	if (s && s->arena_count > 0)
		return s->arenas[--s->arena_count];
	struct arena *a = arena_new(REQUEST_ARENA_MAX);
	if (a && !arena_reset(a, FIRST_BYTES)) {
		arena_free(a);
		return NULL;
	}
	return a;
}

void http_arena_release(struct arena *a)
{
	struct thread_pool *s = a ? pool_of_thread() : NULL;
	if (s && s->arena_count < ARENAS && arena_reset(a, FIRST_BYTES)) {
		s->arenas[s->arena_count++] = a;
		return;
	}
	arena_free(a);
}

/* ---- answers ---- */

bool http_response_pool_may_keep(const struct exchange *x)
{
	return x->from_cache || x->alike.n > 0;
}

static uint64_t mixed(struct str s)
{
	uint64_t sum = 0, word = 0;
	for (; s.n >= sizeof word; s.p += sizeof word, s.n -= sizeof word) {
		memcpy(&word, s.p, sizeof word);
		sum = (sum ^ word) * 0x9e3779b97f4a7c15U;
	}
	return sum >> 32;
}

static struct pooled_answer *slot_of(struct thread_pool *s, const struct exchange *x)
{
	const uint64_t at = x->from_cache ? (uintptr_t)x->item / 64 + x->coding : mixed(x->alike);
	return &s->answers[at % ANSWERS];
}

static bool is_of(const struct pooled_answer *a, const struct exchange *x)
{
	if (x->from_cache)
		return a->item == x->item && a->coding == x->coding;
	return a->alike && a->alike_n == x->alike.n &&
	       memcmp(a->alike, x->alike.p, x->alike.n) == 0;
}

/* Whoever held the answer before is done with it: libmicrohttpd has sent its headers. */
static bool rename_answer(struct pooled_answer *a, const char *id)
{
	return MHD_del_response_header(a->out, "X-Request-Id", a->id) == MHD_YES &&
	       MHD_add_response_header(a->out, "X-Request-Id", id) == MHD_YES;
}

/* A lane makes answers as well, but is given none back: it has no pool, and needs none. */
bool http_response_pool_acquire(struct exchange *x)
{
	struct thread_pool *s = pthread_getspecific(key);
	struct pooled_answer *a = s ? slot_of(s, x) : NULL;
	if (!a || !a->out || !is_of(a, x))
		return false;
	if (!rename_answer(a, x->req.id)) {
		answer_free(a);
		return false;
	}
	x->answer = a->out;
	a->out = NULL;
	answer_free(a); /* the exchange holds the item as well */
	return true;
}

void http_response_pool_release(struct exchange *x)
{
	struct thread_pool *s = pool_of_thread();
	char *alike = s && x->alike.n > 0 ? malloc(x->alike.n) : NULL;
	if (!s || (x->alike.n > 0 && !alike))
		return;
	struct pooled_answer *a = slot_of(s, x);
	answer_free(a);
	*a = (struct pooled_answer){ .item = x->item,
		.alike = alike,
		.alike_n = x->alike.n,
		.out = x->answer,
		.coding = x->coding };
	if (alike)
		memcpy(alike, x->alike.p, x->alike.n);
	memcpy(a->id, x->req.id, sizeof a->id);
	x->item = NULL;
	x->answer = NULL;
}
