/* Who is at the other end, when some peers are proxies of ours. X-Forwarded-For is read from its
 * right end, where our own proxies write; what stands left of the first address that is none of
 * ours is its owner's claim and is not looked at. Nobody is refused for what a proxy wrote there.
 */
#include "internal.h"

/* TOLD_MAX: bytes of the value that the log shows. */
enum { TELL_EVERY_US = 60 * 1000000, TOLD_MAX = 100 };

bool request_from_proxy(const struct request *r)
{
	return r->x->conn->peer_trusted;
}

/* The last element of a comma list, which is cut off. */
static struct str cut_last(struct str *list)
{
	size_t at = list->n;
	while (at > 0 && list->p[at - 1] != ',')
		at--;
	struct str last = { list->p + at, list->n - at };
	*list = at > 0 ? (struct str){ list->p, at - 1 } : (struct str){ NULL, 0 };
	return str_trim(last);
}

/* Once a minute for all readers: a proxy that writes so does it with each request. */
static void tell(const struct exchange *x, struct str element)
{
	struct http *h = x->h;
	int64_t told_us = atomic_load(&h->forwarded_told_us);
	if (told_us != 0 && x->started_us - told_us < TELL_EVERY_US)
		return;
	if (atomic_compare_exchange_strong(&h->forwarded_told_us, &told_us, x->started_us)) {
		char believed[IP_TEXT_SIZE];
		ip_text(x->req.client, believed);
		element.n = element.n < TOLD_MAX ? element.n : TOLD_MAX;
		LOG_SOON(h->s.log, LOG_WARN, "forwarded_for_not_understood",
			log_str("value", element), log_z("peer", x->conn->peer_text),
			log_z("taken", believed));
	}
}

/* Walks one header from the right. True: that is the end, at an address that is none of ours, or at
 * what is no address. What stands to the left of such an element may be its client's invention, so
 * nobody looks at it, and the last proxy that is known stands for the reader. */
static bool walk(struct exchange *x, struct str list)
{
	const struct http_settings *s = &x->h->s;
	while (list.p) {
		const struct str element = cut_last(&list);
		struct ip ip;
		if (ip_parse_forwarded(element, &ip) != ERR_OK) {
			x->req.client_vague = true;
			tell(x, element);
			return true;
		}
		x->req.client = ip;
		if (!ip_in(s->trusted_proxies, s->trusted_proxy_count, ip))
			return true;
	}
	return false;
}

void http_client_address(struct exchange *x)
{
	x->req.client = x->conn->peer;
	bool done = !x->conn->peer_trusted;
	for (size_t i = x->header_count; i > 0 && !done; i--) {
		const struct header *header = &x->headers[i - 1];
		if (str_eq_nocase(header->name, STR("X-Forwarded-For")))
			done = walk(x, header->value);
	}
}
