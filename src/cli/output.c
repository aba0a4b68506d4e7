/* What a command prints: errors as sentences with their exit code, JSON, and times for people. */
#include "cli.h"

#include <stdio.h>

int cli_fail(int code, const char *fmt, ...)
{
	va_list ap;
	fputs("postern: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return code;
}

int cli_error(enum err e, const char *what)
{
	switch (e) {
	case ERR_OK:
		return EXIT_DONE;
	case ERR_STOPPED: /* app_interrupt_end says what there is to say */
		return EXIT_UNAVAILABLE;
	case ERR_NOT_FOUND:
		return cli_fail(EXIT_NOT_FOUND, "%s: not found", what);
	case ERR_CONFLICT:
		return cli_fail(
			EXIT_CONFLICT, "%s: exists already, or was changed meanwhile", what);
	case ERR_INVALID:
	case ERR_TOO_LARGE:
		return cli_fail(EXIT_USAGE, "%s: not in the expected form", what);
	case ERR_BUSY:
		return cli_fail(
			EXIT_UNAVAILABLE, "%s: the database is locked by another program", what);
	default:
		return cli_fail(EXIT_UNAVAILABLE, "%s: %s", what, err_name(e));
	}
}

static int why_code(enum err e)
{
	switch (e) {
	case ERR_INVALID:
		return EXIT_CONFIG;
	case ERR_CONFLICT:
		return EXIT_CONFLICT;
	default:
		return EXIT_UNAVAILABLE;
	}
}

int cli_open_error(enum err e, const char *why)
{
	return cli_fail(why_code(e), "%s", *why ? why : err_name(e));
}

int cli_article_error(const struct cli *c, enum err e, const char *slug)
{
	return cli_error(e, arena_fmt(c->app.arena, "article %s", slug));
}

int cli_print_json(json_t *doc)
{
	BUF_AUTO b = BUF(SIZE_MAX / 4);
	enum err e = text_json_dump(doc, JSON_INDENT(2), &b);
	if (e)
		return cli_error(e, "output");
	puts(b.p);
	return EXIT_DONE;
}

static const char *time_shown(
	struct arena *a, int64_t t, void (*write)(int64_t, char[static TIME_TEXT_SIZE]))
{
	char text[TIME_TEXT_SIZE];
	if (!t)
		return "-";
	write(t, text);
	return arena_fmt(a, "%s", text);
}

const char *cli_day(struct arena *a, int64_t t)
{
	return time_shown(a, t, time_iso);
}

const char *cli_end(struct arena *a, int64_t t)
{
	return time_shown(a, t, time_iso_until);
}
