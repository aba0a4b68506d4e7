/* PostgreSQL URLs: which parts are accepted, and how one is shown without its password.
 * https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-CONNSTRING */
#include "postgres.h"

#include <stdio.h>
#include <string.h>

static const char form[] = "postgres://USER@HOST/DATABASE is expected, such as "
			   "postgres://postern@db1,db2/postern?sslmode=verify-full";

static void options_free(PQconninfoOption **o)
{
	PQconninfoFree(*o);
}
#define OPTIONS_AUTO __attribute__((cleanup(options_free))) PQconninfoOption

static const char *option(const PQconninfoOption *o, const char *keyword)
{
	for (; o && o->keyword; o++)
		if (strcmp(o->keyword, keyword) == 0)
			return o->val ? o->val : "";
	return "";
}

/* libpq's words, unless they quote the URL or a piece that may be of the password. */
static enum err unparsed(const char *words, char why[static DB_WHY_SIZE])
{
	bool safe = words && strstr(words, "URI query parameter") && !strchr(words, '@');
	snprintf(why, DB_WHY_SIZE, "libpq does not understand it%s%.*s; %s", safe ? ": " : "",
		safe ? (int)strcspn(words, "\n") : 0, safe ? words : "", form);
	return ERR_INVALID;
}

static enum err target_check(const PQconninfoOption *o, char why[static DB_WHY_SIZE])
{
	const char *attrs = option(o, "target_session_attrs");
	if (!*option(o, "dbname")) {
		snprintf(why, DB_WHY_SIZE, "it names no database; %s", form);
		return ERR_INVALID;
	}
	if (*attrs && strcmp(attrs, "read-write") != 0 && strcmp(attrs, "primary") != 0 &&
		strcmp(attrs, "any") != 0) {
		snprintf(why, DB_WHY_SIZE,
			"target_session_attrs=%.20s: postern writes, so read-write or primary is "
			"expected",
			attrs);
		return ERR_INVALID;
	}
	return ERR_OK;
}

enum err db_pg_url_check(const char *url, char why[static DB_WHY_SIZE])
{
	char *words = NULL;
	OPTIONS_AUTO *o = PQconninfoParse(url, &words);
	enum err e = o ? target_check(o, why) : unparsed(words, why);
	PQfreemem(words);
	return e;
}

/* What is not understood is not shown: who knows where its password stands. */
void db_pg_url_show(const char *url, char out[static DB_SHOWN_SIZE])
{
	OPTIONS_AUTO *o = PQconninfoParse(url, NULL);
	const char *user = option(o, "user"), *host = option(o, "host"), *port = option(o, "port");
	if (!*host)
		host = option(o, "hostaddr");
	snprintf(out, DB_SHOWN_SIZE, "postgres://%.60s%s%.100s%s%.20s/%.60s", user,
		*user ? "@" : "", host, *port ? ":" : "", port, o ? option(o, "dbname") : "…");
}
