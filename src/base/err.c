/* Names of the values of enum err, for logs and tests. */
#include "postern/base.h"

static const char *const names[ERR_COUNT] = {
	[ERR_OK] = "ok",
	[ERR_INVALID] = "invalid",
	[ERR_WEAK_PASSWORD] = "weak_password",
	[ERR_TOO_LARGE] = "too_large",
	[ERR_UNSUPPORTED] = "unsupported",
	[ERR_UNAUTHENTICATED] = "unauthenticated",
	[ERR_DENIED] = "denied",
	[ERR_PAYMENT] = "payment",
	[ERR_NOT_FOUND] = "not_found",
	[ERR_METHOD] = "method",
	[ERR_CONFLICT] = "conflict",
	[ERR_SPENT] = "spent",
	[ERR_GONE] = "gone",
	[ERR_LIMITED] = "limited",
	[ERR_BUSY] = "busy",
	[ERR_STOPPED] = "stopped",
	[ERR_UNAVAILABLE] = "unavailable",
	[ERR_NOMEM] = "nomem",
	[ERR_CORRUPT] = "corrupt",
	[ERR_INTERNAL] = "internal",
};

const char *err_name(enum err e)
{
	unsigned i = (unsigned)e;
	return i < ERR_COUNT && names[i] ? names[i] : "unknown";
}
