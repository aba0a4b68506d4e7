#include "postern/app.h"

extern char **environ;

int main(int argc, char **argv)
{
	return app_main(argc, argv, environ);
}
