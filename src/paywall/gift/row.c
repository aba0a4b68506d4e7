/* A gift as it is stored, and the state that follows from its times and counts. */
#include "internal.h"

const struct db_column gift_columns[GIFT_COLUMNS] = {
	DB_COL_CHARS(struct gift, id),
	DB_COL_CHARS(struct gift, article_id),
	DB_COL_CHARS(struct gift, slug),
	DB_COL_CHARS(struct gift, account_id),
	DB_COL_CHARS(struct gift, made_by),
	DB_COL_INT(struct gift, created_at),
	DB_COL_INT(struct gift, expires_at),
	DB_COL_INT(struct gift, redemptions),
	DB_COL_INT(struct gift, redemptions_max),
	DB_COL_INT(struct gift, revoked_at),
};

const struct db_shape gift_shape = DB_SHAPE(struct gift, gift_columns);

const char *gift_state(const struct gift *g, int64_t now_s)
{
	if (g->revoked_at)
		return "revoked";
	if (g->expires_at <= now_s)
		return "expired";
	return g->redemptions >= g->redemptions_max ? "used_up" : "live";
}
