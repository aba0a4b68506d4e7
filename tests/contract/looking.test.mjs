// Goal: a command that only looks makes no database, migrates none, changes none, and waits for nobody who writes; and what it cannot read it
// says, with what to do.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { grantPlan, makeAccount } from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { holdLock } from '../lib/lock.mjs';
import { databaseSql, emptyDatabaseUrl, onPostgres, root, run, startServer, tempDir } from '../lib/server.mjs';

let server, who;
before(async () => {
	server = await startServer();
	importArticles(server, [{ slug: 'vault', access: 'subscriber' }]);
	who = await makeAccount(server);
	grantPlan(server, who.email, 'digital', '--seats', '2');
	server.cliOk('institution', 'add', 'uni', '--title', 'Uni');
});
after(() => server.close());

// Every command of the table that reads, and no other.
const looks = () => [
	['account', 'list'],
	['account', 'show', who.email],
	['session', 'list', who.email],
	['entitlement', 'list', who.email],
	['seat', 'list', who.email],
	['gift', 'list'],
	['plan', 'list'],
	['rules', 'list'],
	['institution', 'list'],
	['institution', 'show', 'uni'],
	['institution', 'export'],
	['meter', 'list'],
	['meter', 'show', who.email],
	['crawler', 'list'],
	['crawler', 'check', '192.0.2.1'],
	['article', 'list'],
	['section', 'list'],
	['article', 'show', 'vault'],
	['article', 'export', path.join(server.dir, 'out')],
	['mail', 'list'],
	['explain', '--article', 'vault', '--reader', who.email],
	['gate', 'list'],
	['gate', 'test', `${server.origin}/a`],
	['key', 'list'],
];
const code = (args) => (args[0] === 'crawler' && args[1] === 'check' ? 1 : 0); // nothing is proved
const db = () => server.env.POSTERN_DATABASE_URL;
const file = () => db().slice('sqlite:'.length);

test('the list of this test is that of the program', () => {
	const table = readFileSync(`${root}src/cli/commands.c`, 'utf8');
	const reads = [...table.matchAll(/\{ "([a-z -]+)", "[^"]*", \d+, \w+, READS_DATABASE,/g)].map((m) => m[1]);
	const named = looks().map((args) => reads.find((name) => args.join(' ').startsWith(name)));
	assert.deepEqual(named.sort(), reads.sort());
	for (const word of ['list', 'show', 'check', 'export', 'explain', 'test'])
		for (const [, name] of table.matchAll(
			new RegExp(`\\{ "([a-z -]*\\b${word})", "[^"]*", \\d+, \\w+, WRITES_DATABASE,`, 'g'),
		))
			assert.fail(`${name} looks, and is said to write`);
});

test('beside a server and a held write lock, each command that looks answers', async () => {
	const held = await holdLock(db(), {
		sqlite: 'DELETE FROM plan;',
		postgres: 'LOCK TABLE account, article, plan, policy, schema_version IN EXCLUSIVE MODE;',
	});
	try {
		for (const args of looks()) {
			const r = run(args, { env: server.env, cwd: server.dir, ms: 20000 });
			assert.equal(r.code, code(args), `${args.join(' ')}: ${r.stderr}`);
			assert.doesNotMatch(r.stderr, /level=error/, args.join(' '));
		}
		assert.equal(run(['db', 'check'], { env: server.env, cwd: server.dir, ms: 20000 }).code, 0);
	} finally {
		await held.end();
	}
});

test('nothing is changed, and nothing left behind', {
	skip: onPostgres && 'a file of SQLite is compared',
}, async () => {
	await server.stop();
	const state = () => [
		readdirSync(server.dir).filter((f) => f.startsWith('postern.db')),
		createHash('sha256').update(readFileSync(file())).digest('hex'),
	];
	const before = state();
	for (const args of [...looks(), ['db', 'check']])
		assert.equal(run(args, { env: server.env, cwd: server.dir }).code, code(args), args.join(' '));
	assert.deepEqual(state(), before);
});

test('a database that is not there is not made', { skip: onPostgres && 'nothing makes one on PostgreSQL' }, () => {
	const dir = tempDir(),
		env = { ...server.env, POSTERN_DATABASE_URL: `sqlite:${dir}/none.db` };
	for (const args of [...looks(), ['db', 'check']]) {
		const r = run(args, { env, cwd: dir });
		assert.equal(r.code, 6, args.join(' '));
		assert.match(
			r.stderr,
			/^postern: there is no database at .*none\.db; run postern db migrate or postern serve to make it/,
		);
	}
	const relative = run(['account', 'list'], { env: { ...env, POSTERN_DATABASE_URL: 'sqlite:none.db' }, cwd: dir });
	assert.match(
		relative.stderr,
		/there is no database at none\.db; .* \(a relative path begins at the working directory\)/,
	);
	assert.ok(!existsSync(`${dir}/none.db`));
});

test('an empty one, and one of another version, are said and left as they are', () => {
	const env = { ...server.env, POSTERN_DATABASE_URL: emptyDatabaseUrl(tempDir()) };
	if (!onPostgres) databaseSql(env.POSTERN_DATABASE_URL, 'VACUUM'); // makes the file
	const empty = run(['account', 'list'], { env });
	assert.equal(empty.code, 6, empty.stderr);
	assert.match(empty.stderr, /is empty; run postern db migrate or postern serve first/);
	assert.equal(run(['db', 'migrate'], { env }).code, 0);
	const newest = Number(databaseSql(env.POSTERN_DATABASE_URL, 'SELECT MAX(version) FROM schema_version'));
	databaseSql(env.POSTERN_DATABASE_URL, `DELETE FROM schema_version WHERE version = ${newest}`);
	for (const args of looks()) {
		const r = run(args, { env });
		assert.equal(r.code, 6, args.join(' '));
		assert.match(
			r.stderr,
			new RegExp(`is of version ${newest - 1} and this program of ${newest}; run postern db migrate`),
		);
	}
	const check = run(['db', 'check'], { env });
	assert.equal(check.code, 1);
	assert.match(check.stdout, new RegExp(`is sound: version ${newest - 1} of ${newest}`));
	assert.equal(Number(databaseSql(env.POSTERN_DATABASE_URL, 'SELECT MAX(version) FROM schema_version')), newest - 1);
});
