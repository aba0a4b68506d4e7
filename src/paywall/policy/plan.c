/* Plans: what the newsroom sells, and what each opens (all sections, some, one article). Also
 * which plans to offer on the wall of an article. */
#include "postern/plan.h"

#include "postern/entitlement.h"
#include "postern/queries/plan.h"
#include "postern/text.h"

#include <stdio.h>
#include <string.h>

static enum err no(char why[static PLAN_WHY_SIZE], const char *sentence)
{
	(void)snprintf(why, PLAN_WHY_SIZE, "%s", sentence);
	return ERR_INVALID;
}

/* A path of this site, or an address that a browser goes to; nothing that runs. */
static bool href_ok(const char *z)
{
	struct str s = str_of(z);
	if (s.n == 0 || url_is_local(s))
		return true;
	if (!str_starts(s, STR("https://")) && !str_starts(s, STR("http://")))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] <= ' ' || s.p[i] > '~' || strchr("\"<>\\^`{|}", s.p[i]))
			return false;
	}
	return s.n > strlen("https://");
}

enum err policy_plan_check(const struct plan *p, char why[static PLAN_WHY_SIZE])
{
	if (!entitlement_name_ok(str_of(p->name), PLAN_SIZE))
		return no(why, "a plan's name consists of a-z, 0-9 and '-', at most 64 characters");
	if (!*policy_plan_kind_name(p->kind))
		return no(why, "a plan is a subscription, a day-pass or an article");
	if (!*str_trim(str_of(p->title)).p || !text_line_ok(str_of(p->title)))
		return no(why, "a plan needs a title for readers, one line of at most 120 bytes");
	if (!text_line_ok(str_of(p->price)))
		return no(why, "the price is one line of at most 40 bytes");
	if (!text_line_ok(str_of(p->description)) || !text_line_ok(str_of(p->trial)) ||
		!text_line_ok(str_of(p->cancel)))
		return no(why, "description, trial and cancel words are one line each");
	if (!href_ok(p->href))
		return no(why, "the address must begin with https:// or http://, or be a path of "
			       "this site");
	return ERR_OK;
}

enum err policy_plan_sections_parse(struct str s, char out[static PLAN_SECTIONS_SIZE])
{
	BUF_AUTO b = BUF(PLAN_SECTIONS_SIZE);
	out[0] = '\0';
	if (str_trim(s).n == 0)
		return ERR_OK;
	buf_byte(&b, '\n');
	while (s.p) {
		struct str one = str_trim(str_cut(&s, ','));
		if (!text_slug_ok(one) || paywall_list_has(buf_view(&b), one))
			return ERR_INVALID;
		buf_str(&b, one);
		buf_byte(&b, '\n');
	}
	return b.err ? b.err : str_copy(out, PLAN_SECTIONS_SIZE, buf_view(&b));
}

/* Adds one line behind the others. */
static enum err benefit_add(struct buf *b, struct str line)
{
	if (line.n >= BENEFIT_SIZE)
		return ERR_TOO_LARGE;
	if (line.n == 0 || !text_line_ok(line))
		return ERR_INVALID;
	if (b->n > 0)
		buf_byte(b, '\n');
	buf_str(b, line);
	return b->err;
}

enum err policy_plan_benefits_parse(struct str s, char out[static BENEFITS_SIZE])
{
	BUF_AUTO b = BUF(BENEFITS_SIZE);
	size_t count = 0;
	struct str rest = str_trim(s);
	out[0] = '\0';
	while (rest.n > 0) {
		size_t n = 0;
		while (n < rest.n && rest.p[n] != '|' && rest.p[n] != '\n')
			n++;
		const enum err e = benefit_add(&b, str_trim((struct str){ rest.p, n }));
		if (e)
			return e;
		if (++count > BENEFITS_MAX)
			return ERR_TOO_LARGE;
		rest = n < rest.n ? (struct str){ rest.p + n + 1, rest.n - n - 1 } : STR("");
	}
	return str_copy(out, BENEFITS_SIZE, buf_view(&b));
}

struct set_job {
	const struct plan *p;
	int64_t now_s;
};

static enum err offer_put(struct db_conn *c, const struct plan *p)
{
	enum err e = q_plan_offer_set(c, p->name, p->description, p->benefits, p->trial, p->cancel,
		p->position, p->on_sale);
	if (!e && p->recommended)
		e = q_plan_recommend(c, p->name);
	return e ? e : q_plan_recommended_set(c, p->name, p->recommended);
}

static enum err set_tx(struct db_conn *c, void *arg)
{
	const struct set_job *j = arg;
	const struct plan *p = j->p;
	int64_t others = 0;
	enum err e = q_plan_count(c, p->name, &others);
	if (e)
		return e;
	if (others >= PLANS_MAX)
		return ERR_TOO_LARGE;
	e = q_plan_put(c, p->name, policy_plan_kind_name(p->kind), p->sections, p->title, p->price,
		p->href, j->now_s);
	if (!e)
		e = offer_put(c, p);
	return e ? e : policy_version_bump(c);
}

enum err policy_plan_set(struct db *db, const struct plan *p, int64_t now_s)
{
	char why[PLAN_WHY_SIZE];
	enum err e = policy_plan_check(p, why);
	return e ? e : db_tx(db, set_tx, &(struct set_job){ p, now_s });
}

static enum err remove_tx(struct db_conn *c, void *arg)
{
	struct plan_removal *r = arg;
	int64_t changed = 0;
	enum err e = q_plan_holders(c, r->name, r->now_s, r);
	if (e)
		return e;
	if ((r->holders || r->institutions) && !r->even_held)
		return ERR_CONFLICT;
	e = q_plan_delete(c, r->name, &changed);
	if (e)
		return e;
	return changed ? policy_version_bump(c) : ERR_NOT_FOUND;
}

enum err policy_plan_remove(struct db *db, struct plan_removal *r)
{
	return db_tx(db, remove_tx, r);
}

/* `art` NULL: whatever is sold. */
static bool is_offered(const struct plan *plan, const struct paywall_article *art, unsigned offer)
{
	return art ? (offer & paywall_plan_offer(plan, art)) != 0 : paywall_plan_sold(plan);
}

/* Counted first: a plan's words take some kilobytes, and there may be a thousand plans. */
static enum err offers_copy(const struct paywall_policy *policy, const struct paywall_article *art,
	unsigned offer, struct arena *a, struct policy_plan_offers *out)
{
	size_t n = 0;
	for (size_t i = 0; i < policy->plan_count; i++)
		n += is_offered(&policy->plans[i], art, offer);
	out->count = 0;
	out->list = arena_alloc(a, (n + 1) * sizeof *out->list);
	if (!out->list)
		return ERR_NOMEM;
	for (size_t i = 0; i < policy->plan_count && out->count < n; i++) {
		if (is_offered(&policy->plans[i], art, offer))
			out->list[out->count++] = policy->plans[i];
	}
	return ERR_OK;
}

enum err policy_plan_offers(const struct paywall_policy *policy, const struct paywall_article *art,
	unsigned offer, struct arena *a, struct policy_plan_offers *out)
{
	return offers_copy(policy, art, offer, a, out);
}

enum err policy_plan_all_offers(
	const struct paywall_policy *policy, struct arena *a, struct policy_plan_offers *out)
{
	return offers_copy(policy, NULL, 0, a, out);
}

enum err policy_plan_copy(const struct paywall_policy *policy, const char *name, struct arena *a,
	const struct plan **out)
{
	const struct plan *plan = paywall_plan_find(policy, name);
	struct plan *copy = plan ? arena_alloc(a, sizeof *copy) : NULL;
	if (copy)
		*copy = *plan;
	*out = copy;
	return plan && !copy ? ERR_NOMEM : ERR_OK;
}

const char *policy_plan_title(
	const struct paywall_policy *policy, const char *name, struct arena *a)
{
	const struct plan *plan = paywall_plan_find(policy, name);
	return arena_fmt(a, "%s", plan ? plan->title : name);
}
