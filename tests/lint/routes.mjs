// Every row of the route table is documented, nothing else is, and a test claims each (see
// tests/lint/run for how). The query that a row declares is the one that openapi.yaml describes, and
// handlers read no name that no row declares.
import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { files, finding, finish, lineAt, read, withoutComments } from './lib.mjs';

const TABLE = 'src/app/routes.c',
	API = 'docs/openapi.yaml',
	PAGES = 'docs/pages.md',
	GATE = 'docs/integrate.md';

function routes() {
	const text = withoutComments(read(TABLE)),
		list = [];
	for (const table of text.matchAll(/struct route (\w+)_routes\[\] = \{([\s\S]*?)\n\};/g)) {
		for (const row of table[2].matchAll(/\{ METHOD_(\w+),\s*"([^"]+)",\s*"([^"]*)"/g))
			list.push({
				face: table[1] === 'media' ? 'page' : table[1],
				key: `${row[1]} ${row[2]}`,
				query: row[3],
				line: lineAt(text, table.index + table[0].indexOf(row[0])),
			});
	}
	if (list.length === 0 || list.length !== text.match(/\bMETHOD_/g)?.length)
		finding(TABLE, 1, 'tests/lint/routes.mjs cannot read the table any more');
	return list;
}

function openapi() {
	if (!existsSync('tests/node_modules/yaml')) {
		finding(API, 1, 'cannot be read: run `make tests/node_modules/.done` first');
		return null;
	}
	const YAML = createRequire(import.meta.url)('yaml');
	const text = read(API),
		lines = new YAML.LineCounter();
	const doc = YAML.parseDocument(text, { lineCounter: lines });
	for (const e of doc.errors) finding(API, e.linePos?.[0].line ?? 1, e.message.split('\n')[0]);
	const keys = new Map(),
		queryOf = (operation) => (operation?.parameters ?? []).filter((p) => p.in === 'query').map((p) => p.name);
	for (const path of doc.get('paths')?.items ?? []) {
		for (const item of path.value.items) {
			if (/^(get|put|post|delete|patch)$/.test(item.key.value))
				keys.set(`${item.key.value.toUpperCase()} ${path.key.value}`, {
					line: lines.linePos(item.key.range[0]).line,
					query: queryOf(item.value.toJSON()),
				});
		}
	}
	return keys;
}

// | GET, POST | `/login` | … |
function pages(doc) {
	const keys = new Map();
	read(doc)
		.split('\n')
		.forEach((text, i) => {
			const row = text.match(/^\| ([A-Z, ]+) \| `(\/[^`]*)` \|/);
			for (const method of row?.[1].split(', ') ?? []) keys.set(`${method} ${row[2]}`, i + 1);
		});
	return keys;
}

function covered() {
	const keys = new Map();
	for (const file of files('tests/contract/*.mjs', 'tests/e2e/*.mjs')) {
		const text = read(file);
		for (const list of text.matchAll(/^export const covers = \[([^\]]*)\]/gm)) {
			for (const claim of list[1].matchAll(/(['"`])([A-Z]+ \/[^'"`]*)\1/g))
				keys.set(claim[2], [file, lineAt(text, list.index + list[0].indexOf(claim[0]))]);
		}
	}
	return keys;
}

// fields_get(&r->query, "done")
function queryReads() {
	return files('src/*.c').flatMap((file) =>
		[...read(file).matchAll(/fields_get\(&\w+->query, "(\w+)"\)/g)].map((m) => ({
			file,
			name: m[1],
			line: lineAt(read(file), m.index),
		})),
	);
}

const table = routes(),
	api = openapi(),
	html = pages(PAGES),
	gate = pages(GATE),
	tests = covered();
const known = new Map(table.map((route) => [route.key, route]));
for (const { face, key, line } of table) {
	const [docs, where] = { page: [html, PAGES], gate: [gate, GATE] }[face] ?? [api, API];
	if (docs && !docs.has(key)) finding(TABLE, line, `${key} is not described in ${where}`);
	if (!tests.has(key))
		finding(
			TABLE,
			line,
			`no test claims it: export const covers = ['${key}'] in a file of ` +
				'tests/contract or tests/e2e that asks for it',
		);
}
const sorted = (names) => names.filter(Boolean).sort().join(' ');
for (const { key, query, line } of table) {
	const described = api?.get(key);
	if (described && sorted(query.split(' ')) !== sorted(described.query))
		finding(
			TABLE,
			line,
			`${key} declares the query "${query}", and ${API} describes "${described.query.join(' ')}"`,
		);
}
const declared = new Set(table.flatMap((route) => route.query.split(' ')));
for (const { file, name, line } of queryReads()) {
	if (!declared.has(name)) finding(file, line, `reads "${name}" of the query, which no row of ${TABLE} declares`);
}
for (const [key, { line }] of api ?? []) {
	if (!known.has(key) || ['page', 'gate'].includes(known.get(key).face))
		finding(API, line, `${key} is no route of the API or the operations listener`);
}
for (const [key, line] of html) {
	if (known.get(key)?.face !== 'page') finding(PAGES, line, `${key} is no page`);
}
for (const [key, line] of gate) {
	if (known.get(key)?.face !== 'gate') finding(GATE, line, `${key} is no route of the gate`);
}
for (const [key, [file, line]] of tests) {
	if (!known.has(key)) finding(file, line, `covers ${key}, which is no route`);
}
finish(`${table.length} routes documented and tested`);
