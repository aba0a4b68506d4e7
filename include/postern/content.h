/* content: articles, their media, import and export.
 *
 * A `struct article` holds no text. The text comes only from content_open, which takes a decision
 * and reads no more blocks from the database than it grants; media come through content_media_open
 * the same way. There is no other way to either. Strings live in the arena that was passed in. */
#ifndef POSTERN_CONTENT_H
#define POSTERN_CONTENT_H

#include "postern/base.h"
#include "postern/db.h"
#include "postern/meter.h"
#include "postern/plan.h"
#include "postern/text.h"

enum {
	ARTICLE_BLOCKS_MAX = 2000,
	ARTICLE_IMAGES_MAX = 32,
	ARTICLE_TAGS_MAX = 32,
	ARTICLE_SOURCE_MAX = 4 << 20, /* bytes of one file to import */
	IMAGE_BYTES_MAX = 8 << 20,
	LIST_MAX = 100,
};

enum { CUT_NOTHING = -1 };
/* A row without its text. The slices live in the arena of the call that filled it. Times are
 * seconds since 1970, 0 for none. */
struct article {
	char id[ID_SIZE];
	char slug[SLUG_SIZE];
	struct str source, headline;
	struct str dek; /* what everybody may read of it, "…" at its end when that is not all */
	struct str dek_whole; /* for import, export and the desk alone */
	struct str byline, dateline, credit, section, section_name, tags, usage_terms, language;
	struct str status;
	int64_t published_at, updated_at, embargo_at, expires_at, words;
	int64_t cut; /* blocks in front of the author's mark, the one that it stands in included; 0:
			no mark; CUT_NOTHING: it stands in front of all text */
	enum access access;
};
/* What paywall_decide takes. Points into `a`. */
struct paywall_article content_paywall_article(const struct article *a);
/* Next tag out of article.tags ("\nharbour\nshipping\n"); false at the end. `rest` starts as
 * article.tags. */
bool content_tag_next(struct str *rest, struct str *tag);

/* By slug, whatever its state: the decision says what may be shown. A slug that the article had
 * before finds it too, unless another has it now: `out->slug` is the present one. ERR_NOT_FOUND. */
enum err MUST_USE content_find(
	struct db_conn *c, struct str slug, struct arena *a, struct article *out);

/* Settings of article.*: how much of any article an anonymous reader may have. */
struct teaser_bound {
	unsigned words;       /* about so many, where the author set no mark */
	unsigned characters;  /* never more than so many */
	unsigned share;       /* nor more percent of the text, 1 to 90 */
	bool mark_may_exceed; /* the author's mark may give more than both */
};
/* What a teaser gives, of what there is; counted as text_length does, and no further than it takes
 * to know that the share is no limit. */
struct teaser_size {
	int64_t characters, words, all_characters, all_words;
	bool marked; /* it ends at the author's mark */
};
struct article_text {
	struct str html; /* what is granted, a line break after each block; empty for GRANT_NONE */
	bool whole;      /* nothing was left out */
	struct teaser_size size; /* of a teaser */
};
/* For the newsroom: what an anonymous reader gets of an article, by its own settings (no rule). */
struct teaser_report {
	struct teaser_size size; /* of the whole text */
	bool mark_beyond;  /* the author's mark stands behind the bound: the teaser ends before */
	bool mark_exceeds; /* it gives more than the bound, as the settings allow */
	int64_t dek_left_out; /* characters of the dek that are not shown */
};
enum err MUST_USE content_teaser_report(struct db_conn *c, const struct article *art,
	const struct teaser_bound *b, struct arena *a, struct teaser_report *out);
int content_teaser_percent(const struct teaser_size *s); /* of the characters, rounded up */
/* The one door. ERR_INTERNAL without a decision, and with one that has still to be charged.
 * Teaser: up to the author's mark, else to the end of the sentence, item or row that reaches the
 * wanted words; in either case within `bound`, of a text below 60 words one sentence at most, never
 * all of it, and without the pictures in the text; "…" stands where it is cut. The words of the
 * decision's rule go before the bound's; those of an override before the mark. `bound` may be NULL
 * where all is granted. */
enum err MUST_USE content_open(struct db_conn *c, const struct article *art,
	const struct decision *d, const struct teaser_bound *bound, struct arena *a,
	struct article_text *out);

/* Where, in the whole text, the block begins in which a teaser of it ends (or right behind its end,
 * near enough for a place to scroll to): one pass over no more text than a teaser has. The length
 * of `html`: nowhere. */
size_t content_teaser_block_at(struct str html, const struct article *art, const struct decision *d,
	const struct teaser_bound *b);

/* A row without its bytes, in the arena like struct article. Sizes in pixels; digest: of the bytes,
 * in hexadecimal. */
struct image {
	char id[ID_SIZE];
	int64_t position, width, height;
	int64_t stripped; /* 0: stored by an earlier version, and stripped when it is opened */
	struct str name, content_type, alt, caption, credit, digest;
};
/* Those that the decision grants: all with full, the lead picture with a teaser, none otherwise. */
enum err MUST_USE content_images(struct db_conn *c, const struct article *art,
	const struct decision *d, struct arena *a, struct image **out, size_t *count);
/* Lead picture or ERR_NOT_FOUND. */
enum err MUST_USE content_lead_image(struct db_conn *c, const struct article *art,
	const struct decision *d, struct arena *a, struct image *out);
/* The same of a list: `image` of each where `found`. */
struct content_lead {
	const char *article_id;
	struct decision decision;
	struct image image;
	bool found;
};
enum err MUST_USE content_lead_images(
	struct db_conn *c, struct content_lead *v, size_t n, struct arena *a);
/* The image and the article that owns it, without bytes. ERR_NOT_FOUND. */
enum err MUST_USE content_media_find(struct db_conn *c, struct str id, struct arena *a,
	struct image *img, struct article *owner);
/* The bytes, if the decision on the owner grants them; ERR_DENIED otherwise. */
enum err MUST_USE content_media_open(struct db_conn *c, const struct image *img,
	const struct decision *d, struct arena *a, struct str *bytes);

/* ---- lists: what may be shown now (usable, published, not embargoed, not expired), newest first
 * ---- */
struct article_filter {
	struct str section, tag; /* slug of the section, name of the tag; empty: all */
	struct str words;     /* every word must be in headline, dek, byline, section or tags; never
				 looks at text */
	int64_t before_at;    /* cursor: older than (before_at, before_id) */
	struct str before_id; /* empty: from the newest */
	size_t limit;         /* at most LIST_MAX, and one to tell whether there are more */
	unsigned search_ms;   /* ERR_BUSY when words or tag take longer to find; 0: no limit */
	bool all;             /* command line only: also what is withheld, embargoed, expired */
	bool featured;        /* what the desk features, in its order, and nothing else above but
				 `all` and `limit` */
	int64_t now_s;
};
enum err MUST_USE content_list(struct db_conn *c, const struct article_filter *f, struct arena *a,
	struct article **out, size_t *count);
/* The cursor of the page that follows `last`, and the filter that a cursor stands for. ERR_INVALID:
 * the text is not a cursor that content_cursor_text made. */
const char *content_cursor_text(const struct article *last, struct arena *a);
enum err MUST_USE content_cursor_parse(struct str s, struct article_filter *f);
struct section {
	struct str slug, name;
};
/* The next moment at which a list is another one by itself: something begins to be shown, or ends,
 * an article or its place on top of the front page. 0: none. */
enum err MUST_USE content_next_moment(struct db_conn *c, int64_t now_s, int64_t *at_s);
/* Sections with something to show, by name. */
enum err MUST_USE content_sections(
	struct db_conn *c, int64_t now_s, struct arena *a, struct section **out, size_t *count);

/* Slugs of all sections that articles are in, shown or not: `max` at most. */
enum err MUST_USE content_section_slugs(
	struct db_conn *c, size_t max, struct arena *a, struct str **out, size_t *count);

/* ---- what the desk says of the front page and of sections ---- */
enum { FEATURES_MAX = 20, SECTION_DESCRIPTION_MAX = 600 /* bytes */ };
struct feature {
	char article_id[ID_SIZE];
	char slug[SLUG_SIZE];
	int64_t position, until_at; /* from 1; 0: no end */
};
/* What has not ended, in order, whether it may be shown or not. */
enum err MUST_USE content_features(
	struct db_conn *c, int64_t now_s, struct arena *a, struct feature **out, size_t *count);
struct feature_change {
	struct str slug;
	int64_t position; /* 0: where it stands, or the first place */
	int64_t until_at; /* with sets_until; 0: no end */
	bool sets_until;
	int64_t now_s;
	struct arena *a;
	/* filled in: the article and all features afterwards; `at`: its index */
	struct article article;
	struct feature *list;
	size_t count, at;
};
/* Puts an article on top of the front page, or changes its place or end. ERR_NOT_FOUND;
 * ERR_TOO_LARGE: FEATURES_MAX others are there. */
enum err MUST_USE content_feature(struct db *db, struct feature_change *ch);
/* ERR_NOT_FOUND: there is no such article. ERR_CONFLICT: it is not featured. */
enum err MUST_USE content_unfeature(struct db *db, struct feature_change *ch);

struct section_about {
	struct str slug, description;
};
/* Empty: nobody has described it. */
enum err MUST_USE content_section_description(
	struct db_conn *c, struct str slug, struct arena *a, struct str *out);
enum err MUST_USE content_section_descriptions(
	struct db_conn *c, struct arena *a, struct section_about **out, size_t *count);
/* White space is collapsed; an empty text takes the description away. ERR_TOO_LARGE above
 * SECTION_DESCRIPTION_MAX, ERR_INVALID: no UTF-8, or no slug. */
enum err MUST_USE content_section_describe(
	struct db *db, struct str slug, struct str description, int64_t now_s);

/* ---- import ---- */
struct import_settings {
	const char *default_section; /* for items that name none: "News" */
	enum access default_access;  /* for items that say nothing: ACCESS_DEFAULT */
	struct teaser_bound bound;   /* for what is shown of deks, and what is told of teasers */
	/* Items that say nothing, and whose level the first version stored for them, follow the
	 * rules from now on. */
	bool follow_rules;
	struct import_seen *seen; /* what this run has written; NULL: each call is a run */
	/* Called for each item: `what` is "new", "updated", "unchanged", "hidden" (stored, and not
	 * shown because something that closes was not understood) or "refused"; `why` names line or
	 * JSON path and reason when hidden or refused, or warnings, or "". `teaser`: what a
	 * anonymous reader gets of it; NULL when that is not told. */
	void (*report)(void *ctx, const char *path, const char *what, const char *slug,
		const char *why, const struct teaser_size *teaser);
	void *ctx;
};
struct import_count {
	size_t files, created, updated, unchanged, hidden, refused;
	size_t levels_of_v1; /* items whose level the first version stored, and whose file says
				nothing */
};
/* What a run has written, by source: no identity is written twice with different content. */
struct import_seen *import_seen_make(void); /* NULL: no memory */
void import_seen_free(struct import_seen *s);
/* A file (.md, .json, .jsonl, .ndjson) or a folder of them (recursive, by name; other files are
 * left alone). A JSON file may hold many items. A bad file or item is reported and counted, the
 * others go in. ERR_NOT_FOUND: no such path. ERR_UNAVAILABLE: the
 * database failed; the rest is not tried. */
enum err MUST_USE content_import(struct db *db, const char *path, const struct import_settings *s,
	int64_t now_s, struct import_count *out);
/* The same from embedded files below a prefix ("web/demo/articles/"). */
enum err MUST_USE content_import_embedded(struct db *db, const char *prefix,
	const struct import_settings *s, int64_t now_s, struct import_count *out);

/* ---- changes and export ---- */
/* Housekeeping: makes what is shown of deks anew where it was made for another bound, or by an
 * older version. */
enum err MUST_USE content_deks_refresh(struct db_sweeper *s, const struct teaser_bound *bound);
enum err MUST_USE content_set_access(
	struct db *db, struct str slug, enum access access, int64_t now_s); /* ERR_NOT_FOUND */
enum err MUST_USE content_delete(struct db *db, struct str slug);           /* ERR_NOT_FOUND */
/* The desk's own word, above any source's: "usable", "withheld", "killed". ERR_INVALID for any
 * other word, ERR_NOT_FOUND. */
enum err MUST_USE content_set_status(
	struct db *db, struct str slug, struct str status, struct str why, int64_t now_s);
/* What its source last said of an article. All empty for one that nothing is known of. */
struct article_origin {
	struct str version;
	int64_t version_at, shown, hidden_at;
	struct str hidden_by, hidden_why, access_by;
};
enum err MUST_USE content_origin(
	struct db_conn *c, const char *article_id, struct arena *a, struct article_origin *out);
/* Whole articles for the operator (every text, whatever its state; a killed one only by its slug):
 * calls `fn` with each as Markdown with front matter (text as HTML blocks, which Markdown allows)
 * and then with each of its pictures. A file name is "slug.md" or "slug.picture.jpg". */
typedef enum err content_export_fn(void *ctx, const char *name, struct str bytes);
enum err MUST_USE content_export(
	struct db *db, struct str slug /* empty: all */, content_export_fn *fn, void *ctx);

/* ---- sanitising, open for tests and fuzzing ---- */
struct block {
	struct str html;
	int64_t words;
};
struct blocks {
	struct block *v;
	size_t n;
	int64_t cut; /* as in struct article */
	int64_t words;
	bool mark_again; /* there is another mark, which does not count */
	bool mark_last;  /* the mark stands behind all text, and marks nothing */
	struct str
		strange; /* a comment that looks like a mark and is none that is known, or empty */
};
/* Maps the src of an <img> of the source to what stands in the page; {NULL, 0} drops the image. */
typedef struct str content_image_fn(void *ctx, struct str src);
/* Parses HTML with libxml2 and writes anew only what is allowed (p h2 h3 h4 ul ol li blockquote em
 * strong a[href http(s), mailto, local] br hr code pre figure figcaption img table … sub sup), one
 * block per top-level element. Never by pattern. */
enum err MUST_USE content_sanitise(
	struct str html, content_image_fn *image, void *ctx, struct arena *a, struct blocks *out);

#endif
