#include "internal.h"

#include <string.h>

static const char *field_of(const struct form_state *f)
{
	if (f->password_field && strcmp(f->refusal->field, "password") == 0)
		return f->password_field;
	return f->refusal->field;
}

static void field_error(
	struct view *form, const struct form_state *f, const char *key, const char *field)
{
	bool here = f->refusal && f->refusal->field && strcmp(field_of(f), field) == 0;
	view_z(form, key, here ? f->refusal->detail : NULL);
}

static const char *top_sentence(const struct form_state *f)
{
	if (f->error)
		return f->error;
	return f->refusal ? "Please mend what is marked below." : NULL;
}

void form_view(
	struct view *root, struct arena *a, const struct pages *p, const struct form_state *f)
{
	struct view *form = view_object(a);
	struct view *list = view_list(form, "errors");

	view_str(form, "email", f->email);
	view_str(form, "name", f->name);
	view_bool(form, "return_to", false);
	view_bool(form, "remember", f->remember);
	view_z(form, "error", top_sentence(f));
	if (f->refusal && f->refusal->field) {
		struct view *v = view_append(list);
		view_z(v, "field", field_of(f));
		view_z(v, "detail", f->refusal->detail);
	}
	field_error(form, f, "email_error", "email");
	field_error(form, f, "name_error", "name");
	field_error(form, f, "password_error", f->password_field ? f->password_field : "password");
	field_error(form, f, "current_password_error", "current_password");
	view_int(form, "min_length", p->accounts->set.min_length);
	view_z(form, "token_error", f->token_error);
	view_child(root, "form", form);
}
