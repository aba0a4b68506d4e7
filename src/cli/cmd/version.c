/* postern version: prints the version of the program, and nothing else. */
#include "../cli.h"

#include <stdio.h>

int cmd_version(struct cli *c)
{
	(void)c;
	puts("postern " POSTERN_VERSION);
	return EXIT_DONE;
}
