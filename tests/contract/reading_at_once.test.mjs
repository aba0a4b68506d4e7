// Goal: no more sessions of an account read at once than are allowed; the one that read longest ago ends, its owner is told why
// once, and nobody else is touched.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiSession, makeAccount } from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { problem } from '../lib/checks.mjs';
import { Reader } from '../lib/http.mjs';
import { sleep, startServer } from '../lib/server.mjs';

let server;
before(async () => {
	server = await startServer({
		settings: { POSTERN_SESSION_READING_AT_ONCE: '2', POSTERN_SESSION_READING_WINDOW_MINUTES: '15' },
	});
	importArticles(server, [
		{ slug: 'vault', access: 'subscriber' },
		{ slug: 'open-door', access: 'public' },
	]);
});
after(() => server.close());

const subscriber = () => makeAccount(server, { plan: 'digital' });
async function browser(who) {
	const r = new Reader(server);
	assert.equal((await r.logIn(who)).status, 303);
	return r;
}
const read = async (r) => (await r.get('/articles/vault')).status;
const second = () => sleep(1100); // the times of readings have seconds

test('the third to read ends the first, who is told why on the page to log in', async () => {
	const who = await subscriber(),
		[a, b, c] = await Promise.all([browser(who), browser(who), browser(who)]);
	assert.equal(await read(a), 200);
	await second();
	assert.equal(await read(b), 200);
	assert.equal(await read(a), 200, 'two may');
	await second();
	assert.equal(await read(c), 200);
	for (const target of ['/articles/vault', '/articles/open-door', '/account']) {
		const sent = await a.get(target);
		assert.deepEqual([sent.status, sent.headers.location], [303, `/login?return_to=${encodeURIComponent(target)}`]);
	}
	const login = await a.get('/login?return_to=%2Farticles%2Fvault');
	assert.match(login.body, /in use in more places than allowed at the same time/);
	assert.equal(a.session, undefined, 'the cookie is gone');
	for (const page of ['/login', '/'])
		assert.doesNotMatch((await a.get(page)).body, /more places|logged out/, 'told once');
	assert.equal((await a.get('/articles/open-door')).status, 200);
	assert.deepEqual([await read(b), await read(c)], [200, 200]);
	assert.equal(server.cliJson('session', 'list', who.email).length, 2);
	await a.logIn(who);
	await second();
	assert.equal(await read(a), 200);
	assert.equal((await b.get('/account')).status, 303, 'and so on');
});

test('an app is told by 401 with a code of its own', async () => {
	const who = await subscriber(),
		apps = await Promise.all([1, 2, 3].map(() => apiSession(server, who)));
	for (const app of apps) {
		assert.equal((await app.get('/articles/vault')).status, 200);
		await second();
	}
	for (const target of ['/articles/vault', '/account', '/sessions'])
		problem(await apps[0].get(target), 401, 'reading_elsewhere', target);
	assert.equal((await apps[2].get('/account')).status, 200);
});

test('what is no reading does not count', async () => {
	const who = await subscriber(),
		readers = await Promise.all([1, 2, 3, 4].map(() => browser(who)));
	await read(readers[0]);
	await read(readers[1]);
	await second();
	await readers[2].request('HEAD', '/articles/vault');
	await readers[3].get('/articles/open-door');
	await readers[3].get('/');
	for (const r of readers) assert.equal((await r.get('/account')).status, 200);
});

test('fetched ahead is read, and so is what others keep in memory', async () => {
	const who = await subscriber(),
		other = await subscriber(),
		readers = await Promise.all([1, 2, 3].map(() => browser(who)));
	for (let i = 0; i < 3; i++) assert.equal(await read(await browser(other)), 200); // hot, with another account's
	for (const r of readers) {
		assert.equal((await r.get('/')).status, 200); // the session is known in memory
		assert.equal((await r.get('/articles/vault', { 'Sec-Purpose': 'prefetch' })).status, 200);
		await second();
	}
	const left = (await Promise.all(readers.map((r) => r.get('/account')))).map((a) => a.status);
	assert.deepEqual(left, [303, 200, 200]);
});

test('many at once: never more than two are left, and other accounts go on', async () => {
	const who = await subscriber(),
		other = await browser(await subscriber());
	assert.equal(await read(other), 200);
	const readers = await Promise.all(Array.from({ length: 8 }, () => browser(who)));
	await Promise.all(readers.map((r) => r.get('/articles/vault')));
	const left = (await Promise.all(readers.map((r) => r.get('/account')))).filter((a) => a.status === 200).length;
	assert.equal(left, 2);
	assert.equal(server.cliJson('session', 'list', who.email).length, 2);
	assert.equal((await other.get('/account')).status, 200);
});

test('off unless set', async () => {
	const free = await startServer();
	try {
		importArticles(free, [{ slug: 'vault', access: 'subscriber' }]);
		const who = await makeAccount(free, { plan: 'digital' });
		const readers = await Promise.all(
			Array.from({ length: 6 }, async () => {
				const r = new Reader(free);
				await r.logIn(who);
				return r;
			}),
		);
		for (const r of readers) assert.equal((await r.get('/articles/vault')).status, 200);
		for (const r of readers) assert.equal((await r.get('/account')).status, 200);
	} finally {
		await free.close();
	}
});
