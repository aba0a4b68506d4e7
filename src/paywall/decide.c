#include "postern/paywall.h"

#include <string.h>

static bool in_force(const struct entitlement *e, int64_t now_s)
{
	return !e->revoked_at && e->starts_at <= now_s && (!e->ends_at || now_s < e->ends_at);
}

/* The entitlement that decides: one in force, else the one that tells most of why there is none. */
static enum reason entitlement_look(
	const struct paywall_reader *reader, int64_t now_s, const struct entitlement **by)
{
	enum reason reason = REASON_NO_ENTITLEMENT;

	*by = NULL;
	for (size_t i = 0; i < reader->entitlement_count; i++) {
		const struct entitlement *e = &reader->entitlements[i];

		if (in_force(e, now_s)) {
			*by = e;
			return REASON_ENTITLED;
		}
		if (!e->revoked_at && e->starts_at > now_s) {
			*by = e;
			reason = REASON_ENTITLEMENT_FUTURE;
		} else if (reason == REASON_NO_ENTITLEMENT) {
			*by = e;
			reason = REASON_ENTITLEMENT_ENDED;
		}
	}
	return reason;
}

static struct decision full(enum reason reason)
{
	return (struct decision){ .grant = GRANT_FULL, .reason = reason };
}

static struct decision teaser(enum reason reason, unsigned offer)
{
	return (struct decision){ .grant = GRANT_TEASER, .reason = reason, .offer = offer };
}

static struct decision none(enum reason reason)
{
	return (struct decision){ .grant = GRANT_NONE, .reason = reason };
}

static struct decision decide_subscriber(const struct paywall_reader *reader, int64_t now_s)
{
	const struct entitlement *by;

	if (!reader->signed_in)
		return teaser(REASON_SUBSCRIBER_ONLY, OFFER_LOGIN | OFFER_SUBSCRIBE);
	enum reason reason = entitlement_look(reader, now_s, &by);
	struct decision d =
		reason == REASON_ENTITLED ? full(reason) : teaser(reason, OFFER_SUBSCRIBE);
	d.by = by;
	return d;
}

struct decision paywall_decide(
	const struct paywall_rule *rule, const struct paywall_reader *reader, int64_t now_s)
{
	if (!rule->usable)
		return none(REASON_WITHHELD);
	if (rule->embargo_at > now_s || rule->published_at > now_s)
		return none(REASON_EMBARGOED);
	if (rule->expires_at && rule->expires_at <= now_s)
		return none(REASON_EXPIRED);
	switch (rule->access) {
	case ACCESS_PUBLIC:
		return full(REASON_PUBLIC);
	case ACCESS_REGISTERED:
		return reader->signed_in
			       ? full(REASON_SIGNED_IN)
			       : teaser(REASON_LOGIN_REQUIRED, OFFER_LOGIN | OFFER_REGISTER);
	case ACCESS_SUBSCRIBER:
		return decide_subscriber(reader, now_s);
	}
	return none(REASON_BAD_RULE);
}
