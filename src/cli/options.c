/* The options and arguments of a command as values: text, numbers, dates, accounts and the policy
 * in force, each refused with a sentence that says what would be right. */
#include "cli.h"

#include <string.h>

const char *cli_option(const struct cli *c, const char *name)
{
	for (size_t i = 0; i < CLI_OPTIONS_MAX && c->command->options[i].name; i++) {
		if (strcmp(c->command->options[i].name, name) == 0)
			return c->values[i];
	}
	return NULL;
}

int cli_text(const struct cli *c, const char *name, char *value, size_t size)
{
	const char *text = cli_option(c, name);
	if (text && str_copy(value, size, str_of(text)) != ERR_OK)
		return cli_fail(EXIT_USAGE, "--%s is longer than %zu bytes", name, size - 1);
	return EXIT_DONE;
}

int cli_number(const struct cli *c, const char *name, struct cli_range r, int64_t *value)
{
	const char *text = cli_option(c, name);
	if (text && str_int(str_of(text), r.min, r.max, value) != ERR_OK)
		return cli_fail(EXIT_USAGE, "--%s %s: a number from %lld to %lld is expected", name,
			text, (long long)r.min, (long long)r.max);
	return EXIT_DONE;
}

int cli_date(const struct cli *c, const char *name, enum time_edge edge, int64_t *value)
{
	const char *text = cli_option(c, name);
	if (!text || time_parse(str_trim(str_of(text)), edge, value) == ERR_OK)
		return EXIT_DONE;
	return cli_fail(EXIT_USAGE,
		"--%s %s: a date such as 2027-01-31, or a time such as 2027-01-31T18:00 or "
		"2027-01-31T18:00:00Z, is expected; without a zone it is the newsroom's",
		name, text);
}

int cli_account(struct cli *c, const char *who, struct account *out)
{
	enum err e = account_find(&c->app.accounts, str_of(who), out);
	if (e == ERR_NOT_FOUND)
		return cli_fail(EXIT_NOT_FOUND, "account %s: not found", who);
	return cli_error(e, who);
}

/* Takes the policy inside a read; it is held after it. */
struct policy_lookup {
	struct policy_cache *from;
	const struct paywall_policy *policy;
};

static enum err policy_read(struct db_conn *c, void *arg)
{
	struct policy_lookup *l = arg;
	return policy_acquire(l->from, c, &l->policy);
}

enum err cli_policy(struct cli *c, const struct paywall_policy **out)
{
	struct policy_lookup l = { .from = c->app.wall.policies };
	enum err e = db_read(c->app.db, policy_read, &l);
	*out = l.policy;
	return e;
}
