/* Names of levels, rule kinds, windows, plan kinds, grants and reasons, for databases, JSON and
 * the command line, and the sentences for reasons. */
#include "postern/paywall.h"

static const char *const access_names[] = { [ACCESS_PUBLIC] = "public",
	[ACCESS_REGISTERED] = "registered",
	[ACCESS_METERED] = "metered",
	[ACCESS_SUBSCRIBER] = "subscriber",
	[ACCESS_DEFAULT] = "default" };
static const char *const rule_kinds[] = {
	[RULE_OVERRIDE] = "override", [RULE_DEFAULT] = "default"
};
static const char *const windows[] = { [WINDOW_DAY] = "day",
	[WINDOW_WEEK] = "week",
	[WINDOW_MONTH] = "month",
	[WINDOW_ROLLING] = "rolling" };
static const char *const plan_kinds[] = { [PLAN_SUBSCRIPTION] = "subscription",
	[PLAN_DAY_PASS] = "day-pass",
	[PLAN_ARTICLE] = "article" };
static const char *const grant_names[] = {
	[GRANT_NONE] = "none", [GRANT_TEASER] = "teaser", [GRANT_FULL] = "full"
};
static const struct {
	const char *name, *text;
} reasons[REASON_COUNT] = {
	[REASON_PUBLIC] = { "public", "The article is open to everyone." },
	[REASON_SIGNED_IN] = { "signed_in",
		"The article is open to every reader with an account." },
	[REASON_ENTITLED] = { "entitled",
		"The reader has an entitlement that covers the article." },
	[REASON_INSTITUTION] = { "institution", "The reader's institution has access." },
	[REASON_GIFT] = { "gift", "A subscriber gave this article to the reader." },
	[REASON_CRAWLER] = { "crawler",
		"The request comes from a verified search engine crawler." },
	[REASON_METERED] = { "metered",
		"The article is one of the reader's free articles for this period." },
	[REASON_METERED_AGAIN] = { "metered_again",
		"The article has already been counted. Reading it again is free." },
	[REASON_LOGIN_REQUIRED] = { "login_required",
		"The article is open to every reader with an account. Log in or register." },
	[REASON_METER_EXHAUSTED] = { "meter_exhausted",
		"All free articles for this period have been read." },
	[REASON_SUBSCRIBER_ONLY] = { "subscriber_only",
		"The article is for subscribers. Log in with an account that has a subscription." },
	[REASON_NO_ENTITLEMENT] = { "no_entitlement",
		"The article is for subscribers. This account has no subscription." },
	[REASON_OTHER_PLAN] = { "other_plan",
		"The article is for subscribers. This account's subscription does not cover it." },
	[REASON_ENTITLEMENT_CLOSED] = { "entitlement_closed",
		"The article is for subscribers. This account's subscription is paused or "
		"unpaid." },
	[REASON_ENTITLEMENT_ENDED] = { "entitlement_ended",
		"The article is for subscribers. This account's subscription has ended or was "
		"revoked." },
	[REASON_ENTITLEMENT_FUTURE] = { "entitlement_future",
		"The article is for subscribers. This account's subscription has not begun yet." },
	[REASON_CRAWLER_TEASER] = { "crawler_teaser", "AI crawlers get only the teaser." },
	[REASON_CRAWLER_PAYMENT] = { "crawler_payment",
		"AI crawlers need a licence for the whole text." },
	[REASON_CRAWLER_BLOCKED] = { "crawler_blocked", "AI crawlers are blocked." },
	[REASON_WITHHELD] = { "withheld",
		"The article is withheld by its source or by the newsroom." },
	[REASON_EMBARGOED] = { "embargoed",
		"The article is not published yet, or is under embargo." },
	[REASON_EXPIRED] = { "expired", "The article has expired." },
	[REASON_KILLED] = { "killed", "The article was withdrawn." },
	[REASON_BAD_RULE] = { "bad_rule",
		"The article's access level is unknown to this version of Postern." },
};

const char *paywall_access_name(enum access a)
{
	return str_name_of(access_names, COUNT(access_names), a);
}

enum err paywall_access_parse(struct str s, enum access *out)
{
	return str_name_find(access_names, COUNT(access_names), s, out);
}

const char *policy_rule_kind_name(enum rule_kind k)
{
	return str_name_of(rule_kinds, COUNT(rule_kinds), k);
}

enum err policy_rule_kind_parse(struct str s, enum rule_kind *out)
{
	return str_name_find(rule_kinds, COUNT(rule_kinds), s, out);
}

const char *policy_window_name(enum meter_window w)
{
	return str_name_of(windows, COUNT(windows), w);
}

enum err policy_window_parse(struct str s, enum meter_window *out)
{
	return str_name_find(windows, COUNT(windows), s, out);
}

const char *policy_plan_kind_name(enum plan_kind k)
{
	return str_name_of(plan_kinds, COUNT(plan_kinds), k);
}

enum err policy_plan_kind_parse(struct str s, enum plan_kind *out)
{
	return str_name_find(plan_kinds, COUNT(plan_kinds), s, out);
}

const char *paywall_grant_name(enum grant g)
{
	return g >= GRANT_NONE && g <= GRANT_FULL ? grant_names[g] : "none";
}

/* In the order of the flags' bits. */
static const char *const offer_names[] = { "login", "register", "subscribe", "day_pass",
	"article" };
_Static_assert(OFFER_ARTICLE == 1 << (COUNT(offer_names) - 1), "every flag has its name");

const char *paywall_offer_name(size_t bit)
{
	return bit < COUNT(offer_names) ? offer_names[bit] : NULL;
}

const char *paywall_reason_name(enum reason r)
{
	return r >= REASON_PUBLIC && r < REASON_COUNT ? reasons[r].name : "unknown";
}

const char *paywall_reason_text(enum reason r)
{
	return r >= REASON_PUBLIC && r < REASON_COUNT ? reasons[r].text : "";
}

static const char *const block_names[] = {
	[METER_BLOCK_NETWORK] = "network", [METER_BLOCK_COOKIE] = "cookie"
};

const char *paywall_block_name(enum meter_block b)
{
	return b == METER_BLOCK_NETWORK || b == METER_BLOCK_COOKIE ? block_names[b] : NULL;
}

static const char *exhausted_text(const struct decision *d)
{
	if (d->block == METER_BLOCK_NETWORK)
		return "Readers on this network have read all the free articles that one network "
		       "gets a day.";
	if (d->block == METER_BLOCK_COOKIE)
		return "The browser's count of free articles is not valid, so no article is free.";
	if (!d->meter)
		return "The article is metered, but no meter covers its section.";
	if (d->limit == 0)
		return "The meter gives this reader no free articles.";
	return paywall_reason_text(d->reason);
}

const char *paywall_decision_text(const struct decision *d)
{
	return d->reason == REASON_METER_EXHAUSTED ? exhausted_text(d)
						   : paywall_reason_text(d->reason);
}
