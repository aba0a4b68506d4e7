/* embed OUT.S FILE…: writes the assembler source of `embedded_files` (base.h), every file with its
 * path as given, ordered by path. Runs at build time only. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_path(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A path goes into assembler strings as it stands, so it may hold nothing that ends or escapes one.
 */
static int path_is_plain(const char *path)
{
	for (const char *c = path; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == '"' || *c == '\\')
			return 0;
	return path[0] != '\0';
}

static int paths_check(char **paths, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!path_is_plain(paths[i])) {
			fprintf(stderr, "embed: cannot embed a file of this name: %s\n", paths[i]);
			return 0;
		}
		if (i > 0 && strcmp(paths[i - 1], paths[i]) == 0) {
			fprintf(stderr, "embed: given twice: %s\n", paths[i]);
			return 0;
		}
	}
	return 1;
}

/* .dc.a is a word of the size of an address. Each file gets a NUL behind it that its size does not
 * count. */
static void table_write(FILE *f, char **paths, size_t count)
{
	fputs("\t.section .rodata\n", f);
	for (size_t i = 0; i < count; i++) {
		fprintf(f, ".Lpath%zu:\n\t.asciz \"%s\"\n", i, paths[i]);
		fprintf(f, "\t.balign 16\n.Lfile%zu:\n\t.incbin \"%s\"\n", i, paths[i]);
		fprintf(f, ".Lend%zu:\n\t.byte 0\n", i);
	}
	fputs("\t.section .data.rel.ro, \"aw\", %progbits\n\t.balign 16\n", f);
	fputs("\t.globl embedded_files\n\t.type embedded_files, %object\nembedded_files:\n", f);
	for (size_t i = 0; i < count; i++)
		fprintf(f, "\t.dc.a .Lpath%zu, .Lfile%zu, .Lend%zu - .Lfile%zu\n", i, i, i, i);
	fputs("\t.dc.a 0, 0, 0\n\t.size embedded_files, . - embedded_files\n", f);
	fputs("\t.section .note.GNU-stack, \"\", %progbits\n", f);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fputs("usage: embed OUT.S FILE…\n", stderr);
		return 2;
	}
	char **paths = argv + 2;
	size_t count = (size_t)argc - 2;
	qsort(paths, count, sizeof *paths, by_path);
	if (!paths_check(paths, count))
		return 1;
	FILE *f = fopen(argv[1], "we");
	if (!f) {
		fprintf(stderr, "embed: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	table_write(f, paths, count);
	int failed = ferror(f);
	if (fclose(f) != 0 || failed) {
		fprintf(stderr, "embed: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	return 0;
}
