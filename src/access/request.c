/* Reads from an HTTP request what the paywall must know about its reader (account, address,
 * User-Agent, meter and gift cookies), and writes the paywall's results into the answer's headers
 * and cookies. */
#include "postern/access.h"
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
		.meter_cookie = request_cookie(r, METER_COOKIE),
		.head = r->head,
		.ahead = ahead,
		.gifts = request_cookie(r, GIFT_COOKIE),
		.whole_get = r->method == METHOD_GET && !r->head && !ahead,
		.now_s = r->now_s,
	};
}

void access_crawler_tell(const struct paywall *w, const struct decision *d, const struct request *r,
	struct response *rsp)
{
	if (d->reason == REASON_CRAWLER_BLOCKED)
		rsp->detail = paywall_reason_text(d->reason);
	if (d->reason == REASON_CRAWLER_PAYMENT && w->licence_url && *w->licence_url)
		response_header(rsp, "Link",
			str_of(arena_fmt(r->arena, "<%s>; rel=\"license\"", w->licence_url)));
}

void access_meter_cookie_send(
	const struct request *r, struct response *rsp, const struct meter_cookie_update *m)
{
	if (m->move == METER_COOKIE_KEEP)
		return;
	bool set = m->move == METER_COOKIE_SET;
	response_cookie(r, rsp,
		&(struct cookie){ .name = METER_COOKIE,
			.value = set ? m->value : STR(""),
			.max_age_s = set ? m->max_age_s : -1 });
}
