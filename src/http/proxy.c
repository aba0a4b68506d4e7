/* Who is at the other end, when some peers are proxies of ours. X-Forwarded-For is read from its
 * right end, where our own proxies write; what stands left of the first stranger is that stranger's
 * claim and is not looked at. */
#include "internal.h"

bool request_from_proxy(const struct request *r)
{
	return r->x->conn->peer_trusted;
}

/* The last element of a comma list, which is cut off. */
static struct str cut_last(struct str *list)
{
	size_t at = list->n;
	while (at > 0 && list->p[at - 1] != ',') {
		at--;
	}
	struct str last = { list->p + at, list->n - at };
	*list = at > 0 ? (struct str){ list->p, at - 1 } : (struct str){ NULL, 0 };
	return str_trim(last);
}

/* Walks one header from the right. *done: a stranger was found. */
static enum err walk(const struct http_settings *s, struct str list, struct ip *client, bool *done)
{
	while (list.p && !*done) {
		struct ip ip;
		enum err e = ip_parse(cut_last(&list), &ip);
		if (e != ERR_OK) {
			return e;
		}
		*client = ip;
		*done = !ip_in(s->trusted_proxies, s->trusted_proxy_count, ip);
	}
	return ERR_OK;
}

enum err http_client_address(struct exchange *x)
{
	x->req.client = x->conn->peer;
	bool done = !x->conn->peer_trusted;
	for (size_t i = x->header_count; i > 0 && !done; i--) {
		const struct header *header = &x->headers[i - 1];
		if (!str_eq_nocase(header->name, STR("X-Forwarded-For"))) {
			continue;
		}
		if (walk(&x->h->s, header->value, &x->req.client, &done) != ERR_OK) {
			return http_refuse(x, ERR_INVALID, "bad_forwarded_for",
				"X-Forwarded-For holds something that is no address.");
		}
	}
	return ERR_OK;
}
