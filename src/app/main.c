#include "postern/app.h"
#include "postern/crypto.h"

#include <string.h>

extern char **environ;

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], CRYPTO_HASHER_ARGUMENT) == 0)
		return crypto_hasher_main(argc, argv);
	return app_main(argc, argv, environ);
}
