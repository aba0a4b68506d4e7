/* Loads the lists of common passwords: the built-in ones, one for each language, and the
 * operator's own file. */
#include "internal.h"

#include <stdio.h>
#include <string.h>

enum { LISTS_MAX = 64, OWN_BYTES_MAX = 4 << 20 };
static const char folder[] = "web/passwords/";

/* For the operator: which line of his file. What is built in has no faults. */
static enum err fault_tell(const char *path, const struct common_fault *fault, enum err e,
	char why[static CONFIG_WHY_SIZE])
{
	if (*fault->what)
		snprintf(why, CONFIG_WHY_SIZE,
			"password.words_file: %s, line %zu %s; a word of common passwords a line "
			"is expected",
			path, fault->line, fault->what);
	else
		snprintf(why, CONFIG_WHY_SIZE,
			"the lists of common passwords could not be loaded: %s", err_name(e));
	return e;
}

static const char *unread(enum err e)
{
	if (e == ERR_NOT_FOUND)
		return "is not there";
	return e == ERR_TOO_LARGE ? "is larger than 4 MiB" : "cannot be read";
}

static enum err own_read(const char *path, struct buf *b, char why[static CONFIG_WHY_SIZE])
{
	enum err e = file_read(path, b);
	if (e)
		snprintf(why, CONFIG_WHY_SIZE, "password.words_file: %s %s", path, unread(e));
	return e == ERR_NOT_FOUND || e == ERR_TOO_LARGE ? ERR_INVALID : e;
}

enum err app_words_open(
	const struct config *c, struct common_words **out, char why[static CONFIG_WHY_SIZE])
{
	struct str texts[LISTS_MAX];
	struct common_fault fault;
	size_t n = 0;
	BUF_AUTO own = BUF(OWN_BYTES_MAX);
	enum err e = *c->password_words_file ? own_read(c->password_words_file, &own, why) : ERR_OK;
	if (e)
		return e;
	texts[n++] = buf_view(&own);
	for (const struct embedded_file *f = embedded_files; f->path && n < LISTS_MAX; f++) {
		if (strncmp(f->path, folder, sizeof folder - 1) == 0)
			texts[n++] = (struct str){ f->p, f->n };
	}
	e = crypto_common_open(texts, n, out, &fault);
	return e ? fault_tell(c->password_words_file, &fault, e, why) : ERR_OK;
}
