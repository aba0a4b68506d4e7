/* Goal: base64url has one spelling for each value, and is read and written as by libsodium. */
#include <sodium.h> /* first: it tells crypto.h to leave the name crypto_hash to it */

#include "postern/crypto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int start(void **state)
{
	(void)state;
	return crypto_start() == ERR_OK ? 0 : -1;
}

/* What libsodium says; it takes bytes above 0x7f for letters. */
static bool is_base64url(struct str text, uint8_t out[static BASE64URL_BYTES_MAX], size_t *n)
{
	for (size_t i = 0; i < text.n; i++) {
		if ((unsigned char)text.p[i] > 0x7f)
			return false;
	}
	return sodium_base642bin(out, BASE64URL_BYTES_MAX, text.p, text.n, NULL, n, NULL,
		       sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}

static void assert_same(struct str text)
{
	uint8_t ours[BASE64URL_BYTES_MAX], theirs[BASE64URL_BYTES_MAX];
	size_t n = 0, want = 0;
	const bool good = is_base64url(text, theirs, &want);
	assert_int_equal(crypto_base64url_decode(text, ours, &n), good ? ERR_OK : ERR_INVALID);
	if (good) {
		assert_int_equal(n, want);
		assert_memory_equal(ours, theirs, n);
	}
}

static void any_three_bytes(void **state)
{
	(void)state;
	char text[3];
	for (unsigned a = 0; a < 256; a++) {
		text[0] = (char)a;
		assert_same((struct str){ text, 1 });
		for (unsigned b = 0; b < 256; b++) {
			text[1] = (char)b;
			text[2] = "AQgw8x_+="[(a + b) % 9];
			assert_same((struct str){ text, 2 });
			assert_same((struct str){ text, 3 });
		}
	}
}

static void any_length(void **state)
{
	(void)state;
	uint8_t bytes[BASE64URL_BYTES_MAX], back[BASE64URL_BYTES_MAX];
	static char text[2 * BASE64URL_BYTES_MAX], theirs[2 * BASE64URL_BYTES_MAX];
	size_t n = 0;
	for (size_t size = 0; size <= BASE64URL_BYTES_MAX; size++) {
		randombytes_buf(bytes, size);
		crypto_base64url(bytes, size, text, crypto_base64url_size(size));
		const struct str all = str_of(text);
		sodium_bin2base64(theirs, sizeof theirs, bytes, size,
			sodium_base64_VARIANT_URLSAFE_NO_PADDING);
		assert_string_equal(text, theirs);
		assert_int_equal(crypto_base64url_decode(all, back, &n), ERR_OK);
		assert_int_equal(n, size);
		assert_memory_equal(back, bytes, size);
		if (size > 0) {
			text[randombytes_uniform((uint32_t)all.n)] = (char)randombytes_uniform(256);
			assert_same(all);
		}
	}
	memset(text, 'A', sizeof text);
	const struct str long_text = { text, sizeof text };
	assert_int_equal(crypto_base64url_decode(long_text, back, &n), ERR_TOO_LARGE);
	crypto_base64url(bytes, 3, text, 4);
	assert_memory_equal(text, "\0\0\0", 4); /* no room: nothing */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_three_bytes),
		cmocka_unit_test(any_length),
	};
	return cmocka_run_group_tests(tests, start, NULL);
}
