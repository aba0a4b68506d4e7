/* postern theme check: tells every mistake of a theme before readers see it. */
#include "../cli.h"

#include <stdio.h>

struct theme_report {
	struct cli *c;
	json_t *list; /* with --json */
	size_t faults;
};

/* "PATH:LINE: what", as compilers and editors have it. */
static void fault_print(void *ctx, const char *path, unsigned line, const char *fault)
{
	struct theme_report *r = ctx;
	r->faults++;
	if (r->c->json)
		text_json_append(&r->list, json_pack("{s:s, s:i, s:s}", "file", path, "line",
						   (int)line, "fault", fault));
	else if (line)
		printf("%s:%u: %s\n", path, line, fault);
	else
		printf("%s: %s\n", path, fault);
}

int cmd_theme_check(struct cli *c)
{
	const char *theme = c->arg_count > 0 ? c->args[0] : config_theme(&c->app.cfg);
	struct theme_report r = { .c = c, .list = c->json ? json_array() : NULL };
	if (!theme)
		return cli_fail(EXIT_USAGE,
			"web.theme is empty: name the folder, as in `postern theme check mytheme`");
	enum err e = pages_theme_check(theme, fault_print, &r);
	if (e == ERR_NOT_FOUND)
		return cli_fail(EXIT_NOT_FOUND, "%s: there is no such folder", theme);
	if (e && e != ERR_INVALID)
		return cli_error(e, theme);
	if (c->json && cli_print_json(r.list) != EXIT_DONE)
		return EXIT_UNAVAILABLE;
	if (!c->json && r.faults == 0)
		printf("%s is valid.\n", theme);
	return r.faults ? EXIT_FAILED : EXIT_DONE;
}
