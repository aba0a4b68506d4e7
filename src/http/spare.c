/* What a loop thread is done with and will need again: the arenas of requests, and answers made of
 * what memory keeps, which differ in the name of the request and a cookie alone. Making either anew
 * for each request would take more time than all the rest of it. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* FIRST_BYTES: an ordinary request fits. ANSWERS: each holds its item, of HELD_SMALL_BYTES at most,
 * even when the cache has put it out; it is given to nobody then, since who asks has the new one.
 */
enum { FIRST_BYTES = 8192, ARENAS = 8, ANSWERS = 64 };

struct spare_answer {
	struct cache_item *item; /* NULL: free */
	struct MHD_Response *out;
	enum coding coding;
	char id[ID_SIZE]; /* the X-Request-Id that it bears */
};
struct spares {
	size_t arena_count;
	struct arena *arenas[ARENAS];
	struct spare_answer answers[ANSWERS];
};
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool have_key;

static void answer_free(struct spare_answer *a)
{
	if (a->item) {
		MHD_destroy_response(a->out);
		cache_release(a->item);
	}
	*a = (struct spare_answer){ 0 };
}

static void spares_free(void *arg)
{
	struct spares *s = arg;
	while (s->arena_count > 0) {
		arena_free(s->arenas[--s->arena_count]);
	}
	for (size_t i = 0; i < ANSWERS; i++) {
		answer_free(&s->answers[i]);
	}
	free(s);
}

static void make_key(void)
{
	have_key = pthread_key_create(&key, spares_free) == 0;
}

bool http_spare_start(void)
{
	(void)pthread_once(&once, make_key);
	return have_key;
}

static struct spares *spares_of_thread(void)
{
	struct spares *s = pthread_getspecific(key);
	if (!s && (s = calloc(1, sizeof *s)) && pthread_setspecific(key, s) != 0) {
		free(s);
		return NULL;
	}
	return s;
}

/* ---- arenas ---- */

struct arena *http_arena_take(void)
{
	struct spares *s = pthread_getspecific(key);
	if (s && s->arena_count > 0) {
		return s->arenas[--s->arena_count];
	}
	struct arena *a = arena_new(REQUEST_ARENA_MAX);
	if (a && !arena_reset(a, FIRST_BYTES)) {
		arena_free(a);
		return NULL;
	}
	return a;
}

void http_arena_give_back(struct arena *a)
{
	struct spares *s = a ? spares_of_thread() : NULL;
	if (s && s->arena_count < ARENAS && arena_reset(a, FIRST_BYTES)) {
		s->arenas[s->arena_count++] = a;
		return;
	}
	arena_free(a);
}

/* ---- answers ---- */

static struct spare_answer *place_of(
	struct spares *s, const struct cache_item *item, enum coding coding)
{
	return &s->answers[((uintptr_t)item / 64 + coding) % ANSWERS];
}

/* Whoever held the answer before is done with it: libmicrohttpd has sent its headers. */
static bool rename_answer(struct spare_answer *a, const char *id)
{
	return MHD_del_response_header(a->out, "X-Request-Id", a->id) == MHD_YES &&
	       MHD_add_response_header(a->out, "X-Request-Id", id) == MHD_YES;
}

/* No reader is ever given another one's. */
static bool change_cookie(struct MHD_Response *out, const char *cookie)
{
	const char *old = MHD_get_response_header(out, "Set-Cookie");
	if (old && MHD_del_response_header(out, "Set-Cookie", old) != MHD_YES) {
		return false;
	}
	return !cookie || MHD_add_response_header(out, "Set-Cookie", cookie) == MHD_YES;
}

/* A lane makes answers as well, but is given none back: it has no spares, and needs none. */
bool http_spare_answer_take(struct exchange *x)
{
	struct spares *s = pthread_getspecific(key);
	struct spare_answer *a = s ? place_of(s, x->item, x->coding) : NULL;
	if (!a || a->item != x->item || a->coding != x->coding) {
		return false;
	}
	if (!rename_answer(a, x->req.id) || !change_cookie(a->out, http_own_cookie(x))) {
		answer_free(a);
		return false;
	}
	x->answer = a->out;
	cache_release(a->item); /* the exchange holds it as well */
	*a = (struct spare_answer){ 0 };
	return true;
}

void http_spare_answer_give_back(struct exchange *x)
{
	struct spares *s = spares_of_thread();
	if (!s) {
		return;
	}
	struct spare_answer *a = place_of(s, x->item, x->coding);
	answer_free(a);
	*a = (struct spare_answer){ .item = x->item, .out = x->answer, .coding = x->coding };
	memcpy(a->id, x->req.id, sizeof a->id);
	x->item = NULL;
	x->answer = NULL;
}
