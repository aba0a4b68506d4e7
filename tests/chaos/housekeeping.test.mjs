// Goal: the housekeeping over 200,000 rows that have lapsed is noticed by nobody who writes meanwhile, and a lock that another program
// holds stops who writes, within a moment and with 503, but nobody who reads.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newAddress, password } from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { fillLapsed } from '../lib/fill.mjs';
import { Api } from '../lib/http.mjs';
import { holdLock } from '../lib/lock.mjs';
import { summary } from '../lib/operations.mjs';
import { databaseSql, databaseUrl, run, sleep, startServer, tempDir, until } from '../lib/server.mjs';

const ROWS = 40000,
	WAIT_MS = 300; // of each of five kinds, and some of others
let busy, idle;

before(async () => {
	const dir = tempDir(),
		url = databaseUrl(dir);
	assert.equal(run(['db', 'migrate'], { env: { POSTERN_DATABASE_URL: url }, cwd: dir }).code, 0);
	const first = await startServer({ dir });
	importArticles(first);
	await first.stop();
	databaseSql(
		url,
		`INSERT INTO account (id, email, email_key, name, created_at, updated_at, verified_at) VALUES ('00000000000000000000000000', 'a@b.example', 'a@b.example', '', 1, 1, 1)`,
	);
	fillLapsed(url, ROWS);
	const settings = { POSTERN_SERVER_TRUSTED_PROXIES: '127.0.0.1/32' };
	[busy, idle] = await Promise.all([startServer({ dir, settings }), startServer({ settings })]);
});
after(() => Promise.all([busy?.close(), idle?.close()]));

async function timed(ask, status) {
	const began = performance.now();
	const answer = await ask();
	assert.equal(answer.status, status, answer.body);
	return performance.now() - began;
}

// What a registration writes, and a reset, which needs no hash of a password before it does.
async function writesUntil(end) {
	const took = { busy: [], idle: [] },
		registered = [];
	let over = false;
	const loop = async (server, list) => {
		while (!over) {
			list.push(await timed(() => new Api(server).post('/password-resets', { email: newAddress() }), 202));
			await sleep(5);
		}
	};
	const registering = async () => {
		while (!over)
			registered.push(
				await timed(() => new Api(busy).post('/accounts', { email: newAddress(), password, name: 'New' }), 202),
			);
	};
	const all = Promise.all([loop(busy, took.busy), loop(idle, took.idle), registering()]);
	await end().finally(() => {
		over = true;
	});
	await all;
	return { ...took, registered };
}

test('200,000 rows go, and no write waits for them', async (t) => {
	const done = () => busy.lines('housekeeping').some((line) => /step=meter_reads/.test(line));
	assert.ok(!done(), 'there is something to do');
	const took = await writesUntil(() => until('the end of the housekeeping', done, 240000, 50));
	const steps = busy
		.lines('housekeeping')
		.map((line) => Object.fromEntries([...line.matchAll(/(\w+)=(\S+)/g)].map((m) => [m[1], m[2]])));
	const deleted = steps.reduce((sum, s) => sum + Number(s.deleted), 0);
	t.diagnostic(
		JSON.stringify({
			deleted,
			longest_batch_ms: Math.max(...steps.map((s) => Number(s.longest_ms))),
			writes: summary(took.busy),
			idle: summary(took.idle),
			registrations: summary(took.registered),
		}),
	);
	assert.ok(deleted >= 5 * ROWS, `${deleted} rows`);
	assert.ok(took.busy.length > 20, 'writes beside it');
	// beside it a server that has nothing to do: what the machine and its disk alone make one wait
	const [worst, alone] = [summary(took.busy), summary(took.idle)];
	assert.ok(
		worst.p99 <= alone.p99 + WAIT_MS && worst.longest <= 2 * alone.longest + WAIT_MS,
		'waited for the housekeeping',
	);
	for (const table of ['failure', 'mail_token', 'meter_read'])
		assert.equal(
			databaseSql(
				busy.env.POSTERN_DATABASE_URL,
				`SELECT COUNT(*) FROM ${table} WHERE ${{ failure: 'last_at', mail_token: 'expires_at', meter_read: 'began_at' }[table]} < 1700000000`,
			),
			'0',
		);
});

test('a lock that is held stops writes within a moment, and no reading', async (t) => {
	busy.allowed.push(/event=db_busy|event=request|event=account_request .*result=busy/);
	const lock = await holdLock(busy.env.POSTERN_DATABASE_URL, {
			postgres: 'LOCK TABLE account_request IN SHARE ROW EXCLUSIVE MODE;',
		}),
		writes = [],
		reads = [];
	let over = false;
	// from an address each: those of one alone never have the last thread, and on PostgreSQL nobody else waits for this lock
	const writer = async (_, i) => {
		while (!over) {
			writes.push(
				(
					await new Api(busy).post(
						'/password-resets',
						{ email: newAddress() },
						{ 'X-Forwarded-For': `198.51.100.${i + 1}` },
					)
				).status,
			);
			await sleep(20);
		}
	};
	const look = async () => {
		const writers = Array.from({ length: 20 }, writer);
		await until('writes are refused', () => busy.lines('db_writers_full').length > 0, 10000, 20);
		for (let i = 0; i < 40; i++) {
			const began = performance.now();
			// never the same twice, so that it comes from the database; another source, for none gets the last thread of the lane
			const r = await new Api(busy).get(`/articles?limit=${i + 1}`, { 'X-Forwarded-For': '203.0.113.9' });
			assert.equal(r.status, 200, r.body);
			reads.push(performance.now() - began);
		}
		return writers;
	};
	const writers = await look().finally(() => {
		over = true;
		return lock.end();
	});
	await Promise.all(writers);
	const refused = writes.filter((status) => status === 503).length;
	t.diagnostic(JSON.stringify({ reads: summary(reads), writes: writes.length, refused }));
	assert.ok(refused > 0);
	assert.ok(summary(reads).median < 1000, `a reader waits ${summary(reads).median} ms`);
	await until(
		'writes go on',
		async () => (await new Api(busy).post('/password-resets', { email: newAddress() })).status === 202,
		15000,
	);
});
