/* Goal: ids are well formed and do not repeat, also across threads; digests are BLAKE2b-256; the
 * small tools for secrets do what their names say. */
#include "postern/crypto.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int start(void **state)
{
	(void)state;
	return crypto_start() == ERR_OK ? 0 : -1;
}

/* Goal: starting twice is harmless, since a test program and the app may both do it. */
static void starts_again(void **state)
{
	(void)state;
	assert_int_equal(crypto_start(), ERR_OK);
}

/* Goal: an id is 26 characters of base32 and the last one holds three bits only. */
static void id_has_its_form(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		char id[ID_SIZE];
		memset(id, '#', sizeof id);
		crypto_id_make(id);
		assert_int_equal(strlen(id), ID_SIZE - 1);
		assert_int_equal(strspn(id, "abcdefghijklmnopqrstuvwxyz234567"), ID_SIZE - 1);
		assert_non_null(strchr("aeimquy4", id[ID_SIZE - 2]));
	}
}

/* Goal: every position of an id takes every value it can, so no random bit is lost on the way. */
static void id_uses_all_its_bits(void **state)
{
	bool seen[ID_SIZE - 1][256] = { 0 };
	(void)state;
	for (int i = 0; i < 3000; i++) {
		char id[ID_SIZE];
		crypto_id_make(id);
		for (size_t k = 0; k < ID_SIZE - 1; k++)
			seen[k][(uint8_t)id[k]] = true;
	}
	for (size_t k = 0; k < ID_SIZE - 1; k++) {
		int values = 0;
		for (size_t c = 0; c < 256; c++)
			values += seen[k][c];
		assert_int_equal(values, k == ID_SIZE - 2 ? 8 : 32);
	}
}

enum { THREADS = 4, IDS_EACH = 2000 };

static void *make_ids(void *arg)
{
	char(*ids)[ID_SIZE] = arg;
	for (int i = 0; i < IDS_EACH; i++)
		crypto_id_make(ids[i]);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Goal: threads that make ids at the same time never make the same one. */
static void ids_differ_across_threads(void **state)
{
	static char ids[THREADS * IDS_EACH][ID_SIZE];
	pthread_t threads[THREADS];
	(void)state;
	for (size_t t = 0; t < THREADS; t++)
		assert_int_equal(pthread_create(&threads[t], NULL, make_ids, ids[t * IDS_EACH]), 0);
	for (size_t t = 0; t < THREADS; t++)
		assert_int_equal(pthread_join(threads[t], NULL), 0);
	qsort(ids, COUNT(ids), sizeof ids[0], compare);
	for (size_t i = 1; i < COUNT(ids); i++)
		assert_string_not_equal(ids[i - 1], ids[i]);
}

/* Goal: random bytes fill exactly what was asked for; nothing is fine too. */
static void random_fills_its_room(void **state)
{
	uint8_t a[34] = { 0 }, b[34] = { 0 };
	(void)state;
	crypto_random(a + 1, 32);
	crypto_random(b + 1, 32);
	assert_memory_not_equal(a + 1, b + 1, 32);
	assert_int_equal(a[0] | a[33] | b[0] | b[33], 0);
	crypto_random(a, 0);
	assert_int_equal(a[0], 0);
}

/* Goal: equality sees each single bit and does not look past the length. */
static void equal_sees_every_bit(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 256; bit++) {
		uint8_t a[33] = { 0 }, b[33] = { 0 };
		b[32] = 1;
		assert_true(crypto_equal(a, b, 32));
		b[bit / 8] = (uint8_t)(1u << bit % 8);
		assert_false(crypto_equal(a, b, 32));
	}
	assert_true(crypto_equal("a", "b", 0));
}

/* Goal: wiping leaves zeros, and only where it was told to. */
static void wipe_clears(void **state)
{
	char secret[] = "correct horse";
	(void)state;
	crypto_wipe(secret, 7);
	assert_memory_equal(secret, "\0\0\0\0\0\0\0 horse", sizeof secret);
}

/* Goal: the digest is BLAKE2b-256 (vectors made with Python's hashlib.blake2b, digest_size 32). */
static void digest_is_blake2b(void **state)
{
	static const struct {
		struct str in;
		const char *tag;
		uint8_t first, last;
	} cases[] = {
		{ STR(""), "0e5751c026e543b2", 0x0e, 0xa8 },
		{ STR("abc"), "bddd813c63423972", 0xbd, 0x19 },
		{ { NULL, 0 }, "0e5751c026e543b2", 0x0e, 0xa8 },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t hash[HASH_BYTES];
		char tag[HASH_TAG_SIZE];
		crypto_digest(cases[i].in, hash);
		crypto_hash_tag(hash, tag);
		assert_string_equal(tag, cases[i].tag);
		assert_int_equal(hash[0], cases[i].first);
		assert_int_equal(hash[HASH_BYTES - 1], cases[i].last);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_again),
		cmocka_unit_test(id_has_its_form),
		cmocka_unit_test(id_uses_all_its_bits),
		cmocka_unit_test(ids_differ_across_threads),
		cmocka_unit_test(random_fills_its_room),
		cmocka_unit_test(equal_sees_every_bit),
		cmocka_unit_test(wipe_clears),
		cmocka_unit_test(digest_is_blake2b),
	};
	return cmocka_run_group_tests(tests, start, NULL);
}
