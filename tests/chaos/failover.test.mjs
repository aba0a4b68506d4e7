// Goal: the primary dies under load and its standby takes over. No acknowledged write is lost, no request is answered wrongly, what is
// public stays readable, and service is back without a restart of any gateway.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeAccount } from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { Api, request } from '../lib/http.mjs';
import { sleep, until } from '../lib/server.mjs';
import { Cluster, Load, SmtpMailbox, spread } from './cluster.mjs';

const OUTAGE_MS = 2000; // how long the operator's tool takes to promote
const RECOVERED_MS = 60000;
let cluster, everywhere;

before(async () => {
	cluster = await Cluster.start();
	importArticles(cluster.gateways[0]);
	everywhere = {
		port: cluster.port,
		mail: new SmtpMailbox(cluster.smtp),
		cliOk: (...args) => cluster.gateways[0].cliOk(...args),
	};
	for (const g of cluster.gateways)
		g.allowed.push(/event=db|event=request|unavailable|event=feed|event=housekeeping/); // the loss is in the log, and should be
});
after(() => cluster.close());

// Right answers are those of a healthy service, and 503 with Retry-After. The balancer itself says 503 when all are unready.
function judge(r, right, what) {
	if (r.status === 503) return false;
	assert.ok(right.includes(r.status), `${what}: ${r.status} ${r.body}`);
	return true;
}

const dead = (e) => ({ status: 503, body: String(e), headers: {} });

// One account's name counts up. What was acknowledged must be there later; what was refused or broken off may or may not be.
async function writer(load, who) {
	const api = new Api(everywhere, who.token);
	const n = who.next++;
	const r = await api.patch('/account', { name: `n${n}` }).catch(dead);
	if (judge(r, [200], 'a write')) {
		who.acknowledged = n;
		who.times.push(Date.now());
		load.count('writes');
	} else {
		load.count('writes refused');
		await sleep(50);
	}
}

async function checkWritten(who) {
	const r = await new Api(everywhere, who.token).get('/account');
	assert.equal(r.status, 200, r.body);
	const found = Number(r.json.account.name.slice(1));
	assert.ok(
		found >= who.acknowledged && found < who.next,
		`acknowledged up to ${who.acknowledged}, tried up to ${who.next - 1}, found ${found}`,
	);
}

async function makeWriters(count) {
	const writers = [];
	for (let i = 0; i < count; i++) {
		const who = await makeAccount(everywhere, { plan: 'digital' });
		const r = await new Api(everywhere).post('/sessions', { email: who.email, password: who.password });
		writers.push({ ...who, token: r.json.token, next: 1, acknowledged: 0, times: [] });
	}
	return writers;
}

function addReaders(load, writers) {
	load.add(3, async (i) => {
		const r = await new Api(everywhere, writers[i].token).get('/articles/vault').catch(dead);
		if (judge(r, [200], 'a subscriber')) assert.match(r.body, /kept-vault/);
		load.count(r.status === 503 ? 'readings refused' : 'readings');
	});
	load.add(2, async () => {
		const r = await new Api(everywhere).get('/articles/vault').catch(dead);
		judge(r, [401], 'an anonymous reader');
		assert.doesNotMatch(r.body, /kept-vault/, 'nothing fails open');
		load.count(r.status === 503 ? 'anonymous readers refused' : 'anonymous readers');
	});
}

// Asked for until it comes from memory.
async function keeps(g, target) {
	const hits = async () =>
		Number(
			/cache_hits_total\{cache="pages"\} (\d+)/.exec(
				(await request(g, 'GET', '/metrics', { port: g.opsPort })).body,
			)[1],
		);
	const before = await hits();
	assert.equal((await request(g, 'GET', target)).status, 200);
	return (await hits()) > before;
}

// The gap in which no write was acknowledged, over all writers.
function gap(writers) {
	const times = writers.flatMap((w) => w.times).sort((a, b) => a - b);
	return Math.max(...times.slice(1).map((t, i) => t - times[i]));
}

test('the primary is killed under load and the standby promoted', async (t) => {
	const writers = await makeWriters(3);
	const load = new Load();
	t.after(() => load.stop());
	for (const g of cluster.gateways)
		await until(`${g.name} keeps a public page`, () => keeps(g, '/articles/open-door'));
	load.add(writers.length, (i) => writer(load, writers[i]));
	addReaders(load, writers);
	await sleep(3000);
	await cluster.pair.primary.kill();
	await until(
		'readiness turns red',
		async () =>
			(await request(cluster.gateways[0], 'GET', '/health/ready', { port: cluster.gateways[0].opsPort }))
				.status === 503,
		10000,
	);
	for (const g of cluster.gateways) {
		const page = await request(g, 'GET', '/articles/open-door');
		assert.equal(page.status, 200, 'what is public stays readable');
		assert.match(page.body, /kept-open-door/);
		const refused = await request(g, 'GET', '/articles/members-room');
		assert.equal(refused.status, 503, 'what needs the database is refused');
		assert.ok(Number(refused.headers['retry-after']) > 0, 'with Retry-After');
	}
	await sleep(OUTAGE_MS);
	const through = await request(everywhere, 'GET', '/articles/open-door');
	assert.equal(through.status, 200, 'also through the balancer, where no gateway is ready');
	const promoted = Date.now();
	await cluster.pair.standby.promote();
	await until('writes again', () => writers.some((w) => w.times.at(-1) > promoted), RECOVERED_MS);
	const back = Date.now() - promoted;
	for (const g of cluster.gateways)
		await until(
			`${g.name} is ready again by itself`,
			async () => (await request(g, 'GET', '/health/ready', { port: g.opsPort })).status === 200,
			RECOVERED_MS,
		);
	await sleep(3000);
	t.diagnostic(JSON.stringify(await load.stop()));
	t.diagnostic(`without an acknowledged write: ${gap(writers)} ms, of them ${back} ms after the promotion`);
	for (const w of writers) await checkWritten(w);
	assert.ok(
		cluster.gateways.every((g) => !g.exited),
		'no gateway was restarted',
	);
	t.diagnostic(spread(writers.map((w) => w.acknowledged)).replaceAll(' ms', ' writes'));
});
