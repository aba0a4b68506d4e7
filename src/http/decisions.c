/* Counts decisions by surface, grant and reason, for Prometheus. Labels come from the program,
 * never from a request; should there be more than fit, the rest is counted as "other". */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* SERIES_MAX: a fixed table bounds what Prometheus has to store. LABEL_SIZE: bytes with the NUL. */
enum { SERIES_MAX = 192, LABEL_SIZE = 32 };

/* One line of /metrics. */
struct series {
	char surface[LABEL_SIZE], grant[LABEL_SIZE], reason[LABEL_SIZE];
	uint64_t count;
};
struct http_decisions {
	pthread_mutex_t lock; /* of all that follows */
	struct series series[SERIES_MAX];
	size_t used;
	uint64_t other;
};

struct http_decisions *http_decisions_new(void)
{
	struct http_decisions *d = calloc(1, sizeof *d);
	if (d)
		pthread_mutex_init(&d->lock, NULL);
	return d;
}

void http_decisions_free(struct http_decisions *d)
{
	if (d)
		pthread_mutex_destroy(&d->lock);
	free(d);
}

/* Letters, digits and signs that need no escaping in a label. */
static bool label_copy(char out[static LABEL_SIZE], struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		const char c = s.p[i];
		if (c < ' ' || c > '~' || c == '"' || c == '\\')
			return false;
	}
	return str_copy(out, LABEL_SIZE, s) == ERR_OK;
}

/* "/articles/{slug}": articles; "/": front. */
static struct str surface_of(const char *pattern)
{
	const struct str first = { pattern + 1, pattern[0] ? strcspn(pattern + 1, "/") : 0 };
	return first.n > 0 ? first : STR("front");
}

/* What a series is found by. */
struct labels {
	struct str surface, grant, reason;
};

/* The series of these labels, if need be a new one; NULL: there is none. Under the lock. */
static struct series *series_of_labels(struct http_decisions *d, const struct labels *want)
{
	for (size_t i = 0; i < d->used; i++) {
		struct series *p = &d->series[i];
		if (str_eq(str_of(p->reason), want->reason) &&
			str_eq(str_of(p->grant), want->grant) &&
			str_eq(str_of(p->surface), want->surface))
			return p;
	}
	struct series *fresh = &d->series[d->used];
	if (d->used == SERIES_MAX || !label_copy(fresh->surface, want->surface) ||
		!label_copy(fresh->grant, want->grant) || !label_copy(fresh->reason, want->reason))
		return NULL;
	d->used++;
	return fresh;
}

void http_decisions_count(
	struct http_decisions *d, const char *pattern, const char *grant, const char *reason)
{
	const struct labels want = { surface_of(pattern), str_of(grant), str_of(reason) };
	pthread_mutex_lock(&d->lock);
	struct series *p = series_of_labels(d, &want);
	++*(p ? &p->count : &d->other);
	pthread_mutex_unlock(&d->lock);
}

void http_decisions_put(struct http_decisions *d, struct buf *out)
{
	buf_puts(out, "# HELP postern_decisions_total Access decisions, by the first part of the "
		      "route.\n# TYPE postern_decisions_total counter\n");
	pthread_mutex_lock(&d->lock);
	for (size_t i = 0; i < d->used; i++) {
		const struct series *p = &d->series[i];
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
