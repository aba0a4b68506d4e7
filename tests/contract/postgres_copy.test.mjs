// A newsroom moves from one file to PostgreSQL and back: readers, sessions, articles and pictures are there, and every
// row is the same.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { apiSession, makeAccount } from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { Api } from '../lib/http.mjs';
import { emptyDatabase, newDatabase, sql } from '../lib/postgres.mjs';
import { binary, cleanEnv, databaseSql, run, runBeside, startServer, tempDir, until } from '../lib/server.mjs';

const copy = (...args) => run(['db', 'copy', ...args]);
const rowsOf = (stdout) =>
	Object.fromEntries(
		stdout
			.split('\n')
			.map((l) => /^(\w+) +(\d+) +(\d+) +(\w+) (\w+) +(same|DIFFERS.*)$/.exec(l))
			.filter(Boolean)
			.map(([, table, from, to, sum, sumThere, verdict]) => [
				table,
				{ from: +from, to: +to, sum, sumThere, verdict },
			]),
	);

function allSame(r) {
	assert.equal(r.code, 0, r.stderr);
	assert.match(r.stdout, /both databases have the same content\.\n$/i);
	const rows = rowsOf(r.stdout);
	for (const [table, row] of Object.entries(rows)) {
		assert.equal(row.verdict, 'same', table);
		assert.equal(row.from, row.to, table);
		assert.equal(row.sum, row.sumThere, table);
	}
	return rows;
}

test('a newsroom moves there and back: a session goes on, articles are shown, every row is the same', async () => {
	const file = `sqlite:${tempDir()}/paper.db`,
		there = emptyDatabase(),
		back = `sqlite:${tempDir()}/back.db`;
	let server = await startServer({ settings: { POSTERN_DATABASE_URL: file } });
	importArticles(server);
	const reader = await makeAccount(server, { plan: 'standard' });
	const { token } = await apiSession(server, reader);
	const vault = await new Api(server, token).get('/articles/vault');
	assert.equal(vault.status, 200);

	const served = copy(file, there);
	assert.equal(served.code, 5, served.stderr);
	assert.match(served.stderr, /another postern \(process \d+\) serves .* stop it first/);
	assert.equal(
		sql(there, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename = 'account'"),
		'0',
		'nothing was made',
	);
	await server.close();

	const rows = allSame(copy(file, there));
	const notCopied = ['change', 'schema_version', 'tx_mark']; // of the running programs, and of the room that keeps the database
	const tables = sql(there, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
		.split('\n')
		.filter((t) => !notCopied.includes(t));
	assert.deepEqual(Object.keys(rows).sort(), tables.sort(), 'every table that the migrations make');
	assert.ok(rows.account.to === 1 && rows.session.to === 1 && rows.article.to > 5 && rows.article_block.to > 10);
	server = await startServer({ settings: { POSTERN_DATABASE_URL: there } });
	const again = await new Api(server, token).get('/articles/vault');
	assert.equal(again.status, 200, again.body);
	assert.deepEqual(again.json, JSON.parse(vault.body.replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, server.origin)));
	const busy = copy(there, back);
	assert.equal(busy.code, 5, busy.stderr);
	assert.match(busy.stderr, /a postern serves the database postgres:.*; stop all that do first/);
	await makeAccount(server);
	const snapshot = copy('--while-serving', there, back);
	allSame(snapshot);
	assert.match(snapshot.stderr, /is not carried over/);
	await server.close();
	assert.equal(databaseSql(back, 'SELECT count(*) FROM account'), '2');
	server = await startServer({ settings: { POSTERN_DATABASE_URL: back } });
	assert.equal((await new Api(server, token).get('/account')).status, 200);
	await server.close();
});

// Large enough to be caught in the middle.
function bigFile(rows) {
	const file = `sqlite:${tempDir()}/big.db`;
	assert.equal(run(['db', 'migrate'], { env: { POSTERN_DATABASE_URL: file } }).code, 0);
	databaseSql(
		file,
		`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
		INSERT INTO account (id, email, email_key, name, created_at, updated_at)
		SELECT 'id' || i, i || '@mail.example', i || '@mail.example', 'Ännchen ' || i, i, i FROM n`,
	);
	return file;
}

test('killed in the middle: the target is refused by all, the same command goes on, and all is there', async () => {
	const ROWS = 60000,
		file = bigFile(ROWS),
		there = emptyDatabase();
	const child = spawn(binary, ['db', 'copy', file, there], { env: cleanEnv(), stdio: 'ignore' });
	const ended = new Promise((done) => child.on('close', (code, signal) => done({ code, signal })));
	const copied = () =>
		Number(
			sql(
				there,
				"SELECT CASE WHEN to_regclass('account') IS NULL THEN 0 ELSE (xpath('/row/c/text()', query_to_xml('SELECT count(*) AS c FROM account', false, true, '')))[1]::text::int END",
			),
		);
	await until('some rows', () => copied() > 0, 30000, 1);
	child.kill('SIGKILL');
	assert.deepEqual(await ended, { code: null, signal: 'SIGKILL' });
	const half = copied();
	assert.ok(half > 0 && half < ROWS, `${half} rows`);

	const env = { POSTERN_DATABASE_URL: there, POSTERN_MAIL_TRANSPORT: `maildir:${tempDir()}/mail` };
	for (const command of [['serve'], ['account', 'list'], ['db', 'migrate'], ['db', 'check']]) {
		const r = run(command, { env });
		assert.ok([5, 6].includes(r.code), r.stderr);
		assert.match(r.stderr, /holds an unfinished copy of sqlite:.*; run postern db copy once more/);
	}
	const other = copy(bigFile(1), there);
	assert.equal(other.code, 5, other.stderr);
	assert.match(other.stderr, /unfinished copy of .*big\.db; finish that one, or name an empty database/);

	const r = copy(file, there);
	const rows = allSame(r);
	assert.equal(rows.account.to, ROWS);
	assert.equal(run(['db', 'check'], { env }).code, 0, 'now it is one');
});

test('a row that was tampered with, one that is missing and one too many are found, with their keys', () => {
	const file = bigFile(5000),
		there = emptyDatabase();
	allSame(copy(file, there));
	const cases = [
		["UPDATE account SET name = 'x' WHERE id = 'id777'", /account +5000 +5000 .*DIFFERS, first at id777$/m],
		["DELETE FROM account WHERE id = 'id4321'", /account +5000 +4999 .*DIFFERS, first at id4321$/m],
		[
			"INSERT INTO account (id, email, email_key, name, created_at, updated_at) VALUES ('id42a', 'e', 'e', '', 1, 1)",
			/account +5000 +5001 .*DIFFERS/m,
		],
		["UPDATE account SET verified_at = 0 WHERE id = 'id5'", /account +5000 +5000 .*DIFFERS, first at id5$/m], // NULL is not 0
	];
	for (const [damage, words] of cases) {
		const mine = emptyDatabase();
		allSame(copy(file, mine));
		sql(mine, damage);
		const r = copy('--compare', file, mine);
		assert.equal(r.code, 1, r.stderr);
		assert.match(r.stdout, words);
		assert.match(r.stderr, /differ/);
	}
	allSame(copy('--compare', file, there));
});

test('what cannot be copied is refused, and says what would be right', async () => {
	const file = bigFile(3),
		full = emptyDatabase(),
		dir = tempDir();
	allSame(copy(file, full));
	const cases = [
		[[file, full], 5, /has data of its own \(in table account\); name an empty database/],
		[[`sqlite:${dir}/none.db`, emptyDatabase()], 6, /there is no database at .*none\.db/],
		[[emptyDatabase(), `sqlite:${dir}/new.db`], 5, /version 0 and this program \d+; run postern db migrate/],
		[['oracle:x', full], 3, /sqlite:PATH or postgres:/],
		[[file, `postgres://ann:geh31m@/x?host=${dir}`], 6, /postgres:\/\/ann@.*cannot be reached/],
	];
	for (const [args, code, words] of cases) {
		const r = copy(...args);
		assert.equal(r.code, code, `${args}: ${r.stderr}`);
		assert.match(r.stderr, words);
		assert.doesNotMatch(r.stderr + r.stdout, /geh31m/);
	}
	allSame(copy(file, newDatabase())); // only migrated is empty
	const two = await Promise.all(
		[1, 2].map(() => runBeside(['db', 'copy', file, `sqlite:${path.join(dir, 'twice.db')}`])),
	);
	assert.ok(
		two.some((r) => r.code === 0),
		'one of two at once copies, the other is kept off or finds it done',
	);
	for (const r of two) assert.ok([0, 5].includes(r.code), r.stderr);
});
