/* postern key …: create, rotate, revoke and list API keys. A key is printed once, when it is
 * made. */
#include "../cli.h"

#include "postern/api_key.h"

#include <stdio.h>

/* How long the old key works after `key rotate`, unless --keep says otherwise. */
enum { KEEP_HOURS = 24 };

static int key_error(struct cli *c, enum err e, const char *name)
{
	switch (e) {
	case ERR_INVALID:
		return cli_fail(EXIT_USAGE,
			"%s: a name of lower-case letters, digits and '-' is expected", name);
	case ERR_CONFLICT:
		return cli_fail(
			EXIT_CONFLICT, "%s: a key of this name exists; rotate or revoke it", name);
	case ERR_NOT_FOUND:
		return cli_not_found(c, NAMED_KEY, name);
	case ERR_TOO_LARGE:
		return cli_fail(
			EXIT_FAILED, "there are already %d keys, which is the maximum", KEYS_MAX);
	default:
		return cli_error(e, name);
	}
}

static int show_new(struct cli *c, char text[static TOKEN_SIZE])
{
	int code = EXIT_DONE;
	if (c->json)
		code = cli_print_json(json_pack("{s:s, s:s}", "name", c->args[0], "key", text));
	else
		printf("%s\nKeep it now: only its hash is stored, and it is not shown again.\n",
			text);
	crypto_wipe(text, TOKEN_SIZE);
	return code;
}

int cmd_key_create(struct cli *c)
{
	const char *words = cli_option(c, "scopes");
	char text[TOKEN_SIZE];
	unsigned scopes = KEY_ACCESS;
	if (words && account_api_key_scopes_parse(str_of(words), &scopes) != ERR_OK)
		return cli_fail(EXIT_USAGE,
			"--scopes \"%s\": access, explain or both are expected, between spaces",
			words);
	enum err e = account_api_key_create(c->app.db, c->args[0], scopes, c->now_s, text);
	return e ? key_error(c, e, c->args[0]) : show_new(c, text);
}

int cmd_key_rotate(struct cli *c)
{
	const char *keep = cli_option(c, "keep");
	char text[TOKEN_SIZE];
	int64_t hours = KEEP_HOURS;
	if (keep && str_int(str_of(keep), 0, KEY_KEEP_MAX_S / 3600, &hours) != ERR_OK)
		return cli_fail(EXIT_USAGE, "--keep %s: hours from 0 to %d are expected", keep,
			KEY_KEEP_MAX_S / 3600);
	enum err e = account_api_key_rotate(c->app.db, c->args[0], hours * 3600, c->now_s, text);
	return e ? key_error(c, e, c->args[0]) : show_new(c, text);
}

int cmd_key_revoke(struct cli *c)
{
	enum err e = account_api_key_revoke(c->app.db, c->args[0], c->now_s);
	if (e)
		return key_error(c, e, c->args[0]);
	printf("%s is revoked.\n", c->args[0]);
	return EXIT_DONE;
}

static const char *state_of(const struct api_key *k, int64_t now_s)
{
	if (k->revoked_at)
		return "revoked";
	if (!k->expires_at)
		return "in force";
	return k->expires_at > now_s ? "replaced" : "expired";
}

static json_t *key_json(const struct api_key *k, int64_t now_s)
{
	char scopes[KEY_SCOPES_SIZE];
	account_api_key_scopes_text(k->scopes, scopes);
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "id", k->id, "name", k->name,
		"scopes", scopes, "state", state_of(k, now_s), "created_at",
		text_json_time(k->created_at), "expires_at", text_json_time(k->expires_at),
		"revoked_at", text_json_time(k->revoked_at), "used_at", text_json_time(k->used_at));
}

int cmd_key_list(struct cli *c)
{
	struct api_key *list = NULL;
	size_t n = 0;
	char scopes[KEY_SCOPES_SIZE];
	enum err e = account_api_key_list(c->app.db, c->app.arena, &list, &n);
	if (e)
		return cli_error(e, "keys");
	if (c->json) {
		json_t *doc = json_array();
		for (size_t i = 0; i < n; i++)
			text_json_append(&doc, key_json(&list[i], c->now_s));
		return cli_print_json(doc);
	}
	for (size_t i = 0; i < n; i++) {
		account_api_key_scopes_text(list[i].scopes, scopes);
		printf("%-20s  %-14s  %-8s  made %s  until %s  used %s\n", list[i].name, scopes,
			state_of(&list[i], c->now_s), cli_day(c->app.arena, list[i].created_at),
			cli_day(c->app.arena, list[i].expires_at),
			cli_day(c->app.arena, list[i].used_at));
	}
	return EXIT_DONE;
}
