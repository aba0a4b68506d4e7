// While a new version comes up, gateways of the version before go on reading and writing the same PostgreSQL database. So a
// migration only adds: what they name must stay, and what they leave out must have a value. A migration that cannot do
// without says why in a comment `-- breaks gateways of the version before: …` in front of its statement.
import { files, finding, finish, lineAt, read } from './lib.mjs';

const SHIPPED = 13; // these were there before the rule
const rules = [
	[/\bDROP\s+TABLE\b/i, 'drops a table'],
	[/\bDROP\s+COLUMN\b/i, 'drops a column'],
	[/\bRENAME\b/i, 'renames'],
	[/\bALTER\s+COLUMN\s+\w+\s+(SET\s+DATA\s+)?TYPE\b/i, 'changes a type'],
	[/\bSET\s+NOT\s+NULL\b/i, 'forbids NULL where it was allowed'],
	[
		/\bADD\s+COLUMN\s+(?![^,;]*\bDEFAULT\b)[^,;]*\bNOT\s+NULL\b/i,
		'adds a column that old programs leave out, without a default',
	],
	[/\bADD\s+CONSTRAINT\b/i, 'adds a constraint that old programs do not know'],
	[
		/\bCREATE\s+INDEX\s+(?!IF\s+NOT\s+EXISTS\b)/i,
		'builds an index without IF NOT EXISTS, so that no operator can build it before',
	],
	[/\bCREATE\s+UNIQUE\s+INDEX\b/i, 'forbids rows that old programs may write'],
];
let count = 0;
for (const file of files('schema/migrations/*.sql')) {
	count++;
	if (Number(/(\d+)_/.exec(file)[1]) <= SHIPPED) continue;
	const text = read(file);
	const made = new Set([...text.matchAll(/\bCREATE\s+TABLE\s+(\w+)/gi)].map((m) => m[1]));
	for (const m of text.matchAll(/((?:^[ \t]*--.*\n|^\s*\n)*)((?:[^;'-]|'[^']*'|-(?!-)|--.*)*);/gm)) {
		const [, above, statement] = m,
			bare = statement.replace(/--.*/g, '');
		const table = /\b(?:ALTER\s+TABLE|ON)\s+(\w+)/i.exec(bare)?.[1];
		if (/breaks gateways of the version before:/.test(above + statement) || made.has(table)) continue;
		for (const [pattern, what] of rules)
			if (pattern.test(bare))
				finding(
					file,
					lineAt(text, m.index + above.length + statement.search(/\S/)),
					`${what}, which gateways of the version before may not survive`,
				);
	}
}
finish(`${count} migrations, each survived by gateways of the version before`);
