/* text: pure parsers and writers of untrusted text. Nothing here does I/O, keeps state or knows of
 * readers and articles. Results live in the arena that is passed in, or point into the input.
 *
 * Every parser refuses with ERR_INVALID what it does not understand, and ERR_TOO_LARGE what is
 * above its named maximum; ERR_NOMEM when the arena is full. Each has a fuzz target in tests/fuzz.
 */
#ifndef POSTERN_TEXT_H
#define POSTERN_TEXT_H

#include <time.h>

#include "postern/base.h"

/* ---- URL (RFC 3986) ---- */
enum { URL_PATH_MAX = 2048, URL_LOCAL_MAX = 1024 };
/* Path of a request target, percent-decoded once, in the only spelling we route on. Refused: not
 * starting with one '/', "%00", "%2f", "%5c", '\\', '#', ';' (encoded as well), '?', plain spaces,
 * controls, bytes that are not UTF-8, "//", dot segments (plain or encoded). A trailing '/' stays
 * (routes do not match it). */
enum err MUST_USE url_path(struct str raw, struct arena *a, struct str *out);
/* The same for a path that another server will read, perhaps with other eyes: also refused is what
 * such a server might decode again ("%25" before two hexadecimal digits), trim (a segment that ends
 * in a dot or a space) or take for a separator once it has folded letters and widths. `folded` is
 * the path in Unicode's NFKC_Casefold: where rules find something else for it than for `path`, the
 * address is ambiguous. */
enum err MUST_USE url_path_foreign(
	struct str raw, struct arena *a, struct str *path, struct str *folded);
enum { URL_HOST_MAX = 253, URL_ABSOLUTE_MAX = 8192 };
struct url {
	struct str origin; /* "https://news.example", host in lower case, without the port that
			      goes with the scheme and without a dot at its end */
	struct str site;   /* origin without its scheme */
	struct str target; /* path and query, as written */
	struct str path, folded;
};
/* An absolute http or https address of another server's page. Refused besides what url_path_foreign
 * refuses: user names, an empty or malformed host, a port of 0 or above 65535, no path, spaces,
 * controls or '#' anywhere. IPv6 hosts stand in brackets. One dot at the end of the host is
 * dropped: it names the same host. */
enum err MUST_USE url_absolute(struct str raw, struct arena *a, struct url *out);
/* An origin, as the header of that name has it, in the one spelling that is compared: what `origin`
 * of struct url is. Anything behind the host and port is refused, also a '/'. */
enum err MUST_USE url_origin(struct str raw, struct arena *a, struct str *out);
void url_encode(
	struct buf *b, struct str s); /* all but unreserved characters, RFC 3986 section 2.3 */
void url_encode_path(struct buf *b, struct str s); /* and but '/' */
bool url_path_bare(struct str s);                  /* url_encode_path leaves it as it is */
/* True for what `return_to` may be: a path on this site, with its query if any, in plain ASCII, at
 * most URL_LOCAL_MAX bytes; not "//" in the path, '\\', spaces, controls, '%' followed by 09 0a 0d
 * 5c 2f or 00 or by anything but two hexadecimal digits. */
bool url_is_local(struct str s);

/* ---- fields: forms, query strings; cookies ---- */
enum { FIELDS_MAX = 32, QUERY_VALUE_MAX = 2048 };
struct field {
	struct str name, value;
};
struct fields {
	struct field *v; /* in the arena they were parsed into */
	size_t n;
};
/* application/x-www-form-urlencoded (WHATWG URL section 5.1), whole text at once. Refused: a
 * doubled name, a bad percent sequence, more than FIELDS_MAX pairs, text that is not UTF-8. NUL is
 * kept: a caller that cannot use it checks for it. */
enum err MUST_USE form_parse(struct str body, struct arena *a, struct fields *out);
/* What a route reads of a query string: the values of `names`, which are separated by one space
 * each, in the order of `names`. Everything else is passed over, however it is written and how
 * often. Refused is one of the names when it comes twice, or with a bad percent sequence, text that
 * is not UTF-8 or more than QUERY_VALUE_MAX bytes; `*fault` is that name then. NUL is kept. */
enum err MUST_USE query_parse(
	struct str raw, struct str names, struct arena *a, struct fields *out, struct str *fault);
/* The first name in a query string that is none of `names`, as written; {NULL, 0}: all are. */
struct str query_undeclared(struct str raw, struct str names);
/* How often one Cookie header (RFC 6265 section 5.4, read leniently: pieces without a '=' are
 * passed over) names the cookie, however many others there are; the first value, a part of
 * `header`, in `out` unless 0. A header with controls names none. */
size_t MUST_USE cookie_find(struct str header, struct str name, struct str *out);
struct str fields_get(const struct fields *f, const char *name); /* {NULL, 0} when absent */

/* ---- header values ---- */
bool header_token_ok(struct str name);  /* RFC 9110 section 5.6.2 */
bool header_value_ok(struct str value); /* no NUL, CR, LF, other controls but tab */
/* True when Accept-Encoding names `coding`, or '*', with a weight above zero (RFC 9110 section
 * 12.5.3). An absent header is taken as "no". */
bool header_accepts(struct str header, struct str coding);
/* If-None-Match (weak comparison, "*" included) against one entity tag with its quotes. */
bool header_etag_match(struct str header, struct str etag);
/* Range for a body of `total` bytes, one range only (RFC 9110 section 14.1.2). ERR_OK with first
 * and last; ERR_INVALID: ignore the header, send all; ERR_UNSUPPORTED: 416. */
enum err MUST_USE header_range(struct str header, uint64_t total, uint64_t *first, uint64_t *last);

/* ---- internet addresses ---- */
struct ip {
	uint8_t b[16]; /* IPv4 as ::ffff:a.b.c.d */
	bool set;
};
struct ip_net {
	struct ip base;
	uint8_t bits; /* of 128 */
};
enum { IP_TEXT_SIZE = 46, IP_NETS_MAX = 64 };
enum err MUST_USE ip_parse(struct str s, struct ip *out); /* no zone, no port, no brackets */
bool ip_is_v4(struct ip ip);
struct ip ip_from_v4(const uint8_t b[static 4]);
/* An address as proxies write it into X-Forwarded-For: also with a port, in brackets, with a zone,
 * in quotes, all of which is taken off. ERR_INVALID: no address ("unknown", "_hidden", "unix:"). */
enum err MUST_USE ip_parse_forwarded(struct str s, struct ip *out);
enum err MUST_USE ip_net_parse(
	struct str s, struct ip_net *out); /* "10.0.0.0/8", "::1"; host bits set: refused */
bool ip_in(const struct ip_net *nets, size_t n, struct ip ip);
void ip_text(struct ip ip, char out[static IP_TEXT_SIZE]);
struct ip ip_prefix(struct ip ip, unsigned v4_bits, unsigned v6_bits); /* rest zeroed */

/* Both ends are inside, and of one family. */
struct ip_range {
	struct ip first, last;
};
enum { IP_RANGE_TEXT_SIZE = 96, IP_RANGE_WHY_SIZE = 200, IP_RANGE_NETS_MAX = 256 };
/* "192.0.2.7", "192.0.2.0/24", "192.0.2.7 - 192.0.2.99" (spaces at will), IPv6 alike; mapped IPv4
 * is IPv4. Refused, with the reason in `why`: a prefix that is no number, bits set behind it,
 * reversed ends, /0, and whatever else holds all of IPv4 or IPv6. */
enum err MUST_USE ip_range_parse(
	struct str s, struct ip_range *out, char why[static IP_RANGE_WHY_SIZE]);
/* True for more addresses than an IPv4 /16 or an IPv6 /32: commands then require --force. */
bool ip_range_wide(const struct ip_range *r);
/* As a network when it is one, else "FIRST-LAST"; ip_range_parse reads both. */
void ip_range_text(const struct ip_range *r, char out[static IP_RANGE_TEXT_SIZE]);
/* The fewest networks that make up the range, in order. */
size_t ip_range_nets(const struct ip_range *r, struct ip_net out[static IP_RANGE_NETS_MAX]);
void ip_net_text(struct ip_net net, char out[static IP_RANGE_TEXT_SIZE]);

/* ---- mail address ---- */
struct email {
	char text[EMAIL_SIZE]; /* as written, trimmed, its domain in ASCII */
	char key[EMAIL_SIZE];  /* lower case: two spellings of one mailbox are one account */
};
/* One addr-spec, dot-atom local part in ASCII (RFC 5321 section 4.1.2, no quoted strings), a domain
 * with a dot or "localhost", labels by RFC 1123; an internationalised domain becomes its ASCII form
 * (A-labels, RFC 5890). Spaces and invisible marks around it are dropped, also those outside ASCII.
 * Refused: a second '@', ',', ';', spaces inside, controls, NUL, > 254 bytes. */
enum err MUST_USE email_parse(struct str s, struct email *out);

/* ---- Unicode ---- */
bool utf8_ok(struct str s);
/* With U+FFFD for each byte that is none of UTF-8: a message that was cut, a file's name. */
struct str utf8_mended(struct str s, struct arena *a);
/* Composed (NFC) and decomposed (NFD), as file systems spell a name differently. {NULL, 0} without
 * memory and for what is not UTF-8. */
struct str utf8_composed(struct str s, struct arena *a);
struct str utf8_decomposed(struct str s, struct arena *a);
/* Percent-decoded once. ERR_INVALID for a '%' without two digits behind it. */
enum err MUST_USE url_decode(struct str s, struct arena *a, struct str *out);
enum { OPAQUE_MAX = 8192, NAME_INPUT_MAX = 1024 }; /* bytes; normalising takes quadratic time */
/* RFC 8265 section 4.2 OpaqueString: NFC, non-ASCII spaces to U+0020, nothing else; NUL, other
 * controls and the empty string refused. `code_points` counts the result. The result is secret: the
 * caller's arena holds it and all that led to it. */
enum err MUST_USE text_opaque(struct str s, struct arena *a, struct str *out, size_t *code_points);
/* A person's or session's name: trimmed, NFC, no controls, line separators or marks that reverse
 * the writing, at most NAME_SIZE - 1 bytes; empty is fine. */
enum err MUST_USE text_name(struct str s, char out[static NAME_SIZE]);
/* The same of a line of any length that is shown as it is; one that is empty is fine. */
bool text_line_ok(struct str s);
/* Lower-case ASCII letters, digits and single '-', 1 to 100 bytes, from any text; "" when nothing
 * is left. */
enum { SLUG_SIZE = 101 };
void text_slug(struct str s, char out[static SLUG_SIZE]);
bool text_slug_ok(struct str s); /* what text_slug makes, and no '-' at either end */
/* The nearest of `names` (NULL-terminated) within edit distance 3 that shares something with
 * `word`, or NULL: "did you mean". */
const char *text_nearest(struct str word, const char *const *names);
/* What it found, at the end of a complaint; nothing for NULL. */
#define NEAR_FMT "%s%s%s"
#define NEAR_ARG(near) (near) ? "; did you mean " : "", (near) ? (near) : "", (near) ? "?" : ""

/* NFKC_Casefold: what a careless comparison may take for the same. ERR_INVALID: not UTF-8, or above
 * OPAQUE_MAX bytes. */
enum err MUST_USE text_fold(struct str s, struct arena *a, struct str *out);
/* The same without accents and other marks: "é" is "e". */
enum err MUST_USE text_fold_marks(struct str s, struct arena *a, struct str *out);

/* ---- the length of text, whatever its script, a code point at a time ---- */
struct text_length {
	int64_t characters; /* code points */
	int64_t visible;    /* of these, the ones that are no blanks */
	int64_t tenths;     /* tenths of words: runs between blanks and dashes; of scripts without
			       blanks (Chinese, Japanese, Thai, Lao, Khmer, Myanmar …) by their
			       number of characters */
	bool in_word;
};
void text_length_add(struct text_length *t, uint32_t cp);
void text_length_add_ascii(struct text_length *t, struct str ascii);
int64_t text_length_words(const struct text_length *t); /* rounded up */
bool text_blank(uint32_t cp);          /* white space of all kinds, U+00A0 and U+200B too */
bool text_letter(uint32_t cp);         /* or a digit */
bool text_lower(uint32_t cp);          /* is a small letter */
uint32_t text_lower_case(uint32_t cp); /* as a small letter */
/* Unicode's extended grapheme clusters; `state` starts as 0 and goes from pair to pair. */
bool text_grapheme_ends(uint32_t before, uint32_t after, int32_t *state);
/* What ends a sentence: before a blank, or (。！？) before anything. */
enum text_terminal { TEXT_TERMINAL_NONE, TEXT_TERMINAL_BLANK, TEXT_TERMINAL_BARE };
enum text_terminal text_terminal(uint32_t cp);
bool text_closes(uint32_t cp); /* quotation marks and brackets that may follow it */
bool text_pauses(uint32_t cp); /* 、，：； where a script has no blanks */

/* ---- time: seconds since 1970 in UTC; 0 stands for "none" everywhere ---- */
enum { TIME_TEXT_SIZE = 64 };
enum time_edge {
	TIME_STARTS = 1, /* of a day without a time: its first instant */
	TIME_ENDS,       /* its end, so that the day itself is included */
};
/* RFC 3339, also with a blank for the "T", without seconds, and with an offset such as "+0100". A
 * day without a time is the newsroom's, and so is a time without an offset. Never makes 0: the very
 * second 1970-01-01T00:00:00Z is read as the next one. */
enum err MUST_USE time_parse(struct str s, enum time_edge edge, int64_t *out);
/* For programs. */
void time_text(int64_t t_s, char out[static TIME_TEXT_SIZE]); /* "2026-11-20T05:40:00Z" */
void time_mail(int64_t t_s,
	char out[static TIME_TEXT_SIZE]); /* RFC 5322 "Fri, 20 Nov 2026 00:40:00 -0500" */
/* For the newsroom's tools; time_parse reads them back, to the minute. */
void time_iso(int64_t t_s, char out[static TIME_TEXT_SIZE]); /* "2026-11-20 00:40-05:00" */
/* An end: "2026-11-30" for the midnight after, else as time_iso. */
void time_iso_until(int64_t t_s, char out[static TIME_TEXT_SIZE]);
/* For readers. A year that is the present one is left out of all but time_full and time_day. */
void time_date(int64_t t_s, int64_t now_s, char out[static TIME_TEXT_SIZE]); /* "20 November" */
/* "20 November, 00:40 EST"; "20 November 2025, 00:40 EST" */
void time_human(int64_t t_s, int64_t now_s, char out[static TIME_TEXT_SIZE]);
/* An end: "30 November" for the midnight after it, else as time_human. */
void time_until(int64_t t_s, int64_t now_s, char out[static TIME_TEXT_SIZE]);
void time_full(int64_t t_s, char out[static TIME_TEXT_SIZE]); /* "20 November 2026, 00:40 EST" */
void time_day(int64_t t_s, char out[static TIME_TEXT_SIZE]);  /* "Friday, 20 November 2026" */

/* ---- the newsroom's time zone. Any thread, but for time_local_zone_set: before there are others.
 * ----
 */
void time_local_zone_set(const char *tz); /* as TZ has it (POSIX, or a name of the zone database) */
unsigned time_local_zone_version(void);   /* another one after each time_local_zone_set */
struct tm time_local_tm(int64_t t_s);     /* what the clock and the calendar show there */
unsigned time_local_weekday(int64_t t_s); /* 0 Sunday … 6 Saturday */
/* The first instant of a day, of which year, month and day are looked at (as mktime takes them,
 * also out of range); right where clocks change at midnight. */
int64_t time_local_day_start(struct tm day);

/* ---- escaping ---- */
void escape_html(
	struct buf *b, struct str s); /* & < > " ' : safe in text and in quoted attributes */

#endif
