// What one process changes, the others obey within a second, also what they keep in memory.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiSession, grantPlan, makeAccount, otherPassword } from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { Api, Reader, metric } from '../lib/http.mjs';
import { startServer } from '../lib/server.mjs';
import { obeyed as withinASecond } from '../lib/time.mjs';

export const covers = [
	'GET /api/v1/account',
	'GET /api/v1/articles/{slug}',
	'GET /metrics',
	'DELETE /api/v1/sessions/current',
];

const delays = [];
let server;
before(async () => {
	server = await startServer();
	importArticles(server);
	server.impatient = true;
});
after(() => server.close());

// From when the command line has ended, which is after its commit.
const obeyed = async (what, ask) => delays.push(await withinASecond(what, ask));

test('a session that is kept in memory is asked from the database once', async () => {
	const api = await apiSession(server, await makeAccount(server));
	const hits = () => metric(server, 'postern_cache_hits_total', '{cache="sessions"}');
	assert.equal((await api.get('/account')).status, 200);
	const before = await hits();
	for (let i = 0; i < 10; i++) assert.equal((await api.get('/account')).status, 200);
	assert.equal((await hits()) - before, 10);
	assert.ok((await metric(server, 'postern_cache_entries', '{cache="sessions"}')) > 0);
	assert.equal(await metric(server, 'postern_feed_live'), 1);
	assert.ok((await metric(server, 'postern_feed_age_seconds')) < 5);
});

test('sessions ended and accounts disabled or deleted by the command line are refused within a second', async (t) => {
	const who = await makeAccount(server);
	for (let i = 0; i < 12; i++) {
		const api = await apiSession(server, who),
			kept = await apiSession(server, who);
		for (const one of [api, kept]) assert.equal((await one.get('/account')).status, 200);
		server.cliOk('session', 'end', who.email, api.session.id);
		await obeyed('session end', async () => (await api.get('/account')).status === 401);
		assert.equal((await kept.get('/account')).status, 200);
	}
	const api = await apiSession(server, who),
		page = new Reader(server);
	await page.logIn(who);
	assert.equal((await page.get('/account')).status, 200);
	assert.equal((await api.get('/account')).status, 200);
	server.cliOk('account', 'disable', who.email);
	await obeyed('disable', async () => (await api.get('/account')).status === 401);
	await obeyed('disable, page', async () => (await page.get('/account')).status === 303);
	server.cliOk('account', 'enable', who.email);
	const back = await apiSession(server, who);
	assert.equal((await back.get('/account')).status, 200);
	server.cliOk('account', 'delete', who.email, '--yes');
	await obeyed('delete', async () => (await back.get('/account')).status === 401);
	delays.sort((a, b) => a - b);
	t.diagnostic(
		`delays of ${delays.length}: median ${delays[delays.length >> 1].toFixed(1)} ms, longest ${delays.at(-1).toFixed(1)} ms`,
	);
});

test('entitlements and access changed by the command line are obeyed within a second', async () => {
	const who = await makeAccount(server),
		api = await apiSession(server, who),
		anonymous = new Api(server);
	const status = async (a, slug) => (await a.get(`/articles/${slug}`)).status;
	assert.equal(await status(api, 'vault'), 402);
	const { id } = grantPlan(server, who.email, 'digital');
	await obeyed('grant', async () => (await status(api, 'vault')) === 200);
	server.cliOk('entitlement', 'revoke', id);
	await obeyed('revoke', async () => (await status(api, 'vault')) === 402);
	for (let i = 0; i < 5; i++) {
		assert.equal(await status(anonymous, 'open-door'), 200);
		server.cliOk('article', 'set-access', 'open-door', 'subscriber');
		await obeyed('closed', async () => (await status(anonymous, 'open-door')) === 401);
		server.cliOk('article', 'set-access', 'open-door', 'public');
		await obeyed('opened', async () => (await status(anonymous, 'open-door')) === 200);
	}
});

test('in the same process the next request obeys at once', async () => {
	const who = await makeAccount(server);
	for (let i = 0; i < 10; i++) {
		const api = await apiSession(server, who),
			other = await apiSession(server, who);
		assert.equal((await api.get('/account')).status, 200);
		assert.equal((await api.delete('/sessions/current')).status, 204);
		assert.equal((await api.get('/account')).status, 401);
		assert.equal((await other.get('/account')).status, 200);
	}
	const a = await apiSession(server, who),
		b = await apiSession(server, who);
	assert.equal((await b.get('/account')).status, 200);
	assert.equal(
		(await a.put('/account/password', { current_password: who.password, new_password: otherPassword })).status,
		204,
	);
	assert.equal((await b.get('/account')).status, 401);
	assert.equal((await a.get('/account')).status, 200);
	assert.equal((await a.patch('/account', { name: 'Ada of the Harbour' })).status, 200);
	assert.equal((await a.get('/account')).json.account.name, 'Ada of the Harbour');
});
