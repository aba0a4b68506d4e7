/* cli: the program as its user sees it: the command table, arguments, output. */
#ifndef POSTERN_CLI_H
#define POSTERN_CLI_H

#include "postern/app.h"
#include "postern/entitlement.h"
#include "postern/json.h"

/* Exit codes, documented in docs/cli.md. */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,      /* part of the work was refused, or a check found something */
	EXIT_USAGE = 2,       /* the command line is wrong */
	EXIT_CONFIG = 3,      /* the configuration is wrong */
	EXIT_NOT_FOUND = 4,   /* no such account, article, … */
	EXIT_CONFLICT = 5,    /* exists already, or another program has it */
	EXIT_UNAVAILABLE = 6, /* database, disk or address cannot be used */
};

enum { CLI_ARGS_MAX = 64, CLI_OPTIONS_MAX = 16 };
/* Help is one line; the list of a command ends with an option without a name. */
struct cli_option {
	const char *name;  /* "until" */
	const char *value; /* "DATE", or NULL for a switch */
	const char *help;
};
/* A command that reads the database opens it for reading: it never makes, migrates or locks one.
 * One that writes makes a missing file and applies missing migrations. */
enum needs { NEEDS_NOTHING = 1, NEEDS_CONFIG, READS_DATABASE, WRITES_DATABASE };
struct cli;
/* A row of cli_commands, static. Help and the check of arguments are made from it; `tests/lint/run
 * commands` compares docs/cli.md with it. */
struct command {
	const char *name; /* "account create" */
	const char *args; /* "EMAIL" */
	unsigned min_args, max_args;
	enum needs needs;
	bool json; /* takes --json */
	const char *summary;
	const char *details; /* further help, or NULL */
	struct cli_option options[CLI_OPTIONS_MAX];
	int (*run)(struct cli *c);
};
/* One run of the program: the parsed command line, and the parts of the program that the command
 * needs. Closed by cli_main. */
struct cli {
	const struct command *command;
	const char *args[CLI_ARGS_MAX];
	size_t arg_count;
	const char *values[CLI_OPTIONS_MAX]; /* by index of command->options; "" for a switch that
						is there */
	bool json;
	const char *config_path;
	char **env;
	struct app app;
	struct interrupt interrupt; /* of a command that does not serve */
	int64_t now_s;
};

/* The whole program: parses arguments, runs one command, returns its exit code (docs/cli.md). */
int cli_main(int argc, char **argv, char **env);

enum { CLI_COMMANDS_MAX = 127 };
extern const struct command cli_commands[];
extern const size_t cli_command_count;

/* ---- output.c ---- */
/* "postern: …" on standard error; returns the code, so that `return cli_fail(…)` reads well. */
int cli_fail(int code, const char *fmt, ...) PRINTF(2, 3);
/* Map an error to message and exit code; the second says that it is about an article. */
int cli_error(enum err e, const char *what);
int cli_article_error(const struct cli *c, enum err e, const char *slug);
/* Of a database or a server that cannot be opened: `why` says more than the error, or is empty. */
int cli_open_error(enum err e, const char *why);
int cli_print_json(json_t *doc); /* steals; pretty, on standard output */
/* Times for people, in the newsroom's zone. */
const char *cli_day(struct arena *a, int64_t t); /* "2026-11-20 00:40-05:00" or "-" */
const char *cli_end(
	struct arena *a, int64_t t); /* an end: "2026-11-30" for the midnight after it */

/* ---- options.c ---- */
const char *cli_option(const struct cli *c, const char *name); /* NULL when absent */
/* Finds an account or fails with EXIT_NOT_FOUND; 0 is success. */
int cli_account(struct cli *c, const char *who, struct account *out);
/* The policy in force, to be given back to c->app.wall.policies. */
enum err MUST_USE cli_policy(struct cli *c, const struct paywall_policy **out);
/* Options of a form; `*value` stays where the option is absent. 0, or EXIT_USAGE after saying what
 * would be right. A day means the newsroom's; TIME_ENDS: with the whole of it. */
struct cli_range {
	int64_t min, max;
};
int cli_text(const struct cli *c, const char *name, char *value, size_t size);
int cli_number(const struct cli *c, const char *name, struct cli_range r, int64_t *value);
int cli_date(const struct cli *c, const char *name, enum time_edge edge, int64_t *value);

/* ---- names.c: names that stand elsewhere. 0, or the exit code after saying which known name
 * comes nearest; --new lets a name through that nobody knows. ---- */
int cli_plan(struct cli *c, const char *plan);
int cli_sections(
	struct cli *c, struct str list);       /* one, or several between newlines; empty: none */
int cli_site(struct cli *c, const char *site); /* "": every site */
int cli_source(struct cli *c, const char *source);   /* of an entitlement */
int cli_methods(struct cli *c, const char *methods); /* between spaces, or "any" */
/* EXIT_NOT_FOUND, with the nearest that there is. */
enum cli_named { NAMED_PLAN = 1, NAMED_METER, NAMED_CRAWLER, NAMED_INSTITUTION, NAMED_KEY };
int cli_not_found(struct cli *c, enum cli_named what, const char *word);
/* `word` is none of `words`, which end with NULL: EXIT_USAGE. */
int cli_word_fail(const char *what, const char *word, const char *const *words);

/* ---- cmd/entitlement.c ---- */
struct cli_entitlements {
	const char *account_id;
	struct policy_cache *policies;
	struct arena *a;
	struct entitlements list;
	bool *undescribed; /* of each: nobody has described its plan, so it opens nothing */
};
enum err MUST_USE cli_entitlements(
	struct cli *c, const char *account_id, struct cli_entitlements *out);
json_t *cli_entitlements_json(const struct cli_entitlements *e);
void cli_entitlements_print(const struct cli_entitlements *e);

int cmd_serve(struct cli *c);
int cmd_run_demo(struct cli *c);
int cmd_init(struct cli *c);
int cmd_db_copy(struct cli *c);
int cmd_version(struct cli *c);
int cmd_account_create(struct cli *c);
int cmd_account_list(struct cli *c);
int cmd_account_show(struct cli *c);
int cmd_account_disable(struct cli *c);
int cmd_account_enable(struct cli *c);
int cmd_account_delete(struct cli *c);
int cmd_account_reset(struct cli *c);
int cmd_session_list(struct cli *c);
int cmd_session_end(struct cli *c);
int cmd_entitlement_grant(struct cli *c);
int cmd_entitlement_list(struct cli *c);
int cmd_entitlement_revoke(struct cli *c);
int cmd_institution_add(struct cli *c);
int cmd_institution_set(struct cli *c);
int cmd_institution_list(struct cli *c);
int cmd_institution_show(struct cli *c);
int cmd_institution_remove(struct cli *c);
int cmd_institution_range(struct cli *c);
int cmd_institution_domain(struct cli *c);
int cmd_institution_import(struct cli *c);
int cmd_institution_export(struct cli *c);
int cmd_crawler_add(struct cli *c);
int cmd_crawler_list(struct cli *c);
int cmd_crawler_remove(struct cli *c);
int cmd_crawler_load(struct cli *c);
int cmd_crawler_check(struct cli *c);
int cmd_article_import(struct cli *c);
int cmd_article_list(struct cli *c);
int cmd_article_show(struct cli *c);
int cmd_article_export(struct cli *c);
int cmd_article_set_access(struct cli *c);
int cmd_article_set_status(struct cli *c);
int cmd_article_delete(struct cli *c);
int cmd_article_feature(struct cli *c);
int cmd_article_unfeature(struct cli *c);
int cmd_section_list(struct cli *c);
int cmd_section_describe(struct cli *c);
int cmd_mail_list(struct cli *c);
int cmd_mail_retry(struct cli *c);
int cmd_mail_send(struct cli *c);
int cmd_explain(struct cli *c);
int cmd_entitlement_set_status(struct cli *c);
int cmd_plan_list(struct cli *c);
int cmd_plan_add(struct cli *c);
int cmd_plan_set(struct cli *c);
int cmd_plan_remove(struct cli *c);
int cmd_seat_list(struct cli *c);
int cmd_seat_invite(struct cli *c);
int cmd_seat_remove(struct cli *c);
int cmd_gift_list(struct cli *c);
int cmd_gift_create(struct cli *c);
int cmd_gift_revoke(struct cli *c);
int cmd_rules_list(struct cli *c);
int cmd_rules_add(struct cli *c);
int cmd_rules_move(struct cli *c);
int cmd_rules_remove(struct cli *c);
int cmd_meter_list(struct cli *c);
int cmd_meter_set(struct cli *c);
int cmd_meter_remove(struct cli *c);
int cmd_meter_rotate_key(struct cli *c);
int cmd_meter_show(struct cli *c);
int cmd_meter_reset(struct cli *c);
int cmd_gate_add(struct cli *c);
int cmd_gate_list(struct cli *c);
int cmd_gate_remove(struct cli *c);
int cmd_gate_test(struct cli *c);
int cmd_key_create(struct cli *c);
int cmd_key_list(struct cli *c);
int cmd_key_rotate(struct cli *c);
int cmd_key_revoke(struct cli *c);
int cmd_config_show(struct cli *c);
int cmd_config_check(struct cli *c);
int cmd_theme_check(struct cli *c);
int cmd_config_sample(struct cli *c);
int cmd_config_reference(struct cli *c);
int cmd_db_migrate(struct cli *c);
int cmd_db_check(struct cli *c);

/* ---- help.c ---- */
void cli_help_all(FILE *out);
void cli_help_command(FILE *out, const struct command *cmd);
/* "postern account" alone: lists the commands that begin with this word, on standard error. False
 * when there are none. */
bool cli_help_group(const char *word);

/* ---- teaser.c: what an anonymous reader gets; NULL gives JSON's null ---- */
json_t *cli_teaser_json(const struct teaser_size *t);
enum { CLI_TEASER_SIZE = 160 };
const char *cli_teaser_text(const struct teaser_size *t, char out[static CLI_TEASER_SIZE]);
json_t *cli_teaser_report_json(const struct teaser_report *r);
void cli_teaser_print(const struct teaser_report *r);

#endif
