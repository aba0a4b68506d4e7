/* postern config show, check, sample and reference. */
#include "../cli.h"

#include <stdio.h>

static int print_buf(struct buf *b)
{
	struct str s = buf_view(b);
	fwrite(s.p ? s.p : "", 1, s.n, stdout);
	return b->err ? cli_error(b->err, "output") : EXIT_DONE;
}

int cmd_config_show(struct cli *c)
{
	BUF_AUTO b = BUF(1 << 20);
	config_show(&c->app.cfg, &b);
	return print_buf(&b);
}

int cmd_config_sample(struct cli *c)
{
	BUF_AUTO b = BUF(1 << 20);
	(void)c;
	config_sample(&b);
	return print_buf(&b);
}

int cmd_config_reference(struct cli *c)
{
	BUF_AUTO b = BUF(1 << 20);
	(void)c;
	config_reference(&b);
	return print_buf(&b);
}

/* Loading has checked names and values; what is left is what only the rooms know: mail, templates.
 */
int cmd_config_check(struct cli *c)
{
	char why[CONFIG_WHY_SIZE] = "";
	struct template_set *t = NULL;
	struct common_words *words = NULL;
	enum err e = app_check_mail(&c->app.cfg, &c->app, why);
	if (!e)
		e = gate_theme_load(config_theme(&c->app.cfg), &t, why);
	if (!e)
		e = pages_theme_static_check(config_theme(&c->app.cfg), why);
	if (!e)
		e = app_words_open(&c->app.cfg, &words, why);
	template_free(t);
	crypto_common_close(words);
	if (e)
		return cli_fail(EXIT_CONFIG, "%s", *why ? why : err_name(e));
	puts("The configuration is valid.");
	return EXIT_DONE;
}
