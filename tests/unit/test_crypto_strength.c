/* Goal: common passwords and those made of the site's or reader's name are refused with the right
 * reason, and good ones are let through, whatever their script. */
#include "crypto_help.h"

#include <string.h>

static const double min_bits = 30;

static const char *const context[] = {
	"The Morning Herald",
	"jane.lovelace-byron@mail.examplepress.org",
	"Jane Lovelace",
	NULL,
};

static enum strength strength_of(struct str password, const char *const *words, double bits)
{
	return crypto_password_strength(
		password, &(struct strength_rules){ .context = words, .min_bits = bits });
}

static void expect_each(const char *const *passwords, size_t n, enum strength want)
{
	for (size_t i = 0; i < n; i++) {
		enum strength got = strength_of(str_of(passwords[i]), context, min_bits);
		if (got != want)
			fail_msg("%s: %d, not %d", passwords[i], (int)got, (int)want);
	}
}

/* Goal: the well known lists of the worst passwords, at eight characters and more, are refused as
 * common. */
static void well_known_passwords_are_common(void **state)
{
	static const char *const passwords[] = {
		"password",
		"12345678",
		"123456789",
		"1234567890",
		"qwertyui",
		"qwertyuiop",
		"iloveyou",
		"sunshine",
		"princess",
		"football",
		"baseball",
		"trustno1",
		"superman",
		"starwars",
		"computer",
		"michelle",
		"jennifer",
		"corvette",
		"maverick",
		"samantha",
		"whatever",
		"internet",
		"mercedes",
		"midnight",
		"password1",
		"password12",
		"password123",
		"abcd1234",
		"1q2w3e4r",
		"1qaz2wsx",
		"zaq12wsx",
		"qwerty123",
		"letmein1",
		"welcome1",
		"11111111",
		"00000000",
		"88888888",
		"87654321",
		"987654321",
		"asdfghjkl",
		"asdfasdf",
		"zxcvbnm1",
		"dragon123",
		"monkey123",
		"abc12345",
		"iloveyou1",
		"123123123",
		"mountain",
		"administrator",
		"liverpool",
		"chocolate",
		"elephant",
		"butterfly",
		"swordfish",
		"passw0rd",
		"q1w2e3r4",
		"charlie1",
		"football1",
		"basketball",
		"christopher",
	};
	(void)state;
	assert_true(COUNT(passwords) >= 40);
	expect_each(passwords, COUNT(passwords), STRENGTH_COMMON);
}

/* Goal: capitals and leet spelling do not make a common password another one. */
static void spelling_does_not_hide_it(void **state)
{
	static const char *const passwords[] = {
		"PASSWORD",
		"Password",
		"pAsSwOrD",
		"PassWord1",
		"p@ssw0rd",
		"P@$$w0rd",
		"p4ssw0rd",
		"SuNsHiNe",
		"sun5hine",
		"f00tb4ll",
		"iL0v3y0u",
		"QWERTYUIOP",
		"bA5eBa11",
	};
	(void)state;
	expect_each(passwords, COUNT(passwords), STRENGTH_COMMON);
}

/* Goal: one run or one repeated unit is common at any length, also in letters that are not ASCII.
 */
static void runs_and_repetitions_are_common(void **state)
{
	static const char *const passwords[] = {
		"aaaaaaaa",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"abababab",
		"abababababababababababababababab",
		"abcabcabcabc",
		"abcdefgh",
		"abcdefghijklmnopqrstuvwxyz",
		"zyxwvuts",
		"23456789",
		"0123456789",
		"passwordpassword",
		"--------",
		"яяяяяяяя",
		"日日日日日日日日",
	};
	(void)state;
	expect_each(passwords, COUNT(passwords), STRENGTH_COMMON);
}

/* Goal: names of the site and the reader, with a year or signs around them, are refused as such. */
static void context_is_seen(void **state)
{
	static const char *const passwords[] = {
		"The Morning Herald",
		"themorningherald",
		"MorningHerald",
		"morningherald2024",
		"Morning-Herald-1!",
		"M0rn1ngH3rald",
		"heraldmorning",
		"heraldherald",
		"2024herald!",
		"jane.lovelace-byron@mail.examplepress.org",
		"JaneLovelace",
		"janelovelace1815",
		"janelovelacebyron",
		"lovelace99",
		"Lovelace!!!",
		"examplepress",
		"ExamplePress#1",
		"mailexamplepressorg",
		"***herald***",
	};
	(void)state;
	expect_each(passwords, COUNT(passwords), STRENGTH_CONTEXT);
}

/* Goal: a context word inside a good passphrase does no harm. */
static void context_within_more_is_fine(void **state)
{
	static const char *const passwords[] = {
		"herald of seven walruses",
		"lovelace drinks purple gravel",
	};
	(void)state;
	expect_each(passwords, COUNT(passwords), STRENGTH_OK);
}

/* Goal: who is not in the context is not refused for it; no context at all is fine. */
static void other_readers_may(void **state)
{
	static const char *const none[] = { NULL };
	(void)state;
	assert_int_equal(strength_of(STR("examplepress#7"), none, 20), STRENGTH_OK);
	assert_int_equal(strength_of(STR("examplepress#7"), NULL, 20), STRENGTH_OK);
	assert_int_equal(strength_of(STR("examplepress#7"), context, 20), STRENGTH_CONTEXT);
}

/* Goal: context words are compared without case and outside ASCII too. */
static void context_outside_ascii(void **state)
{
	static const char *const site[] = { "Südküsten Blätter", NULL };
	static const struct {
		struct str password;
		enum strength strength;
	} cases[] = {
		{ STR("südküsten2024"), STRENGTH_CONTEXT },
		{ STR("SÜdküstenblätter walross 39 gabel"), STRENGTH_OK },
		{ STR("blätterblätter"), STRENGTH_CONTEXT },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(strength_of(cases[i].password, site, min_bits), cases[i].strength);
}

/* Goal: passphrases and random strings are taken, in any script. */
static void good_ones_are_taken(void **state)
{
	static const char *const passwords[] = {
		"correct horse battery staple",
		"gravel umbrella seventeen",
		"kX9#vQ2mLp",
		"vwkzqtrmbhxd",
		"my cat ate 4 blue crayons",
		"Der Storch fliegt über das Weizenfeld",
		"grüß gott weißbier ampel",
		"корова летит",
		"晴れた日に傘を",
		"🐘🎻🌋🥝🚲📎",
	};
	(void)state;
	expect_each(passwords, COUNT(passwords), STRENGTH_OK);
}

/* Goal: what is guessed soon without being on a list is weak, and the threshold is the caller's. */
static void weak_below_the_threshold(void **state)
{
	static const struct {
		const char *password;
		double min_bits;
		enum strength strength;
	} cases[] = {
		{ "", 30, STRENGTH_WEAK },
		{ "", 0, STRENGTH_WEAK },
		{ "tigerlamp", 30, STRENGTH_WEAK },
		{ "tigerlamp", 10, STRENGTH_OK },
		{ "correct horse battery staple", 200, STRENGTH_WEAK },
		{ "correct horse battery staple", 60, STRENGTH_OK },
		{ "kx9vq2mlp", 45, STRENGTH_OK },
		{ "password", 0, STRENGTH_COMMON },
		{ "password1", -1, STRENGTH_COMMON },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		enum strength got =
			strength_of(str_of(cases[i].password), context, cases[i].min_bits);
		if (got != cases[i].strength)
			fail_msg("%s at %.0f: %d", cases[i].password, cases[i].min_bits, (int)got);
	}
}

/* Goal: capitals add to the estimate of what is not common. */
static void capitals_count_where_they_help(void **state)
{
	(void)state;
	assert_int_equal(strength_of(STR("vwkzqtrm"), NULL, 42), STRENGTH_WEAK);
	assert_int_equal(strength_of(STR("vWkZqTrM"), NULL, 42), STRENGTH_OK);
}

/* Goal: letters outside ASCII count once each, not once a byte: six Cyrillic ones are not 80 bits.
 */
static void characters_count_not_bytes(void **state)
{
	struct str six = STR("пароль");
	(void)state;
	assert_int_equal(strength_of(six, NULL, 45), STRENGTH_WEAK);
	assert_int_equal(strength_of(six, NULL, 30), STRENGTH_OK);
}

static const char keypad_walk[] = "15253545787451252689698458486952421241587875695369632623212695"
				  "3635852153547598";

/* Goal: no length, byte or pattern takes long (libzxcvbn alone needs a second for some of these),
 * and what stands behind 48 characters adds nothing. */
static void long_input_is_bounded(void **state)
{
	static const char *const patterns[] = { "a", "ab", "1l!|i@a$s50o", "password", "!1|", "ä",
		"\x80", "\xff", "0o", "aA", "morningherald", "🐘", "1234567890", "c(<{", "51",
		keypad_walk };
	char text[20000];
	(void)state;
	for (size_t k = 0; k < COUNT(patterns); k++) {
		size_t length = strlen(patterns[k]);
		for (size_t i = 0; i < sizeof text; i++)
			text[i] = patterns[k][i % length];
		double before = cpu_ms();
		enum strength whole =
			strength_of((struct str){ text, sizeof text }, context, min_bits);
		if (cpu_ms() - before > 200)
			fail_msg("pattern %zu took %.0f ms", k, cpu_ms() - before);
		if ((uint8_t)text[0] < 0x80)
			assert_int_equal(
				whole, strength_of((struct str){ text, 48 }, context, min_bits));
	}
}

/* Goal: what is repeated without end is judged as if it were repeated a few times; a good rest
 * still counts. */
static void endless_repetition_adds_nothing(void **state)
{
	static const struct {
		const char *password;
		enum strength strength;
	} cases[] = {
		{ "5151515151515151515151515151515151515151", STRENGTH_COMMON },
		{ "heraldheraldheraldheraldheraldheraldherald", STRENGTH_CONTEXT },
		{ "--------------------kX9#vQ2mLp", STRENGTH_OK },
		{ "kX9#vQ2mLp--------------------", STRENGTH_OK },
	};
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		enum strength got = strength_of(str_of(cases[i].password), context, min_bits);
		if (got != cases[i].strength)
			fail_msg("%s: %d", cases[i].password, (int)got);
	}
}

/* Goal: any number and length of context words is survived; the first ones count. */
static void context_is_bounded(void **state)
{
	static char names[200][12];
	static char huge[5000];
	const char *many[203] = { "Aardvark Gazette", huge };
	(void)state;
	memset(huge, 'h', sizeof huge - 1);
	for (size_t i = 0; i < COUNT(names); i++) {
		memset(names[i], (int)('a' + i % 26), 8);
		names[i][0] = (char)('a' + i / 26);
		many[i + 2] = names[i];
	}
	assert_int_equal(strength_of(STR("aardvark77"), many, min_bits), STRENGTH_CONTEXT);
	const char *odd[] = { "", "@", "@@@", "   ", "a@b", "...", "\xff\xfe", NULL };
	assert_int_equal(strength_of(STR("gravel umbrella seventeen"), odd, min_bits), STRENGTH_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(well_known_passwords_are_common),
		cmocka_unit_test(spelling_does_not_hide_it),
		cmocka_unit_test(runs_and_repetitions_are_common),
		cmocka_unit_test(context_is_seen),
		cmocka_unit_test(context_within_more_is_fine),
		cmocka_unit_test(other_readers_may),
		cmocka_unit_test(context_outside_ascii),
		cmocka_unit_test(good_ones_are_taken),
		cmocka_unit_test(weak_below_the_threshold),
		cmocka_unit_test(capitals_count_where_they_help),
		cmocka_unit_test(characters_count_not_bytes),
		cmocka_unit_test(long_input_is_bounded),
		cmocka_unit_test(endless_repetition_adds_nothing),
		cmocka_unit_test(context_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
