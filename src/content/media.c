/* Opens pictures, by the same decision as the text: a full grant opens all, a teaser opens the
 * lead picture, anything else opens none. */
#include "internal.h"

#include "postern/queries/article.h"

/* Pictures stand at positions below what this returns. */
static int64_t granted_below(const struct decision *d)
{
	switch (d->grant) {
	case GRANT_FULL:
		return ARTICLE_IMAGES_MAX;
	case GRANT_TEASER:
		return 1;
	case GRANT_NONE:
		break;
	}
	return 0;
}

enum err content_images_below(struct db_conn *c, const char *article_id, int64_t end,
	struct arena *a, struct image **out, size_t *count)
{
	return q_media_of_article(c, article_id, end, ARTICLE_IMAGES_MAX, a, out, count);
}

enum err content_images(struct db_conn *c, const struct article *art, const struct decision *d,
	struct arena *a, struct image **out, size_t *count)
{
	if (!content_decision_is_valid(d))
		return ERR_INTERNAL;
	int64_t end = granted_below(d);
	if (end > 0)
		return content_images_below(c, art->id, end, a, out, count);
	*out = NULL;
	*count = 0;
	return ERR_OK;
}

enum err content_lead_image(struct db_conn *c, const struct article *art, const struct decision *d,
	struct arena *a, struct image *out)
{
	if (!content_decision_is_valid(d))
		return ERR_INTERNAL;
	if (granted_below(d) == 0)
		return ERR_NOT_FOUND;
	struct image *v = NULL;
	size_t n = 0;
	enum err e = content_images_below(c, art->id, 1, a, &v, &n);
	if (e)
		return e;
	if (n == 0)
		return ERR_NOT_FOUND;
	*out = v[0];
	return ERR_OK;
}

/* So many articles are asked about in one statement (media_leads). */
enum { LEADS_AT_ONCE = 8 };

static enum err leads_check(const struct content_lead *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!content_decision_is_valid(&v[i].decision))
			return ERR_INTERNAL;
	return ERR_OK;
}

static void lead_take(struct content_lead *v, size_t n, const struct owned_image *row)
{
	for (size_t i = 0; i < n; i++) {
		if (!str_eq(str_of(v[i].article_id), row->article_id))
			continue;
		v[i].found = true;
		v[i].image = row->image;
	}
}

_Static_assert(LEADS_AT_ONCE == 8, "media_leads takes so many articles");

/* Of what no decision grants, nothing is asked for. */
static enum err leads_read(struct db_conn *c, struct content_lead *v, size_t n, struct arena *a)
{
	struct str ids[LEADS_AT_ONCE];
	struct owned_image *rows = NULL;
	size_t count = 0, wanted = 0;
	for (size_t i = 0; i < LEADS_AT_ONCE; i++) {
		const bool granted = i < n && granted_below(&v[i].decision) > 0;
		ids[i] = str_of(granted ? v[i].article_id : "");
		wanted += granted;
	}
	if (wanted == 0)
		return ERR_OK;
	enum err e = q_media_leads(c, ids, LEADS_AT_ONCE, a, &rows, &count);
	for (size_t i = 0; !e && i < count; i++)
		lead_take(v, n, &rows[i]);
	return e;
}

enum err content_lead_images(struct db_conn *c, struct content_lead *v, size_t n, struct arena *a)
{
	enum err e = leads_check(v, n);
	for (size_t i = 0; i < n; i++)
		v[i].found = false;
	for (size_t i = 0; !e && i < n; i += LEADS_AT_ONCE)
		e = leads_read(c, v + i, n - i < LEADS_AT_ONCE ? n - i : LEADS_AT_ONCE, a);
	return e;
}

enum err content_media_find(
	struct db_conn *c, struct str id, struct arena *a, struct image *img, struct article *owner)
{
	struct owned_image row = { 0 };
	enum err e = q_media_by_id(c, id, a, &row);
	if (e)
		return e;
	e = q_article_by_id(c, row.article_id, a, owner);
	if (e)
		return e;
	*img = row.image;
	return ERR_OK;
}

enum err content_media_open(struct db_conn *c, const struct image *img, const struct decision *d,
	struct arena *a, struct str *bytes)
{
	if (!content_decision_is_valid(d))
		return ERR_INTERNAL;
	if (img->position < 0 || img->position >= granted_below(d))
		return ERR_DENIED;
	struct str stored;
	enum err e = q_media_bytes(c, img->id, img->position, a, &stored);
	if (e)
		return e;
	*bytes = stored;
	if (img->stripped)
		return ERR_OK;
	struct picture_notes ignored;
	return picture_strip(stored, a, bytes, &ignored);
}
