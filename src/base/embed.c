/* Finds a file that was linked into the program (templates, styles, migrations) by its path.
 * tools/embed.c writes the table. */
#include "postern/base.h"

#include <string.h>

const struct embedded_file *embed_find(const char *path)
{
	for (const struct embedded_file *f = embedded_files; f->path; f++)
		if (strcmp(f->path, path) == 0)
			return f;
	return NULL;
}
