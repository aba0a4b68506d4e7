// Goal: what the gate answers from memory is what it would answer with the database: the same headers, nobody passes on
// another one's right, and what is changed is obeyed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeAccount } from '../lib/accounts.mjs';
import { protectedRules } from '../lib/gate.mjs';
import { inLoop, Reader, request, settled } from '../lib/http.mjs';
import { beforeMoment, obeyed, startServer, until } from '../lib/server.mjs';

export const covers = [
	'GET /gate/auth-request',
	'GET /gate/forward-auth',
	'ANY /gate/ext-authz/{path...}',
	'GET /gate/wall',
];

let server, origin;
before(async () => {
	server = await startServer({ settings: { POSTERN_SERVER_TRUSTED_PROXIES: '127.0.0.1' } });
	origin = server.origin;
	protectedRules(server);
});
after(() => server.close());

async function reader(options) {
	const who = await makeAccount(server, options),
		r = new Reader(server);
	assert.equal((await r.logIn(who)).status, 303);
	await settled(server);
	return { who, r, cookie: { Cookie: `postern=${r.session}` } };
}
const nginx = (path, headers, { method = 'GET' } = {}) =>
	request(server, 'GET', '/gate/auth-request', {
		headers: { 'X-Original-URL': `${origin}${path}`, 'X-Original-Method': method, ...headers },
	});
const forward = (path, headers) =>
	request(server, 'GET', '/gate/forward-auth', {
		headers: {
			'X-Forwarded-Method': 'GET',
			'X-Forwarded-Proto': 'http',
			'X-Forwarded-Host': origin.slice(7),
			'X-Forwarded-Uri': path,
			...headers,
		},
	});
const envoy = (path, headers, { method = 'GET' } = {}) =>
	request(server, method, `/gate/ext-authz${path}`, { headers });
const told = (a) =>
	Object.fromEntries(
		['remote-user', 'remote-email', 'remote-name', 'remote-groups', 'postern-decision', 'cache-control'].map(
			(k) => [k, a.headers[k]],
		),
	);

test('the second question is answered from memory in every dialect, with the same headers', async () => {
	const ada = await reader({ name: 'Zoë Holm', plan: 'digital' }),
		ben = await reader();
	for (const [path, who, reason, plans] of [
		['/open/a', {}, 'public', ''],
		['/open/a', ben.cookie, 'public', ''],
		['/members/a', ben.cookie, 'signed_in', ''],
		['/paid/a', ada.cookie, 'entitled', 'digital'],
		['/members/a', ada.cookie, 'signed_in', 'digital'],
	])
		for (const ask of [nginx, forward, envoy]) {
			const first = await ask(path, who);
			assert.equal(first.status, 200, path);
			assert.equal(
				await inLoop(server, async () => {
					const second = await ask(path, who);
					assert.equal(second.status, 200);
					assert.equal(second.bytes.length, 0);
					assert.deepEqual(told(second), told(first));
				}),
				1,
				`${path} ${reason}`,
			);
			assert.equal(first.headers['postern-decision'], `full; reason=${reason}`);
			assert.equal(first.headers['remote-groups'], plans);
		}
	for (const method of ['POST', 'HEAD', 'DELETE'])
		assert.equal(
			(await envoy('/open/a', {}, { method })).status,
			(await nginx('/open/a', {}, { method })).status === 200 ? 200 : 403,
			method,
		);
});

test('nobody passes because another one did', async () => {
	const ada = await reader({ plan: 'digital' }),
		ben = await reader();
	for (let i = 0; i < 3; i++) {
		assert.equal((await nginx('/paid/b', ada.cookie)).status, 200);
		assert.equal((await nginx('/paid/b', ben.cookie)).status, 403);
		assert.equal((await forward('/paid/b', ben.cookie)).status, 402);
		assert.equal((await nginx('/members/b', ben.cookie)).status, 200);
		assert.equal((await nginx('/members/b', {})).status, 401);
		assert.equal((await nginx('/members/b', { Cookie: `postern=pst_${'A'.repeat(43)}` })).status, 401);
		for (const path of ['/locked/b', '/nowhere', '/open/../paid/b', '/open//b', '/members/%2e%2e/locked/b'])
			assert.equal((await nginx(path, ada.cookie)).status, 403, path);
	}
	const out = await nginx('/paid/b', { ...ada.cookie, 'X-Original-Method': 'DELETE' });
	assert.equal(out.status, 403);
});

test('an address that costs much to read is not read in the loop, and is decided alike', async () => {
	const ben = await reader(),
		long = `/open/${'x'.repeat(600)}`,
		odd = '/open/caf%C3%A9',
		marks = `/open/${'%CD%84'.repeat(50)}${'%CC%96'.repeat(50)}`;
	for (const path of ['/open/caf%41', long, odd, marks]) await nginx(path, ben.cookie);
	for (const [path, inside] of [
		['/open/caf%41', 1],
		[long, 0],
		[odd, 0],
		[marks, 0],
	])
		for (const ask of [nginx, forward, envoy])
			assert.equal(
				await inLoop(server, async () => assert.equal((await ask(path, ben.cookie)).status, 200, path)),
				inside,
				path,
			);
});

test('only a proxy that is trusted is answered, from memory as well', async () => {
	const own = await startServer();
	try {
		protectedRules(own);
		for (let i = 0; i < 2; i++) {
			const a = await request(own, 'GET', '/gate/auth-request', {
				headers: { 'X-Original-URL': `${own.origin}/open/a`, 'X-Original-Method': 'GET' },
			});
			assert.equal(a.status, 403);
			assert.match(a.headers['postern-decision'], /^none; reason=untrusted_proxy/);
		}
	} finally {
		await own.close();
	}
});

test('rights, accounts and sessions that end are obeyed', async () => {
	const ada = await reader(),
		eve = await reader({ plan: 'digital' }),
		out = await reader({ plan: 'digital' });
	const grant = server.cliJson('entitlement', 'grant', ada.who.email, 'digital');
	await until('the grant', async () => (await nginx('/paid/c', ada.cookie)).status === 200);
	await settled(server);
	await nginx('/paid/c', ada.cookie);
	assert.equal(await inLoop(server, () => nginx('/paid/c', ada.cookie)), 1);
	server.cliOk('entitlement', 'revoke', grant.id);
	await until('its end', async () => (await nginx('/paid/c', ada.cookie)).status === 403);

	for (const who of [eve, out])
		for (let i = 0; i < 2; i++) assert.equal((await nginx('/paid/c', who.cookie)).status, 200);
	assert.equal((await out.r.post('/logout')).status, 303);
	assert.equal((await nginx('/paid/c', out.cookie)).status, 401, 'at once');
	server.cliOk('account', 'disable', eve.who.email);
	await until('the disabled account', async () => (await nginx('/paid/c', eve.cookie)).status === 401);

	const { moment } = await beforeMoment(async (soon, passed) => {
		server.cliOk('entitlement', 'grant', ada.who.email, 'digital', '--until', soon);
		await until('the second grant', async () => (await nginx('/paid/c', ada.cookie)).status === 200 || passed());
	});
	await moment();
	await obeyed('the end by the clock', async () => (await nginx('/paid/c', ada.cookie)).status === 403);
});

test('rules that change are obeyed, to close and to open', async () => {
	const ben = await reader();
	const status = async () => (await nginx('/members/d', ben.cookie)).status;
	assert.equal(await status(), 200);
	assert.equal(await inLoop(server, status), 1);
	const { id } = server.cliJson('gate', 'add', '/members/d', 'closed', '--position', '1');
	await until('the closed path', async () => (await status()) === 403);
	server.cliOk('gate', 'remove', id);
	await until('the open one', async () => (await status()) === 200);
	await until('it is known again', async () => (await inLoop(server, status)) === 1);
	server.cliOk('institution', 'add', 'town-hall', '--title', 'Town Hall');
	server.cliOk('institution', 'range', 'add', 'town-hall', '127.0.0.1');
	await until('the institution has a say', async () => (await inLoop(server, status)) === 0);
	assert.equal(await status(), 200);
	server.cliOk('institution', 'remove', 'town-hall', '--yes');
	await until('it has none any more', async () => (await inLoop(server, status)) === 1);
});

test('many at once while a right comes and goes: nobody passes after its end', async () => {
	const ada = await reader({ plan: 'digital' }),
		ben = await reader();
	let running = true;
	const crowd = Array.from({ length: 6 }, async () => {
		while (running) assert.equal((await nginx('/paid/e', ada.cookie)).headers['remote-email'], ada.who.email);
	});
	for (let i = 0; i < 5; i++) {
		const { id } = server.cliJson('entitlement', 'grant', ben.who.email, 'digital');
		await until('the grant', async () => (await nginx('/paid/e', ben.cookie)).status === 200);
		server.cliOk('entitlement', 'revoke', id);
		await until('its end', async () => (await nginx('/paid/e', ben.cookie)).status === 403);
		for (const a of await Promise.all(Array.from({ length: 8 }, () => nginx('/paid/e', ben.cookie))))
			assert.equal(a.status, 403);
	}
	running = false;
	await Promise.all(crowd);
});
