/* The table of errors as the outside sees them: status, slug and sentence for each enum err. */
#include "internal.h"

static const struct error_info faces[ERR_COUNT] = {
	[ERR_OK] = { 200, "ok", "OK", "All is well." },
	[ERR_INVALID] = { 400, "malformed", "Bad request",
		"We could not understand this request." },
	[ERR_WEAK_PASSWORD] = { 422, "weak_password", "Password refused",
		"This password is too easy to guess. Choose another one." },
	[ERR_TOO_LARGE] = { 413, "too_large", "Too large",
		"The request is larger than we accept." },
	[ERR_UNSUPPORTED] = { 415, "unsupported_type", "Type not supported",
		"We do not accept this type of content." },
	[ERR_UNAUTHENTICATED] = { 401, "unauthenticated", "Log in to continue",
		"You must be logged in to do this." },
	[ERR_DENIED] = { 403, "denied", "Not allowed", "You do not have permission to do this." },
	[ERR_PAYMENT] = { 402, "payment_required", "Subscription required",
		"Only subscribers can read this." },
	[ERR_NOT_FOUND] = { 404, "not_found", "Not found",
		"There is nothing at this address. It may be misspelled or out of date." },
	[ERR_METHOD] = { 405, "method_not_allowed", "Method not allowed",
		"This address does not accept this kind of request." },
	[ERR_CONFLICT] = { 409, "conflict", "Not possible now",
		"Somebody else has changed this, or it already exists." },
	[ERR_SPENT] = { 410, "spent", "Link no longer valid",
		"This link has been used or has expired. Request a new one." },
	[ERR_GONE] = { 410, "gone", "No longer available", "This content has been withdrawn." },
	[ERR_LIMITED] = { 429, "limited", "Too many requests",
		"There were too many requests in a short time." },
	[ERR_BUSY] = { 503, "busy", "Busy", "The site is very busy. Try again in a moment." },
	[ERR_STOPPED] = { 503, "unavailable", "Not available",
		"The site is temporarily unavailable. Try again in a moment." },
	[ERR_UNAVAILABLE] = { 503, "unavailable", "Not available",
		"The site is temporarily unavailable. Try again in a moment." },
	[ERR_NOMEM] = { 503, "overloaded", "Not available",
		"The site is temporarily unavailable. Try again in a moment." },
	[ERR_CORRUPT] = { 500, "internal", "Something went wrong",
		"The error is on our side and has been logged. Try again later." },
	[ERR_INTERNAL] = { 500, "internal", "Something went wrong",
		"The error is on our side and has been logged. Try again later." },
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
