/* The state of a gift, which follows from its times and counts. */
#include "postern/gift.h"

const char *gift_state(const struct gift *g, int64_t now_s)
{
	if (g->revoked_at)
		return "revoked";
	if (g->expires_at <= now_s)
		return "expired";
	return g->redemptions >= g->redemptions_max ? "used_up" : "live";
}
