// docs/cli.md has a section for every command, headed by its usage, with every option it takes.
import { finding, finish, joinStrings, lineAt, read, withoutComments } from './lib.mjs';

const TABLE = 'src/cli/commands.c',
	DOC = 'docs/cli.md';
const source = withoutComments(read(TABLE)),
	text = joinStrings(source);
const row =
	/\{ "([a-z -]+)", "([^"]*)", \d+, \w+, (?:NEEDS|READS|WRITES)_\w+, (true|false),\s*"[^"]*",\s*(?:NULL|"[^"]*"),\s*\{([\s\S]*?)\},\s*cmd_\w+ \}/g;
const commands = [...text.matchAll(row)].map(([, name, args, json, options]) => ({
	usage: `postern ${name}${args ? ` ${args}` : ''}`,
	options: [...options.matchAll(/\{ "([\w-]+)",/g)].map((o) => `--${o[1]}`).concat(json === 'true' ? ['--json'] : []),
	line: lineAt(source, source.indexOf(`{ "${name}",`)),
}));
if (commands.length === 0 || commands.length !== text.match(/\bcmd_\w+/g)?.length)
	finding(TABLE, 1, 'tests/lint/commands.mjs cannot read the table any more');

const sections = new Map();
let section = null;
read(DOC)
	.split('\n')
	.forEach((line, i) => {
		const usage = line.match(/^### `(postern .+)`$/)?.[1];
		if (usage) sections.set(usage, (section = { line: i + 1, text: '' }));
		else if (/^#/.test(line)) section = null;
		else if (section) section.text += `${line}\n`;
	});

for (const { usage, options, line } of commands) {
	const s = sections.get(usage);
	if (!s) finding(TABLE, line, `${DOC} has no section headed \`${usage}\``);
	for (const option of s ? options : []) {
		if (!new RegExp(`\`${option}[ \`]`).test(s.text)) finding(DOC, s.line, `does not speak of ${option}`);
	}
}
for (const [usage, s] of sections) {
	const command = commands.find((c) => c.usage === usage);
	if (!command) finding(DOC, s.line, `there is no such command: ${usage}`);
	for (const [, option] of command ? s.text.matchAll(/`(--[\w-]+)/g) : []) {
		if (!command.options.includes(option)) finding(DOC, s.line, `${option} is no option of this command`);
	}
}
finish(`${commands.length} commands in ${DOC}`);
