/* What the outside learns of a decision: the log, the header Postern-Decision, crawlers, the
 * browser that keeps the meter's cookie. */
#include "internal.h"

void access_tell_log(struct response *rsp, enum grant grant, const char *reason)
{
	rsp->decision = paywall_grant_name(grant);
	rsp->reason = reason;
}

void access_tell_crawler(const struct paywall *w, const struct decision *d, const struct request *r,
	struct response *rsp)
{
	if (d->reason == REASON_CRAWLER_BLOCKED)
		rsp->detail = paywall_reason_text(d->reason);
	if (d->reason == REASON_CRAWLER_PAYMENT && w->licence_url && *w->licence_url)
		response_header(rsp, "Link",
			str_of(arena_fmt(r->arena, "<%s>; rel=\"license\"", w->licence_url)));
}

void access_tell_meter(
	const struct request *r, struct response *rsp, const struct meter_cookie_update *m)
{
	if (m->move == METER_COOKIE_KEEP)
		return;
	bool set = m->move == METER_COOKIE_SET;
	rsp->shared.per_reader_cookie = set;
	response_cookie(r, rsp,
		&(struct cookie){ .name = METER_COOKIE,
			.value = set ? m->value : STR(""),
			.max_age_s = set ? m->max_age_s : -1 });
}
