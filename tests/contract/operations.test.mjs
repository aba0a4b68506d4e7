// Running it: one server for a database, the command line beside it, start and stop.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { apiSession, grantPlan, makeAccount, newAddress, password } from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { Api, Reader, request } from '../lib/http.mjs';
import {
	binary,
	cleanEnv,
	databaseSql,
	databaseUrl,
	emptyDatabaseUrl,
	freePort,
	obeyed,
	onPostgres,
	root,
	run,
	sleep,
	startServer,
	tempDir,
	until,
	within,
} from '../lib/server.mjs';

export const covers = [
	'GET /health/live',
	'GET /health/ready',
	'GET /metrics',
	'GET /api/v1/account',
	'GET /api/v1/articles/{slug}',
	'GET /account',
];

const NOTICED_MS = 1000;
let server;
before(async () => {
	server = await startServer();
	importArticles(server);
});
after(() => server.close());

const serveBeside = async () => ({
	...server.env,
	POSTERN_SERVER_LISTEN: `127.0.0.1:${await freePort()}`,
	POSTERN_OPS_LISTEN: '',
});

test('a second server on the same file is refused, and told which process has it', {
	skip: onPostgres && 'PostgreSQL takes many',
}, async () => {
	const env = await serveBeside();
	const link = path.join(server.dir, 'other-name.db');
	spawnSync('ln', ['-s', path.join(server.dir, 'postern.db'), link]);
	for (const url of [
		env.POSTERN_DATABASE_URL,
		`sqlite:${link}`,
		`sqlite:${server.dir}/../${path.basename(server.dir)}/postern.db`,
	]) {
		const r = run(['serve'], { env: { ...env, POSTERN_DATABASE_URL: url } });
		assert.equal(r.code, 5, r.stderr);
		assert.match(r.stderr, new RegExp(`process ${server.child.pid}\\b`));
	}
	assert.equal((await request(server, 'GET', '/')).status, 200);
});

test('an address that is taken is refused, with the address', async () => {
	const env = {
		...(await serveBeside()),
		POSTERN_DATABASE_URL: databaseUrl(tempDir()),
		POSTERN_SERVER_LISTEN: server.env.POSTERN_SERVER_LISTEN,
	};
	const taken = run(['serve'], { env });
	assert.equal(taken.code, 6, taken.stderr);
	assert.match(taken.stderr, new RegExp(`127\\.0\\.0\\.1:${server.port}`));
});

test('where the standard descriptors are closed, nothing of ours takes their place and is written the log', async () => {
	const dir = tempDir(),
		env = { ...(await serveBeside()), POSTERN_DATABASE_URL: databaseUrl(dir) };
	const child = spawn('sh', ['-c', 'exec "$0" serve <&- >&- 2>&-', binary], {
		env: cleanEnv(env),
		cwd: dir,
		stdio: 'ignore',
	});
	const ended = new Promise((done) => {
		child.on('close', (code, by) => done({ code, by }));
	});
	try {
		await until(
			'it to serve',
			() =>
				fetch(`http://${env.POSTERN_SERVER_LISTEN}/`).then(
					(r) => r.status === 200,
					() => child.exitCode !== null,
				),
			30000,
		);
		assert.deepEqual(
			[0, 1, 2].map((fd) => readlinkSync(`/proc/${child.pid}/fd/${fd}`)),
			Array(3).fill('/dev/null'),
		);
	} finally {
		child.kill('SIGTERM');
	}
	assert.deepEqual(await ended, { code: 0, by: null });
});

async function noticed(what, ask) {
	await obeyed(what, ask, NOTICED_MS);
}

test('the log says at the start what all may take of memory at most, and of what that is made', async () => {
	const line = await until('the line', () => /event=memory (.*)/.exec(server.stderr));
	const kib = Object.fromEntries([...line[1].matchAll(/(\w+)_kib=(\d+)/g)].map(([, name, n]) => [name, Number(n)]));
	const { ceiling, connection, ...parts } = kib;
	assert.deepEqual(Object.keys(parts).sort(), [
		'answers',
		'caches',
		'connections',
		'database',
		'handlers',
		'hash',
		'start',
	]);
	assert.equal(
		Object.values(parts).reduce((sum, n) => sum + n, 0),
		ceiling,
	);
	assert.ok(connection > 32 && connection < 256, `${connection} KiB a connection`);
	assert.equal(parts.database > 0, !onPostgres);
	assert.ok(parts.start > 0 && parts.hash > 0 && parts.caches > 0);
});

test('what the command line changes, the running server obeys within a second', async () => {
	const who = await makeAccount(server),
		page = new Reader(server),
		api = await apiSession(server, who);
	await page.logIn(who);
	const { id } = grantPlan(server, who.email, 'digital');
	await noticed('grant', async () => (await api.get('/articles/vault')).status === 200);
	server.cliOk('entitlement', 'revoke', id);
	await noticed('revoke', async () => (await api.get('/articles/vault')).status === 402);
	server.cliOk('article', 'set-access', 'vault', 'registered');
	await noticed(
		'set-access',
		async () => (await page.get('/articles/vault')).headers['postern-decision'] === 'full; reason=signed_in',
	);
	server.cliOk('article', 'set-access', 'vault', 'subscriber');
	await noticed('set-access back', async () =>
		(await page.get('/articles/vault')).headers['postern-decision'].startsWith('teaser'),
	);
	server.cliOk('session', 'end', who.email, api.session.id);
	await noticed('session end', async () => (await api.get('/account')).status === 401);
	assert.equal((await page.get('/account')).status, 200, 'the other one lives');
	server.cliOk('account', 'disable', who.email);
	await noticed('disable', async () => (await page.get('/account')).status === 303);
	server.cliOk('account', 'enable', who.email);
	await page.logIn(who);
	server.cliOk('session', 'end', who.email, '--all');
	await noticed('end of all', async () => (await page.get('/account')).status === 303);
	server.cliOk('article', 'delete', 'open-door', '--yes');
	await noticed('delete', async () => (await page.get('/articles/open-door')).status === 404);
	server.cliOk('account', 'delete', who.email, '--yes');
	assert.equal((await page.logIn(who)).status, 401);
});

test('an account made by the operator is mailed by the running server, and its owner chooses the password', async () => {
	const email = newAddress();
	assert.equal(server.cliJson('account', 'create', email, '--name', 'Ida').email, email);
	const token = await server.mail.takeToken(email, '/reset/confirm');
	assert.equal((await new Api(server).post('/password-resets/confirm', { token, password })).status, 204);
	await apiSession(server, { email, password });
	assert.equal(server.cli('account', 'create', email).code, 5);
	server.cliOk('account', 'reset', email);
	await server.mail.takeToken(email, '/reset/confirm');
});

test('lists and looks of the command line, for people and for programs', async () => {
	const who = await makeAccount(server, { plan: 'digital' });
	await apiSession(server, who, 'tablet');
	const shown = server.cliJson('account', 'show', who.email.toUpperCase());
	assert.equal(shown.sessions[0].name, 'tablet');
	assert.equal(shown.entitlements[0].plan, 'digital');
	assert.ok(server.cliJson('account', 'list').some((a) => a.email === who.email));
	assert.equal(server.cliJson('account', 'list', '--limit', '1').length, 1);
	assert.equal(server.cliJson('session', 'list', who.email).length, 1);
	assert.equal(server.cliJson('entitlement', 'list', shown.id).length, 1, 'by id as well');
	const x = server.cliJson('explain', '--article', 'vault', '--reader', who.email);
	assert.deepEqual([x.decision.grant, x.decision.reason], ['full', 'entitled']);
	const past = server.cliJson('explain', '--article', 'vault', '--reader', who.email, '--at', '2025-04-01');
	assert.equal(past.decision.grant, 'teaser');
	assert.match(server.cliOk('explain', '--article', 'next-year'), /embargo/i);
	assert.ok(server.cliJson('mail', 'list').every((m) => m.state === 'sent'));
	for (const args of [
		['account', 'show', who.email],
		['account', 'list'],
		['session', 'list', who.email],
		['entitlement', 'list', who.email],
		['article', 'list'],
		['article', 'show', 'vault'],
		['mail', 'list'],
		['config', 'show'],
		['config', 'check'],
		['db', 'check'],
	])
		assert.ok(server.cliOk(...args).length > 10, args.join(' '));
	for (const args of [
		['account', 'show', 'nobody@mail.example'],
		['article', 'show', 'nothing'],
		['explain', '--article', 'nothing'],
		['entitlement', 'revoke', 'x'],
		['session', 'end', who.email, 'x'],
		['mail', 'retry', 'x'],
	])
		assert.equal(server.cli(...args).code, 4, args.join(' '));
	for (const args of [
		['account', 'delete', who.email],
		['article', 'delete', 'vault'],
		['session', 'end', who.email],
		['entitlement', 'grant', who.email, 'No Plan'],
		['entitlement', 'grant', who.email, 'digital', '--until', 'soon'],
		['entitlement', 'grant', who.email, 'digital', '--until', '2001-01-01'],
		['article', 'set-access', 'vault', 'free'],
		['account', 'list', '--limit', '0'],
		['account', 'create', 'nonsense'],
	])
		assert.equal(server.cli(...args).code, 2, args.join(' '));
	const secret =
		server.cli('account', 'show', who.email, '--json').stdout + server.cli('mail', 'list', '--json').stdout;
	assert.ok(!/argon2|pst_/.test(secret));
});

test('health and metrics, for the operator alone', async () => {
	for (const [target, body] of [
		['/health/live', 'alive\n'],
		['/health/ready', 'ready\n'],
	]) {
		const a = await request(server, 'GET', target, { port: server.opsPort });
		assert.deepEqual([a.status, a.body], [200, body]);
	}
	const metrics = (await request(server, 'GET', '/metrics', { port: server.opsPort })).body;
	assert.match(metrics, /^postern_build_info\{version="[^"]+"\} 1$/m);
	assert.match(metrics, /^postern_uptime_seconds \d+$/m);
	for (const line of metrics.trim().split('\n'))
		assert.match(
			line,
			/^(# (TYPE|HELP) [a-z_]+ .+|[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? -?[0-9.e+]+(Inf)?)$/,
			line,
		);
	assert.ok(!/@|pst_|127\.0/.test(metrics), 'nothing of readers');
});

test('SIGTERM: what is under way is answered, then the end comes in time and with 0', async () => {
	const own = await startServer();
	const who = await makeAccount(own);
	const under = Array.from({ length: 8 }, () =>
		new Api(own).post('/sessions', { email: who.email, password }).catch(() => ({ status: 0 })),
	);
	await sleep(30);
	own.child.kill('SIGTERM');
	const answers = (await Promise.all(under)).map((a) => a.status);
	own.exit = await within('the end', own.ended, 30000);
	assert.ok(
		answers.every((s) => [201, 503, 0].includes(s)),
		String(answers),
	);
	assert.match(own.stderr, /event=stopping/);
	await own.start();
	assert.equal((await request(own, 'GET', '/')).status, 200, 'the same folder serves again');
	await apiSession(own, who);
	own.child.kill('SIGKILL');
	await own.ended;
	await own.start();
	await apiSession(own, who);
	await own.close();
});

test('told to stop with a grace: not ready, still serving, and a second signal ends it at once', async () => {
	const own = await startServer({ settings: { POSTERN_SERVER_DRAIN_S: '60' } });
	own.child.kill('SIGTERM');
	const readiness = () => request(own, 'GET', '/health/ready', { port: own.opsPort });
	await obeyed('not ready', async () => (await readiness()).status === 503, NOTICED_MS);
	const ready = await readiness();
	assert.match(ready.body, /stopping/);
	assert.equal((await request(own, 'GET', '/health/live', { port: own.opsPort })).status, 200);
	assert.equal((await request(own, 'GET', '/')).status, 200, 'serves on');
	assert.ok(!own.exited);
	await within('the end', own.close(), 30000); // SIGTERM once more
});

test('a database that is not there, not ours, or newer than this program', async () => {
	const dir = tempDir(),
		env = {
			POSTERN_DATABASE_URL: `sqlite:${dir}/no/such/folder/x.db`,
			POSTERN_MAIL_TRANSPORT: `maildir:${dir}/mail`,
			POSTERN_OPS_LISTEN: '',
			POSTERN_SERVER_LISTEN: `127.0.0.1:${await freePort()}`,
		};
	for (const command of [['serve'], ['account', 'list'], ['db', 'check'], ['db', 'migrate']]) {
		const r = run(command, { env });
		assert.equal(r.code, 6, `${command}: ${r.stderr}`);
		assert.match(
			r.stderr,
			/list|check/.test(command[1]) ? /there is no database at .*no\/such\/folder/ : /no\/such\/folder.*folder/,
		);
	}
	assert.equal(run(['serve'], { env: { ...env, POSTERN_DATABASE_URL: 'oracle:x' } }).code, 3);
	const other = path.join(dir, 'notes.txt'),
		notes = 'Not a database, but a page of notes.\n'.repeat(200);
	writeFileSync(other, notes);
	for (const command of [['serve'], ['account', 'list'], ['db', 'migrate']])
		assert.notEqual(
			run(command, { env: { ...env, POSTERN_DATABASE_URL: `sqlite:${other}` } }).code,
			0,
			String(command),
		);
	assert.equal(readFileSync(other, 'utf8'), notes, 'what is not ours is left as it was');
});

test('a database of a newer version is left alone', async () => {
	const dir = tempDir(),
		url = emptyDatabaseUrl(dir);
	const env = {
		POSTERN_DATABASE_URL: url,
		POSTERN_MAIL_TRANSPORT: `maildir:${dir}/mail`,
		POSTERN_OPS_LISTEN: '',
		POSTERN_SERVER_LISTEN: `127.0.0.1:${await freePort()}`,
	};
	assert.equal(run(['db', 'migrate'], { env }).code, 0);
	assert.equal(run(['db', 'migrate'], { env }).code, 0, 'twice is once');
	databaseSql(url, "INSERT INTO schema_version (version, name, applied_at) VALUES (9999, 'future', 1)");
	for (const command of [['serve'], ['account', 'list'], ['db', 'migrate']]) {
		const r = run(command, { env });
		assert.equal(r.code, 6, `${command}: ${r.code} ${r.stderr}`);
		assert.match(r.stderr, /of version 9999 and this program knows up to \d+/);
	}
});

test('init makes a folder that serves, and overwrites nothing', async () => {
	const dir = path.join(tempDir(), 'paper');
	assert.equal(run(['init', dir]).code, 0);
	assert.ok(existsSync(path.join(dir, 'postern.ini')) && existsSync(path.join(dir, 'var/postern.db')));
	const before = readFileSync(path.join(dir, 'postern.ini'), 'utf8');
	assert.equal(run(['init', dir]).code, 5);
	assert.equal(readFileSync(path.join(dir, 'postern.ini'), 'utf8'), before);
	assert.equal(run(['config', 'check'], { cwd: dir }).code, 0);
	assert.equal(run(['account', 'list'], { cwd: dir }).code, 0);
});

test('every command explains itself; a typo is answered with what was meant', () => {
	const table = readFileSync(path.join(root, 'src/cli/commands.c'), 'utf8');
	const names = [...table.matchAll(/^\t\{ "([a-z -]+)", "/gm)].map((m) => m[1]);
	assert.ok(names.length > 25, `${names.length} commands`);
	const all = run(['--help']);
	assert.equal(all.code, 0);
	for (const name of names) {
		assert.ok(all.stdout.includes(name), name);
		for (const flag of ['--help', '-h']) {
			const r = run([...name.split(' '), flag]);
			assert.equal(r.code, 0, name);
			assert.ok(r.stdout.startsWith(`usage: postern ${name}`), name);
		}
	}
	const typos = {
		serv: 'serve',
		'acount list': 'account list',
		'article imprt': 'article import',
		'entitlement grnat': 'entitlement grant',
		'config chek': 'config check',
	};
	for (const [typed, meant] of Object.entries(typos)) {
		const r = run(typed.split(' '));
		assert.equal(r.code, 2, typed);
		assert.match(r.stderr, new RegExp(`did you mean "${meant}"`), typed);
	}
	const option = run(['account', 'list', '--limt', '3']);
	assert.equal(option.code, 2);
	assert.match(option.stderr, /did you mean --limit/);
	for (const args of [
		[],
		['account'],
		['account', 'show'],
		['account', 'show', 'a', 'b'],
		['nonsense'],
		['serve', '--config'],
		['account', 'list', '--json=yes'],
		['serve', '-x'],
	])
		assert.equal(run(args).code, 2, args.join(' '));
	assert.match(run(['version']).stdout, /^postern \d+\.\d+\.\d+/);
	assert.equal(run(['--version']).stdout, run(['version']).stdout);
	assert.match(run(['config', 'sample']).stdout, /^\[server\]$/m);
	assert.match(run(['config', 'reference']).stdout, /^\| `server\.listen` \|/m);
});
