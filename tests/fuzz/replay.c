/* Feeds every file named on the command line, and all in the folders named, to the fuzz target it
 * is linked with: what fuzzing found once, the ordinary tests try each time. */
#include "postern/base.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILE_MAX = 16 << 20, PATH_SIZE = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* The input gets memory of its own size, so that a step over its end is found. */
static int replay_file(const char *path)
{
	BUF_AUTO b = BUF(FILE_MAX);
	enum err e = file_read(path, &b);
	uint8_t *exact = e == ERR_OK ? malloc(b.n ? b.n : 1) : NULL;
	if (!exact) {
		fprintf(stderr, "replay: %s: %s\n", path, err_name(e ? e : ERR_NOMEM));
		return -1;
	}
	memcpy(exact, b.p, b.n);
	LLVMFuzzerTestOneInput(exact, b.n);
	free(exact);
	return 1;
}

static int replay_folder(DIR *dir, const char *path)
{
	int count = 0;
	for (const struct dirent *d; (d = readdir(dir));) {
		char name[PATH_SIZE];
		struct stat st;
		int n = snprintf(name, sizeof name, "%s/%s", path, d->d_name);
		if (n < 0 || n >= PATH_SIZE || stat(name, &st) != 0 || !S_ISREG(st.st_mode))
			continue;
		if (replay_file(name) < 0)
			return -1;
		count++;
	}
	return count;
}

int main(int argc, char **argv)
{
	int count = 0;
	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);
		int n = dir ? replay_folder(dir, argv[i]) : replay_file(argv[i]);
		if (dir)
			closedir(dir);
		if (n < 0)
			return 1;
		count += n;
	}
	printf("%d inputs\n", count);
	return count > 0 ? 0 : 1;
}
