/* Parses the address lists that search engines publish: their JSON, or one range a line. */
#include "postern/crawler.h"

#include "postern/json.h"

#include <stdio.h>
#include <string.h>

static enum err range_add(struct crawler_ranges *out, struct str s, const char *where,
	char why[static IP_RANGE_WHY_SIZE])
{
	char reason[IP_RANGE_WHY_SIZE];
	if (out->n == CRAWLER_RANGES_MAX) {
		snprintf(why, IP_RANGE_WHY_SIZE, "%s: more than %d ranges", where,
			CRAWLER_RANGES_MAX);
		return ERR_INVALID;
	}
	struct ip_range *r = &out->v[out->n];
	if (ip_range_parse(s, r, reason) != ERR_OK) {
		snprintf(why, IP_RANGE_WHY_SIZE, "%s: %.*s", where, IP_RANGE_WHY_SIZE - 64, reason);
		return ERR_INVALID;
	}
	out->wide += ip_range_wide(r);
	out->n++;
	return ERR_OK;
}

/* An entry of the format that Google and Bing publish: {"ipv4Prefix": …} or {"ipv6Prefix": …}. */
static enum err prefix_take(const json_t *prefix, size_t at, struct crawler_ranges *out,
	char why[static IP_RANGE_WHY_SIZE])
{
	static const char *const keys[] = { "ipv4Prefix", "ipv6Prefix" };
	bool any = false;
	for (size_t i = 0; i < COUNT(keys); i++) {
		const json_t *value = json_object_get(prefix, keys[i]);
		char where[48];
		if (!value)
			continue;
		any = true;
		snprintf(where, sizeof where, "prefixes[%zu].%s", at, keys[i]);
		struct str s = { json_string_value(value), json_string_length(value) };
		if (!s.p || str_has_byte(s, ':') != (i == 1)) {
			snprintf(why, IP_RANGE_WHY_SIZE, "%s: an %s network is expected", where,
				i ? "IPv6" : "IPv4");
			return ERR_INVALID;
		}
		enum err e = range_add(out, s, where, why);
		if (e)
			return e;
	}
	if (!any)
		snprintf(why, IP_RANGE_WHY_SIZE,
			"prefixes[%zu]: has neither ipv4Prefix nor ipv6Prefix", at);
	return any ? ERR_OK : ERR_INVALID;
}

/* A list with one bad entry is refused as a whole: half a list would no longer know half of the
 * crawler. */
static enum err json_take(
	struct str text, struct crawler_ranges *out, char why[static IP_RANGE_WHY_SIZE])
{
	json_error_t err;
	json_t *doc = NULL;
	enum err e = text_json_parse(text, JSON_REJECT_DUPLICATES, &doc, &err);
	if (e == ERR_NOMEM) {
		snprintf(why, IP_RANGE_WHY_SIZE, "there is not enough memory to read it");
		return e;
	}
	const json_t *list = json_object_get(doc, "prefixes");

	if (!doc)
		snprintf(why, IP_RANGE_WHY_SIZE, "line %d: %.120s", err.line, err.text);
	else if (!json_is_array(list))
		snprintf(why, IP_RANGE_WHY_SIZE, "\"prefixes\" is missing or is not a list");
	if (!json_is_array(list))
		e = ERR_INVALID;
	for (size_t i = 0; !e && i < json_array_size(list); i++)
		e = prefix_take(json_array_get(list, i), i, out, why);
	json_decref(doc);
	return e;
}

static enum err lines_take(
	struct str text, struct crawler_ranges *out, char why[static IP_RANGE_WHY_SIZE])
{
	char where[32];
	for (size_t line = 1; text.p; line++) {
		struct str rest = str_cut(&text, '\n'), s = str_trim(str_cut(&rest, '#'));
		snprintf(where, sizeof where, "line %zu", line);
		enum err e = s.n ? range_add(out, s, where, why) : ERR_OK;
		if (e)
			return e;
	}
	return ERR_OK;
}

enum err crawler_list_parse(
	struct str text, struct crawler_ranges *out, char why[static IP_RANGE_WHY_SIZE])
{
	struct str s = str_trim(text);
	out->n = out->wide = 0;
	enum err e = s.n && s.p[0] == '{' ? json_take(s, out, why) : lines_take(text, out, why);
	if (!e && out->n == 0) {
		snprintf(why, IP_RANGE_WHY_SIZE, "the list is empty");
		return ERR_INVALID;
	}
	return e;
}
