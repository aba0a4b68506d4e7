// Coming up on PostgreSQL: many at once, addresses that cannot be meant, databases that are not for us.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { makeAccount } from '../lib/accounts.mjs';
import { Api } from '../lib/http.mjs';
import { adminUrl, emptyDatabase, sql, urlOf } from '../lib/postgres.mjs';
import { run, runBeside, startServer, tempDir } from '../lib/server.mjs';

const TOGETHER = 10;
const envOf = (url, more = {}) => {
	const dir = tempDir();
	return {
		POSTERN_DATABASE_URL: url,
		POSTERN_MAIL_TRANSPORT: `maildir:${dir}/mail`,
		POSTERN_OPS_LISTEN: '',
		...more,
	};
};

test('ten programs that start at once on an empty database migrate it once', async () => {
	const url = emptyDatabase();
	const all = await Promise.all(
		Array.from({ length: TOGETHER }, () => runBeside(['db', 'migrate'], { env: envOf(url) })),
	);
	for (const r of all) assert.equal(r.code, 0, r.stderr);
	const [rows, versions] = sql(url, 'SELECT count(*), count(DISTINCT version) FROM schema_version')
		.split('|')
		.map(Number);
	assert.equal(rows, versions);
	assert.ok(rows > 5, `${rows} versions`);
	assert.equal(run(['db', 'check'], { env: envOf(url) }).code, 0);
});

test('several servers on one database: what one writes the others read', async () => {
	const settings = {
		POSTERN_DATABASE_URL: emptyDatabase(),
		POSTERN_MAIL_TRANSPORT: `maildir:${tempDir()}/mail`, // any of them may send a mail
	};
	const servers = await Promise.all([1, 2, 3].map(() => startServer({ settings })));
	try {
		const reader = await makeAccount(servers[0]);
		for (const server of servers) {
			const r = await new Api(server).post('/sessions', {
				email: reader.email,
				password: reader.password,
				name: 'any',
			});
			assert.equal(r.status, 201, r.body);
		}
	} finally {
		await Promise.all(servers.map((s) => s.close()));
	}
});

test('addresses that cannot be meant are refused with what would be right, and never show a password', () => {
	const cases = [
		['postgres://ann:geh31m@host', /names no database; postgres:\/\/USER@HOST\/DATABASE is expected/],
		['postgres://ann:geh31m@host/', /names no database/],
		['postgres://ann:geh31m@host/paper?colour=red', /invalid URI query parameter: "colour"/],
		['postgres://ann:geh31m%@host/paper', /libpq does not understand it; postgres:\/\//],
		['postgres://ann:geh31m@[::1/paper', /libpq does not understand it/],
		['postgres://ann:geh31m@host/paper?target_session_attrs=standby', /read-write or primary is expected/],
		['postgres://ann:geh31m@host/paper?target_session_attrs=read-only', /read-write or primary is expected/],
		['mysql://ann:geh31m@host/paper', /sqlite:PATH or postgres:\/\/USER@HOST\/DATABASE/],
		['sqlite:', /names no file; sqlite:PATH is expected/],
	];
	for (const [url, words] of cases)
		for (const command of [['config', 'check'], ['serve'], ['db', 'migrate']]) {
			const r = run(command, { env: envOf(url) });
			assert.equal(r.code, 3, `${url} ${command}: ${r.stderr}`);
			assert.match(r.stderr, words);
			assert.match(r.stderr, /database\.url/);
			assert.doesNotMatch(r.stderr + r.stdout, /geh31m/);
		}
});

test('config show and the log name the database without its password', async () => {
	const url = emptyDatabase().replace('postgres@', 'postgres:geh31m-word@');
	const shown = run(['config', 'show'], { env: envOf(url) });
	assert.equal(shown.code, 0, shown.stderr);
	assert.match(shown.stdout, /^url = postgres:\/\/postgres@.*\/t[0-9a-f]{16}$/m);
	const server = await startServer({ settings: { POSTERN_DATABASE_URL: url, POSTERN_LOG_LEVEL: 'debug' } });
	await makeAccount(server);
	const out = [shown.stdout, server.cliOk('config', 'show'), server.cliOk('db', 'check')];
	await server.close();
	assert.doesNotMatch(out.join('') + server.stderr + server.stdout, /geh31m/);
});

test('a database of another program, or in another encoding, is left alone', () => {
	const other = emptyDatabase();
	sql(other, 'CREATE TABLE bookmarks (url TEXT)');
	for (const command of [['serve'], ['db', 'migrate']]) {
		const r = run(command, { env: envOf(other) });
		assert.equal(r.code, 6, r.stderr);
		assert.match(r.stderr, /belongs to another program/);
	}
	assert.equal(sql(other, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), '1');
	const name = path.basename(tempDir()).toLowerCase().replace(/\W/g, '_');
	sql(adminUrl(), `CREATE DATABASE ${name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`);
	const r = run(['db', 'migrate'], { env: envOf(urlOf(name)) });
	assert.equal(r.code, 6, r.stderr);
	assert.match(r.stderr, /has the encoding LATIN1; make one with ENCODING 'UTF8'/);
});

test('a password file is read by libpq', () => {
	const dir = tempDir(),
		file = path.join(dir, 'pgpass');
	spawnSync('sh', ['-c', `umask 077; echo '*:*:*:*:geh31m' > ${file}`]);
	const r = run(['db', 'migrate'], { env: envOf(`${emptyDatabase()}&passfile=${file}`) });
	assert.equal(r.code, 0, r.stderr);
});
