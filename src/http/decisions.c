/* How often each surface decided what and why, for Prometheus. Labels come from the program, not
 * from requests, and are few; should they ever be more than fit, the rest is counted as "other". */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

enum { PLACES = 192, LABEL_SIZE = 32 };

struct place {
	char surface[LABEL_SIZE], grant[LABEL_SIZE], reason[LABEL_SIZE];
	uint64_t count;
};
struct http_decisions {
	pthread_mutex_t lock;
	struct place places[PLACES];
	size_t used;
	uint64_t other;
};

struct http_decisions *http_decisions_new(void)
{
	struct http_decisions *d = calloc(1, sizeof *d);
	if (d) {
		pthread_mutex_init(&d->lock, NULL);
	}
	return d;
}

void http_decisions_free(struct http_decisions *d)
{
	if (d) {
		pthread_mutex_destroy(&d->lock);
	}
	free(d);
}

/* Letters, digits and signs that need no escaping in a label. */
static bool label_copy(char out[static LABEL_SIZE], struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		const char c = s.p[i];
		if (c < ' ' || c > '~' || c == '"' || c == '\\') {
			return false;
		}
	}
	return str_copy(out, LABEL_SIZE, s) == ERR_OK;
}

/* "/articles/{slug}": articles; "/": front. */
static struct str surface_of(const char *pattern)
{
	struct str rest = str_of(pattern);
	(void)str_cut(&rest, '/');
	struct str first = str_cut(&rest, '/');
	return first.n > 0 ? first : STR("front");
}

static struct place *place_of(struct http_decisions *d, const struct place *want)
{
	for (size_t i = 0; i < d->used; i++) {
		struct place *p = &d->places[i];
		if (strcmp(p->reason, want->reason) == 0 && strcmp(p->grant, want->grant) == 0 &&
			strcmp(p->surface, want->surface) == 0) {
			return p;
		}
	}
	if (d->used == PLACES) {
		return NULL;
	}
	d->places[d->used] = *want;
	return &d->places[d->used++];
}

void http_decisions_count(
	struct http_decisions *d, const char *pattern, const char *grant, const char *reason)
{
	struct place want = { .count = 0 };
	const bool fit = label_copy(want.surface, surface_of(pattern)) &&
			 label_copy(want.grant, str_of(grant)) &&
			 label_copy(want.reason, str_of(reason));

	pthread_mutex_lock(&d->lock);
	struct place *p = fit ? place_of(d, &want) : NULL;
	*(p ? &p->count : &d->other) += 1;
	pthread_mutex_unlock(&d->lock);
}

void http_decisions_put(struct http_decisions *d, struct buf *out)
{
	buf_puts(out, "# HELP postern_decisions_total Answers to who may read what, by the first "
		      "part of the route.\n# TYPE postern_decisions_total counter\n");
	pthread_mutex_lock(&d->lock);
	for (size_t i = 0; i < d->used; i++) {
		const struct place *p = &d->places[i];
		buf_fmt(out,
			"postern_decisions_total{surface=\"%s\",grant=\"%s\",reason=\"%s\"} %llu\n",
			p->surface, p->grant, p->reason, (unsigned long long)p->count);
	}
	buf_fmt(out,
		"postern_decisions_total{surface=\"other\",grant=\"other\",reason=\"other\"} "
		"%llu\n",
		(unsigned long long)d->other);
	pthread_mutex_unlock(&d->lock);
}
