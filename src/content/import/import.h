/* Import, inside: what the walk through folders and the reading of files share. */
#ifndef CONTENT_IMPORT_H
#define CONTENT_IMPORT_H

#include "../internal.h"

enum { SHOWN_PATH_MAX = 4096 };

/* One run of content_import: the same for all of its files. */
struct import_run {
	struct db *db;
	const struct import_settings *settings;
	struct import_seen *seen;
	int64_t now_s;
	struct import_count *count;
};

/* A file on its way: its items have these in common. */
struct import_file {
	const struct import_run *run;
	const struct import_dir *dir;
	const char *shown;
	struct str name, folder;
	struct str text;
};
/* By its name. */
bool import_takes(struct str name);
/* Trouble with a file or an item is reported and is ERR_OK; what is returned ends the import. */
enum err MUST_USE import_one(struct import_file *f);
void import_report(const struct import_run *r, const char *path, enum outcome outcome,
	const char *slug, const char *why);

#endif
