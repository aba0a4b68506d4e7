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
	[REASON_PUBLIC] = { "public", "The article is open to everybody." },
	[REASON_SIGNED_IN] = { "signed_in",
		"The article is open to every reader with an account." },
	[REASON_ENTITLED] = { "entitled", "The reader has an entitlement in force." },
	[REASON_INSTITUTION] = { "institution",
		"The reader comes from an institution that has access." },
	[REASON_GIFT] = { "gift", "A subscriber gave this article to the reader." },
	[REASON_CRAWLER] = { "crawler", "A search engine's crawler, proved by its address." },
	[REASON_METERED] = { "metered", "The article is one of the free ones of this period." },
	[REASON_METERED_AGAIN] = { "metered_again",
		"The article was counted before; reading it again is free." },
	[REASON_LOGIN_REQUIRED] = { "login_required",
		"The article needs a free account; nobody is signed in." },
	[REASON_METER_EXHAUSTED] = { "meter_exhausted",
		"The free articles of this period have been read." },
	[REASON_SUBSCRIBER_ONLY] = { "subscriber_only",
		"The article is for subscribers; nobody is signed in." },
	[REASON_NO_ENTITLEMENT] = { "no_entitlement",
		"The article is for subscribers; this account has no entitlement." },
	[REASON_OTHER_PLAN] = { "other_plan",
		"The article is for subscribers; what this account has does not cover it." },
	[REASON_ENTITLEMENT_CLOSED] = { "entitlement_closed",
		"The article is for subscribers; this account's entitlement is paused or unpaid." },
	[REASON_ENTITLEMENT_ENDED] = { "entitlement_ended",
		"The article is for subscribers; this account's entitlement has ended or was "
		"revoked." },
	[REASON_ENTITLEMENT_FUTURE] = { "entitlement_future",
		"The article is for subscribers; this account's entitlement has not begun." },
	[REASON_CRAWLER_TEASER] = { "crawler_teaser", "Crawlers for AI get the teaser only." },
	[REASON_CRAWLER_PAYMENT] = { "crawler_payment",
		"Crawlers for AI need a licence for the whole text." },
	[REASON_CRAWLER_BLOCKED] = { "crawler_blocked", "Crawlers for AI are not served." },
	[REASON_WITHHELD] = { "withheld", "The article is withheld by its source or by the desk." },
	[REASON_EMBARGOED] = { "embargoed", "The article is not published yet, or under embargo." },
	[REASON_EXPIRED] = { "expired", "The article has expired and is withdrawn." },
	[REASON_KILLED] = { "killed", "The article was withdrawn." },
	[REASON_BAD_RULE] = { "bad_rule",
		"The article's access level is not one this program knows." },
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
		return "Readers of this network have read as many free articles today as one "
		       "network may.";
	if (d->block == METER_BLOCK_COOKIE)
		return "The browser's count of free articles cannot be read, so none are given.";
	if (!d->meter)
		return "The article is metered, and no meter covers its section.";
	if (d->limit == 0)
		return "There are no free articles for readers like this one.";
	return paywall_reason_text(d->reason);
}

const char *paywall_decision_text(const struct decision *d)
{
	return d->reason == REASON_METER_EXHAUSTED ? exhausted_text(d)
						   : paywall_reason_text(d->reason);
}
