/* Goal: the cookie has one spelling for each value, nobody but the holder of the key can make or
 * change one, and every meter at its limit fits into it. */
#include "unit.h"

#include <string.h>

#include "postern/meter.h"

static const uint8_t key[KEY_BYTES] = { 1, 2, 3 }, other_key[KEY_BYTES] = { 1, 2, 4 };

/* version, key 1, id, then what is given, then a MAC of zeros: the form is looked at alone */
struct bytes {
	uint8_t b[BASE64URL_BYTES_MAX];
	size_t n;
};

static void put(struct bytes *o, const void *p, size_t n)
{
	memcpy(o->b + o->n, p, n);
	o->n += n;
}

static void put_count(struct bytes *o, uint8_t name, uint8_t n)
{
	const uint8_t head[10] = { name, 0, 0, 0, 0, 0x6a, 0xe6, 0x81, 0x00, n };
	put(o, head, sizeof head);
	for (uint8_t i = 0; i < n; i++)
		put(o, (uint8_t[]){ name, i, 0, 0, 0, 9 }, METER_TAG_BYTES);
}

static struct bytes head(void)
{
	struct bytes o = { .n = 0 };
	put(&o, (uint8_t[]){ 1, 0, 0, 0, 1 }, 5);
	put(&o, (uint8_t[METER_ID_BYTES]){ 7 }, METER_ID_BYTES);
	return o;
}

static enum err parse(struct bytes o, struct meter_cookie *out)
{
	char text[1100];

	put(&o, (uint8_t[16]){ 0 }, 16);
	crypto_base64url(o.b, o.n, text, sizeof text);
	return meter_cookie_parse(str_of(text), out);
}

static void what_is_well_formed_is_read(void **state)
{
	struct meter_cookie k;
	struct bytes o = head();

	(void)state;
	assert_int_equal(parse(o, &k), ERR_OK);
	assert_int_equal(k.key, 1);
	assert_int_equal(k.count, 0);
	put_count(&o, 3, 2);
	put_count(&o, 9, METER_LIMIT_MAX);
	assert_int_equal(parse(o, &k), ERR_OK);
	assert_int_equal(k.count, 2);
	assert_int_equal(k.v[0].n, 2);
	assert_int_equal(k.v[0].began_at, 0x6ae68100);
	assert_int_equal(k.v[0].tags[1].b[1], 1);
	assert_int_equal(k.v[1].n, METER_LIMIT_MAX);
}

static void texts_that_are_no_cookie(void **state)
{
	char longest[METER_COOKIE_MAX + 2];
	memset(longest, 'A', sizeof longest);
	longest[METER_COOKIE_MAX + 1] = '\0';
	const struct {
		const char *goal, *text;
		enum err err;
	} rows[] = {
		{ "empty", "", ERR_INVALID },
		{ "a word", "exhausted", ERR_INVALID },
		{ "a number", "5", ERR_INVALID },
		{ "JSON", "{\"used\":0}", ERR_INVALID },
		{ "padding", "AQAAAAEHAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", ERR_INVALID },
		{ "the other alphabet", "AQAAAAEHAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+",
			ERR_INVALID },
		{ "a blank in it", "AQAAAAEH AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", ERR_INVALID },
		{ "head and MAC, a byte short", "AQAAAAEHAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
			ERR_INVALID },
		{ "spare bits that are not zero", "AQAAAAEHAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",
			ERR_INVALID },
		{ "a byte above 0x7f", "AQAAAAEHAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\xc1\xc1",
			ERR_INVALID },
		{ "only zeros", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", ERR_INVALID },
		{ "longer than any", longest, ERR_TOO_LARGE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct meter_cookie k;
		if (meter_cookie_parse(str_of(rows[i].text), &k) != rows[i].err)
			fail_msg("%s", rows[i].goal);
	}
}

static void broken_forms_are_refused(void **state)
{
	struct meter_cookie k;

	(void)state;
	struct bytes o = head();
	o.b[0] = 2;
	assert_int_equal(parse(o, &k), ERR_INVALID); /* a version to come */
	o = head();
	o.b[4] = 0;
	assert_int_equal(parse(o, &k), ERR_INVALID); /* no key */
	o = head();
	put_count(&o, 3, 0);
	assert_int_equal(parse(o, &k), ERR_INVALID); /* nothing counted is not there */
	o = head();
	put_count(&o, 3, METER_LIMIT_MAX + 1);
	assert_int_equal(parse(o, &k), ERR_INVALID);
	o = head();
	put_count(&o, 3, 2);
	o.n--;
	assert_int_equal(parse(o, &k), ERR_INVALID); /* half an article */
	o = head();
	put_count(&o, 3, 2);
	memset(o.b + o.n - METER_TAG_BYTES, 3, 1);
	memcpy(o.b + o.n - METER_TAG_BYTES, o.b + o.n - 2 * METER_TAG_BYTES, METER_TAG_BYTES);
	assert_int_equal(parse(o, &k), ERR_INVALID); /* an article twice */
	o = head();
	put_count(&o, 3, 1);
	put_count(&o, 3, 1);
	assert_int_equal(parse(o, &k), ERR_INVALID); /* a meter twice */
	o = head();
	put_count(&o, 9, 1);
	put_count(&o, 3, 1);
	assert_int_equal(parse(o, &k), ERR_INVALID); /* another order */
	o = head();
	put_count(&o, 3, 1);
	memset(o.b + 5 + METER_ID_BYTES + 4, 0, 5);
	assert_int_equal(parse(o, &k), ERR_INVALID); /* began never */
	o = head();
	for (uint8_t i = 0; i <= METERS_MAX; i++)
		put_count(&o, i, 1);
	assert_int_equal(parse(o, &k), ERR_INVALID); /* more meters than there can be */
	o.n -= 16;
	assert_int_equal(parse(o, &k), ERR_OK);
}

/* Every meter there can be, every article that all limits together allow. */
static struct meter_cookie fullest(void)
{
	struct meter_cookie k = { .key = UINT32_MAX, .count = METERS_MAX };
	size_t left = METER_TAGS_MAX;

	memset(k.id, 0xff, sizeof k.id);
	for (size_t i = 0; i < METERS_MAX; i++) {
		k.v[i].name[0] = (uint8_t)i;
		k.v[i].began_at = INT64_C(0xffffffffff);
		k.v[i].n = i == 0 ? METER_TAGS_MAX - (METERS_MAX - 1) * 4 : 4;
		left -= k.v[i].n;
		for (size_t t = 0; t < k.v[i].n; t++)
			k.v[i].tags[t].b[0] = (uint8_t)t;
	}
	assert_int_equal(left, 0);
	return k;
}

static void what_is_written_is_read_again(void **state)
{
	ARENA_AUTO *a = arena_new(65536);
	struct meter_cookie k = fullest(), back;
	struct str text, again;

	(void)state;
	assert_int_equal(meter_cookie_write(&k, key, a, &text), ERR_OK);
	assert_true(text.n <= METER_COOKIE_MAX);
	assert_int_equal(meter_cookie_parse(text, &back), ERR_OK);
	assert_int_equal(back.count, METERS_MAX);
	assert_int_equal(back.key, UINT32_MAX);
	assert_int_equal(back.v[METERS_MAX - 1].began_at, INT64_C(0xffffffffff));
	assert_int_equal(meter_cookie_write(&back, key, a, &again), ERR_OK);
	assert_true(str_eq(text, again));
	k.v[1].n = METER_LIMIT_MAX; /* more than limits allow together */
	for (size_t t = 0; t < k.v[1].n; t++)
		k.v[1].tags[t].b[0] = (uint8_t)t;
	assert_int_equal(meter_cookie_write(&k, key, a, &text), ERR_TOO_LARGE);
}

static void every_change_breaks_the_seal(void **state)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	ARENA_AUTO *a = arena_new(65536);
	struct meter_cookie k = fullest();
	struct str text;
	char changed[METER_COOKIE_MAX + 1];

	(void)state;
	k.count = 2;
	assert_int_equal(meter_cookie_write(&k, key, a, &text), ERR_OK);
	assert_true(meter_cookie_sealed(text, key));
	assert_false(meter_cookie_sealed(text, other_key));
	for (size_t i = 0; i < text.n; i++) {
		memcpy(changed, text.p, text.n);
		changed[i] = alphabet[(strchr(alphabet, changed[i]) - alphabet + 1) % 64];
		assert_false(meter_cookie_sealed((struct str){ changed, text.n }, key));
		assert_false(meter_cookie_sealed((struct str){ text.p, i }, key));
	}
	assert_false(meter_cookie_sealed(STR(""), key));
}

static int setup(void **state)
{
	(void)state;
	return crypto_start() == ERR_OK ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_well_formed_is_read),
		cmocka_unit_test(texts_that_are_no_cookie),
		cmocka_unit_test(broken_forms_are_refused),
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(every_change_breaks_the_seal),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
