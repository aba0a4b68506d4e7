/* A stranger's reading of a metered article, decided and counted from memory: beside the policy it
 * takes the keys and the cookie alone. */
#include "postern/cache.h"

#include "meter_internal.h"

#define KEYS_KEY STR("k") /* in paywall.facts */

enum err meter_keys_keep(const struct paywall *w, const struct cache_load *load, struct db_conn *c)
{
	struct meter_keys keys;
	enum err e = meter_keys_load(c, &keys);

	if (e)
		return e;
	const uint64_t tags[] = { cache_tag(db_change_name(DB_CHANGE_POLICY), STR("")) };
	(void)cache_put(w->facts, load,
		&(struct cache_put){ .key = KEYS_KEY,
			.value = { (const char *)&keys, sizeof keys },
			.tags = tags,
			.tag_count = COUNT(tags) });
	crypto_wipe(&keys, sizeof keys);
	return ERR_OK;
}

static bool settle(const struct visit_ask *q, const struct paywall_policy *policy,
	struct paywall_case *k, const struct meter_keys *keys, struct meter_known *out)
{
	struct meter_seen seen;

	meter_look(keys, q, out->d.meter, &seen);
	if (seen.state == COOKIE_BAD)
		return false; /* unless another process has sealed it with a newer key */
	meter_stranger_usage(q, out->d.meter, &seen, &k->usage);
	out->d = paywall_decide(k);
	out->charged = out->d.charge;
	if (!out->charged)
		return true;
	const struct meter_charge charge = { keys, policy, &out->d, &seen };
	if (meter_stranger_receipt(q, &charge, &out->receipt) != ERR_OK)
		return false;
	meter_counted_in(&out->d);
	return true;
}

bool meter_known(
	const struct visit_ask *q, const struct paywall_policy *policy, struct meter_known *out)
{
	const struct paywall_reader nobody = { 0 };
	struct paywall_case k = { .article = q->art,
		.policy = policy,
		.reader = &nobody,
		.now = paywall_moment(q->v->now_s) };

	*out = (struct meter_known){ .d = paywall_decide(&k), .receipt.move = METER_COOKIE_KEEP };
	if (!paywall_metered(&out->d))
		return true;
	struct cache_item *keys = cache_get(q->w->facts, KEYS_KEY);
	bool known = keys && settle(q, policy, &k, (const void *)cache_value(keys).p, out);
	cache_release(keys);
	return known;
}
