/* ranges: which of thousands of address ranges hold an address, by binary search. Ranges may
 * overlap: sorted by first address, they make a balanced tree whose nodes know the highest last
 * address below them, so that a search takes O(log n + hits). */
#ifndef POSTERN_PAYWALL_RANGES_H
#define POSTERN_PAYWALL_RANGES_H

#include "postern/text.h"

struct ranges_span {
	struct ip_range range;
	struct ip highest; /* of the last addresses in its subtree; institution_ranges_index sets it
			    */
	uint32_t owner;
};
struct ranges {
	struct ranges_span *v;
	size_t n;
};
void institution_ranges_index(struct ranges *rs); /* sorts `v` in place */
/* The spans that have an address in common with [first, last], by first address; at most `max`.
 * None for an address that is not set. */
size_t institution_ranges_find(const struct ranges *rs, struct ip first, struct ip last,
	const struct ranges_span **out, size_t max);

#endif
