/* Template data of a form: what was typed, which field is wrong and why, and the sentence above
 * the form. */
#include "internal.h"

#include <string.h>

static const char *field_of(const struct form_state *f)
{
	if (f->password_field && strcmp(f->field_error->field, "password") == 0)
		return f->password_field;
	return f->field_error->field;
}

static void field_error_data(
	struct template_data *form, const struct form_state *f, const char *key, const char *field)
{
	bool here = f->field_error && f->field_error->field && strcmp(field_of(f), field) == 0;
	template_z(form, key, here ? f->field_error->detail : NULL);
}

static const char *top_sentence(const struct form_state *f)
{
	if (f->error)
		return f->error;
	return f->field_error ? "Please correct the highlighted fields." : NULL;
}

void pages_form_data(struct template_data *root, struct arena *a, const struct pages *p,
	const struct form_state *f)
{
	struct template_data *form = template_object(a);
	struct template_data *list = template_list(form, "errors");
	pages_template_str(form, "email", f->email);
	pages_template_str(form, "name", f->name);
	template_bool(form, "return_to", false);
	template_bool(form, "remember", f->remember);
	template_z(form, "error", top_sentence(f));
	if (f->field_error && f->field_error->field) {
		struct template_data *v = template_append(list);
		template_z(v, "field", field_of(f));
		template_z(v, "detail", f->field_error->detail);
	}
	field_error_data(form, f, "email_error", "email");
	field_error_data(form, f, "name_error", "name");
	field_error_data(
		form, f, "password_error", f->password_field ? f->password_field : "password");
	field_error_data(form, f, "current_password_error", "current_password");
	template_int(form, "min_length", p->accounts->set.min_length);
	template_z(form, "token_error", f->token_error);
	template_child(root, "form", form);
}

/* As people read it, rounded up. */
const char *pages_wait_text(struct arena *a, int64_t seconds)
{
	int64_t minutes = (seconds + 59) / 60;
	if (seconds < 120)
		return arena_fmt(a, "%lld second%s", (long long)seconds, seconds == 1 ? "" : "s");
	return arena_fmt(a, "%lld minutes", (long long)minutes);
}
