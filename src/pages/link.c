/* Mailed links, as the pages behind them need them: the token leaves the address bar, and a reader
 * whose link does not work is told what has become of it and what to do. */
#include "internal.h"

const char *pages_minutes_text(struct arena *a, unsigned minutes)
{
	return minutes % 60 == 0 && minutes > 60 ? arena_fmt(a, "%u hours", minutes / 60)
						 : arena_fmt(a, "%u minutes", minutes);
}

/* Moves a token from the address bar into a cookie: history, logs and Referer stay clean. What is
 * no token of ours goes nowhere. */
void pages_token_to_cookie(struct request *r, struct response *rsp, const char *cookie,
	const char *path, int64_t life_s)
{
	struct str token = fields_get(&r->query, "token");
	struct str back = pages_safe_return_to(fields_get(&r->query, "return_to"));
	struct cookie c = { .name = cookie, .value = token, .max_age_s = life_s };
	uint8_t hash[HASH_BYTES];
	if (crypto_token_hash(token, hash) == ERR_OK)
		response_cookie(r, rsp, &c);
	else
		pages_cookie_forget(r, rsp, cookie);
	pages_secret(rsp);
	response_redirect(rsp, str_of(pages_local_href(r->arena, path, back)));
}

struct str pages_link_named(const struct request *r)
{
	return fields_get(&r->form, "for");
}

/* ---- a link that does not work ---- */

static const char *expired_sentence(
	const struct pages *p, struct arena *a, enum pages_link_kind kind)
{
	const struct account_settings *set = &p->accounts->set;
	return arena_fmt(a, "It worked for %s.",
		pages_minutes_text(
			a, kind == PAGES_LINK_VERIFY ? set->verify_minutes : set->reset_minutes));
}

struct pages_link_words pages_link_words(const struct pages *p, struct arena *a,
	enum pages_link_kind kind, const struct link_info *l)
{
	const bool confirms = kind == PAGES_LINK_VERIFY;
	switch (l->state) {
	case LINK_NONE:
		return (struct pages_link_words){ "Open the link in the mail",
			confirms ? "To confirm your address, open the link in the mail with this "
				   "browser. If you copy the link, copy all of it."
				 : "To choose a new password, open the link in the mail with this "
				   "browser. If you copy the link, copy all of it." };
	case LINK_USED:
		if (confirms)
			return (struct pages_link_words){ "This address is confirmed",
				arena_fmt(a, "The link for %s has been used.", l->email) };
		return (struct pages_link_words){ "This link has been used",
			"It sets a password only once. If you have set your new password, log in "
			"with it." };
	case LINK_REPLACED:
		return (struct pages_link_words){ "There is a newer link",
			arena_fmt(a,
				"We have sent another mail to %s. Open the link in the newest "
				"one.",
				l->email) };
	case LINK_EXPIRED:
		return (struct pages_link_words){ "This link has expired",
			expired_sentence(p, a, kind) };
	case LINK_WORKS:
	case LINK_UNKNOWN:
		break;
	}
	return (struct pages_link_words){ "This link no longer works",
		"It is too old or incomplete." };
}
