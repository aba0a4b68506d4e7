/* The frame of the command line: finds the command, parses its options by the table in
 * commands.c, loads the configuration, opens what the command needs, and turns
 * errors into sentences and exit codes. */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A command's name is one or two words. Returns how many arguments the name takes up, 0 when there
 * is no such command. */
static int command_find(int argc, char **argv, const struct command **out)
{
	char two[64] = "";
	if (argc > 1)
		snprintf(two, sizeof two, "%s %s", argv[0], argv[1]);
	for (size_t i = 0; i < cli_command_count; i++) {
		*out = &cli_commands[i];
		if (argc > 1 && strcmp(cli_commands[i].name, two) == 0)
			return 2;
		if (strcmp(cli_commands[i].name, argv[0]) == 0)
			return 1;
	}
	return 0;
}

static int unknown_command(int argc, char **argv)
{
	const char *names[CLI_COMMANDS_MAX + 1];
	size_t n = 0;
	char typed[128];
	if ((argc < 2 || argv[1][0] == '-') && cli_help_group(argv[0]))
		return EXIT_USAGE;
	for (; n < cli_command_count; n++)
		names[n] = cli_commands[n].name;
	names[n] = NULL;
	snprintf(typed, sizeof typed, "%s%s%s", argv[0], argc > 1 && argv[1][0] != '-' ? " " : "",
		argc > 1 && argv[1][0] != '-' ? argv[1] : "");
	const char *near = text_nearest(str_of(typed), names);
	if (!near)
		near = text_nearest(str_of(argv[0]), names);
	if (near)
		return cli_fail(EXIT_USAGE, "there is no command \"%s\"; did you mean \"%s\"?",
			typed, near);
	return cli_fail(EXIT_USAGE, "there is no command \"%s\"; see postern --help", typed);
}

static int unknown_option(const struct command *cmd, const char *arg)
{
	const char *names[CLI_OPTIONS_MAX + 4];
	size_t n = 0;
	for (size_t i = 0; i < CLI_OPTIONS_MAX && cmd->options[i].name; i++)
		names[n++] = cmd->options[i].name;
	names[n++] = "config";
	names[n++] = "help";
	if (cmd->json)
		names[n++] = "json";
	names[n] = NULL;
	const char *near = text_nearest(str_of(arg + 2), names);
	return cli_fail(EXIT_USAGE, "%s: there is no option %s%s%s%s; see postern %s --help",
		cmd->name, arg, near ? "; did you mean --" : "", near ? near : "", near ? "?" : "",
		cmd->name);
}

/* "--name value" or "--name=value"; `*i` moves past what was taken. */
static int take_option(struct cli *c, int argc, char **argv, int *i)
{
	struct str rest = str_of(argv[*i] + 2), name = str_cut(&rest, '=');
	const char *value = rest.p;
	const char **slot = NULL;
	bool wants_value = true;
	if (str_eq(name, STR("config"))) {
		slot = &c->config_path;
	} else if (str_eq(name, STR("json")) && c->command->json && !value) {
		c->json = true;
		return EXIT_DONE;
	}
	for (size_t k = 0; !slot && k < CLI_OPTIONS_MAX && c->command->options[k].name; k++) {
		if (str_eq(name, str_of(c->command->options[k].name))) {
			slot = &c->values[k];
			wants_value = c->command->options[k].value != NULL;
		}
	}
	if (!slot)
		return unknown_option(c->command, argv[*i]);
	if (!wants_value && value)
		return cli_fail(EXIT_USAGE, "--" STR_FMT " takes no value", STR_ARG(name));
	if (wants_value && *slot)
		return cli_fail(EXIT_USAGE, "--" STR_FMT " is given twice; it takes one value",
			STR_ARG(name));
	if (wants_value && !value && *i + 1 >= argc)
		return cli_fail(EXIT_USAGE, "--" STR_FMT " needs a value", STR_ARG(name));
	if (!wants_value)
		value = "";
	else if (!value)
		value = argv[++*i];
	*slot = value;
	return EXIT_DONE;
}

/* GNU style: options and arguments in any order, "--" ends the options, "-" alone is an argument.
 */
static int parse(struct cli *c, int argc, char **argv)
{
	const struct command *cmd = c->command;
	bool options = true;
	for (int i = 0; i < argc; i++) {
		if (options && strcmp(argv[i], "--") == 0) {
			options = false;
			continue;
		}
		if (options && strncmp(argv[i], "--", 2) == 0) {
			int code = take_option(c, argc, argv, &i);
			if (code)
				return code;
			continue;
		}
		if (options && argv[i][0] == '-' && argv[i][1])
			return unknown_option(cmd, argv[i]);
		if (c->arg_count >= cmd->max_args || c->arg_count == CLI_ARGS_MAX)
			return cli_fail(EXIT_USAGE,
				"%s: \"%s\" is one argument too many; see postern %s --help",
				cmd->name, argv[i], cmd->name);
		c->args[c->arg_count++] = argv[i];
	}
	if (c->arg_count < cmd->min_args)
		return cli_fail(EXIT_USAGE, "%s needs %s; see postern %s --help", cmd->name,
			cmd->args, cmd->name);
	return EXIT_DONE;
}

static int load_config(struct cli *c)
{
	char why[CONFIG_WHY_SIZE];
	const char *path = c->config_path ? c->config_path : getenv("POSTERN_CONFIG");
	if (!path && access("postern.ini", F_OK) == 0)
		path = "postern.ini";
	c->app.source = (struct config_source){ .path = path, .env = c->env };
	enum err e = config_load(path, c->env, c->app.arena, &c->app.cfg, why);
	return e ? cli_fail(EXIT_CONFIG, "%s", why) : EXIT_DONE;
}

static int open_app(struct cli *c)
{
	char why[CONFIG_WHY_SIZE] = "";
	enum err e =
		app_open(&c->app, c->command->needs == READS_DATABASE ? DB_LOOK : DB_TOOL, why);
	if (!e)
		return EXIT_DONE;
	if (e == ERR_STOPPED)
		return EXIT_UNAVAILABLE;
	return cli_fail(
		e == ERR_INVALID ? EXIT_CONFIG : EXIT_UNAVAILABLE, "%s", *why ? why : err_name(e));
}

/* A server waits for signals to stop by; a command is ended by them. */
static void signals_begin(struct cli *c)
{
	app_ignore_signals();
	if (c->command->run == cmd_serve || c->command->run == cmd_run_demo) {
		app_block_signals();
		return;
	}
	c->app.stop = &c->interrupt.signal;
	app_interrupt_start(&c->interrupt);
}

/* Opens what the command needs and no more, and closes it whatever the command returns. */
static int run(struct cli *c)
{
	int code = EXIT_DONE;
	c->app.arena = arena_new((size_t)1 << 30);
	if (!c->app.arena)
		return cli_error(ERR_NOMEM, "memory");
	c->now_s = clock_now_s(&c->app.clock);
	if (crypto_start() != ERR_OK)
		return cli_fail(EXIT_UNAVAILABLE, "libsodium cannot start");
	signals_begin(c);
	if (c->command->needs != NEEDS_NOTHING)
		code = load_config(c);
	if (!code && c->command->needs >= READS_DATABASE)
		code = open_app(c);
	if (!code)
		code = c->command->run(c);
	if (!code && arena_failed(c->app.arena))
		code = cli_error(ERR_NOMEM, "what is shown may not be all");
	app_close(&c->app);
	return app_interrupt_end(&c->interrupt, code);
}

static bool wants_help(int argc, char **argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	}
	return false;
}

int cli_main(int argc, char **argv, char **env)
{
	struct cli c = { .env = env };
	if (argc < 2) {
		cli_help_all(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
		strcmp(argv[1], "help") == 0) {
		cli_help_all(stdout);
		return EXIT_DONE;
	}
	if (strcmp(argv[1], "--version") == 0)
		return cmd_version(&c);
	int taken = command_find(argc - 1, argv + 1, &c.command);
	if (!taken)
		return unknown_command(argc - 1, argv + 1);
	argc -= 1 + taken;
	argv += 1 + taken;
	if (wants_help(argc, argv)) {
		cli_help_command(stdout, c.command);
		return EXIT_DONE;
	}
	int code = parse(&c, argc, argv);
	return code ? code : run(&c);
}
