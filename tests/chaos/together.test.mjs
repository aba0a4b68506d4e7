// Goal: three gateways on one PostgreSQL are one newspaper. Under mixed load every answer is right; a session that was ended through
// one gateway is refused by all within a second; a gateway is restarted without a failed request.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeAccount } from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { Api } from '../lib/http.mjs';
import { obeyed, sleep } from '../lib/server.mjs';
import { Cluster, Load, SmtpMailbox, spread } from './cluster.mjs';

const SECONDS = Number(process.env.CHAOS_SECONDS ?? 15);
let cluster,
	everywhere,
	readers,
	refusals = 0;

before(async () => {
	cluster = await Cluster.start({ settings: { POSTERN_SESSION_PER_ACCOUNT: '100' } });
	importArticles(cluster.gateways[0]);
	// What a test talks to as if it were one server: the balancer's port, the one mailbox, any command line.
	everywhere = {
		port: cluster.port,
		mail: new SmtpMailbox(cluster.smtp),
		cliOk: (...args) => cluster.gateways[1].cliOk(...args),
	};
	readers = [];
	for (let i = 0; i < 3; i++) readers.push(await makeAccount(everywhere, { plan: i === 0 ? undefined : 'digital' }));
});
after(() => cluster.close());

const any = () => cluster.gateways[Math.floor(Math.random() * cluster.gateways.length)];

// A gateway that has too much to do says so, with a time to come again, and is asked again then: that is no wrong answer.
async function answered(ask) {
	for (let tries = 0; ; tries++) {
		const r = await ask();
		if (r.status !== 503 || tries === 20) return r;
		assert.ok(Number(r.headers['retry-after']) > 0, `503 without Retry-After: ${r.body}`);
		refusals++;
		await sleep(200);
	}
}

async function logIn(server, who) {
	const r = await answered(() => new Api(server).post('/sessions', { email: who.email, password: who.password }));
	assert.equal(r.status, 201, r.body);
	return r.json.token;
}

async function readArticle(server, token, subscriber) {
	const r = await answered(() => new Api(server, token).get('/articles/vault'));
	assert.equal(r.status, subscriber ? 200 : 402, r.body);
	assert.equal(/kept-vault/.test(r.body), subscriber, 'text for subscribers only');
}

// Asks one gateway until it refuses the token: how long after the end was acknowledged.
const refusedAfter = (gateway, token) =>
	obeyed(`${gateway.name} and a session that was ended`, async () => {
		const r = await answered(() => new Api(gateway, token).get('/account'));
		assert.ok([200, 401].includes(r.status), r.body);
		return r.status === 401;
	});

function mixedLoad(delays) {
	const load = new Load();
	const tokens = Promise.all(readers.map((r) => logIn(everywhere, r)));
	load.add(4, async (i) => {
		const n = i % 2; // the third one's sessions end with its resets
		await readArticle(everywhere, (await tokens)[n], n !== 0);
		load.count('articles');
	});
	// A log-in through the balancer is good at each gateway at once, and over everywhere once it is ended.
	load.add(2, async () => {
		const token = await logIn(everywhere, readers[1]);
		for (const g of cluster.gateways) await readArticle(g, token, true);
		const end = await answered(() => new Api(any(), token).delete('/sessions/current'));
		assert.equal(end.status, 204, end.body);
		delays.push(...(await Promise.all(cluster.gateways.map((g) => refusedAfter(g, token)))));
		load.count('sessions ended');
	});
	let serial = 0;
	load.add(1, async () => {
		const who = readers[2],
			chosen = `copper-lantern-${++serial}-adrift`;
		const asked = await answered(() => new Api(everywhere).post('/password-resets', { email: who.email }));
		assert.equal(asked.status, 202, asked.body);
		const token = await everywhere.mail.takeToken(who.email, '/reset/confirm');
		const set = await Promise.all(
			cluster.gateways.map((g) =>
				answered(() => new Api(g).post('/password-resets/confirm', { token, password: chosen })),
			),
		);
		assert.deepEqual(set.map((r) => r.status).sort(), [204, 410, 410], 'one of three at once spends the token');
		who.password = chosen;
		await logIn(everywhere, who);
		load.count('resets');
	});
	return load;
}

test('mixed load: no wrong answer; a session ended through one gateway is refused by all within a second', async (t) => {
	const delays = [];
	const load = mixedLoad(delays);
	await sleep(SECONDS * 1000);
	t.diagnostic(JSON.stringify(await load.stop()));
	t.diagnostic(`an ended session is refused: ${spread(delays)}`);
	assert.ok(delays.length >= 9, 'enough of them to speak of');
	t.diagnostic(`answers of 503: ${refusals}`);
});

test('what one gateway changes the others obey: account, access, entitlement', async (t) => {
	const [first, second, third] = cluster.gateways;
	const who = await makeAccount(everywhere, { plan: 'digital' });
	const token = await logIn(third, who);
	const delays = [];
	const followed = async (what, ask) => delays.push(await obeyed(what, ask));
	const status = async (g, slug) => (await new Api(g, token).get(`/articles/${slug}`)).status;
	for (const g of [second, third]) assert.equal(await status(g, 'vault'), 200);
	first.cliOk('entitlement', 'revoke', first.cliJson('entitlement', 'list', who.email)[0].id);
	for (const g of [first, second, third])
		await followed(`${g.name} obeys a revoked entitlement`, async () => (await status(g, 'vault')) === 402);
	first.cliOk('article', 'set-access', 'vault', 'registered');
	for (const g of [first, second, third])
		await followed(`${g.name} obeys a changed access`, async () => (await status(g, 'vault')) === 200);
	first.cliOk('article', 'set-access', 'vault', 'subscriber');
	first.cliOk('account', 'disable', who.email);
	for (const g of [first, second, third])
		await followed(
			`${g.name} refuses a disabled account`,
			async () => (await new Api(g, token).get('/account')).status === 401,
		);
	t.diagnostic(`a change by the command line is obeyed: ${spread(delays)}`);
});

test('each gateway is restarted in turn, under load, without a failed request', async (t) => {
	const load = new Load();
	const token = await logIn(everywhere, readers[1]);
	load.add(6, async () => {
		await readArticle(everywhere, token, true);
		load.count('articles');
	});
	load.add(1, async () => {
		// An account may have a hundred sessions: were they kept, the one that reads would soon have to go.
		const mine = new Api(everywhere, await logIn(everywhere, readers[1]));
		const r = await answered(() => mine.delete('/sessions/current'));
		assert.equal(r.status, 204, r.body);
		load.count('log-ins');
	});
	for (const g of cluster.gateways) {
		await cluster.restart(g);
		await sleep(1500); // the balancer has to see it again
	}
	t.diagnostic(JSON.stringify(await load.stop()));
});
