// PostgreSQL goes away and comes back: what needs it says so at once and with a time to come again, nothing waits
// without end, nothing fails open, and all is well again without a restart.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { apiSession, makeAccount, password } from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { Api, Reader, request } from '../lib/http.mjs';
import { Cluster, emptyDatabase, sql } from '../lib/postgres.mjs';
import { quickOnce, run, sleep, startServer, tempDir, until } from '../lib/server.mjs';

export const covers = ['GET /health/ready', 'POST /api/v1/sessions', 'GET /api/v1/account'];

const BACK_MS = 60000,
	AT_ONCE_MS = 1000,
	MUTE_MS = 45000,
	READY_MS = 5000;
let cluster, server, other, api;
before(async () => {
	cluster = new Cluster();
	server = await startServer({ settings: { POSTERN_DATABASE_URL: emptyDatabase(cluster.admin) } });
	server.allowed.push(/event=(db_failed|db_unreachable|db_commit_unknown|session_failed|feed_broken|mail_failed)/);
	importArticles(server);
	api = await apiSession(server, await makeAccount(server, { plan: 'standard' }));
	other = await makeAccount(server); // whose log-ins push each other out
});
after(async () => {
	await server?.close();
	cluster?.end();
});

const logIn = () => new Api(server).post('/sessions', { email: other.email, password, name: 'again' });
const ready = async () => (await request(server, 'GET', '/health/ready', { port: server.opsPort })).status;

async function timed(ask) {
	const start = Date.now();
	const answer = await ask();
	return { answer, ms: Date.now() - start };
}

// In use again: it reads and writes, and what was there is there.
async function worksAgain(since) {
	await until('ready', async () => (await ready()) === 200, BACK_MS);
	await until('a log-in', async () => (await logIn()).status === 201, BACK_MS);
	assert.equal((await api.get('/account')).status, 200, 'a session from before');
	assert.ok(!server.exited);
	return Date.now() - since;
}

function refusedWell(r) {
	assert.equal(r.status, 503, r.body);
	assert.match(r.headers['retry-after'] ?? '', /^\d+$/);
	assert.ok(['unavailable', 'busy', 'overloaded'].includes(r.json.code), r.body);
}

test('the server stops: 503 with Retry-After at once, not ready; it starts: all is well by itself', async () => {
	const subscriber = new Reader(server);
	await subscriber.logIn(other);
	for (const target of ['/articles/open-door', '/articles/vault'])
		assert.equal((await request(server, 'GET', target)).status, 200);
	cluster.stop();
	const first = await timed(logIn);
	refusedWell(first.answer);
	assert.ok(first.ms < MUTE_MS, `the first took ${first.ms} ms`);
	for (let i = 0; i < 10; i++) refusedWell(await logIn());
	await quickOnce('a refusal', AT_ONCE_MS, logIn);
	assert.equal(await ready(), 503);
	assert.equal((await request(server, 'GET', '/health/live', { port: server.opsPort })).status, 200);
	await sleep(6000); // longer than any cached entry may be believed
	const closed = await timed(() => api.get('/articles/vault'));
	refusedWell(closed.answer);
	assert.equal((await request(server, 'GET', '/articles/open-door')).status, 200, 'what is public goes on');
	const page = await subscriber.get('/articles/open-door');
	assert.equal(page.status, 200, 'also for who is signed in');
	assert.match(page.headers['cache-status'], /database lost/);
	assert.equal((await subscriber.get('/articles/vault')).status, 503, 'and no wall is shown to a subscriber');
	const back = Date.now();
	cluster.start();
	const ms = await worksAgain(back);
	console.log(`# back after ${ms} ms`);
});

test('all connections are cut while readers come: no answer is wrong, and each is there again at once', async () => {
	let cuts = 0,
		answers = 0,
		busy = 0,
		over = false;
	const client = async () => {
		while (!over) {
			const r = await logIn();
			answers++;
			if (r.status === 503) busy++;
			else assert.equal(r.status, 201, r.body);
		}
	};
	const clients = Array.from({ length: 4 }, client);
	for (; cuts < 6; cuts++) {
		await sleep(300);
		sql(cluster.admin, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'postern'");
	}
	over = true;
	await Promise.all(clients);
	console.log(`# ${answers} answers, ${busy} of them 503, ${cuts} cuts`);
	assert.ok(answers > 6 && busy <= answers / 2);
	await worksAgain(Date.now());
});

test('a server that says nothing any more: answers all the same, within a bound, and well again when it speaks', async () => {
	const pids = spawnSync('pgrep', ['-f', cluster.dir], { encoding: 'utf8' }).stdout.split('\n').filter(Boolean);
	const children = pids.flatMap((pid) =>
		spawnSync('pgrep', ['-P', pid], { encoding: 'utf8' }).stdout.split('\n').filter(Boolean),
	);
	const all = [...new Set([...pids, ...children])].map(Number).filter((pid) => pid !== process.pid);
	assert.ok(all.length > 3, 'the processes of the cluster');
	all.forEach((pid) => process.kill(pid, 'SIGSTOP'));
	try {
		const took = [];
		await sleep(300); // for so long what was found before is told
		for (let i = 0; i < 3; i++) {
			const { answer, ms } = await timed(() => request(server, 'GET', '/health/ready', { port: server.opsPort }));
			assert.deepEqual([answer.status, answer.body], [503, 'the database does not answer to a write\n']);
			took.push(ms);
		}
		assert.ok(Math.min(...took) < READY_MS, `readiness took ${took} ms`);
		const answers = await Promise.all(Array.from({ length: 8 }, () => timed(logIn)));
		for (const { answer, ms } of answers) {
			refusedWell(answer);
			assert.ok(ms < MUTE_MS, `${ms} ms`);
		}
	} finally {
		all.forEach((pid) => process.kill(pid, 'SIGCONT'));
	}
	await worksAgain(Date.now());
});

test('absent at the start: refused, with the place and without the password', () => {
	const dir = tempDir();
	for (const command of [['serve'], ['account', 'list'], ['db', 'check']]) {
		const { answer: r, ms } = timedRun(command, `postgres://ann:s3cr3t-word@/paper?host=${dir}`);
		assert.equal(r.code, 6, r.stderr);
		assert.match(r.stderr, /postgres:\/\/ann@.*\/paper cannot be reached: /);
		assert.doesNotMatch(r.stderr + r.stdout, /s3cr3t/);
		assert.ok(ms < MUTE_MS, `${ms} ms`);
	}
});

function timedRun(command, url) {
	const start = Date.now();
	return {
		answer: run(command, {
			env: { ...server.env, POSTERN_DATABASE_URL: url, POSTERN_SERVER_LISTEN: '127.0.0.1:0' },
		}),
		ms: Date.now() - start,
	};
}
