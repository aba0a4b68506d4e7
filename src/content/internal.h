/* content, inside: what the files of this room share. Nothing here is for other rooms; tests and
 * fuzz targets look in. */
#ifndef CONTENT_INTERNAL_H
#define CONTENT_INTERNAL_H

#include "postern/content.h"

enum {
	FIELD_MAX = 2000,       /* bytes of a headline, caption, credit … */
	TERMS_MAX = 20000,      /* bytes of usage terms: kept as they are, so too long is refused */
	IMAGE_NAME_MAX = 100,   /* bytes of a picture's file name */
	IMAGE_SIDE_MAX = 30000, /* pixels */
	WHY_SIZE = 512,         /* a reason for people, with its NUL */
	WORDS_MAX = 8,          /* words of a search */
	WORD_BYTES_MAX = 100,
	DIGEST_SIZE = 2 * HASH_BYTES + 1,
};

/* ---- rows ---- */
struct article_row {
	struct article a; /* all but `access` */
	struct str access;
};
extern const struct db_shape article_shape; /* of an article_row */
/* What the row's access text means; 0, which grants nothing, for what this program does not know.
 */
void article_settle(struct article_row *row);
enum err MUST_USE article_get(
	struct db_conn *c, enum query query, struct str key, struct arena *a, struct article *out);
/* Pictures at positions below `end`. */
enum err MUST_USE images_below(struct db_conn *c, const char *article_id, int64_t end,
	struct arena *a, struct image **out, size_t *count);
/* Blocks at positions below `end`: only for who has asked the decision, or has no need to. */
enum err MUST_USE blocks_below(struct db_conn *c, const char *article_id, int64_t end,
	struct arena *a, struct block **out, size_t *count);
/* How many blocks or pictures a decision opens is asked only of a decision that is one. */
bool decision_ok(const struct decision *d);

/* ---- pictures ---- */
struct picture_info {
	const char *content_type;
	int64_t width, height;
};
/* PNG, JPEG, WebP, GIF by their bytes. ERR_UNSUPPORTED for any other type, ERR_INVALID for a broken
 * header. */
enum err MUST_USE picture_probe(struct str bytes, struct picture_info *out);
/* A file name that can stand in an address and in a folder: letters, digits, '.', '-', '_', a
 * picture's extension. */
bool picture_name_ok(struct str name);

/* ---- sanitising ---- */
struct figure {
	struct str src, alt, caption, credit;
	int64_t width, height; /* 0: unknown */
};
/* Turns what the source says into what the page says; false drops the picture. */
typedef bool figure_fn(void *ctx, struct figure *f);
struct sanitiser {
	figure_fn *figure; /* NULL: no pictures */
	void *ctx;
};
enum err MUST_USE sanitise(
	struct str html, const struct sanitiser *s, struct arena *a, struct blocks *out);
/* The text of HTML alone, white space collapsed. */
enum err MUST_USE html_plain(struct str html, struct arena *a, struct str *out);
/* White space of all kinds collapsed, controls dropped, cut at FIELD_MAX with "…". */
struct str field_clean(struct str s, struct arena *a);
/* The same without a leading "By ": the page says it. */
struct str byline_clean(struct str s, struct arena *a);

/* ---- drafts: an article as an importer read it, before it is stored ---- */
struct draft_image {
	char id[ID_SIZE]; /* made of source and name: stays when the name stays */
	char digest[DIGEST_SIZE];
	struct str file, name, alt, caption, credit, bytes;
	struct picture_info info;
};
struct draft {
	struct str source, headline, dek, byline, dateline, credit, section_name, tags, usage_terms,
		language, status;
	char slug[SLUG_SIZE];
	bool slug_loose; /* made from the headline: give way to another article, stay as first
			    stored */
	enum access access, default_access; /* access 0: not said */
	int64_t published_at, updated_at;   /* 0: not said */
	int64_t embargo_at, expires_at;     /* 0: none */
	bool versioned; /* an older updated_at than the stored one is a late delivery, and left */
	struct blocks blocks;
	struct draft_image *images; /* ARTICLE_IMAGES_MAX of them */
	size_t image_count;
};
enum outcome { OUTCOME_NEW = 1, OUTCOME_UPDATED, OUTCOME_UNCHANGED, OUTCOME_REFUSED };
struct stored {
	enum outcome outcome;
	char slug[SLUG_SIZE];
	char why[WHY_SIZE]; /* reason of a refusal, or a warning, or "" */
};
enum err MUST_USE draft_store(
	struct db *db, struct draft *d, int64_t now_s, struct arena *a, struct stored *out);
/* Adds a name to "\na\nb\n" unless it is there, is empty or the list is full. */
void draft_tag_add(struct buf *tags, struct str name);

/* ---- the folder around a file that is imported ---- */
struct place {
	int folder;         /* descriptor, or -1 for embedded files */
	const char *prefix; /* of embedded files: the folder with its '/' */
};
/* A file below the folder; no "..", no absolute path, no symbolic link on the way. ERR_INVALID for
 * such a path, ERR_NOT_FOUND, ERR_TOO_LARGE, ERR_UNAVAILABLE. */
enum err MUST_USE place_read(
	const struct place *p, struct str path, size_t max_bytes, struct arena *a, struct str *out);

/* ---- importers ---- */
struct import_item {
	const struct import_settings *settings;
	const struct place *place;
	struct arena *arena;
	struct str file; /* name of the file, without folders */
	struct str text;
	char why[WHY_SIZE]; /* reason or warning */
};
/* Both say in `why` what is wrong, and return ERR_INVALID for what the author can mend. */
enum err MUST_USE markdown_draft(struct import_item *it, struct draft *d);
enum err MUST_USE ninjs_draft(struct import_item *it, struct draft *d);
/* Writes the reason and returns ERR_INVALID. */
enum err MUST_USE refuse(struct import_item *it, const char *fmt, ...) PRINTF(2, 3);
/* Reads, checks and names the picture `im->file`; ERR_INVALID with `why` filled when it cannot be
 * had. */
enum err MUST_USE draft_image_load(const struct import_item *it, struct str source,
	struct draft_image *im, char why[static WHY_SIZE]);
/* The same, and adds it to the draft. */
enum err MUST_USE draft_image_add(const struct import_item *it, struct draft *d,
	struct draft_image *im, char why[static WHY_SIZE]);
/* By file or name; NULL when the draft has no such picture. */
const struct draft_image *draft_image_find(const struct draft *d, struct str src);
/* What the page says of it. False: no memory. */
bool draft_image_figure(const struct draft_image *im, struct arena *a, struct figure *f);

/* ---- front matter ---- */
struct front_image {
	struct str file, name, alt, caption, credit;
	int line;
};
enum front_key {
	FRONT_SLUG,
	FRONT_HEADLINE,
	FRONT_DEK,
	FRONT_BYLINE,
	FRONT_DATELINE,
	FRONT_CREDIT,
	FRONT_SECTION,
	FRONT_TAGS,
	FRONT_ACCESS,
	FRONT_PUBLISHED,
	FRONT_UPDATED,
	FRONT_EMBARGO,
	FRONT_EXPIRES,
	FRONT_IMAGES,
	FRONT_SOURCE,
	FRONT_STATUS,
	FRONT_LANGUAGE,
	FRONT_USAGE_TERMS,
	FRONT_COUNT
};
struct front {
	struct str value[FRONT_COUNT];
	int line[FRONT_COUNT]; /* 0: not there */
	struct front_image images[ARTICLE_IMAGES_MAX];
	size_t image_count;
	struct str body; /* behind the closing line */
	char why[WHY_SIZE];
};
/* ERR_INVALID with the line, the name and the reason in `why`. */
enum err MUST_USE front_parse(struct str text, struct arena *a, struct front *out);
/* A value in double quotes, as front_parse reads it back. */
void front_quote(struct buf *b, struct str s);

#endif
