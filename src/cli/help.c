/* --help: the list of commands, and one command's usage, options and details, printed from the
 * command table and wrapped to the width of a terminal. */
#include "cli.h"

#include <stdio.h>
#include <string.h>

/* Columns of the terminal that help is written for. */
enum { WIDTH = 80, OPTION_COLUMN = 21, COMMAND_COLUMN = 26 };

/* Prints `text` word by word. The cursor stands at `column`; further lines begin at `indent`. */
static void print_wrapped(FILE *out, const char *text, int column, int indent)
{
	int at = column;
	for (const char *word = text; *word;) {
		int length = (int)strcspn(word, " ");
		bool first = at == column || at == indent;
		if (!first && at + 1 + length > WIDTH) {
			fprintf(out, "\n%*s", indent, "");
			at = indent;
			first = true;
		}
		fprintf(out, "%s%.*s", first ? "" : " ", length, word);
		at += length + !first;
		word += length + (word[length] == ' ');
	}
	fputc('\n', out);
}

static size_t first_word(const char *name)
{
	return strcspn(name, " ");
}

/* Commands that share their first word stand together, between blank lines. */
static bool begins_group(size_t i)
{
	const char *name = cli_commands[i].name, *before = i > 0 ? cli_commands[i - 1].name : name;
	size_t n = first_word(name);
	bool pairs = name[n] == ' ' || before[first_word(before)] == ' ';
	return pairs && (n != first_word(before) || strncmp(name, before, n) != 0);
}

void cli_help_all(FILE *out)
{
	fputs("Postern: a paywall and account gateway for newsrooms.\n\n"
	      "usage: postern COMMAND [ARGUMENTS] [--config FILE] [--json] [--help]\n\n"
	      "First steps:\n"
	      "  postern run-demo           look at a demo newspaper\n"
	      "  postern init               set up a newspaper of your own in this folder\n"
	      "  postern COMMAND --help     show the options of a command\n\n"
	      "Commands:\n",
		out);
	for (size_t i = 0; i < cli_command_count; i++) {
		if (begins_group(i))
			fputc('\n', out);
		fprintf(out, "  %-*s", COMMAND_COLUMN - 2, cli_commands[i].name);
		print_wrapped(out, cli_commands[i].summary, COMMAND_COLUMN, COMMAND_COLUMN);
	}
	fputs("\nSettings are read from --config FILE, or else $POSTERN_CONFIG, or else\n"
	      "postern.ini in the working directory. Environment variables such as\n"
	      "POSTERN_SERVER_LISTEN override the file.\n\n"
	      "Exit codes: 0 done, 1 partly refused or a check failed, 2 wrong command line,\n"
	      "3 wrong configuration, 4 not found, 5 exists already or is in use, 6 database,\n"
	      "disk or address unavailable, 128 + N ended by signal N.\n",
		out);
}

static void print_option(FILE *out, const char *left, const char *text)
{
	int column = fprintf(out, "  %-*s ", OPTION_COLUMN - 3, left);
	print_wrapped(out, text, column, OPTION_COLUMN);
}

/* True when the command has an option that takes a DATE. */
static bool print_options(FILE *out, const struct command *cmd)
{
	bool dates = false;
	for (size_t i = 0; i < CLI_OPTIONS_MAX && cmd->options[i].name; i++) {
		const struct cli_option *o = &cmd->options[i];
		char left[64];
		dates = dates || (o->value && strcmp(o->value, "DATE") == 0);
		snprintf(left, sizeof left, "--%s%s%s", o->name, o->value ? " " : "",
			o->value ? o->value : "");
		print_option(out, left, o->help);
	}
	if (cmd->json)
		print_option(out, "--json", "print JSON, with times in UTC");
	if (cmd->needs != NEEDS_NOTHING)
		print_option(out, "--config FILE", "configuration file");
	print_option(out, "--help", "show this text");
	return dates;
}

void cli_help_command(FILE *out, const struct command *cmd)
{
	fprintf(out, "usage: postern %s%s%s%s\n\n%s.\n", cmd->name, *cmd->args ? " " : "",
		cmd->args, cmd->options[0].name ? " [OPTIONS]" : "", cmd->summary);
	if (cmd->details) {
		fputc('\n', out);
		print_wrapped(out, cmd->details, 0, 0);
	}
	fputs("\nOptions:\n", out);
	if (print_options(out, cmd))
		fputs("\nDATE is a day such as 2027-01-31 in the newsroom's time zone\n"
		      "(site.timezone); a last day is included. It may also be a time:\n"
		      "2027-01-31T18:00 in that zone, or 2027-01-31T18:00:00Z in UTC.\n",
			out);
}

bool cli_help_group(const char *word)
{
	bool any = false;
	size_t n = strlen(word);
	for (size_t i = 0; i < cli_command_count; i++) {
		if (strncmp(cli_commands[i].name, word, n) != 0 || cli_commands[i].name[n] != ' ')
			continue;
		if (!any)
			fprintf(stderr, "postern: \"%s\" is not a whole command. Use one of:\n",
				word);
		any = true;
		fprintf(stderr, "  postern %-22s %s\n", cli_commands[i].name,
			cli_commands[i].summary);
	}
	return any;
}
