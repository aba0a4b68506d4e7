// Several processes on one PostgreSQL: what one changes all obey, also when the word of changes does not come through,
// and public pages go on when the database is gone.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';
import { apiSession, grantPlan, makeAccount } from '../lib/accounts.mjs';
import { addressesIn, importArticles } from '../lib/articles.mjs';
import { Api, Reader, metric, request } from '../lib/http.mjs';
import { Cluster, emptyDatabase, sql } from '../lib/postgres.mjs';
import { cleanEnv, obeyed, quickOnce, sleep, startServer, tempDir, until } from '../lib/server.mjs';

export const covers = [
	'GET /health/ready',
	'GET /api/v1/account',
	'DELETE /api/v1/sessions/current',
	'GET /',
	'GET /articles/{slug}',
];

const OBEYED_MS = 1000,
	TRUST_MS = 5000;
const servers = [],
	mailDir = `${tempDir()}/mail`;
let cluster, url;
const startOne = async () => {
	const s = await startServer({
		settings: { POSTERN_DATABASE_URL: url, POSTERN_MAIL_TRANSPORT: `maildir:${mailDir}` }, // either may send it
	});
	s.impatient = true;
	servers.push(s);
	return s;
};
before(async () => {
	cluster = new Cluster();
	url = emptyDatabase(cluster.admin);
	await startOne();
	await startOne();
	importArticles(servers[0]);
});
after(async () => {
	await Promise.all(servers.map((s) => s.close()));
	cluster.end();
});

const status = async (api, target = '/account') => (await api.get(target)).status;
const on = (server, api) => new Api(server, api.token);

function report(t, what, delays) {
	delays.sort((a, b) => a - b);
	const at = (q) => delays[Math.min(delays.length - 1, Math.floor(delays.length * q))].toFixed(1);
	t.diagnostic(
		`${what}: ${delays.length} delays, median ${at(0.5)} ms, p95 ${at(0.95)} ms, longest ${delays.at(-1).toFixed(1)} ms`,
	);
}

let who;
test('a session ended through one process is refused by the other within a second', async (t) => {
	const [a, b] = servers,
		delays = [];
	who = await makeAccount(a);
	for (let i = 0; i < 40; i++) {
		const here = await apiSession(a, who),
			there = on(b, here);
		for (let k = 0; k < 2; k++) assert.deepEqual([await status(here), await status(there)], [200, 200]);
		assert.equal((await here.delete('/sessions/current')).status, 204);
		delays.push(await obeyed('the end', async () => (await status(there)) === 401));
		assert.equal(await status(here), 401);
	}
	report(t, 'session ended', delays);
});

test('accounts, entitlements and access changed by the command line are obeyed by both', async (t) => {
	const [a, b] = servers,
		delays = [];
	for (let i = 0; i < 6; i++) {
		const here = await apiSession(a, who),
			there = on(b, here);
		const both = async (target, want) =>
			(await status(here, target)) === want && (await status(there, target)) === want;
		assert.ok(await both('/articles/vault', 402));
		const { id } = grantPlan(a, who.email, 'digital');
		delays.push(await obeyed('grant', () => both('/articles/vault', 200)));
		a.cliOk('entitlement', 'revoke', id);
		delays.push(await obeyed('revoke', () => both('/articles/vault', 402)));
		const anonymous = async (want) =>
			(await Promise.all([a, b].map((s) => request(s, 'GET', '/api/v1/articles/open-door')))).every(
				(r) => r.status === want,
			);
		assert.ok((await anonymous(200)) && (await anonymous(200)));
		a.cliOk('article', 'set-access', 'open-door', 'subscriber');
		delays.push(await obeyed('closed', () => anonymous(401)));
		a.cliOk('article', 'set-access', 'open-door', 'public');
		delays.push(await obeyed('opened', () => anonymous(200)));
		a.cliOk('account', 'disable', who.email);
		delays.push(await obeyed('disabled', () => both('/account', 401)));
		a.cliOk('account', 'enable', who.email);
	}
	report(t, 'commands', delays);
});

test('when the feed hangs, nothing older than 5 s is believed, though the database answers', async (t) => {
	const a = servers[0],
		api = await apiSession(a, who);
	assert.equal(await status(api), 200);
	const id = api.session.id;
	// without a row of `change`, nobody is told: with a live feed the session is believed on
	sql(url, `UPDATE session SET expires_at = 0 WHERE id = '${id}'`);
	for (let i = 0; i < 10; i++) {
		assert.equal(await status(api), 200, 'believed: the feed proves that nothing has changed');
		await sleep(100);
	}
	const psql = spawn(
		'psql',
		['-X', '-q', url, '-c', 'BEGIN; LOCK TABLE change IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(9); COMMIT'],
		{ env: cleanEnv(), stdio: 'ignore' },
	);
	const ended = new Promise((done) => psql.on('close', done));
	const took = await obeyed('the doubt', async () => (await status(api)) === 401, TRUST_MS + 500);
	t.diagnostic(`refused ${took} ms after the feed began to hang`);
	assert.ok(took > 1000, `${took} ms`);
	for (const s of servers)
		assert.equal((await request(s, 'GET', '/')).status, 200, 'pages come from the database meanwhile');
	await ended;
	await until('the feed', async () => (await metric(a, 'postern_feed_age_seconds')) < 1, 10000);
});

test('a feed whose connection is cut comes back by itself, and drops what it may have missed', async () => {
	const a = servers[0],
		flushes = await metric(a, 'postern_feed_flushes_total');
	for (let i = 0; i < 3; i++) {
		const api = await apiSession(a, who);
		assert.equal(await status(api), 200);
		sql(
			cluster.admin,
			`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${/\/(t[0-9a-f]+)\?/.exec(url)[1]}'`,
		);
		sql(url, `DELETE FROM session WHERE id = '${api.session.id}'`);
		await until('the flush', async () => (await status(api)) === 401, OBEYED_MS * 3, 5);
	}
	assert.ok((await metric(a, 'postern_feed_flushes_total')) >= flushes + 3);
	assert.ok((await metric(a, 'postern_feed_breaks_total')) >= 3);
	for (const s of servers) s.allowed.push(/event=db_failed/);
	const fresh = await apiSession(a, who);
	assert.equal(await status(on(servers[1], fresh)), 200);
});

const plain = ['/', '/sections/city', '/articles/open-door', '/api/v1/articles', '/api/v1/articles/open-door'];
test('the database is lost: public pages go on, all else is 503, and it comes back by itself', async (t) => {
	const a = servers[0],
		api = await apiSession(a, who),
		page = new Reader(a);
	await page.logIn(who);
	const picture = addressesIn((await request(a, 'GET', '/articles/open-door')).body, '/media/')[0];
	const before = new Map();
	for (const target of [...plain, picture]) before.set(target, (await request(a, 'GET', target)).bytes);
	for (const s of servers) s.allowed.push(/event=(db_failed|identify_failed)/);
	// a page that needs to know its reader and nothing else: for as long as the session is believed, and then no more
	assert.equal((await page.get('/account/password')).status, 200);
	cluster.stop();
	const lost = Date.now();
	let last = 0;
	await until(
		'doubt in the session',
		async () => {
			const asked = Date.now(),
				r = await page.get('/account/password');
			if (r.status === 503) return true;
			assert.ok(r.status === 200 && r.body.includes('href="/account"'), `${r.status}`);
			last = asked - lost;
			return false;
		},
		30000,
		20,
	);
	assert.ok(last > 2000 && last < TRUST_MS + 500, `a session was believed for ${last} ms`);
	await sleep(Math.max(0, lost + TRUST_MS + 1000 - Date.now()));
	for (const target of [...plain, picture]) {
		const r = await request(a, 'GET', target);
		assert.equal(r.status, 200, target);
		assert.deepEqual(r.bytes, before.get(target), target);
		assert.match(r.headers['cache-status'] ?? '', /^Postern; hit; ttl=-\d+; detail="database lost"$/, target);
		await quickOnce(target, 1000, () => request(a, 'GET', target));
	}
	const others = [
		['GET', '/articles/vault'],
		['GET', '/articles/never-asked'],
		['GET', '/sections/never-asked'],
		['GET', '/api/v1/articles/vault'],
	];
	for (const [method, target] of others) {
		const r = await request(a, method, target);
		assert.equal(r.status, 503, target);
		assert.ok(Number(r.headers['retry-after']) > 0, target);
	}
	// What everybody gets, a reader with a session gets as well; nobody can say who that is.
	const front = await page.get('/');
	assert.equal(front.status, 200);
	assert.match(front.body, /Log in/i);
	assert.equal((await api.get('/articles/open-door')).status, 200);
	const signedIn = [
		await page.get('/articles/vault'),
		await page.logIn(who),
		await new Api(a).post('/sessions', { email: who.email, password: who.password }),
	];
	assert.deepEqual(
		signedIn.map((r) => r.status),
		signedIn.map(() => 503),
	);
	assert.ok(signedIn.every((r) => Number(r.headers['retry-after']) > 0));
	assert.equal((await request(a, 'GET', '/health/ready', { port: a.opsPort })).status, 503);
	assert.ok((await metric(a, 'postern_http_stale_total')) >= plain.length);
	assert.equal(await metric(a, 'postern_feed_live'), 0);

	cluster.start();
	const back = Date.now();
	await until(
		'readiness',
		async () => (await request(a, 'GET', '/health/ready', { port: a.opsPort })).status === 200,
		15000,
		20,
	);
	await until('the session', async () => (await status(api)) === 200, 15000, 20);
	await until('the feed', async () => (await metric(a, 'postern_feed_live')) === 1, 15000, 20);
	t.diagnostic(`sessions believed for ${last} ms; back ${Date.now() - back} ms after the database`);
	for (const target of plain) {
		const r = await request(a, 'GET', target);
		assert.deepEqual([r.status, r.headers['cache-status']], [200, undefined], target);
	}
	assert.equal((await page.get('/account')).status, 200);
	// and the word of changes is heard again
	const there = on(servers[1], api);
	await until('the other', async () => (await status(there)) === 200, 15000, 20);
	assert.equal((await api.delete('/sessions/current')).status, 204);
	await obeyed('the end', async () => (await status(there)) === 401);
});
