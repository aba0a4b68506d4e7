/* What the files of this room share: JSON in, JSON out. */
#ifndef POSTERN_API_INTERNAL_H
#define POSTERN_API_INTERNAL_H

#include "postern/api.h"
#include "postern/api_key.h"
#include "postern/json.h"
#include "postern/text.h"

/* A member of the request's object: a string, */
struct json_field {
	const char *name;
	bool required;
	struct str *out; /* {NULL, 0} when absent; copied into the request's arena */
};
/* or true or false. */
struct json_flag {
	const char *name;
	bool *out; /* false when absent */
};
/* The body must be an object with no other members. ERR_INVALID with rsp->detail (400) or
 * rsp->problems (422). */
enum err MUST_USE api_json_body(
	struct request *r, struct response *rsp, const struct json_field *fields, size_t count);
/* The same with one flag among the members. */
enum err MUST_USE api_json_body_flag(struct request *r, struct response *rsp,
	const struct json_field *fields, size_t count, const struct json_flag *flag);
/* Steals `doc`; NULL is ERR_NOMEM. */
enum err MUST_USE api_json_answer(struct request *r, struct response *rsp, int status, json_t *doc);
/* A refused field of the domain as a field problem of the answer. */
void api_json_field_error(struct response *rsp, const struct field_error *why);
/* 204 unless `e`, which it returns. */
enum err MUST_USE api_no_content(struct response *rsp, enum err e);
/* As member "device_token", unless it is empty. */
void api_json_device_token(json_t **doc, const struct token *t);
/* 200 with the token for a device that is known now; 204 with NULL. Unless `e`, as above. */
enum err MUST_USE api_device_answer(
	struct request *r, struct response *rsp, enum err e, const struct proved_device *d);
json_t *api_account_json(const struct account *a);
json_t *api_plans_json(const struct policy_plan_offers *o);
/* A decision with its names, meter and offers, as every endpoint shows it to servers. */
struct decision_words {
	const struct decision *d;
	const char *reason, *detail;
};
json_t *api_meter_json(const struct decision *d); /* null where no meter decided */
json_t *api_offer_json(unsigned offer);           /* the names of its flags */
json_t *api_service_decision_json(const struct decision_words *w);
/* Asks for an API key with the scope, as Authorization: Bearer. ERR_UNAUTHENTICATED, ERR_DENIED
 * with what the log and the client are told. */
enum err MUST_USE api_key_ask(
	const struct api *api, struct request *r, struct response *rsp, enum key_scope scope);
void api_json_retry_after(struct response *rsp, int64_t seconds);

#endif
