/* pages, inside: the static files and what reads them. */
#ifndef POSTERN_PAGES_ASSET_H
#define POSTERN_PAGES_ASSET_H

#include "internal.h"

enum {
	ASSETS_MAX = 256,
	ASSET_BYTES_MAX = 4 << 20,
	ASSETS_BYTES_MAX = 32 << 20,
	ASSET_NAME_MAX = 200,
};
/* Of a type: what it means for compression and for the Content-Security-Policy. */
enum { ASSET_TEXT = 1, ASSET_SCRIPT = 2, ASSET_FONT = 4, ASSET_MANIFEST = 8 };
struct asset_type {
	const char *ending, *content_type;
	unsigned flags;
};

/* One reading of all files. */
struct asset_reading {
	struct assets *all;
	const char *theme;        /* NULL: the built-in files alone */
	char *root;               /* THEME/static without links */
	pages_theme_fault *fault; /* NULL: the first fault ends it, in `why` */
	void *ctx;
	char *why; /* 256 bytes */
};
enum err MUST_USE pages_assets_read(struct asset_reading *g);
/* ERR_OK when the fault was told to `fault`, and reading goes on without the file. */
enum err MUST_USE pages_asset_fault(
	const struct asset_reading *g, const char *name, const char *fault);

#endif
