// Goal: no statement of the program reads a table whole that grows with readers or articles, and no deletion follows references without
// an index: on both engines, by the engines' own word. Plans do not depend on how the program was compiled.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import path from 'node:path';
import { emptyDatabaseUrl, onPostgres, databaseSql, root, run, tempDir } from '../lib/server.mjs';
import {
	ORDERED,
	postgresFaults,
	postgresFill,
	postgresPlans,
	queriesOf,
	SMALL,
	sqliteFaults,
	sqlitePlans,
	sqliteTables,
} from '../lib/query_plans.mjs';

const queries = queriesOf(path.join(root, 'schema/queries'), onPostgres ? 'postgres' : 'sqlite');
let url;

before(() => {
	const dir = tempDir();
	url = emptyDatabaseUrl(dir);
	const r = run(['db', 'migrate'], { env: { POSTERN_DATABASE_URL: url }, cwd: dir });
	assert.equal(r.code, 0, r.stderr);
	if (onPostgres) postgresFill(url, databaseSql);
});

function faultsOf(some) {
	const faults = [];
	const file = url.slice('sqlite:'.length),
		tables = onPostgres ? null : sqliteTables(file);
	const plans = onPostgres ? postgresPlans(url, databaseSql, some) : sqlitePlans(file, some);
	assert.equal(plans.size, some.size, 'a plan for each');
	for (const [name, plan] of plans) {
		const list = onPostgres ? postgresFaults(name, plan) : sqliteFaults(name, some.get(name), plan, tables);
		faults.push(...list.map((why) => `${name}: ${why}`));
	}
	return faults;
}

test('every statement finds its rows by an index', () => {
	assert.ok(queries.size > 150, `${queries.size} queries`);
	assert.deepEqual(faultsOf(queries), []);
});

test('a bad statement is found out', () => {
	const bad = new Map(
		Object.entries({
			scan: 'SELECT id FROM session WHERE name = $1',
			scan_with_alias:
				'SELECT s.id FROM session s JOIN account a ON a.id = s.account_id WHERE s.last_seen_at < $1',
			count_all: 'SELECT COUNT(*) FROM account',
			ordered_but_filtered: 'SELECT id FROM account WHERE name = $1 ORDER BY email_key LIMIT 1',
			or_in_select: 'SELECT e.id FROM entitlement e WHERE e.account_id = $1 OR e.source = $2',
			list_of_all_accounts:
				'UPDATE gift SET redemptions = 0 WHERE id = $1 AND account_id IN (SELECT r.id FROM account r WHERE r.disabled_at IS NULL AND r.name <> $2)',
			delete_without_index: 'DELETE FROM session WHERE last_seen_at + idle_s <= $1',
			hidden_by_a_function: 'SELECT id FROM account WHERE LOWER(email_key) = $1',
		}),
	);
	const faults = faultsOf(bad);
	const found = new Set(faults.map((f) => f.split(':')[0]));
	// PostgreSQL itself turns this one into a look at the one account.
	const expected = [...bad.keys()].filter((name) => !(onPostgres && name === 'list_of_all_accounts'));
	assert.deepEqual(
		expected.filter((name) => !found.has(name)),
		[],
		faults.join('\n'),
	);
});

test('what is excepted is there, so that no exception outlives its reason', () => {
	for (const name of Object.keys(ORDERED)) assert.ok(queries.has(name), `${name} is no query any more`);
	const tables = onPostgres
		? databaseSql(url, 'SELECT tablename FROM pg_tables WHERE schemaname = current_schema()')
		: databaseSql(url, "SELECT name FROM sqlite_schema WHERE type = 'table'");
	const missing = Object.keys(SMALL).filter((name) => !tables.split('\n').includes(name));
	assert.deepEqual(missing, onPostgres ? [] : ['tx_mark'], 'no such table');
});

test('rows that change often have room on their page', { skip: onPostgres ? false : 'a setting of PostgreSQL' }, () => {
	const list = databaseSql(
		url,
		"SELECT relname || ' ' || array_to_string(reloptions, ',') FROM pg_class WHERE reloptions IS NOT NULL AND relkind = 'r' AND relnamespace = current_schema()::regnamespace ORDER BY 1",
	);
	for (const table of ['account', 'gift', 'session', 'tx_mark'])
		assert.match(list, new RegExp(`^${table} fillfactor=[5-9]0$`, 'm'));
});

// DELETE of a row looks for those that point to it. The first column of an index or key is what finds them.
test('every reference has an index, or each deletion would read the table that refers', () => {
	const list = onPostgres
		? databaseSql(
				url,
				`SELECT c.conrelid::regclass || '.' || a.attname FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
			WHERE c.contype = 'f' AND NOT EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1] AND i.indpred IS NULL)`,
			)
		: databaseSql(
				url,
				`SELECT m.name || '.' || f."from" FROM sqlite_schema m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'
			AND NOT EXISTS (SELECT 1 FROM pragma_index_list(m.name) l, pragma_index_info(l.name) i WHERE i.seqno = 0 AND i.name = f."from" AND NOT l.partial)`,
			);
	assert.equal(list, '');
});
