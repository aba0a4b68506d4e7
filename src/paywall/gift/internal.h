/* What giving and taking share. */
#ifndef POSTERN_PAYWALL_GIFT_INTERNAL_H
#define POSTERN_PAYWALL_GIFT_INTERNAL_H

#include "postern/gift.h"

enum { GIFT_COLUMNS = 10 };
extern const struct db_column gift_columns[GIFT_COLUMNS];
extern const struct db_shape gift_shape; /* of a struct gift */

#endif
