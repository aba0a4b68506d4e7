/* Cards: an article's headline, dek, level and lead picture, as lists and front page show it.
 * Only what every reader may see is on a card. */
#include "internal.h"

#include <string.h>

enum err pages_cards_load(
	struct access_snapshot *s, const struct article_filter *f, struct card **out, size_t *count)
{
	struct article *list = NULL;
	struct content_lead *leads = NULL;
	size_t n = 0;
	enum err e = content_list(s->c, f, s->a, &list, &n);
	if (!e)
		e = access_leads(s, list, n, &leads);
	struct card *cards = e ? NULL : arena_alloc(s->a, (n + 1) * sizeof *cards);
	if (e || !cards)
		return e ? e : ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		cards[i] = (struct card){ .article = list[i],
			.level = leads[i].decision.level,
			.has_image = leads[i].found,
			.image = leads[i].image,
			.now_s = s->now_s };
	*out = cards;
	*count = n;
	return ERR_OK;
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

void pages_headline_data(struct template_data *v, struct arena *a, const struct article *art)
{
	template_text(v, "headline", art->headline);
	template_html(v, "headline_html", pages_headline_html(a, art->headline));
	pages_template_str(v, "dek", art->dek);
	pages_template_str(v, "byline", art->byline);
	pages_template_str(v, "section", art->section_name);
	template_z(v, "section_href", pages_section_href(a, art->section));
}

void pages_card_data(struct template_data *v, struct arena *a, const struct card *c)
{
	const struct article *art = &c->article;
	template_z(v, "href", arena_fmt(a, "/articles/%s", art->slug));
	pages_headline_data(v, a, art);
	pages_template_time(
		v, "published", (struct shown_time){ a, art->published_at, c->now_s }, time_date);
	pages_access_data(v, c->level);
	pages_image_data(v, "image", a, c->has_image ? &c->image : NULL);
}

void pages_cards_data(
	struct template_data *list, struct arena *a, const struct card *cards, size_t n)
{
	for (size_t i = 0; i < n; i++)
		pages_card_data(template_append(list), a, &cards[i]);
}
