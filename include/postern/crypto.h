/* crypto: passwords, tokens, digests. The only user of libsodium and libzxcvbn.
 *
 * Threads: any, after crypto_start. Secrets handed in are not kept; temporaries are wiped. Names
 * are checked against libsodium's, which begin with crypto_ as well: a second crypto_hash would
 * stand in for its own when linked. */
#ifndef POSTERN_CRYPTO_H
#define POSTERN_CRYPTO_H

#include "postern/base.h"
#include "postern/log.h"

/* Once, before anything else. ERR_INTERNAL when libsodium cannot start. */
enum err MUST_USE crypto_start(void);

void crypto_random(void *p, size_t n);
void crypto_wipe(void *p, size_t n);
bool crypto_equal(const void *a, const void *b, size_t n); /* constant time */

/* A name for a row: 128 random bits, 26 characters of lower-case base32 and a NUL. Not a secret. */
void crypto_id_make(char out[static ID_SIZE]);

/* ---- tokens: 256 random bits, shown once, stored as BLAKE2b-256 of the text ---- */
enum { TOKEN_SIZE = 48 }; /* "pst_" + 43 base64url characters + NUL */
struct token {
	char text[TOKEN_SIZE]; /* secret */
	uint8_t hash[HASH_BYTES];
};
void crypto_token_make(struct token *out);
/* Whether what was presented has exactly the form above. */
bool crypto_token_is_formed(struct str text);
/* Hash of a token as presented. ERR_INVALID unless it has that form. */
enum err MUST_USE crypto_token_hash(struct str text, uint8_t hash[static HASH_BYTES]);
/* All zero, which is what a column without one reads as. */
bool crypto_hash_is_none(const uint8_t hash[static HASH_BYTES]);
void crypto_digest(struct str s, uint8_t hash[static HASH_BYTES]); /* BLAKE2b-256 */
/* The same of pieces one behind the other. No buffer holds them together: a name made from a digest
 * must not change, nor become that of something else, because memory ran out. */
void crypto_digest_join(const struct str *pieces, size_t count, uint8_t hash[static HASH_BYTES]);
/* Keyed BLAKE2b (RFC 7693) of `n` bytes, 16 to 64: only a holder of the key can make it. */
enum { KEY_BYTES = 32 };
void crypto_mac(const uint8_t key[static KEY_BYTES], struct str s, uint8_t *out, size_t n);
/* base64url without padding (RFC 4648 section 5), one spelling for each value. At most
 * BASE64URL_BYTES_MAX bytes. */
enum { BASE64URL_BYTES_MAX = 768 };
/* Of the text of `n` bytes, with its NUL. */
static inline size_t crypto_base64url_size(size_t n)
{
	return (n * 4 + 2) / 3 + 1;
}
void crypto_base64url(const void *p, size_t n, char *out, size_t size); /* clears all of `out` */
/* ERR_INVALID, ERR_TOO_LARGE; *out_n is how many. */
enum err MUST_USE crypto_base64url_decode(
	struct str text, uint8_t out[static BASE64URL_BYTES_MAX], size_t *out_n);
/* 16 hexadecimal characters of a hash, to name a session in a log line. */
enum { HASH_TAG_SIZE = 17 };
void crypto_hash_tag(const uint8_t hash[static HASH_BYTES], char out[static HASH_TAG_SIZE]);

/* ---- passwords: Argon2id, PHC string ---- */
enum { PASSWORD_HASH_SIZE = 128 }; /* crypto_pwhash_STRBYTES */
struct hashers;
struct password_cost {
	uint32_t memory_kib; /* at least 19,456 (OWASP), at most 1 GiB */
	uint32_t passes;     /* at least 2 (1 from 47,104 KiB on) */
	struct hashers *by;  /* processes that do the work; NULL: the calling thread */
};
struct hashers_settings {
	unsigned threads; /* of each of the two processes, 256 at most */
	/* Hashes a second at normal priority, and twice as many while they come one at a time.
	 * Further ones run at the lowest priority, or wait until there is room in this budget. */
	unsigned per_second;
	const struct log *log;
};
/* Starts the two hashing processes: this program again, with CRYPTO_HASHER_ARGUMENT. They are
 * restarted when they end. A caller that has waited for more than a second, or while a process is
 * missing, hashes on its own thread, one at a time. So at most 2 * `threads` + 1 hashes run at
 * once. NULL without memory or threads. */
struct hashers *crypto_hashers_start(const struct hashers_settings *s);
void crypto_hashers_stop(struct hashers *h); /* no hash may be under way; NULL is fine */
struct hashers_stats {
	unsigned lost;                    /* processes that are not there now */
	uint64_t restarts;                /* of both */
	uint64_t normal, background, own; /* hashes, by who did them */
};
struct hashers_stats crypto_hashers_stats(struct hashers *h);
/* What main is to do when its first argument is this one. */
#define CRYPTO_HASHER_ARGUMENT "--hasher"
int crypto_hasher_main(int argc, char **argv);
/* ERR_INVALID below, ERR_TOO_LARGE above (or more than 20 passes). */
enum err MUST_USE crypto_password_cost_check(struct password_cost c);
/* `prepared` went through text_opaque. Takes tens of milliseconds: hash lane only. ERR_NOMEM, and
 * those of cost_check. */
enum err MUST_USE crypto_password_hash(
	struct str prepared, struct password_cost c, char out[static PASSWORD_HASH_SIZE]);
/* ERR_OK, ERR_DENIED (does not match), ERR_CORRUPT (not an Argon2 hash as libsodium writes it, or
 * its cost is above 1 GiB / 20 passes: found before any work), ERR_NOMEM. An empty `stored` does
 * the work of `c` on a fixed dummy and says ERR_DENIED, for unknown accounts; only then may `c`
 * have the errors of cost_check. A hash that costs less than `c` takes as long as one of `c`. */
enum err MUST_USE crypto_password_verify(
	const char *stored, struct str prepared, struct password_cost c);
/* True when algorithm or cost of `stored` is not `c`, in either direction. */
bool crypto_password_stale(const char *stored, struct password_cost c);

/* Lists of common passwords, one word a line; empty lines and those that begin with '#' are left
 * out, and so are words of fewer than three letters. Immutable once open: threads, any. */
struct common_words;
enum { COMMON_LINE_MAX = 192 };
struct common_fault {
	size_t text, line; /* which text, which line of it, from 1 */
	const char *what;  /* "is not UTF-8"; "" when the fault is none of the text's */
};
/* ERR_INVALID with `fault`, ERR_NOMEM. */
enum err MUST_USE crypto_common_open(const struct str *texts, size_t count,
	struct common_words **out, struct common_fault *fault);
void crypto_common_close(struct common_words *w); /* NULL is fine */

/* COMMON: libzxcvbn finds it whole among the 173,899 words it ships (in any case, leet spellings
 * too), it is one short run or repetition, guessed within the first 2^14 tries, or one word of the
 * lists with at most digits and signs around it. CONTEXT: it is context words with at most digits
 * and signs around them. WEAK: libzxcvbn's estimate is below `min_bits`, where a word of the lists
 * counts as one of so many. UNKNOWN: memory ran out. */
enum strength { STRENGTH_OK, STRENGTH_COMMON, STRENGTH_CONTEXT, STRENGTH_WEAK, STRENGTH_UNKNOWN };
struct strength_rules {
	const char *const *context;        /* site name, address, reader's name, NULL; or NULL */
	const struct common_words *common; /* or NULL */
	double min_bits;
};
/* Judges a password that has been prepared, by its first 48 characters: libzxcvbn would need a
 * second for a hundred, and what follows adds nothing. Some 25 ms at worst, twice that with
 * capitals or words of the lists, so: hash lane. Parts of the context of four characters and more
 * count too. */
enum strength crypto_password_strength(struct str prepared, const struct strength_rules *r);

#endif
