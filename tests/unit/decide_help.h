/* A policy, entitlements of every kind, and the decision in words. */
#ifndef TESTS_DECIDE_HELP_H
#define TESTS_DECIDE_HELP_H

#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "postern/paywall.h"

enum { NOW = 1000000, HOUR = 3600, DAY = 24 * HOUR };

#define ACTIVE(from, until)                                                                        \
	{                                                                                          \
		.plan = "all", .status = STATUS_ACTIVE, .starts_at = (from), .ends_at = (until)    \
	}
static const struct entitlement
	in_force = ACTIVE(NOW - HOUR, NOW + HOUR),
	open_end = ACTIVE(NOW - HOUR, 0), ended = ACTIVE(NOW - 2 * HOUR, NOW - HOUR),
	ends_now = ACTIVE(NOW - 2 * HOUR, NOW), starts_now = ACTIVE(NOW, NOW + 1),
	future = ACTIVE(NOW + 1, NOW + HOUR),
	revoked = { .plan = "all",
		.status = STATUS_ACTIVE,
		.starts_at = NOW - HOUR,
		.revoked_at = NOW - 1 },
	in_grace = { .plan = "all",
		.status = STATUS_PAST_DUE,
		.starts_at = NOW - 9 * HOUR,
		.ends_at = NOW - HOUR,
		.grace_s = HOUR + 1 },
	grace_over = { .plan = "all",
		.status = STATUS_PAST_DUE,
		.starts_at = NOW - 9 * HOUR,
		.ends_at = NOW - HOUR,
		.grace_s = HOUR },
	trialing = { .plan = "all",
		.status = STATUS_TRIALING,
		.starts_at = NOW - HOUR,
		.ends_at = NOW + HOUR },
	paused = { .plan = "all", .status = STATUS_PAUSED, .starts_at = NOW - HOUR },
	unpaid = { .plan = "all", .status = STATUS_UNPAID, .starts_at = NOW - HOUR },
	unknown = { .plan = "all", .status = (enum entitlement_status)0, .starts_at = NOW - HOUR },
	canceled = { .plan = "all",
		.status = STATUS_CANCELED,
		.starts_at = NOW - HOUR,
		.ends_at = NOW + HOUR },
	canceled_over = { .plan = "all",
		.status = STATUS_CANCELED,
		.starts_at = NOW - HOUR,
		.ends_at = NOW },
	sport_plan = { .plan = "sport", .status = STATUS_ACTIVE, .starts_at = NOW - HOUR },
	this_article = { .article_id = "article",
		.plan = "all",
		.status = STATUS_ACTIVE,
		.starts_at = NOW - HOUR },
	undescribed = { .plan = "sport-onyl", .status = STATUS_ACTIVE, .starts_at = NOW - HOUR },
	undescribed_article = { .plan = "singel",
		.article_id = "article",
		.status = STATUS_ACTIVE,
		.starts_at = NOW - HOUR },
	no_plan = { .status = STATUS_ACTIVE, .starts_at = NOW - HOUR },
	other_article = { .article_id = "another",
		.plan = "all",
		.status = STATUS_ACTIVE,
		.starts_at = NOW - HOUR };

static const struct plan plans[] = { { .name = "all", .kind = PLAN_SUBSCRIPTION },
	{ .name = "sport", .kind = PLAN_SUBSCRIPTION, .sections = "\nsport\n" } };
static const struct meter meters[] = {
	{ .name = "all", .anonymous_limit = 6, .registered_limit = 10, .window = WINDOW_MONTH },
	{ .name = "sport",
		.section = "sport",
		.anonymous_limit = 1,
		.registered_limit = 1,
		.window = WINDOW_DAY },
};
static const struct paywall_policy policy = {
	.plans = plans,
	.plan_count = COUNT(plans),
	.meters = meters,
	.meter_count = COUNT(meters),
	.fallback = ACCESS_SUBSCRIBER,
	.ai = AI_TEASER,
	.open_statuses = 1u << STATUS_ACTIVE | 1u << STATUS_TRIALING | 1u << STATUS_PAST_DUE |
			 1u << STATUS_CANCELED,
};

static inline struct decision decide_by(const struct paywall_policy *p,
	const struct paywall_article *art, const struct paywall_reader *reader,
	struct paywall_usage usage, int64_t now_s)
{
	struct paywall_article named = *art;

	named.id = "article";
	if (!named.section.p)
		named.section = STR("city");
	return paywall_decide(&(struct decision_inputs){ .article = &named,
		.policy = p,
		.reader = reader,
		.usage = usage,
		.now = { .s = now_s } });
}

static inline struct decision decide(
	const struct paywall_article *art, const struct paywall_reader *reader, int64_t now_s)
{
	return decide_by(&policy, art, reader, (struct paywall_usage){ 0 }, now_s);
}

/* "T meter_exhausted LRS": grant, reason, what is offered. */
static inline void say(const struct decision *d, char out[static 64])
{
	static const char letters[] = "LRSDA";
	char offer[8] = "";

	for (size_t i = 0, n = 0; i < sizeof letters - 1; i++) {
		if (d->offer >> i & 1)
			offer[n++] = letters[i];
	}
	snprintf(out, 64, "%c %s%s%s", "NTF"[d->grant - GRANT_NONE], paywall_reason_name(d->reason),
		*offer ? " " : "", offer);
}

#define ONLY "T subscriber_only LS"

#endif
