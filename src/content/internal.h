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
/* What a row's word means; 0, which grants nothing, for what this program does not know. */
enum err MUST_USE content_access_read(struct str word, enum access *out);
struct owned_image {
	struct image image;
	struct str article_id;
};
/* Both with the word of it for every cache. */
enum err MUST_USE content_article_set_access(
	struct db_conn *c, const char *id, enum access access, int64_t now_s);
enum err MUST_USE content_article_set_status(
	struct db_conn *c, const char *id, struct str status, int64_t now_s);
/* Came from an agency, whose deliveries have an order. */
bool content_source_is_wire(struct str source);
bool content_article_is_wire(const struct article *a);
/* Readers can see it, or could until it expired. */
bool content_article_is_public(const struct article *a, int64_t now_s);
/* Pictures at positions below `end`. */
enum err MUST_USE content_images_below(struct db_conn *c, const char *article_id, int64_t end,
	struct arena *a, struct image **out, size_t *count);
/* Blocks at positions below `end`: only for who has asked the decision, or has no need to. */
enum err MUST_USE content_blocks_below(struct db_conn *c, const char *article_id, int64_t end,
	struct arena *a, struct block **out, size_t *count);
/* How many blocks or pictures a decision opens is asked only of a decision that is one. */
bool content_decision_is_valid(const struct decision *d);

/* ---- pictures ---- */
/* content_type is static text; sizes in pixels, as the header says them. */
struct picture_info {
	const char *content_type;
	int64_t width, height;
};
/* PNG, JPEG, WebP, GIF by their bytes. ERR_UNSUPPORTED for any other type, ERR_INVALID for a broken
 * header. */
enum err MUST_USE picture_probe(struct str bytes, struct picture_info *out);
/* What a picture says of itself that is kept. */
struct picture_notes {
	struct str copyright, credit;
	unsigned orientation; /* EXIF's 1 to 8; from PICTURE_TURNED on width and height change
				 places */
};
enum { PICTURE_TURNED = 5 };
/* The picture without what camera and editor wrote into it: position, device, names, thumbnails,
 * what stands behind its end. Orientation, copyright and colour stay. `*out` is `bytes` itself when
 * there was nothing to take away; what it makes it leaves as it is. ERR_UNSUPPORTED, ERR_INVALID
 * when no picture is left, ERR_NOMEM. */
enum err MUST_USE picture_strip(
	struct str bytes, struct arena *a, struct str *out, struct picture_notes *notes);
/* A file name that can stand in an address and in a folder: letters, digits, '.', '-', '_', a
 * picture's extension. */
bool picture_name_ok(struct str name);

/* ---- libxml2 ---- */
struct content_xml { /* what it lives on when the system refuses it memory */
	struct content_xml *outer;
	char *p;
	size_t n, used;
};
/* Before it reads a text of so many bytes. False: there is no memory to keep at hand. Until
 * content_xml_end, on the same thread; inside each other at will. */
bool MUST_USE content_xml_begin(struct content_xml *x, size_t bytes);
/* After all that it made is freed. ERR_NOMEM: what it made was not made whole. */
enum err MUST_USE content_xml_end(struct content_xml *x);

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
enum err MUST_USE html_sanitise(
	struct str html, const struct sanitiser *s, struct arena *a, struct blocks *out);
/* The text of HTML alone, white space collapsed. */
enum err MUST_USE html_plain(struct str html, struct arena *a, struct str *out);
/* White space of all kinds collapsed, controls dropped, cut at FIELD_MAX with "…". */
struct str content_field_clean(struct str s, struct arena *a);
/* Text with its HTML entities decoded, once. */
struct str import_entities_decode(struct str s, struct arena *a);
/* The same as content_field_clean without a leading "By ": the page says it. */
struct str import_byline_clean(struct str s, struct arena *a);

/* ---- drafts: an article as an importer read it, before it is stored ---- */
struct draft_image {
	char id[ID_SIZE]; /* made of source and name: stays when the name stays */
	char digest[DIGEST_SIZE];
	struct str file, path, name, alt, caption, credit, bytes; /* file: as the source names it;
								      path: as it was found */
	struct picture_info info;
};
/* What its source wants done with an article. */
enum import_notice { NOTICE_USABLE = 1, NOTICE_HOLD, NOTICE_KILL };
struct draft {
	struct str source, headline, dek, byline, dateline, credit, section_name, tags, usage_terms,
		language, status;
	char slug[SLUG_SIZE];
	bool slug_loose; /* made from the headline: give way to another article, stay as first
			    stored */
	enum access access, default_access; /* access 0: not said */
	int64_t published_at, updated_at;   /* 0: not said */
	int64_t embargo_at, expires_at;     /* 0: none */
	enum import_notice notice;          /* 0: usable */
	bool agency;           /* deliveries have an order, and what is taken back stays back */
	bool hollow;           /* says nothing but its state: the text stays */
	bool closes_level;     /* hollow, of a file: for subscribers until it is mended */
	bool bundle;           /* named by its folder */
	bool no_lead;          /* the lead picture could not be had: no other takes its place */
	struct str version;    /* as the agency counts; empty: it does not */
	int64_t version_at;    /* 0: not said */
	struct str hidden_why; /* for the desk: what the source said, or what was not understood */
	bool unread;           /* hidden since something that closes was not understood */
	bool follow_rules;     /* see import_settings */
	const char *written;   /* where this run has written the same identity before, or NULL */
	struct teaser_bound bound; /* for what is shown of the dek */
	struct str dek_shown;      /* see struct article; by import_draft_teaser */
	struct blocks blocks;
	struct draft_image *images; /* ARTICLE_IMAGES_MAX of them */
	size_t image_count;
};
/* What became of an item; the words of `postern article import` and the counters of import_count.
 */
enum outcome {
	OUTCOME_NEW = 1,
	OUTCOME_UPDATED,
	OUTCOME_UNCHANGED,
	OUTCOME_HIDDEN,
	OUTCOME_REFUSED
};
struct stored {
	enum outcome outcome;
	bool level_of_v1; /* the level is the first version's, and the file says nothing */
	char slug[SLUG_SIZE];
	char why[WHY_SIZE]; /* reason of a refusal, or a warning, or "" */
};
enum err MUST_USE import_draft_store(
	struct db *db, struct draft *d, int64_t now_s, struct arena *a, struct stored *out);
/* ---- what a source says of an article's state, and in which order ---- */
/* The word of a pubStatus or `status`, in any case. What nobody knows withholds, and is `*known`
 * false. */
enum import_notice import_notice_of(struct str word, bool *known);
/* Sets `notice` and `status` of the draft. */
void import_draft_notice(struct draft *d, struct str word, bool *known);
enum arrival {
	ARRIVAL_NEWER = 1,
	ARRIVAL_REVISED, /* the same count, a later time */
	ARRIVAL_SAME,
	ARRIVAL_REVISED_BEFORE, /* the same count, an earlier time */
	ARRIVAL_OLDER,
	ARRIVAL_UNCLEAR, /* nothing to go by, or count and time say different things */
};
/* By the count of versions, else by the time. */
enum arrival import_arrival(const struct draft *d, const struct article_origin *o);
enum judgement {
	JUDGED_WRITE = 1,
	JUDGED_STATE_ALONE, /* a kill keeps what was there, for the desk */
	JUDGED_OLDER,       /* this and all below: left as it is */
	JUDGED_DESK,
	JUDGED_KILLED,
	JUDGED_HELD,
};
enum judgement import_notice_judge(const struct draft *d, const struct article *old,
	const struct article_origin *o, int64_t now_s);
/* Why it was left, for people. */
const char *import_notice_left(enum judgement j, const struct article_origin *o, struct arena *a);
/* Of an article that an earlier version stored, what its row says of it. */
enum err MUST_USE content_origin_load(
	struct db_conn *c, const struct article *art, struct arena *a, struct article_origin *out);
enum err MUST_USE content_origin_put(
	struct db_conn *c, const char *article_id, const struct article_origin *o);

/* ---- what a run has written ---- */
void import_seen_freep(struct import_seen **s);
/* Where that identity was written from, or NULL. */
const char *import_seen_path(const struct import_seen *s, struct str identity);
enum err MUST_USE import_seen_add(struct import_seen *s, struct str identity, const char *path);

/* Adds a name to "\na\nb\n" unless it is there, is empty or the list is full. */
void import_draft_tag_add(struct buf *tags, struct str name);

/* ---- the folder around a file that is imported ---- */
/* Where the pictures of a file may come from. Opened for reading, closed by whoever opened it. */
struct import_dir {
	int folder;         /* descriptor, or -1 for embedded files */
	const char *prefix; /* of embedded files: the folder with its '/' */
};
/* A file below the folder; no "..", no absolute path, no symbolic link on the way. ERR_INVALID for
 * such a path, ERR_NOT_FOUND, ERR_TOO_LARGE, ERR_UNAVAILABLE. */
enum err MUST_USE import_dir_read(const struct import_dir *p, struct str path, size_t max_bytes,
	struct arena *a, struct str *out);

/* ---- importers ---- */
struct json_t; /* jansson's */
/* One item on its way from a file to a draft. Everything it makes lives in `arena`, which ends with
 * the item. */
struct import_item {
	const struct import_settings *settings;
	const struct import_dir *dir;
	struct arena *arena;
	struct str file;     /* name of the file, without folders */
	struct str folder;   /* name of the folder that holds it; empty: not known */
	struct str text;     /* of a Markdown file */
	struct json_t *json; /* of an item of a JSON file */
	int64_t now_s;
	size_t left_out; /* pictures that could not be had */
	bool hides;      /* read, and not shown: something that closes was not understood */
	enum closing {   /* refused, and what it says of closing was not understood */
		CLOSING_NOTHING,
		CLOSING_HIDES,
		CLOSING_LEVEL
	} closing;
	char why[WHY_SIZE]; /* reason or warning */
};
/* Items of a JSON file. `item` is called for each; `where` stands behind the path ("[3]", ":12").
 * Without an item, `why` says what is wrong there. */
struct ninjs_file {
	bool by_line;
	enum err (*item)(void *ctx, struct json_t *item, const char *where, const char *why);
	void *ctx;
};
enum err MUST_USE import_ninjs_items(struct ninjs_file *f, struct str text);
/* Both say in `why` what is wrong, and return ERR_INVALID for what the author can mend. */
enum err MUST_USE import_markdown_draft(struct import_item *it, struct draft *d);
enum err MUST_USE import_ninjs_draft(struct import_item *it, struct draft *d);
/* Writes the reason and returns ERR_INVALID. */
enum err MUST_USE import_refuse(struct import_item *it, const char *fmt, ...) PRINTF(2, 3);
/* Adds to the warnings, as far as there is room. */
void import_warn(struct import_item *it, const char *fmt, ...) PRINTF(2, 3);
/* A picture that could not be had: told, and the article goes on without it. */
void import_picture_left_out(struct import_item *it, const char *why);
/* Reads, checks and names the picture `im->file`; ERR_INVALID with `why` filled when it cannot be
 * had. */
enum err MUST_USE import_draft_image_load(const struct import_item *it, struct str source,
	struct draft_image *im, char why[static WHY_SIZE]);
/* The same, and adds it to the draft. */
enum err MUST_USE import_draft_image_add(const struct import_item *it, struct draft *d,
	struct draft_image *im, char why[static WHY_SIZE]);
/* The picture that the text names: one of the draft's, or one that is added to it with what the
 * text says of it. ERR_NOT_FOUND: of another site; ERR_INVALID as above. */
enum err MUST_USE import_draft_image_of_text(const struct import_item *it, struct draft *d,
	const struct figure *f, const struct draft_image **out, char why[static WHY_SIZE]);
/* By file, path or name; NULL when the draft has no such picture. */
const struct draft_image *import_draft_image_find(
	const struct draft *d, struct str src, struct arena *a);
/* Of another site, or of this one from its root. */
bool import_picture_is_remote(struct str src);
/* What the page says of it. False: no memory. */
bool import_draft_image_figure(const struct draft_image *im, struct arena *a, struct figure *f);

/* ---- front matter ---- */
/* An entry of `images:`. line: of its first key, for messages. */
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
extern const char *const import_front_keys[FRONT_COUNT + 1]; /* ends with NULL */
struct front {
	struct str value[FRONT_COUNT];
	int line[FRONT_COUNT]; /* 0: not there */
	struct front_image images[ARTICLE_IMAGES_MAX];
	size_t image_count;
	struct str body; /* behind the closing line */
	bool closed;     /* it has such a line */
	char why[WHY_SIZE];
};
/* ERR_INVALID with the line, the name and the reason in `why`; what else could be read is there. */
enum err MUST_USE import_front_parse(struct str text, struct arena *a, struct front *out);
/* A value in double quotes, as import_front_parse reads it back. */
void import_front_quote(struct buf *b, struct str s);

#endif
