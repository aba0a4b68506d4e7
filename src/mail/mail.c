/* Opens and closes the mail room: loads and checks its templates, a theme's included, and starts
 * the threads that send. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>

static enum err have_all(const struct template_set *t, char why[static 256])
{
	static const char *const suffixes[] = { ".subject.txt", ".txt", ".html" };
	for (int kind = 1; kind < MAIL_KIND_COUNT; kind++) {
		for (size_t i = 0; i < COUNT(suffixes); i++) {
			char name[64];
			snprintf(name, sizeof name, "%s%s", mail_kind_name((enum mail_kind)kind),
				suffixes[i]);
			if (template_has(t, name))
				continue;
			snprintf(why, 256, "the mail template %s is missing", name);
			return ERR_INVALID;
		}
	}
	return ERR_OK;
}

enum err mail_theme_load(const char *theme, struct template_set **out, char why[static 256])
{
	char dir[1024];
	snprintf(dir, sizeof dir, "%s/mail", theme ? theme : "");
	enum err e = template_load("web/mail/", theme ? dir : NULL, out, why);
	return e ? e : have_all(*out, why);
}

void mail_theme_take(struct mail *m, struct template_set *fresh)
{
	template_replace(m->templates, fresh);
}

enum err mail_open(
	const struct mail_settings *s, struct db *db, struct mail **out, char why[static 256])
{
	why[0] = '\0';
	struct mail *m = calloc(1, sizeof *m);
	if (!m)
		return ERR_NOMEM;
	m->s = *s;
	m->db = db;
	mail_run_init(&m->run, m);
	enum err e = mail_settings_apply(m, why);
	if (!e && *m->smtp_url)
		mail_smtp_start();
	if (!e)
		e = mail_theme_load(m->s.theme, &m->templates, why);
	if (e) {
		mail_close(m);
		return e;
	}
	*out = m;
	return ERR_OK;
}

void mail_close(struct mail *m)
{
	if (!m)
		return;
	mail_run_stop(&m->run);
	mail_run_free(&m->run);
	template_free(m->templates);
	free(m);
}
