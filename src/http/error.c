/* The table of errors as the outside sees them: status, slug and sentence for each enum err. */
#include "internal.h"

static const struct error_info faces[ERR_COUNT] = {
	[ERR_OK] = { 200, "ok", "OK", "All is well." },
	[ERR_INVALID] = { 400, "malformed", "Not understood",
		"The request is not in a form that we understand." },
	[ERR_WEAK_PASSWORD] = { 422, "weak_password", "Password refused",
		"This password is too easy to guess. Please choose another one." },
	[ERR_TOO_LARGE] = { 413, "too_large", "Too large", "That is more than we accept at once." },
	[ERR_UNSUPPORTED] = { 415, "unsupported_type", "Type not supported",
		"What was sent is of a type that we do not take." },
	[ERR_UNAUTHENTICATED] = { 401, "unauthenticated", "Please log in",
		"You need to log in first." },
	[ERR_DENIED] = { 403, "denied", "Not allowed", "You may not do this." },
	[ERR_PAYMENT] = { 402, "payment_required", "Subscription needed",
		"This is for subscribers." },
	[ERR_NOT_FOUND] = { 404, "not_found", "Not found", "There is nothing at this address." },
	[ERR_METHOD] = { 405, "method_not_allowed", "Method not allowed",
		"This address does not take requests of that kind." },
	[ERR_CONFLICT] = { 409, "conflict", "Not possible now",
		"This was changed by somebody else, or exists already." },
	[ERR_SPENT] = { 410, "spent", "Link no longer valid",
		"This link was used before or has expired. Please ask for a new one." },
	[ERR_GONE] = { 410, "gone", "No longer here", "What was here has been withdrawn." },
	[ERR_LIMITED] = { 429, "limited", "Too many requests",
		"That was too often in a short time. Please wait a little and try again." },
	[ERR_BUSY] = { 503, "busy", "Busy",
		"We are very busy right now. Please try again in a moment." },
	[ERR_STOPPED] = { 503, "unavailable", "Not available",
		"This is not available right now. Please try again in a moment." },
	[ERR_UNAVAILABLE] = { 503, "unavailable", "Not available",
		"This is not available right now. Please try again in a moment." },
	[ERR_NOMEM] = { 503, "overloaded", "Not available",
		"This is not available right now. Please try again in a moment." },
	[ERR_CORRUPT] = { 500, "internal", "Something went wrong",
		"The fault is ours, and we have made a note of it." },
	[ERR_INTERNAL] = { 500, "internal", "Something went wrong",
		"The fault is ours, and we have made a note of it." },
};

const struct error_info *http_error_info(enum err e)
{
	return &faces[(unsigned)e < ERR_COUNT && e != ERR_OK ? e : ERR_INTERNAL];
}

int response_error_status(const struct response *rsp)
{
	if (rsp->status >= 400)
		return rsp->status;
	if (rsp->err == ERR_INVALID && rsp->problem_count > 0)
		return 422;
	return http_error_info(rsp->err)->status;
}
