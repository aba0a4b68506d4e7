/* Sorted address ranges with the highest end below each (an interval tree in an array): finds the
 * institution of an address among any number of ranges in logarithmic time, overlapping ranges
 * included. */
#include "ranges.h"

#include <stdlib.h>
#include <string.h>

static int address_order(const struct ip *a, const struct ip *b)
{
	return memcmp(a->b, b->b, sizeof a->b);
}

static int span_order(const void *a, const void *b)
{
	const struct ranges_span *x = a, *y = b;
	int first = address_order(&x->range.first, &y->range.first);
	return first ? first : address_order(&x->range.last, &y->range.last);
}

/* The root of [from, to) is its middle. Depth is log2 of the count. */
static const struct ip *index_part(struct ranges *rs, size_t from, size_t to)
{
	if (from >= to)
		return NULL;
	size_t middle = from + (to - from) / 2;
	const struct ip *below[] = { index_part(rs, from, middle), index_part(rs, middle + 1, to) };
	struct ranges_span *s = &rs->v[middle];

	s->highest = s->range.last;
	for (size_t i = 0; i < COUNT(below); i++) {
		if (below[i] && address_order(below[i], &s->highest) > 0)
			s->highest = *below[i];
	}
	return &s->highest;
}

void institution_ranges_index(struct ranges *rs)
{
	if (rs->n > 1)
		qsort(rs->v, rs->n, sizeof *rs->v, span_order);
	index_part(rs, 0, rs->n);
}

/* One search: the spans found so far, of `max` at most. */
struct search {
	const struct ranges *rs;
	struct ip first, last;
	const struct ranges_span **out;
	size_t n, max;
};

static void search_part(struct search *s, size_t from, size_t to)
{
	if (from >= to || s->n == s->max)
		return;
	size_t middle = from + (to - from) / 2;
	const struct ranges_span *span = &s->rs->v[middle];

	if (address_order(&span->highest, &s->first) < 0)
		return;
	search_part(s, from, middle);
	if (address_order(&span->range.first, &s->last) > 0)
		return;
	if (address_order(&span->range.last, &s->first) >= 0 && s->n < s->max)
		s->out[s->n++] = span;
	search_part(s, middle + 1, to);
}

size_t institution_ranges_find(const struct ranges *rs, struct ip first, struct ip last,
	const struct ranges_span **out, size_t max)
{
	struct search s = { .rs = rs, .first = first, .last = last, .out = out, .max = max };
	if (first.set && last.set)
		search_part(&s, 0, rs->n);
	return s.n;
}
