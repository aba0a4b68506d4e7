// How the engines would run the program's statements. A statement reads a table whole when its plan has a scan of it that no condition
// on an index bounds; of a table that grows with readers or articles that is a fault, however quick it is with ten rows.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

// What the newsroom or the operator fills by hand, or one row a connection: never more than some thousand rows.
export const SMALL = {
	policy: 'one row',
	schema_version: 'one row a migration',
	tx_mark: 'one row a connection',
	access_rule: 'the newsroom sets them, 200 at most',
	meter: 'the newsroom sets them, 20 at most',
	plan: 'the newsroom sets them, 100 at most',
	feature: 'the newsroom sets them, 20 at most',
	section_description: 'the newsroom writes them, one a section',
	institution: 'in memory as a whole',
	institution_range: 'in memory as a whole',
	institution_domain: 'in memory as a whole',
	crawler: 'in memory as a whole',
	crawler_range: 'in memory as a whole',
	path_rule: 'in memory as a whole',
	service_key: 'one a server that asks',
	secret: 'one a rotation',
};

// Walks through an index in its order and stops at the LIMIT. By name and with a reason, because the same plan with a condition that
// few rows meet would read everything.
export const ORDERED = {
	probe_look: 'the newest article alone',
	gift_list: 'the newest of all, no condition',
	outbox_list: 'the newest of all, no condition',
	outbox_due: 'only what waits to be sent is in this index',
	outbox_waiting: 'only what waits to be sent is in this index',
	article_latest: 'by date, and nearly every article may be shown',
	article_search: 'by date until there are enough; words are looked for in headlines, no index has them',
};

export function queriesOf(dir, engine) {
	const found = new Map();
	for (const file of readdirSync(dir)
		.filter((f) => f.endsWith('.sql'))
		.sort()) {
		const parts = readFileSync(path.join(dir, file), 'utf8')
			.split(/^-- name: /m)
			.slice(1);
		for (const part of parts) {
			const [head, ...lines] = part.split('\n');
			const [name, , second] = head.split(' ');
			if (!second || second === engine)
				found.set(name, lines.join('\n').replace(/--.*$/gm, '').trim().replace(/;$/, ''));
		}
	}
	return found;
}

const notAlias = 'WHERE|JOIN|ON|SET|ORDER|LEFT|UNION|LIMIT|GROUP|VALUES|SELECT|RETURNING|USING|FOR';
const relation = new RegExp(
	`\\b(?:FROM|JOIN|UPDATE|INTO)\\s+(\\w+)(?:\\s+(?:AS\\s+)?(?!(?:${notAlias})\\b)(\\w+))?`,
	'g',
);
function tableNames(sql) {
	const names = new Map();
	for (const [, table, alias] of sql.matchAll(relation)) names.set(alias ?? table, table).set(table, table);
	return names;
}

// ---- SQLite: the program never runs ANALYZE, so the plans of an empty database are those of a full one ----
function sqlite(file, text) {
	const r = spawnSync('sqlite3', ['-batch', file], { encoding: 'utf8', input: text });
	if (r.status !== 0 || r.stderr) throw new Error(`sqlite3: ${r.stderr}`);
	return r.stdout;
}

export function sqlitePlans(file, queries) {
	const plans = new Map();
	const out = sqlite(
		file,
		[...queries].map(([name, sql]) => `.print "-- ${name}"\nEXPLAIN QUERY PLAN ${sql};`).join('\n'),
	);
	for (const part of out.split(/^-- /m).slice(1)) {
		const [name, ...lines] = part.split('\n');
		plans.set(name, lines);
	}
	return plans;
}

export const sqliteTables = (file) =>
	new Set(sqlite(file, "SELECT name FROM sqlite_schema WHERE type = 'table'").split('\n'));

export function sqliteFaults(name, sql, plan, tables) {
	const names = tableNames(sql),
		faults = [];
	for (const line of plan) {
		const [, what, alias] = /(SCAN|SEARCH) (\w+)/.exec(line) ?? [];
		const table = names.get(alias);
		if (!tables.has(table) || table in SMALL) continue;
		if (/AUTOMATIC/.test(line)) faults.push(`makes an index of ${table} each time it runs: ${line.trim()}`);
		else if (what === 'SCAN' && !(name in ORDERED && / USING (COVERING )?INDEX /.test(line)))
			faults.push(`reads ${table} whole: ${line.trim()}`);
	}
	if (name in ORDERED && plan.some((line) => /TEMP B-TREE FOR ORDER BY/.test(line)))
		faults.push('sorts what it should read in order');
	return faults;
}

// ---- PostgreSQL: plans follow from statistics, so every table is filled first ----
export const ROWS = 20000;
const sampleNumber = '10';
const value = { text: "'x' || i", bigint: '1000000 + i', bytea: "decode(lpad(to_hex(i), 64, '0'), 'hex')" };

// What is the same in nearly every row, so that looking for another value finds few.
const constant = { 'article.dek_bound': sampleNumber };

// One row for each i, the same i in every table, so that every reference finds its row. Of what may be empty one in three is.
function fillText(table, columns) {
	const list = columns.map(({ name, type, nullable }) => {
		if (!(type in value))
			throw new Error(`${table}.${name} is of type ${type}: say in tests/lib/query_plans.mjs how to fill it`);
		if (`${table}.${name}` in constant) return constant[`${table}.${name}`];
		return nullable ? `CASE WHEN i % 3 = 0 THEN NULL ELSE ${value[type]} END` : value[type];
	});
	return `INSERT INTO ${table} (${columns.map((c) => c.name).join(', ')}) SELECT ${list.join(', ')} FROM generate_series(1, ${ROWS}) AS i;`;
}

export function postgresFill(url, psql) {
	const tables = new Map();
	const rows = psql(
		url,
		`SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
		WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position`,
	);
	for (const row of rows.split('\n')) {
		const [table, name, type, nullable] = row.split('|');
		if (!(table in SMALL))
			tables.set(table, [...(tables.get(table) ?? []), { name, type, nullable: nullable === 'YES' }]);
	}
	// References are checked by nobody while it is filled: it may be in any order.
	const text = [...tables].map(([table, columns]) => fillText(table, columns)).join('\n');
	psql(url, `SET session_replication_role = replica; SET synchronous_commit = off;\n${text}\nANALYZE;`);
	return [...tables.keys()];
}

// With values, as the server plans them: it prefers the plan without only where that is no worse.
const sample = { text: "'y'", bigint: sampleNumber, bytea: "'\\x00'", integer: '10' };
const samples = { change_since: ["'1000100:1000110:1000105'", '10'] };
export function postgresPlans(url, psql, queries) {
	const all = [...queries];
	const prepare = all.map(([name, sql]) => `PREPARE "${name}" AS ${sql};`).join('\n');
	const types = psql(
		url,
		`${prepare}\nSELECT name, array_to_string(parameter_types, ',') FROM pg_prepared_statements;`,
	);
	const explain = types
		.split('\n')
		.map((row) => {
			const [name, list] = row.split('|');
			const values = list ? `(${(samples[name] ?? list.split(',').map((t) => sample[t])).join(', ')})` : '';
			return `SELECT '-- ${name}'; EXPLAIN (FORMAT JSON) EXECUTE "${name}"${values};`;
		})
		.join('\n');
	const out = psql(url, `SET plan_cache_mode = force_custom_plan;\n${prepare}\n${explain}`);
	const plans = new Map();
	for (const part of out.split(/^-- /m).slice(1)) {
		const [name, ...lines] = part.split('\n');
		plans.set(name, JSON.parse(lines.join('\n'))[0].Plan);
	}
	return plans;
}

export function postgresFaults(name, plan) {
	const faults = [];
	const look = (node, indexTable) => {
		const table = node['Relation Name'] ?? indexTable,
			what = node['Node Type'];
		const bounded = node['Index Cond'] !== undefined || what === 'Bitmap Heap Scan';
		if (/Scan$/.test(what) && table && !(table in SMALL) && !bounded && !(name in ORDERED && /^Index/.test(what)))
			faults.push(`reads ${table} whole: ${what}${node['Index Name'] ? ` of ${node['Index Name']}` : ''}`);
		for (const child of node.Plans ?? [])
			look(child, what === 'Bitmap Heap Scan' || what === 'BitmapOr' || what === 'BitmapAnd' ? table : undefined);
	};
	look(plan);
	return faults;
}
