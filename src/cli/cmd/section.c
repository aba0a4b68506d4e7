/* postern section …: lists the sections and sets what their pages say about them. */
#include "../cli.h"

#include <stdio.h>
#include <string.h>

enum { SECTIONS_MAX = 4096 };

/* From one snapshot: those that articles are in, and those that are described. */
struct section_listing {
	struct arena *a;
	struct str *slugs;
	struct section_about *about;
	size_t count, about_count;
};

static enum err sections_read(struct db_conn *c, void *arg)
{
	struct section_listing *l = arg;
	enum err e = content_section_slugs(c, SECTIONS_MAX, l->a, &l->slugs, &l->count);
	return e ? e : content_section_descriptions(c, l->a, &l->about, &l->about_count);
}

static struct str description_of(const struct section_listing *l, struct str slug)
{
	for (size_t i = 0; i < l->about_count; i++) {
		if (str_eq(l->about[i].slug, slug))
			return l->about[i].description;
	}
	return STR("");
}

static bool has_article(const struct section_listing *l, struct str slug)
{
	for (size_t i = 0; i < l->count; i++) {
		if (str_eq(l->slugs[i], slug))
			return true;
	}
	return false;
}

static void section_print(const struct cli *c, json_t **doc, struct section_about s)
{
	if (c->json)
		text_json_append(doc, json_pack("{s:o, s:o}", "section", text_json_str(s.slug),
					      "description", text_json_str(s.description)));
	else
		printf("%-20.*s  " STR_FMT "\n", STR_ARG(s.slug),
			STR_ARG(s.description.n ? s.description : STR("-")));
}

int cmd_section_list(struct cli *c)
{
	struct section_listing l = { .a = c->app.arena };
	json_t *doc = c->json ? json_array() : NULL;
	enum err e = db_read(c->app.db, sections_read, &l);
	for (size_t i = 0; !e && i < l.count; i++)
		section_print(c, &doc,
			(struct section_about){ l.slugs[i], description_of(&l, l.slugs[i]) });
	for (size_t i = 0; !e && i < l.about_count; i++) {
		if (!has_article(&l, l.about[i].slug))
			section_print(c, &doc, l.about[i]);
	}
	if (!e && c->json)
		return cli_print_json(doc);
	json_decref(doc);
	return e ? cli_error(e, "sections") : EXIT_DONE;
}

int cmd_section_describe(struct cli *c)
{
	const struct str slug = str_of(c->args[0]), text = str_of(c->args[1]);
	int code = cli_sections(c, slug);
	if (code)
		return code;
	if (!text_slug_ok(slug))
		return cli_fail(EXIT_USAGE,
			"\"%s\" is not a section's slug; use lower-case letters, digits and "
			"single '-'",
			c->args[0]);
	enum err e = content_section_describe(c->app.db, slug, text, c->now_s);
	if (e == ERR_INVALID)
		return cli_fail(EXIT_USAGE, "the description is not UTF-8 text");
	if (e == ERR_TOO_LARGE)
		return cli_fail(EXIT_USAGE,
			"the description has %zu bytes; at most %d are shown. Search engines show "
			"about 155 characters",
			text.n, SECTION_DESCRIPTION_MAX);
	if (e)
		return cli_error(e, c->args[0]);
	if (str_trim(text).n > 0)
		printf("/sections/%s is described now.\n", c->args[0]);
	else
		printf("/sections/%s has no description now.\n", c->args[0]);
	return EXIT_DONE;
}
