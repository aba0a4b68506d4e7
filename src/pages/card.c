/* Cards: an article's headline, dek, level and lead picture, as lists and front page show it.
 * Only what every reader may see is on a card. */
#include "internal.h"

#include <string.h>

/* Lead pictures are part of the teaser, so the decision for an anonymous reader is enough to show
 * them on a card. */
static enum err card_load(struct db_conn *c, struct arena *a,
	const struct decision_inputs *anonymous, struct card *card)
{
	struct paywall_article subject = content_paywall_article(&card->article);
	struct decision_inputs k = *anonymous;

	k.article = &subject;
	struct decision d = paywall_uncharged(paywall_decide(&k));
	card->level = d.level;
	enum err e = content_lead_image(c, &card->article, &d, a, &card->image);

	card->has_image = e == ERR_OK;
	return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err pages_cards_load(const struct pages *p, struct db_conn *c, const struct article_filter *f,
	struct arena *a, struct card **out, size_t *count)
{
	struct article *list = NULL;
	size_t n = 0;
	enum err e = content_list(c, f, a, &list, &n);
	struct card *cards = e ? NULL : arena_alloc(a, (n + 1) * sizeof *cards);
	struct decision_inputs anonymous = { .reader = &(struct paywall_reader){ 0 },
		.now = paywall_moment(f->now_s) };

	if (e || !cards)
		return e ? e : ERR_NOMEM;
	e = policy_acquire(p->wall->policies, c, &anonymous.policy);
	for (size_t i = 0; !e && i < n; i++) {
		cards[i].article = list[i];
		cards[i].now_s = f->now_s;
		e = card_load(c, a, &anonymous, &cards[i]);
	}
	policy_release(p->wall->policies, anonymous.policy);
	*out = cards;
	*count = n;
	return e;
}

void pages_access_data(struct template_data *v, enum access access)
{
	template_bool(v, "access_public", access == ACCESS_PUBLIC);
	template_bool(v, "access_registered", access == ACCESS_REGISTERED);
	template_bool(v, "access_metered", access == ACCESS_METERED);
	template_bool(v, "access_subscriber", access == ACCESS_SUBSCRIBER);
}

void pages_image_data(
	struct template_data *v, const char *key, struct arena *a, const struct image *img)
{
	struct template_data *o = NULL;

	if (img) {
		o = template_object(a);
		template_z(o, "src",
			arena_fmt(a, "/media/" STR_FMT "/" STR_FMT, STR_ARG(str_of(img->id)),
				STR_ARG(img->name)));
		pages_template_str(o, "alt", img->alt);
		template_int(o, "width", img->width);
		template_int(o, "height", img->height);
		pages_template_str(o, "caption", img->caption);
		pages_template_str(o, "credit", img->credit);
		template_bool(o, "has_caption", img->caption.n > 0 || img->credit.n > 0);
	}
	template_child(v, key, o);
}

void pages_card_data(struct template_data *v, struct arena *a, const struct card *c)
{
	const struct article *art = &c->article;

	template_z(v, "href", arena_fmt(a, "/articles/%s", art->slug));
	template_text(v, "headline", art->headline);
	pages_template_str(v, "dek", art->dek);
	pages_template_str(v, "byline", art->byline);
	pages_template_str(v, "section", art->section_name);
	template_z(v, "section_href", arena_fmt(a, "/sections/" STR_FMT, STR_ARG(art->section)));
	pages_template_time(
		v, "published", (struct shown_time){ a, art->published_at, c->now_s }, time_date);
	pages_access_data(v, c->level);
	pages_image_data(v, "image", a, c->has_image ? &c->image : NULL);
}
