/* mail: a row as a message. What compose writes is read back strictly by a small reader of mail
 * written here. */
#include "../../src/mail/internal.h"

#include "postern/text.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FIELDS = 8, TEXT_MAX = 1 << 20 };

/* ---- a strict reader ---- */
struct message {
	char *names[FIELDS], *values[FIELDS]; /* unfolded */
	size_t fields;
	char *body;
	char raw[TEXT_MAX];
};

static int hex(char c)
{
	const char *digits = "0123456789ABCDEF", *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

/* Every line ends with CRLF, none is longer than `max`, none has other controls or bytes above 126.
 */
static void check_lines(const char *p, size_t n, size_t max)
{
	size_t column = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];
		if (c == '\r') {
			assert_true(i + 1 < n && p[i + 1] == '\n');
			assert_true(column <= max);
			column = 0;
			i++;
			continue;
		}
		assert_true((c >= 32 && c <= 126) || c == '\t');
		column++;
	}
	assert_int_equal(column, 0);
}

static void read_header(struct message *m)
{
	char *end = strstr(m->raw, "\r\n\r\n");
	assert_non_null(end);
	check_lines(m->raw, (size_t)(end - m->raw) + 2, 78);
	m->body = end + 4;
	end[2] = '\0';
	char *to = m->raw;
	for (char *p = m->raw; *p; p++) { /* unfold: CRLF before a space goes away */
		if (p[0] == '\r' && p[2] == ' ')
			p++;
		else
			*to++ = *p;
	}
	*to = '\0';
	for (char *line = m->raw; *line;) {
		char *stop = strstr(line, "\r\n"), *colon = strstr(line, ": ");
		assert_true(stop && colon && colon < stop && m->fields < FIELDS);
		*stop = *colon = '\0';
		m->names[m->fields] = line;
		m->values[m->fields++] = colon + 2;
		line = stop + 2;
	}
}

static const char *field(const struct message *m, const char *name)
{
	const char *found = NULL;
	for (size_t i = 0; i < m->fields; i++) {
		if (strcmp(m->names[i], name) == 0) {
			assert_null(found);
			found = m->values[i];
		}
	}
	assert_non_null(found);
	return found;
}

static char *decode_word(char **p, char *to)
{
	*p += strlen("=?UTF-8?Q?");
	char *end = strstr(*p, "?=");
	assert_non_null(end);
	assert_true((size_t)(end - *p) <= 63);
	for (; *p < end; (*p)++) {
		assert_true(**p != ' ' && **p != '?');
		if (**p == '=') {
			assert_true(hex((*p)[1]) >= 0 && hex((*p)[2]) >= 0);
			*to++ = (char)(hex((*p)[1]) * 16 + hex((*p)[2]));
			*p += 2;
		} else {
			*to++ = (char)(**p == '_' ? ' ' : **p);
		}
	}
	*p = end + 2;
	return to;
}

/* RFC 2047: words decoded, the space between two of them dropped. */
static void decode_words(const char *value, char *out)
{
	char *copy = strdup(value), *p = copy;
	while (*p) {
		if (strncmp(p, "=?", 2) != 0) {
			*out++ = *p++;
			continue;
		}
		out = decode_word(&p, out);
		if (strncmp(p, " =?", 3) == 0)
			p++;
	}
	*out = '\0';
	free(copy);
}

static void decode_quoted(const char *p, size_t n, char *out)
{
	check_lines(p, n, 76);
	for (size_t i = 0; i < n; i++) {
		assert_false((p[i] == ' ' || p[i] == '\t') && p[i + 1] == '\r');
		if (p[i] != '=') {
			if (p[i] != '\r')
				*out++ = p[i];
		} else if (p[i + 1] == '\r') {
			i += 2;
		} else {
			assert_true(hex(p[i + 1]) >= 0 && hex(p[i + 2]) >= 0);
			*out++ = (char)(hex(p[i + 1]) * 16 + hex(p[i + 2]));
			i += 2;
		}
	}
	*out = '\0';
}

/* The next part of a multipart body: checks its header, decodes its text, moves on to the next
 * delimiter. */
static char *read_part(char *at, const char *delimiter, const char *type, char *out)
{
	char expect[300];
	int n = snprintf(expect, sizeof expect,
		"--%s\r\nContent-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: "
		"quoted-printable\r\n\r\n",
		delimiter, type);
	assert_int_equal(strncmp(at, expect, (size_t)n), 0);
	at += n;
	snprintf(expect, sizeof expect, "--%s", delimiter);
	char *end = strstr(at, expect);
	assert_non_null(end);
	assert_int_equal(end[-1], '\n');
	decode_quoted(at, (size_t)(end - at), out);
	return end;
}

static void read_parts(const struct message *m, char *text, char *html)
{
	char boundary[100], last[110];
	assert_int_equal(sscanf(field(m, "Content-Type"),
				 "multipart/alternative; boundary=\"%90[^\"]\"", boundary),
		1);
	char *at = read_part(m->body, boundary, "plain", text);
	at = read_part(at, boundary, "html", html);
	snprintf(last, sizeof last, "--%s--\r\n", boundary);
	assert_string_equal(at, last);
}

/* ---- scenarios ---- */
static struct letter letter_of(struct str subject, struct str text)
{
	return (struct letter){
		.id = STR("abcdefghijklmnopqrstuvwxyz"),
		.to = STR("ada@example.org"),
		.message_id = STR("<abcdefghijklmnopqrstuvwxyz@news.example.org>"),
		.subject = subject,
		.text = text,
		.html = STR("<p>x</p>\n"),
		.created_at = 1795513200, /* 2026-11-24T09:40:00Z */
	};
}

static const struct sender_name courier = { "news@example.org", "The Harbour Courier" };

static void compose(const struct letter *l, struct sender_name from, struct message *m)
{
	BUF_AUTO out = BUF(TEXT_MAX - 1);
	assert_int_equal(mail_compose(l, from, &out), ERR_OK);
	m->fields = 0;
	memcpy(m->raw, out.p, out.n);
	m->raw[out.n] = '\0';
	assert_int_equal(strlen(m->raw), out.n);
	read_header(m);
}

/* Goal: the header has these fields, in this form, and nothing else. */
static void test_header(void **state)
{
	(void)state;
	static const char *const expect[][2] = {
		{ "Date", "Tue, 24 Nov 2026 04:40:00 -0500" },
		{ "From", "\"The Harbour Courier\" <news@example.org>" },
		{ "To", "ada@example.org" },
		{ "Subject", "Hello" },
		{ "Message-ID", "<abcdefghijklmnopqrstuvwxyz@news.example.org>" },
		{ "Auto-Submitted", "auto-generated" },
		{ "MIME-Version", "1.0" },
		{ "Content-Type",
			"multipart/alternative; boundary=\"=_abcdefghijklmnopqrstuvwxyz\"" },
	};
	static struct message m;
	time_local_zone_set("America/New_York"); /* the newsroom's */
	const struct letter l = letter_of(STR("Hello"), STR("x\n"));
	compose(&l, courier, &m);
	assert_int_equal(m.fields, COUNT(expect));
	for (size_t i = 0; i < COUNT(expect); i++) {
		assert_string_equal(m.names[i], expect[i][0]);
		assert_string_equal(m.values[i], expect[i][1]);
	}
}

#define SIXTY "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff"

/* Goal: any one-line subject comes out of a reader as it went in; ASCII stays readable. */
static void test_subjects(void **state)
{
	(void)state;
	static const struct {
		const char *subject;
		bool encoded;
	} rows[] = {
		{ "Hello", false },
		{ "two  spaces and = signs? yes", false },
		{ SIXTY " " SIXTY " " SIXTY, false },
		{ SIXTY "x", true },
		{ "looks =?UTF-8?Q?encoded?=", true },
		{ "Größe", true },
		{ "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82"
		  "\xac\xe2\x82\xac",
			true },
		{ "\xf0\x9f\x97\x9e\xf0\x9f\x97\x9e\xf0\x9f\x97\x9e\xf0\x9f\x97\x9e\xf0\x9f\x97\x9e"
		  "\xf0\x9f\x97\x9e "
		  "_?= and plain words that go on for longer than a single line may",
			true },
	};
	static struct message m;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char decoded[1000];
		const struct letter l = letter_of(str_of(rows[i].subject), STR("x\n"));
		compose(&l, courier, &m);
		decode_words(field(&m, "Subject"), decoded);
		assert_string_equal(decoded, rows[i].subject);
		assert_int_equal(strstr(field(&m, "Subject"), "=?UTF-8?Q?") == field(&m, "Subject"),
			rows[i].encoded);
	}
}

/* Goal: a sender's name is one phrase, whatever it holds. */
static void test_sender_names(void **state)
{
	(void)state;
	static const struct {
		const char *name, *from; /* from: after decoding */
	} rows[] = {
		{ "", "news@example.org" },
		{ NULL, "news@example.org" },
		{ "Courier", "\"Courier\" <news@example.org>" },
		{ "A \"B\" \\ C, D <x@y>", "\"A \\\"B\\\" \\\\ C, D <x@y>\" <news@example.org>" },
		{ "Zeitung f\xc3\xbcr alle", "Zeitung f\xc3\xbcr alle <news@example.org>" },
		{ SIXTY "x", SIXTY "x <news@example.org>" },
		{ "a, b <c@d> \xc3\xa9", "a, b <c@d> \xc3\xa9 <news@example.org>" },
	};
	static struct message m;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char decoded[1000];
		const struct letter l = letter_of(STR("Hello"), STR("x\n"));
		compose(&l, (struct sender_name){ "news@example.org", rows[i].name }, &m);
		decode_words(field(&m, "From"), decoded);
		assert_string_equal(decoded, rows[i].from);
	}
	/* Encoded, no special character of the name stands bare. */
	assert_null(strchr(field(&m, "From"), ','));
}

/* Goal: both bodies come out as they went in, with lines of at most 76 characters. */
static void test_bodies(void **state)
{
	(void)state;
	static const struct {
		const char *text, *read;
	} rows[] = {
		{ "", "" },
		{ "x\n", "x\n" },
		{ "no newline at the end", "no newline at the end\n" },
		{ "a\r\nb\n\nc\n", "a\nb\n\nc\n" },
		{ "lone \r inside\n", "lone \r inside\n" },
		{ "trailing space \nand tab\t\n", "trailing space \nand tab\t\n" },
		{ ".\n..\n.dot\nFrom here\n", ".\n..\n.dot\nFrom here\n" },
		{ "1 = 1 =3D\n--=_abcdefghijklmnopqrstuvwxyz--\n",
			"1 = 1 =3D\n--=_abcdefghijklmnopqrstuvwxyz--\n" },
		{ SIXTY SIXTY SIXTY "\xe2\x82\xac" SIXTY "\n",
			SIXTY SIXTY SIXTY "\xe2\x82\xac" SIXTY "\n" },
		{ "https://news.example.org/"
		  "verify?token=pst_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
			"https://news.example.org/"
			"verify?token=pst_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n" },
	};
	static struct message m;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[2000], html[2000];
		struct letter l = letter_of(STR("Hello"), str_of(rows[i].text));
		l.html = l.text;
		compose(&l, courier, &m);
		read_parts(&m, text, html);
		assert_string_equal(text, rows[i].read);
		assert_string_equal(html, rows[i].read);
	}
}

/* Goal: the same row gives the same bytes, so that a second delivery is seen as the same message.
 */
static void test_stable(void **state)
{
	(void)state;
	const struct letter l = letter_of(STR("Gr\xc3\xb6\xc3\x9f"
					      "e"),
		STR("text\n"));
	BUF_AUTO a = BUF(TEXT_MAX), b = BUF(TEXT_MAX);
	assert_int_equal(mail_compose(&l, courier, &a), ERR_OK);
	assert_int_equal(mail_compose(&l, courier, &b), ERR_OK);
	assert_true(str_eq(buf_view(&a), buf_view(&b)));
}

/* Goal: nothing can break out of its header line; bodies have no NUL and are UTF-8. */
static void test_injection(void **state)
{
	(void)state;
	const struct letter good = letter_of(STR("Hello"), STR("x\n"));
	struct letter bad[] = { good, good, good, good, good, good, good, good, good, good, good,
		good, good, good };
	size_t n = 0;
	bad[n++].subject = STR("a\r\nBcc: eve@example.org");
	bad[n++].subject = STR("a\nb");
	bad[n++].subject = STR("a\0b");
	bad[n++].subject = STR("not utf-8 \xff");
	bad[n++].subject = STR("");
	bad[n++].to = STR("ada@example.org\r\nBcc: eve@example.org");
	bad[n++].to = STR("ada@example.org, eve@example.org");
	bad[n++].to = STR("ada@example.org\0");
	bad[n++].to = STR(" ada@example.org");
	bad[n++].to = STR("ada");
	bad[n++].message_id = STR("<a@b>\r\nX: y");
	bad[n++].id = STR("a\"b");
	bad[n++].text = STR("a\0b");
	bad[n++].html = STR("\xc3");
	assert_int_equal(n, COUNT(bad));
	for (size_t i = 0; i < n; i++) {
		BUF_AUTO out = BUF(TEXT_MAX);
		assert_int_equal(mail_compose(&bad[i], courier, &out), ERR_INVALID);
	}
	static const struct sender_name senders[] = {
		{ "news@example.org\r\nBcc: e@example.org", "Courier" },
		{ "news@example.org>, <eve@example.org", "Courier" },
		{ "", "Courier" },
		{ "news@example.org", "Courier\r\nBcc: eve@example.org" },
		{ "news@example.org", "\xff" },
	};
	for (size_t i = 0; i < COUNT(senders); i++) {
		BUF_AUTO out = BUF(TEXT_MAX);
		assert_int_equal(mail_compose(&good, senders[i], &out), ERR_INVALID);
	}
}

/* Goal: a message above its cap is an error, not half a message. */
static void test_cap(void **state)
{
	(void)state;
	const struct letter l = letter_of(STR("Hello"), STR("x\n"));
	BUF_AUTO out = BUF(300);
	assert_int_equal(mail_compose(&l, courier, &out), ERR_TOO_LARGE);
	assert_int_equal(buf_view(&out).n, 0);
}

/* Goal: waits grow from seconds to hours and are spread by a fifth to either side. */
static void test_backoff(void **state)
{
	(void)state;
	static const struct {
		int64_t attempts, base_s;
	} rows[] = { { 0, 10 }, { 1, 10 }, { 2, 30 }, { 3, 120 }, { 4, 600 }, { 5, 1800 },
		{ 6, 3600 }, { 7, 7200 }, { 8, 14400 }, { 9, 14400 }, { INT64_MAX, 14400 } };
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(mail_backoff_s(rows[i].attempts, 0), rows[i].base_s * 8 / 10);
		assert_int_equal(mail_backoff_s(rows[i].attempts, 200), rows[i].base_s);
		assert_int_equal(mail_backoff_s(rows[i].attempts, 400), rows[i].base_s * 12 / 10);
		int64_t any = mail_backoff_s(rows[i].attempts, UINT32_MAX);
		assert_in_range(any, rows[i].base_s * 8 / 10, rows[i].base_s * 12 / 10);
	}
	assert_int_equal(BACKOFF_MAX_S, mail_backoff_s(100, 400));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_subjects),
		cmocka_unit_test(test_sender_names),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_stable),
		cmocka_unit_test(test_injection),
		cmocka_unit_test(test_cap),
		cmocka_unit_test(test_backoff),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
