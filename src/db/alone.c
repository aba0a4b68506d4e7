/* One statement as a snapshot or transaction of its own: what most queries are called as. */
#include "internal.h"

/* A call and where its results go, for the function that runs inside the transaction. */
struct alone {
	const struct db_call *call;
	void *row; /* of a list: the pointer to its rows */
	size_t *count;
	int64_t *changed;
};

static enum err alone_get(struct db_conn *c, void *arg)
{
	const struct alone *a = arg;
	return db_get(c, a->call, a->row);
}

static enum err alone_list(struct db_conn *c, void *arg)
{
	const struct alone *a = arg;
	return db_list(c, a->call, a->row, a->count);
}

static enum err alone_run(struct db_conn *c, void *arg)
{
	const struct alone *a = arg;
	return db_run(c, a->call, a->changed);
}

static enum err alone(struct db *db, enum db_alone how, db_fn *fn, struct alone *a)
{
	switch (how) {
	case DB_ALONE_READ:
		return db_read(db, fn, a);
	case DB_ALONE_TX:
		return db_tx(db, fn, a);
	case DB_ALONE_TX_EACH:
		return db_tx_each(db, fn, a);
	}
	return ERR_INTERNAL;
}

enum err db_get_alone(struct db *db, enum db_alone how, const struct db_call *call, void *row)
{
	return alone(db, how, alone_get, &(struct alone){ .call = call, .row = row });
}

enum err db_list_alone(
	struct db *db, enum db_alone how, const struct db_call *call, void *rows_out, size_t *count)
{
	return alone(db, how, alone_list,
		&(struct alone){ .call = call, .row = rows_out, .count = count });
}

enum err db_run_alone(
	struct db *db, enum db_alone how, const struct db_call *call, int64_t *changed)
{
	return alone(db, how, alone_run, &(struct alone){ .call = call, .changed = changed });
}
