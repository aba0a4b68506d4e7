/* base: what every room stands on. Errors, slices, buffers, arenas, time.
 *
 * Threads: nothing here is shared; an arena and a buffer belong to one thread at a time.
 * Ownership: a `struct str` owns nothing. A buffer owns its bytes, an arena all it handed out. */
#ifndef POSTERN_BASE_H
#define POSTERN_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Sizes of the strings that travel through every room, with their closing NUL. */
enum {
	ID_SIZE = 27,     /* 128 random bits in base32 (crypto_id_make) */
	EMAIL_SIZE = 255, /* RFC 5321 section 4.5.3.1.3: 254 octets */
	NAME_SIZE = 201,  /* a reader's name, bytes of UTF-8 */
	HASH_BYTES = 32,  /* BLAKE2b-256 */
};

/* The one list of outcomes. Must stay closed: http maps each to a status, the command line each to
 * an exit code. `*out` is untouched unless ERR_OK, where a header does not say otherwise. */
enum err {
	ERR_OK = 0,
	ERR_INVALID,         /* input does not have the form it must have */
	ERR_WEAK_PASSWORD,   /* well formed, refused by the password rules */
	ERR_TOO_LARGE,       /* above a named maximum */
	ERR_UNSUPPORTED,     /* a form or type we do not take */
	ERR_UNAUTHENTICATED, /* nobody is signed in, or the credentials are wrong */
	ERR_DENIED,          /* somebody is, and may not */
	ERR_PAYMENT,         /* signed in, needs an entitlement */
	ERR_NOT_FOUND,
	ERR_METHOD,      /* the path is there, this method is not */
	ERR_CONFLICT,    /* exists already, or changed meanwhile */
	ERR_SPENT,       /* single-use and used, expired or voided */
	ERR_GONE,        /* was here and is withdrawn */
	ERR_LIMITED,     /* too many; try again after a while */
	ERR_BUSY,        /* a queue or lock is full right now */
	ERR_STOPPED,     /* the program was told to end, and gave up what it was at */
	ERR_UNAVAILABLE, /* something we need (database, disk) is not there */
	ERR_NOMEM,
	ERR_CORRUPT,  /* stored data is not what we wrote */
	ERR_INTERNAL, /* a fault of ours; logged where it arose */
	ERR_COUNT
};

/* Stable lower-case name ("not_found"), for logs, JSON and tests. Never NULL. */
const char *err_name(enum err e);

/* ---- slices: {pointer, length}, not NUL-terminated unless a function says so ---- */
struct str {
	const char *p;
	size_t n;
};
#define STR(lit) ((struct str){ "" lit, sizeof(lit) - 1 })
#define STR_FMT "%.*s"
#define STR_ARG(s) (int)(s).n, (s).p

struct str str_of(const char *z); /* NULL gives the empty slice */
bool str_eq(struct str a, struct str b);
bool str_same_nocase(const char *a, const char *b, size_t n); /* ASCII only */
static inline bool str_eq_nocase(struct str a, struct str b)
{
	return a.n == b.n && str_same_nocase(a.p, b.p, a.n);
}
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_has_byte(struct str s, char c);
/* Each byte is one that the table has. A table, since it is asked for every byte of a request. */
bool str_made_of(const bool table[static 256], struct str s);
struct str str_trim(struct str s); /* spaces, tabs, CR, LF at both ends */
/* Cuts `*rest` at the first `sep`: returns what stands before it and leaves what follows.
 * Without `sep`, returns all and leaves {NULL, 0}. */
struct str str_cut(struct str *rest, char sep);
/* Copies into a fixed array with a closing NUL. ERR_TOO_LARGE when it does not fit, ERR_INVALID
 * when `s` holds a NUL; `dst` is "" then. */
enum err MUST_USE str_copy(char *dst, size_t size, struct str s);
/* Whole of `s` as a decimal number in [min, max], no sign unless min < 0, no spaces. */
enum err MUST_USE str_int(struct str s, int64_t min, int64_t max, int64_t *out);
/* The number in `space`, without printf, which is slow for what each request has several of. */
enum { INT_TEXT_SIZE = 24 };
struct str str_int_text(int64_t v, char space[static INT_TEXT_SIZE]);
/* Length of the first UTF-8 sequence of `s`, its code point in `*cp`; 0 when `s` is empty or does
 * not begin with one (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF). */
size_t str_utf8(struct str s, uint32_t *cp);

/* ---- bytes as text ---- */
extern const char str_base32_letters[33]; /* RFC 4648 section 6, in lower case */
/* `n` bytes in base32 without padding, as many letters as `size` holds, with a closing NUL. */
void str_base32(const uint8_t *bytes, size_t n, char *out, size_t size);
/* `n` bytes in lower-case hexadecimal digits and a NUL: 2 * n + 1 characters. */
void str_hex(const uint8_t *bytes, size_t n, char *out);
int str_hex_digit(char c); /* of either case; -1 for what is none */
/* Exactly 2 * n digits of either case, else ERR_INVALID. */
enum err MUST_USE str_hex_parse(struct str s, uint8_t *out, size_t n);

/* ---- the words of an enum, in a table by value; NULL where a value has none ---- */
const char *str_name_of(const char *const *words, size_t count, size_t value); /* "" without one */
/* ERR_INVALID when no value has this word. `*value` is assigned to an enum, which gcc and clang
 * store as unsigned. */
enum err MUST_USE str_name_find(
	const char *const *words, size_t count, struct str s, unsigned *value);

/* ---- buffer: grows up to a cap it is born with; the first failure sticks ---- */
struct buf {
	char *p; /* NUL-terminated whenever n > 0 */
	size_t n, capacity, max;
	enum err err; /* ERR_OK, ERR_NOMEM or ERR_TOO_LARGE; check once, at the end */
};
#define BUF(max_bytes) ((struct buf){ .max = (max_bytes) })
void buf_add(struct buf *b, const void *p, size_t n);
void buf_str(struct buf *b, struct str s);
void buf_puts(struct buf *b, const char *z);
void buf_byte(struct buf *b, char c);
void buf_fmt(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
struct str buf_view(const struct buf *b); /* empty after a failure */
void buf_free(struct buf *b);
#define BUF_AUTO __attribute__((cleanup(buf_free))) struct buf

/* ---- arena: many small allocations, freed together ---- */
struct arena;
/* Hands out at most `max_bytes` in all, each allocation rounded up to the alignment. NULL when
 * there is no memory. All it handed out is wiped when it is freed, for it may hold passwords. */
struct arena *arena_new(size_t max_bytes);
/* As new, and the same chunk of memory serves again: `first_bytes` of it at once, when it is called
 * on an arena that has none. All that was handed out is wiped and gone. False without memory: then
 * the arena is good for nothing but arena_free. */
bool MUST_USE arena_reset(struct arena *a, size_t first_bytes);
void arena_free(struct arena *a); /* NULL is fine */
void arena_freep(struct arena **a);
#define ARENA_AUTO __attribute__((cleanup(arena_freep))) struct arena
/* Zeroed, aligned for any type; NULL above the cap or without memory. */
void *arena_alloc(struct arena *a, size_t n);
/* Copies, with a closing NUL behind (not counted). {NULL, 0} on failure or for {NULL, 0}. */
struct str arena_str(struct arena *a, struct str s);
/* What the buffer holds, "" when it holds nothing; {NULL, 0} on failure. A buffer that memory
 * failed counts as an allocation that the arena refused. */
struct str arena_buf(struct arena *a, const struct buf *b);
/* Pieces one behind the other, with a closing NUL; {NULL, 0} on failure. */
struct str arena_join(struct arena *a, const struct str *pieces, size_t count);
/* Formatted copy; "" (never NULL) on failure. */
const char *arena_fmt(struct arena *a, const char *fmt, ...) PRINTF(2, 3);
size_t arena_bytes(const struct arena *a);
/* True when an allocation was refused at some time. Ask once before using what was made in an
 * arena: a text that is empty for lack of memory must not pass for one that is really empty. */
bool arena_failed(const struct arena *a);
/* What belongs to what is made in it was refused memory elsewhere. */
void arena_fail(struct arena *a);

/* ---- time: always passed in. Seconds since 1970 UTC unless a name says otherwise ---- */
struct clock {
	int64_t (*now_s)(void *ctx); /* NULL: the system's clock */
	void *ctx;
};
int64_t clock_now_s(const struct clock *c);
/* By so much the clocks of several servers may differ. What was made later than that from now was
 * made before a clock was set back, and is refused. */
enum { CLOCK_SKEW_S = 300 };
int64_t clock_monotonic_us(void); /* for durations only */
int64_t clock_boot_us(void);      /* the same, and goes on while the machine sleeps */
/* The same two, late by a tick of the kernel (1 to 10 ms, more when the machine stands still): to
 * read a fine one takes longer than to look something up. */
int64_t clock_monotonic_coarse_us(void);
int64_t clock_boot_coarse_us(void);

/* ---- files built into the program ---- */
struct embedded_file {
	const char *path; /* as in the source tree: "web/templates/front.html" */
	const char *p;
	size_t n;
};
/* All of them, ordered by path; the generated table ends with {NULL}. */
extern const struct embedded_file embedded_files[];
const struct embedded_file *embed_find(const char *path); /* NULL when there is none */

/* Whole file into a NUL-terminated buffer. ERR_NOT_FOUND, ERR_TOO_LARGE (b->max), ERR_UNAVAILABLE.
 */
enum err MUST_USE file_read(const char *path, struct buf *b);

#endif
