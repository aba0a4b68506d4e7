/* postern serve: the server, until a signal ends it. */
#include "../cli.h"

int cmd_serve(struct cli *c)
{
	char why[CONFIG_WHY_SIZE] = "";
	enum err e = app_open(&c->app, DB_SERVE, why);
	if (!e)
		e = app_start(&c->app, why);
	if (e)
		return cli_open_error(e, why);
	app_wait(&c->app);
	return EXIT_DONE;
}
