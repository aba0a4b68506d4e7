#include "postern/paywall.h"

static const char *const access_names[] = { [ACCESS_PUBLIC] = "public",
	[ACCESS_REGISTERED] = "registered",
	[ACCESS_SUBSCRIBER] = "subscriber" };
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
	[REASON_LOGIN_REQUIRED] = { "login_required",
		"The article needs a free account; nobody is signed in." },
	[REASON_SUBSCRIBER_ONLY] = { "subscriber_only",
		"The article is for subscribers; nobody is signed in." },
	[REASON_NO_ENTITLEMENT] = { "no_entitlement",
		"The article is for subscribers; this account has no entitlement." },
	[REASON_ENTITLEMENT_ENDED] = { "entitlement_ended",
		"The article is for subscribers; this account's entitlement has ended or was "
		"revoked." },
	[REASON_ENTITLEMENT_FUTURE] = { "entitlement_future",
		"The article is for subscribers; this account's entitlement has not begun." },
	[REASON_WITHHELD] = { "withheld", "The article was withheld or canceled at its source." },
	[REASON_EMBARGOED] = { "embargoed", "The article is not published yet, or under embargo." },
	[REASON_EXPIRED] = { "expired", "The article has expired and is withdrawn." },
	[REASON_BAD_RULE] = { "bad_rule",
		"The article's access level is not one this program knows." },
};

const char *paywall_access_name(enum access a)
{
	return a >= ACCESS_PUBLIC && a <= ACCESS_SUBSCRIBER ? access_names[a] : "";
}

enum err paywall_access_parse(struct str s, enum access *out)
{
	for (unsigned i = ACCESS_PUBLIC; i < COUNT(access_names); i++) {
		if (str_eq(s, str_of(access_names[i]))) {
			*out = (enum access)i;
			return ERR_OK;
		}
	}
	return ERR_INVALID;
}

const char *paywall_grant_name(enum grant g)
{
	return g >= GRANT_NONE && g <= GRANT_FULL ? grant_names[g] : "none";
}

const char *paywall_reason_name(enum reason r)
{
	return r >= REASON_PUBLIC && r < REASON_COUNT ? reasons[r].name : "unknown";
}

const char *paywall_reason_text(enum reason r)
{
	return r >= REASON_PUBLIC && r < REASON_COUNT ? reasons[r].text : "";
}
