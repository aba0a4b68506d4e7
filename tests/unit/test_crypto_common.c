/* Goal: passwords that are common in other languages, and the operator's own words, are refused in
 * every spelling that people give them; sentences and rare words of the same languages are not. */
#include "postern/crypto.h"

#include "../../src/crypto/common.h"
#include "unit.h"

#include <string.h>

static struct common_words *lists;

/* The lists as the program has them. */
static int lists_open(void **state)
{
	struct str texts[64];
	struct common_fault fault;
	size_t n = 0;

	(void)state;
	for (const struct embedded_file *f = embedded_files; f->path; f++) {
		if (strncmp(f->path, "web/passwords/", 14) == 0)
			texts[n++] = (struct str){ f->p, f->n };
	}
	assert_true(n >= 10);
	return crypto_common_open(texts, n, &lists, &fault) == ERR_OK ? 0 : -1;
}

static int lists_close(void **state)
{
	(void)state;
	crypto_common_close(lists);
	return 0;
}

static enum strength strength_of(const char *password, const struct common_words *words)
{
	const struct strength_rules rules = { .common = words, .min_bits = 28 };
	return crypto_password_strength(str_of(password), &rules);
}

static void test_common_in_many_languages(void **state)
{
	static const char *const passwords[] = {
		"welkom01",
		"wachtwoord",
		"Wachtwoord1",
		"feyenoord",
		"Ajax1900!",
		"ikhouvanjou",
		"sonnenschein",
		"Sonnenschein1",
		"Sommer2026!",
		"passwort",
		"Passw0rt!",
		"ichliebedich",
		"Schalke04",
		"qwertzuiop",
		"Muenchen1860",
		"M\xc3\xbcnchen1860",
		"schatzi123",
		"contrase\xc3\xb1"
		"a",
		"CONTRASE\xc3\x91"
		"A",
		"contrasena",
		"contrase\xcc\x83na1",
		"tequiero",
		"teamo123",
		"barcelona10",
		"motdepasse",
		"azertyuiop",
		"marseille13",
		"doudou2020",
		"bonjour123",
		"amoremio",
		"Forzajuve1",
		"parolachiave",
		"benfica1904",
		"palavrapasse",
		"kochamcie",
		"has\xc5\x82o123",
		"haslo123",
		"zaq12wsx",
		"l\xc3\xb6senord",
		"sommar2026",
		"jag\xc3\xa4lskardig",
		"adgangskode",
		"br\xc3\xb8ndby1",
		"brondby1",
		"passord123",
		"salasana1",
		"rakastan sinua",
		"heslo123",
		"milacek1",
		"galatasaray",
		"sifre1234",
		"\xc5\x9fifre1234",
		"Fenerbahce1907",
		"jelsz\xc3\xb3"
		"123",
		"szeretlek",
		"parolamea",
		"teiubesc1",
		"\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c"
		"123",
		"\xd0\x9f\xd0\x90\xd0\xa0\xd0\x9e\xd0\x9b\xd0\xac"
		"123",
		"\xd0\xb9\xd1\x86\xd1\x83\xd0\xba\xd0\xb5\xd0\xbd\xd0\xb3",
		"w3lk0m2025",
		"welkomwelkom",
		"2026welkom",
		"ich liebe dich",
		"*sonnenblume*",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(passwords); i++) {
		enum strength got = strength_of(passwords[i], lists);
		if (got != STRENGTH_COMMON)
			fail_msg("%s: %d", passwords[i], (int)got);
	}
}

static void test_others_pass(void **state)
{
	static const char *const passwords[] = {
		"violet otter sings at noon",
		"drie paarden eten taart",
		"welkom bij de kapper om de hoek",
		"Zo\xc3\xab fand 17 Kr\xc3\xa4hen im Heu",
		"Sommergewitter \xc3\xbc"
		"ber Kiel",
		"le canard boit du sirop bleu",
		"tres ovejas cruzan Teruel",
		"nove zelene raketoplany",
		"\xd0\xb6\xd1\x91\xd0\xbb\xd1\x82\xd1\x8b\xd0\xb9 "
		"\xd1\x82\xd1\x80\xd0\xb0\xd0\xbc\xd0\xb2\xd0\xb0\xd0\xb9 "
		"\xd0\xb5\xd0\xb4\xd0\xb5\xd1\x82 \xd0\xb4\xd0\xbe\xd0\xbc\xd0\xbe\xd0\xb9",
		"kv9Tq2!mXw4#",
		"sonnensegler-quark",
		"xkqz welkom vbnt",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(passwords); i++) {
		enum strength got = strength_of(passwords[i], lists);
		if (got != STRENGTH_OK)
			fail_msg("%s: %d", passwords[i], (int)got);
	}
}

/* Goal: without the lists these pass, so that it is the lists that find them. */
static void test_lists_are_what_finds_them(void **state)
{
	static const char *const passwords[] = { "sonnenschein", "contrase\u00f1a", "ikhouvanjou",
		"seniseviyorum" };

	(void)state;
	for (size_t i = 0; i < COUNT(passwords); i++) {
		enum strength got = strength_of(passwords[i], NULL);
		if (got != STRENGTH_OK)
			fail_msg("%s: %d", passwords[i], (int)got);
	}
}

/* Goal: two words of the lists and little else are guessed too soon; three are not. */
static void test_few_words_are_weak(void **state)
{
	(void)state;
	assert_int_equal(strength_of("welkomzomer", lists), STRENGTH_WEAK);
	assert_int_equal(strength_of("sonnenscheinab", lists), STRENGTH_WEAK);
	assert_int_equal(strength_of("welkomzomerfiets", lists), STRENGTH_OK);
}

static enum err open_text(const char *text, struct common_words **out, struct common_fault *fault)
{
	struct str s = str_of(text);
	return crypto_common_open(&s, 1, out, fault);
}

static void test_own_list(void **state)
{
	struct common_words *w = NULL;
	struct common_fault fault;

	(void)state;
	assert_int_equal(open_text("# of the harbour\n\n  Harbour Courier \r\nLighthouse\nab\nEss"
				   "linger Bl\xc3\xa4ttle",
				 &w, &fault),
		ERR_OK);
	assert_int_equal(crypto_common_count(w), 4); /* the last one in two spellings */
	assert_int_equal(strength_of("harbourcourier7", w), STRENGTH_COMMON);
	assert_int_equal(strength_of("L1GHTH0USE!!", w), STRENGTH_COMMON);
	assert_int_equal(strength_of("Esslinger Blaettle", w), STRENGTH_COMMON);
	assert_int_equal(strength_of("sonnenschein", w), STRENGTH_OK);
	crypto_common_close(w);

	assert_int_equal(open_text("", &w, &fault), ERR_OK);
	assert_int_equal(strength_of("sonnenschein", w), STRENGTH_OK);
	crypto_common_close(w);
}

static void test_own_list_faults(void **state)
{
	struct common_words *w = NULL;
	struct common_fault fault;
	char text[400];

	(void)state;
	assert_int_equal(open_text("fine\n\xff\xfe\n", &w, &fault), ERR_INVALID);
	assert_int_equal(fault.line, 2);
	assert_string_equal(fault.what, "is not UTF-8");
	memset(text, 'x', sizeof text);
	memcpy(text, "a\nb\n", 4);
	text[sizeof text - 1] = '\0';
	assert_int_equal(open_text(text, &w, &fault), ERR_INVALID);
	assert_int_equal(fault.line, 3);
	assert_non_null(strstr(fault.what, "longer"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_common_in_many_languages),
		cmocka_unit_test(test_others_pass),
		cmocka_unit_test(test_lists_are_what_finds_them),
		cmocka_unit_test(test_few_words_are_weak),
		cmocka_unit_test(test_own_list),
		cmocka_unit_test(test_own_list_faults),
	};
	return cmocka_run_group_tests(tests, lists_open, lists_close);
}
