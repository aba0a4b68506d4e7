/* Prints the settings table: the values in force (`config show`), a sample file (`config
 * sample`), and the table of docs/configure.md (`config reference`). */
#include "postern/config.h"

#include <string.h>

#include "postern/db.h"

static void value_write(struct buf *b, const struct config *c, const struct setting *s)
{
	const void *p = (const char *)c + s->offset;
	char shown[256];
	switch (s->type) {
	case SETTING_TEXT:
		buf_puts(b, *(const char *const *)p);
		break;
	case SETTING_DATABASE: /* may hold a password */
		db_url_show(*(const char *const *)p, shown);
		buf_puts(b, shown);
		break;
	case SETTING_SECRET:
		buf_puts(b, **(const char *const *)p ? "(set)" : "");
		break;
	case SETTING_INT:
		buf_fmt(b, "%lld", (long long)*(const int64_t *)p);
		break;
	case SETTING_BOOL:
		buf_puts(b, *(const bool *)p ? "yes" : "no");
		break;
	}
}

static bool new_section(size_t i)
{
	return i == 0 || strcmp(config_settings[i].section, config_settings[i - 1].section) != 0;
}

void config_show(const struct config *c, struct buf *out)
{
	for (size_t i = 0; i < config_setting_count; i++) {
		if (new_section(i))
			buf_fmt(out, "%s[%s]\n", i ? "\n" : "", config_settings[i].section);
		buf_fmt(out, "%s = ", config_settings[i].name);
		value_write(out, c, &config_settings[i]);
		buf_byte(out, '\n');
	}
}

static void wrap(struct buf *out, const char *prefix, const char *text, size_t width)
{
	struct str rest = str_of(text);
	size_t column = 0;
	while (rest.n > 0) {
		struct str word = str_cut(&rest, ' ');
		if (column == 0 || column + word.n + 1 > width) {
			buf_fmt(out, "%s%s", column ? "\n" : "", prefix);
			column = strlen(prefix);
		} else {
			buf_byte(out, ' ');
			column++;
		}
		buf_str(out, word);
		column += word.n;
	}
	buf_byte(out, '\n');
}

static void range_write(struct buf *out, const struct setting *s)
{
	if (s->type == SETTING_INT)
		buf_fmt(out, "%lld to %lld %s", (long long)s->min, (long long)s->max, s->unit);
	else if (s->type == SETTING_BOOL)
		buf_puts(out, "yes, no");
	else if (s->choices)
		buf_puts(out, s->choices);
	else if (s->type == SETTING_SECRET)
		buf_puts(out, "secret");
	else
		buf_puts(out, "text");
}

void config_sample(struct buf *out)
{
	buf_puts(out,
		"# Postern's configuration: every setting with its default. To change one, remove "
		"the\n"
		"# semicolon and edit the value. Environment variables override this file, for\n"
		"# example POSTERN_SERVER_LISTEN. Check the file with: postern config check\n");
	for (size_t i = 0; i < config_setting_count; i++) {
		const struct setting *s = &config_settings[i];
		if (new_section(i))
			buf_fmt(out, "\n[%s]\n", s->section);
		wrap(out, "# ", s->help, 98);
		buf_puts(out, "# (");
		range_write(out, s);
		buf_fmt(out, "%s)\n", config_setting_is_live(s) ? "; applied on SIGHUP" : "");
		if (s->type == SETTING_SECRET)
			buf_fmt(out, ";%s_file = /path/of/a/file/that/holds/it\n", s->name);
		buf_fmt(out, ";%s =%s%s\n", s->name, *s->fallback ? " " : "", s->fallback);
	}
}

void config_reference(struct buf *out)
{
	buf_puts(out, "| setting | default | range or kind | meaning |\n|---|---|---|---|\n");
	for (size_t i = 0; i < config_setting_count; i++) {
		const struct setting *s = &config_settings[i];
		buf_fmt(out, "| `%s.%s`%s | %s%s%s | ", s->section, s->name,
			s->type == SETTING_SECRET ? " (or `…_file`)" : "", *s->fallback ? "`" : "",
			s->fallback, *s->fallback ? "`" : "");
		range_write(out, s);
		buf_fmt(out, " | %s%s |\n", s->help,
			config_setting_is_live(s) ? " Applied on `SIGHUP`." : "");
	}
}
