/* Between a request and the paywall: what a request tells about its reader. */
#include "internal.h"

#include "postern/gift.h"

struct access_request access_request_from_http(const struct request *r)
{
	/* Fetch metadata, and the header that came before it: the browser fetches ahead. */
	bool ahead = str_starts(request_header(r, "Sec-Purpose"), STR("prefetch")) ||
		     str_eq_nocase(request_header(r, "Purpose"), STR("prefetch"));

	return (struct access_request){
		.account_id = r->caller.account_id,
		.session_id = r->caller.session_id,
		.client = r->client,
		.client_vague = r->client_vague,
		.user_agent = request_header(r, "User-Agent"),
		.meter_cookie =
			meter_cookie_for(request_cookie(r, METER_COOKIE), r->caller.signed_in),
		.head = r->head,
		.ahead = ahead,
		.gifts = request_cookie(r, GIFT_COOKIE),
		.whole_get = r->method == METHOD_GET && !r->head && !ahead,
		.now_s = r->now_s,
	};
}

struct access_request access_request_verified(const struct paywall *w, const struct request *r)
{
	struct access_request req = access_request_from_http(r);
	crawler_verify(w, &req, r->arena);
	return req;
}
