/* copy: a newsroom's database into another one, of the same engine or the other. Table by table,
 * parents first, in batches that commit; what an interrupted run has done is found again by the
 * last key of each table. At the end both are read once more and compared row by row. */
#ifndef POSTERN_APP_COPY_H
#define POSTERN_APP_COPY_H

#include "postern/crypto.h"
#include "postern/db.h"

enum { COPY_WHY_SIZE = 512, COPY_KEY_SIZE = 128 };

/* Of one table, after it was compared. */
struct copy_result {
	const char *table;
	int64_t from_rows, to_rows;
	uint8_t from_sum[HASH_BYTES], to_sum[HASH_BYTES]; /* of all rows in order */
	char differs[COPY_KEY_SIZE]; /* the key of the first row that differs, or "" */
};

struct copy_progress {
	const char *table;
	bool compares;     /* copied, and read once more */
	int64_t done, all; /* rows */
};

struct copy {
	struct db *from, *to;
	const char *source; /* what `to` is marked as an unfinished copy of */
	/* Told now and then, and after each table; an error ends the run, which can be taken up
	 * again. */
	enum err (*progress)(void *ctx, const struct copy_progress *p);
	void (*compared)(void *ctx, const struct copy_result *r);
	void *ctx;
};

/* ERR_CONFLICT: `to` holds other data, or a copy of something else. */
enum err MUST_USE cli_copy_run(const struct copy *c, char why[static COPY_WHY_SIZE]);
/* Compares alone and changes nothing. ERR_CORRUPT when any table differs. */
enum err MUST_USE cli_copy_compare(const struct copy *c, char why[static COPY_WHY_SIZE]);

#endif
