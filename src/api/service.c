/* What the endpoints for servers share: the key, the decision in words. */
#include "internal.h"

enum err api_key_ask(
	const struct api *api, struct request *r, struct response *rsp, enum key_scope scope)
{
	struct str value = request_header(r, "Authorization");
	struct str scheme = str_cut(&value, ' ');
	struct api_key key;
	rsp->reason = "service_key";
	if (!str_eq_nocase(scheme, STR("Bearer"))) {
		rsp->detail = "Send an API key: Authorization: Bearer psk_…";
		return ERR_UNAUTHENTICATED;
	}
	enum err e = account_api_key_check(api->wall->db, str_trim(value), scope, r->now_s, &key);
	if (e == ERR_UNAUTHENTICATED) {
		rsp->code = HTTP_INVALID_TOKEN;
		rsp->detail = "This API key is malformed, unknown, expired or revoked.";
	}
	if (e == ERR_DENIED)
		rsp->detail = "This API key does not have the required scope.";
	if (!e)
		rsp->reason = NULL;
	return e;
}

json_t *api_meter_json(const struct decision *d)
{
	if (!paywall_metered(d))
		return json_null();
	return json_pack("{s:s, s:s, s:I, s:I, s:o, s:s?}", "name", d->meter->name, "window",
		policy_window_name(d->meter->window), "used", (json_int_t)d->used, "limit",
		(json_int_t)d->limit, "window_ends_at", text_json_time(d->window_ends_at),
		"blocked", paywall_block_name(d->block));
}

json_t *api_offer_json(unsigned offer)
{
	json_t *list = json_array();
	const char *name = NULL;
	for (size_t i = 0; (name = paywall_offer_name(i)); i++) {
		if (offer >> i & 1)
			text_json_append(&list, json_string(name));
	}
	return list;
}

json_t *api_service_decision_json(const struct decision_words *w)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "grant", paywall_grant_name(w->d->grant),
		"reason", w->reason, "detail", w->detail, "level", paywall_access_name(w->d->level),
		"meter", api_meter_json(w->d), "offer", api_offer_json(w->d->offer));
}
