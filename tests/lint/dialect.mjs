// One text for both engines is the rule: of the queries, fewer than one in twenty has a second.
import { files, finding, finish, lineAt, read } from './lib.mjs';

const MOST = 0.05;
let queries = 0;
const second = [];
for (const file of files('schema/queries/*.sql')) {
	const text = read(file);
	for (const m of text.matchAll(/^-- name: (\w+) :\w+( postgres)?$/gm)) {
		queries += m[2] ? 0 : 1;
		if (m[2]) second.push({ file, line: lineAt(text, m.index), name: m[1] });
	}
}
if (queries === 0) finding('schema/queries', 1, 'no query was found');
if (second.length >= MOST * queries)
	for (const { file, line, name } of second)
		finding(
			file,
			line,
			`${name} has a second text, as ${second.length} of ${queries} have: fewer than ${MOST * 100} % may`,
		);
finish(`${second.length} of ${queries} queries have a second text`);
