/* Loads the settings: defaults, then the file (INI, by libinih), then the environment, which
 * wins. Each value is checked against its row of the settings table; a name that is unknown is
 * refused with the nearest one that exists, and every message begins with file and line or the
 * variable's name. */
#include "postern/config.h"

#include <ctype.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

/* CONFIG_FILE_MAX and SECRET_FILE_MAX are bytes: the INI file, and a file that NAME_file names. */
enum { CHOICES_MAX = 16, CONFIG_FILE_MAX = 256 << 10, SECRET_FILE_MAX = 4096, NAME_MAX_SIZE = 128 };

static const char from_environment[] = "environment: ";

/* The state of one config_load, file first and environment second. */
struct loading {
	struct config *c;
	struct arena *a;
	const char *path;
	char *why;
	bool seen[CONFIG_SETTINGS_MAX];        /* in the file: twice is a mistake */
	const char *from[CONFIG_SETTINGS_MAX]; /* where a value stands: "postern.ini:12: ", or NULL
						  for a default */
	enum err err;
	struct str text; /* of the file, what is not read yet */
	int line;
};

static enum err setting_refuse(struct loading *l, const char *fmt, ...) PRINTF(2, 3);
static enum err setting_refuse(struct loading *l, const char *fmt, ...)
{
	va_list ap;
	if (l->err)
		return l->err;
	va_start(ap, fmt);
	vsnprintf(l->why, CONFIG_WHY_SIZE, fmt, ap);
	va_end(ap);
	l->err = ERR_INVALID;
	return l->err;
}

static void *member(struct config *c, const struct setting *s)
{
	return (char *)c + s->offset;
}

static bool choice_ok(const char *choices, struct str value)
{
	struct str rest = str_of(choices);
	while (rest.n > 0) {
		if (str_eq(str_cut(&rest, ' '), value))
			return true;
	}
	return false;
}

/* Of words between spaces; NULL: none is near. */
static const char *choice_nearest(struct arena *a, const char *choices, struct str value)
{
	const char *words[CHOICES_MAX + 1];
	struct str rest = str_of(choices);
	size_t n = 0;
	while (rest.n > 0 && n < CHOICES_MAX) {
		struct str one = str_cut(&rest, ' ');
		words[n++] = arena_fmt(a, STR_FMT, STR_ARG(one));
	}
	words[n] = NULL;
	return text_nearest(value, words);
}

static bool bool_parse(struct str v, bool *out)
{
	*out = str_eq_nocase(v, STR("yes")) || str_eq_nocase(v, STR("true")) ||
	       str_eq(v, STR("1")) || str_eq_nocase(v, STR("on"));
	return *out || str_eq_nocase(v, STR("no")) || str_eq_nocase(v, STR("false")) ||
	       str_eq(v, STR("0")) || str_eq_nocase(v, STR("off"));
}

/* `where` begins the message: "postern.ini:12: " or "environment: ". */
static enum err assign(
	struct loading *l, const struct setting *s, struct str value, const char *where)
{
	if (s->type == SETTING_INT) {
		if (str_int(value, s->min, s->max, member(l->c, s)) != ERR_OK)
			return setting_refuse(l,
				"%s%s.%s = " STR_FMT
				": a whole number from %lld to %lld (%s) is expected",
				where, s->section, s->name, STR_ARG(value), (long long)s->min,
				(long long)s->max, s->unit);
		return ERR_OK;
	}
	if (s->type == SETTING_BOOL) {
		if (!bool_parse(value, member(l->c, s)))
			return setting_refuse(l, "%s%s.%s = " STR_FMT ": yes or no is expected",
				where, s->section, s->name, STR_ARG(value));
		return ERR_OK;
	}
	if (s->choices && !choice_ok(s->choices, value)) {
		const char *near = choice_nearest(l->a, s->choices, value);
		return setting_refuse(l,
			"%s%s.%s = " STR_FMT ": one of these is expected: %s" NEAR_FMT, where,
			s->section, s->name, STR_ARG(value), s->choices, NEAR_ARG(near));
	}
	struct str copy = arena_str(l->a, value.p ? value : STR(""));
	if (!copy.p)
		return ERR_NOMEM;
	*(const char **)member(l->c, s) = copy.p;
	return ERR_OK;
}

static enum err assign_file(
	struct loading *l, const struct setting *s, struct str path, const char *where)
{
	BUF_AUTO b = BUF(SECRET_FILE_MAX);
	const char *name = arena_fmt(l->a, STR_FMT, STR_ARG(path));
	enum err e = file_read(name, &b);
	if (e == ERR_NOMEM)
		return e;
	if (e)
		return setting_refuse(l, "%s%s.%s_file = %s: the file cannot be read (%s)", where,
			s->section, s->name, name, err_name(e));
	return assign(l, s, str_trim(buf_view(&b)), where);
}

static const char *nearest(struct arena *a, const char *section, const char *name)
{
	const char *names[2 * CONFIG_SETTINGS_MAX + 1];
	size_t n = 0;
	for (size_t i = 0; i < config_setting_count && n + 1 < COUNT(names); i++)
		names[n++] =
			arena_fmt(a, "%s.%s", config_settings[i].section, config_settings[i].name);
	names[n] = NULL;
	return text_nearest(str_of(arena_fmt(a, "%s.%s", section, name)), names);
}

static const struct setting *setting_named(const char *section, const char *name, bool *is_file)
{
	size_t n = strlen(name);
	for (size_t i = 0; i < config_setting_count; i++) {
		const struct setting *s = &config_settings[i];
		size_t len = strlen(s->name);
		if (strcmp(s->section, section) != 0 || strncmp(s->name, name, len) != 0)
			continue;
		*is_file = s->type == SETTING_SECRET && strcmp(name + len, "_file") == 0;
		if (n == len || *is_file)
			return s;
	}
	return NULL;
}

/* ---- the file ---- */

/* libinih calls this for each setting. Returns 0 to stop; the reason is in l->err and l->why. */
static int file_line(void *user, const char *section, const char *name, const char *value)
{
	struct loading *l = user;
	bool is_file = false;
	const struct setting *s = setting_named(section, name, &is_file);
	const char *where = arena_fmt(l->a, "%s:%d: ", l->path, l->line);
	if (l->err)
		return 0;
	if (!s) {
		const char *other = nearest(l->a, section, name);
		setting_refuse(l, "%s%s%s%s is not a setting%s%s%s", where, section,
			*section ? "." : "", name, other ? "; did you mean " : "",
			other ? other : "", other ? "?" : " (see `postern config sample`)");
		return 0;
	}
	size_t index = (size_t)(s - config_settings);
	if (l->seen[index]) {
		setting_refuse(l, "%s%s.%s is set twice", where, section, name);
		return 0;
	}
	l->seen[index] = true;
	l->from[index] = where;
	enum err e = is_file ? assign_file(l, s, str_of(value), where)
			     : assign(l, s, str_of(value), where);
	if (e && !l->err)
		l->err = e;
	return e == ERR_OK;
}

/* Hands libinih one line and counts it. The library would silently split a longer line than its
 * buffer holds. */
static char *next_line(char *line, int size, void *stream)
{
	struct loading *l = stream;
	if (l->text.n == 0 || l->err)
		return NULL;
	struct str one = str_cut(&l->text, '\n');
	l->line++;
	if (one.n + 2 > (size_t)size) {
		setting_refuse(l, "%s:%d: the line is longer than %d characters", l->path, l->line,
			size - 2);
		return NULL;
	}
	memcpy(line, one.p, one.n);
	line[one.n] = '\0';
	return line;
}

static enum err load_file(struct loading *l)
{
	BUF_AUTO b = BUF(CONFIG_FILE_MAX);
	enum err e = file_read(l->path, &b);
	if (e) {
		snprintf(l->why, CONFIG_WHY_SIZE, "%s: the configuration file cannot be read (%s)",
			l->path, err_name(e));
		return e;
	}
	if (memchr(b.n ? b.p : "", 0, b.n))
		return setting_refuse(
			l, "%s: the file holds NUL bytes; it is not a text file", l->path);
	l->text = buf_view(&b);
	int line = ini_parse_stream(next_line, l, file_line, l);
	if (l->err)
		return l->err;
	if (line)
		return setting_refuse(
			l, "%s:%d: neither [section], name = value nor a comment", l->path, line);
	return ERR_OK;
}

/* ---- the environment ---- */

static void env_name(const struct setting *s, const char *suffix, char out[static NAME_MAX_SIZE])
{
	snprintf(out, NAME_MAX_SIZE, "POSTERN_%s_%s%s", s->section, s->name, suffix);
	for (char *p = out; *p; p++)
		*p = (char)toupper((unsigned char)*p);
}

/* A name that begins with POSTERN_ and is no setting is refused: a misspelt one must not be
 * ignored. */
static enum err take_env(struct loading *l, struct str name, struct str value)
{
	const char *names[2 * CONFIG_SETTINGS_MAX + 1];
	size_t n = 0;
	char known[NAME_MAX_SIZE];
	for (size_t i = 0; i < config_setting_count; i++) {
		env_name(&config_settings[i], "", known);
		names[n++] = arena_str(l->a, str_of(known)).p;
		if (str_eq(name, str_of(known))) {
			l->from[i] = from_environment;
			return assign(l, &config_settings[i], value, from_environment);
		}
		if (config_settings[i].type != SETTING_SECRET)
			continue;
		env_name(&config_settings[i], "_FILE", known);
		if (str_eq(name, str_of(known))) {
			l->from[i] = from_environment;
			return assign_file(l, &config_settings[i], value, from_environment);
		}
	}
	names[n] = NULL;
	const char *other = text_nearest(name, names);
	return setting_refuse(l, "environment: " STR_FMT " is not a setting" NEAR_FMT,
		STR_ARG(name), NEAR_ARG(other));
}

static enum err load_env(struct loading *l, char **env)
{
	for (; env && *env; env++) {
		struct str rest = str_of(*env), name = str_cut(&rest, '=');
		if (!str_starts(name, STR("POSTERN_")) || str_eq(name, STR("POSTERN_CONFIG")))
			continue;
		enum err e = take_env(l, name, rest);
		if (e)
			return e;
	}
	return ERR_OK;
}

/* A complaint about settings that do not fit together begins with the name of one: says where that
 * one stands. */
static void tell_where(const struct loading *l)
{
	struct str said = str_of(arena_fmt(l->a, "%s", l->why));
	struct str name = { said.p, strcspn(said.p, " :=") };
	for (size_t i = 0; i < config_setting_count; i++) {
		const char *known = arena_fmt(
			l->a, "%s.%s", config_settings[i].section, config_settings[i].name);
		if (l->from[i] && str_eq(name, str_of(known)))
			snprintf(l->why, CONFIG_WHY_SIZE, "%s" STR_FMT, l->from[i], STR_ARG(said));
	}
}

static enum err load(struct loading *l, char **env)
{
	enum err e = ERR_OK;
	for (size_t i = 0; !e && i < config_setting_count; i++)
		e = assign(
			l, &config_settings[i], str_of(config_settings[i].fallback), "default of ");
	if (!e && l->path)
		e = load_file(l);
	if (!e)
		e = load_env(l, env);
	if (e)
		return e;
	e = config_check_together(l->c, l->a, l->why);
	if (e)
		tell_where(l);
	return e;
}

/* Of whatever else is said without memory, nothing may be true. */
enum err config_load(const char *path, char **env, struct arena *a, struct config *out,
	char why[static CONFIG_WHY_SIZE])
{
	struct loading l = { .c = out, .a = a, .path = path, .why = why };
	*out = (struct config){ 0 };
	why[0] = '\0';
	enum err e = load(&l, env);
	if (e != ERR_NOMEM && !arena_failed(a))
		return e;
	snprintf(why, CONFIG_WHY_SIZE, "there is no memory to read the configuration");
	return ERR_NOMEM;
}

const char *config_theme(const struct config *c)
{
	return *c->theme ? c->theme : NULL;
}
