/* JSON in and out for all API handlers. Reads a body against the list of members that a handler
 * declares: a member that is unknown, missing or of another type is 422 with its name. Writes
 * answers, times (RFC 3339, UTC) and the fields that several answers share. */
#include "internal.h"

#include <string.h>

static const struct json_field *field_named(
	const struct json_field *fields, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	}
	return NULL;
}

static enum err take_member(struct request *r, struct response *rsp, const struct json_field *f,
	const char *name, const json_t *value)
{
	if (!f) {
		response_problem(rsp, arena_str(r->arena, str_of(name)).p, "unknown_field",
			"This field is unknown.");
		return ERR_OK;
	}
	if (!json_is_string(value)) {
		response_problem(rsp, f->name, "not_a_string", "This field must be a string.");
		return ERR_OK;
	}
	*f->out = arena_str(
		r->arena, (struct str){ json_string_value(value), json_string_length(value) });
	return f->out->p ? ERR_OK : ERR_NOMEM;
}

static void take_flag(struct response *rsp, const struct json_flag *flag, const json_t *value)
{
	if (!json_is_boolean(value))
		response_problem(
			rsp, flag->name, "not_a_boolean", "This field must be true or false.");
	*flag->out = json_is_true(value);
}

/* The members that a body may have; any other is refused, so that a misspelt one is not taken for
 * absent. */
struct json_wanted {
	const struct json_field *fields;
	size_t count;
	const struct json_flag *flag;
};

/* Collects all problems of a body before it is refused, so that a client sees them at once. */
static enum err take_members(
	struct request *r, struct response *rsp, const struct json_wanted *w, json_t *doc)
{
	const struct json_field *fields = w->fields;
	size_t count = w->count;
	const char *name;
	json_t *value;
	json_object_foreach(doc, name, value)
	{
		if (w->flag && strcmp(name, w->flag->name) == 0) {
			take_flag(rsp, w->flag, value);
			continue;
		}
		enum err e = take_member(r, rsp, field_named(fields, count, name), name, value);
		if (e)
			return e;
	}
	for (size_t i = 0; i < count; i++) {
		if (fields[i].required && !fields[i].out->p &&
			!json_object_get(doc, fields[i].name))
			response_problem(
				rsp, fields[i].name, "required", "This field is required.");
	}
	return rsp->problem_count ? ERR_INVALID : ERR_OK;
}

enum err api_json_body(
	struct request *r, struct response *rsp, const struct json_field *fields, size_t count)
{
	return api_json_body_flag(r, rsp, fields, count, NULL);
}

enum err api_json_body_flag(struct request *r, struct response *rsp,
	const struct json_field *fields, size_t count, const struct json_flag *flag)
{
	const struct json_wanted wanted = { fields, count, flag };
	json_error_t at;
	if (flag)
		*flag->out = false;
	for (size_t i = 0; i < count; i++)
		*fields[i].out = (struct str){ NULL, 0 };
	json_auto_t *doc = NULL;
	enum err e = text_json_parse(r->body, JSON_REJECT_DUPLICATES, &doc, &at);
	if (e == ERR_NOMEM)
		return e;
	if (e) {
		/* Not the library's text: it quotes the body, which may hold a password. */
		rsp->detail = arena_fmt(r->arena,
			"The body is not valid JSON, or a member appears twice: line %d, column "
			"%d.",
			at.line, at.column);
		return ERR_INVALID;
	}
	if (!json_is_object(doc)) {
		rsp->detail = "The body must be a JSON object.";
		return ERR_INVALID;
	}
	return take_members(r, rsp, &wanted, doc);
}

enum err api_json_answer(struct request *r, struct response *rsp, int status, json_t *doc)
{
	enum err e = text_json_write(doc, JSON_COMPACT, r->arena, &rsp->body);
	if (e)
		return e;
	rsp->status = status;
	if (!rsp->content_type)
		rsp->content_type = "application/json";
	return ERR_OK;
}

void api_json_device_token(json_t **doc, const struct token *t)
{
	if (t->text[0])
		text_json_put(doc, "device_token", json_string(t->text));
}

enum err api_device_answer(
	struct request *r, struct response *rsp, enum err e, const struct proved_device *d)
{
	if (e || !d)
		return api_no_content(rsp, e);
	json_t *doc = json_object();
	api_json_device_token(&doc, &d->fresh);
	return api_json_answer(r, rsp, 200, doc);
}

void api_json_field_error(struct response *rsp, const struct field_error *why)
{
	if (why->field)
		response_problem(rsp, why->field, why->code, why->detail);
}

void api_json_retry_after(struct response *rsp, int64_t seconds)
{
	rsp->retry_after_s = seconds > 0 ? seconds : 1;
}

enum err api_no_content(struct response *rsp, enum err e)
{
	if (!e)
		rsp->status = 204;
	return e;
}

json_t *api_account_json(const struct account *a)
{
	return json_pack("{s:s, s:s, s:s, s:b}", "id", a->id, "email", a->email, "name", a->name,
		"verified", a->verified_at != 0);
}
