/* What the files of schemac share: how a fault ends the program, memory that lives until the end,
 * and the .sql files of a folder. */
#define _POSIX_C_SOURCE 200809L
#include "schemac.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct memory {
	struct memory *next;
	char bytes[];
};

void fail(struct place at, const char *fmt, ...)
{
	if (at.line > 0)
		fprintf(stderr, "%s:%d: ", at.file, at.line);
	else
		fprintf(stderr, "%s: ", at.file);
	va_list ap;
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

void *must(void *p)
{
	if (!p)
		fail((struct place){ "schemac", 0 }, "no memory");
	return p;
}

char *schema_alloc(struct schema *s, size_t n)
{
	struct memory *m = must(malloc(sizeof *m + n));
	m->next = s->memory;
	s->memory = m;
	return m->bytes;
}

char *schema_copy(struct schema *s, const char *p, size_t n)
{
	char *copy = schema_alloc(s, n + 1);
	memcpy(copy, p, n);
	copy[n] = '\0';
	return copy;
}

void schema_free(struct schema *s)
{
	sqlite3_close(s->db);
	while (s->memory) {
		struct memory *next = s->memory->next;
		free(s->memory);
		s->memory = next;
	}
	free(s);
}

static int is_sql_file(const struct dirent *e)
{
	size_t n = strlen(e->d_name);
	return n > 4 && e->d_name[0] != '.' && strcmp(e->d_name + n - 4, ".sql") == 0;
}

char *path_join(struct schema *s, const char *dir, const char *name)
{
	size_t n = strlen(dir) + strlen(name) + 2;
	char *path = schema_alloc(s, n);
	snprintf(path, n, "%s/%s", dir, name);
	return path;
}

void files_each(struct schema *s, const char *dir, const char *sub,
	void (*fn)(struct schema *, const char *))
{
	struct dirent **entries = NULL;
	char *folder = path_join(s, dir, sub);
	int count = scandir(folder, &entries, is_sql_file, alphasort);
	if (count < 0 && errno != ENOENT)
		fail((struct place){ folder, 0 }, "%s", strerror(errno));
	for (int i = 0; i < count; i++) {
		fn(s, path_join(s, folder, entries[i]->d_name));
		free(entries[i]);
	}
	free(entries);
}
