// Goal: an answer that is kept for all readers with the same rights is given to those alone, from memory, names nobody, and
// ends with the right, the article or the session.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiSession, makeAccount } from '../lib/accounts.mjs';
import { importArticles, shelf } from '../lib/articles.mjs';
import { Api, Reader, inLoop as loopCount, settled } from '../lib/http.mjs';
import { beforeMoment, obeyed, sleep, startServer, tempDir, until } from '../lib/server.mjs';

export const covers = ['GET /articles/{slug}', 'GET /api/v1/articles/{slug}'];

const PAGE = '/articles/vault',
	KEPT = 'kept-vault-3';
let server;
before(async () => {
	server = await startServer();
	importArticles(server);
});
after(() => server.close());

async function signedIn(options) {
	const who = await makeAccount(server, options),
		reader = new Reader(server);
	assert.equal((await reader.logIn(who)).status, 303);
	await settled(server);
	return { who, reader };
}
const inLoop = (ask) => loopCount(server, ask);

test('a subscriber’s second request is answered from memory, and so is the next subscriber’s', async () => {
	const ada = await signedIn({ name: 'Ada Holm', plan: 'digital' }),
		eve = await signedIn({ name: 'Eve Tamm', plan: 'digital' });
	const first = await ada.reader.get(PAGE);
	assert.ok(first.body.includes(KEPT));
	await eve.reader.get('/articles/open-door'); // her entitlements are known from here on
	assert.equal(
		await inLoop(async () => {
			for (const { reader } of [ada, eve]) {
				const again = await reader.get(PAGE);
				assert.equal(again.status, 200);
				assert.equal(again.headers['postern-decision'], 'full; reason=entitled');
				assert.equal(again.headers['cache-control'], 'no-store');
				assert.equal(again.body, first.body);
				assert.notEqual(again.headers['x-request-id'], first.headers['x-request-id']);
			}
		}),
		2,
	);
	for (const text of [ada.who.name, ada.who.email, eve.who.name, eve.who.email])
		assert.ok(!first.body.includes(text), `${text} is in a page for many`);
});

test('in gzip, for HEAD, and by the JSON door alike', async () => {
	const { who, reader } = await signedIn({ plan: 'digital' });
	const plain = await reader.get(PAGE),
		api = await apiSession(server, who);
	for (let i = 0; i < 2; i++) {
		const zipped = await reader.get(PAGE, { 'Accept-Encoding': 'gzip' });
		assert.equal(zipped.headers['content-encoding'], 'gzip');
		assert.equal(zipped.body, plain.body);
		assert.equal((await reader.get(PAGE)).headers['content-encoding'], undefined);
		const head = await reader.request('HEAD', PAGE);
		assert.equal(head.status, 200);
		assert.equal(head.bytes.length, 0);
		assert.equal(head.headers['content-length'], String(Buffer.byteLength(plain.body)));
	}
	const json = await api.get('/articles/vault');
	assert.equal(await inLoop(async () => assert.deepEqual((await api.get('/articles/vault')).json, json.json)), 1);
	assert.equal(json.json.decision.reason, 'entitled');
});

test('who has no such right is not given it, whoever asked before', async () => {
	const ada = await signedIn({ plan: 'digital' }),
		ben = await signedIn();
	for (let i = 0; i < 3; i++) {
		assert.ok((await ada.reader.get(PAGE)).body.includes(KEPT));
		const wall = await ben.reader.get(PAGE);
		assert.equal(wall.headers['postern-decision'], 'teaser; reason=no_entitlement');
		assert.ok(!wall.body.includes(KEPT));
		const anonymous = await new Reader(server).get(PAGE);
		assert.equal(anonymous.headers['postern-decision'], 'teaser; reason=subscriber_only');
		assert.ok(!anonymous.body.includes(KEPT));
		assert.equal((await new Api(server, `pst_${'A'.repeat(43)}`).get('/articles/vault')).status, 401);
		assert.ok((await ben.reader.get('/articles/members-room')).body.includes('kept-members-room-3'));
		assert.equal(
			(await new Reader(server).get('/articles/members-room')).headers['postern-decision'],
			'teaser; reason=login_required',
		);
	}
});

test('a teaser for anonymous readers comes from memory, and neither a crawler nor a reader gets it from there', async () => {
	const teaser = await new Reader(server).get(PAGE);
	assert.equal(await inLoop(async () => assert.equal((await new Reader(server).get(PAGE)).body, teaser.body)), 1);
	const ben = await signedIn();
	assert.equal(await inLoop(() => ben.reader.get(PAGE)), 0);
	assert.equal(await inLoop(() => new Reader(server, { 'User-Agent': 'GPTBot/1.2' }).get(PAGE)), 0);
});

test('an entitlement that is revoked or runs out closes the article', async () => {
	const { who, reader } = await signedIn(),
		other = await signedIn({ plan: 'digital' });
	const grant = server.cliJson('entitlement', 'grant', who.email, 'digital');
	await until('the grant', async () => (await reader.get(PAGE)).body.includes(KEPT));
	assert.equal(await inLoop(() => reader.get(PAGE)), 1);
	server.cliOk('entitlement', 'revoke', grant.id);
	assert.equal((await reader.get(PAGE)).headers['postern-decision'], 'teaser; reason=entitlement_ended');
	assert.ok((await other.reader.get(PAGE)).body.includes(KEPT));

	const { moment } = await beforeMoment(async (soon, passed) => {
		server.cliOk('entitlement', 'grant', who.email, 'digital', '--until', soon);
		await until('the second grant', async () => (await reader.get(PAGE)).body.includes(KEPT) || passed());
	});
	await moment();
	await obeyed(
		'its end',
		async () => (await reader.get(PAGE)).headers['postern-decision'] === 'teaser; reason=entitlement_ended',
	);
	assert.ok((await other.reader.get(PAGE)).body.includes(KEPT));
});

test('an article that is changed, closed, withheld or expires is never shown from memory', async () => {
	const { reader } = await signedIn({ plan: 'digital' });
	const put = (more) => importArticles(server, [{ slug: 'brief', access: 'subscriber', ...more }]);
	const get = () => reader.get('/articles/brief');
	put({});
	await settled(server);
	assert.equal((await get()).status, 200);
	assert.equal(await inLoop(get), 1);
	put({ headline: 'Another headline' });
	assert.match((await get()).body, /Another headline/);
	const { seen, moment } = await beforeMoment(async (soon) => {
		put({ front: { expires: soon } });
		return get();
	});
	assert.equal(seen.status, 200);
	await moment();
	await obeyed('the end', async () => (await get()).status === 410);
	put({ front: { status: 'withheld' } });
	assert.equal((await get()).status, 404);
	put({});
	assert.equal((await get()).status, 200);
	server.cliOk('article', 'delete', 'brief', '--yes');
	assert.equal((await get()).status, 404);
});

test('the rules of the newsroom are asked at every request', async () => {
	const ben = await signedIn();
	const room = () => ben.reader.get('/articles/members-room');
	assert.ok((await room()).body.includes('kept-members-room-3'));
	assert.equal(await inLoop(room), 1);
	server.cliOk('article', 'set-access', 'members-room', 'subscriber');
	assert.equal((await room()).headers['postern-decision'], 'teaser; reason=no_entitlement');
	server.cliOk('article', 'set-access', 'members-room', 'registered');
	assert.ok((await room()).body.includes('kept-members-room-3'));
});

test('a session that is ended or an account that is disabled reads no more', async () => {
	const ada = await signedIn({ plan: 'digital' }),
		eve = await signedIn({ plan: 'digital' });
	for (const { reader } of [ada, eve])
		for (let i = 0; i < 2; i++) assert.ok((await reader.get(PAGE)).body.includes(KEPT));
	const cookie = ada.reader.cookieHeader(PAGE);
	assert.equal((await ada.reader.post('/logout')).status, 303);
	assert.ok(!(await new Reader(server).get(PAGE, { Cookie: cookie })).body.includes(KEPT));
	server.cliOk('account', 'disable', eve.who.email);
	assert.ok(!(await eve.reader.get(PAGE)).body.includes(KEPT));
});

test('many at once, while rights come and go: nobody reads after the end of the right', async () => {
	const { who, reader } = await signedIn(),
		other = await signedIn({ plan: 'digital' });
	let running = true;
	const crowd = Array.from({ length: 8 }, async () => {
		while (running) assert.ok((await other.reader.get(PAGE)).body.includes(KEPT));
	});
	for (let i = 0; i < 6; i++) {
		const { id } = server.cliJson('entitlement', 'grant', who.email, 'digital');
		await until('the grant', async () => (await reader.get(PAGE)).body.includes(KEPT));
		server.cliOk('entitlement', 'revoke', id);
		const answers = await Promise.all(Array.from({ length: 8 }, () => reader.get(PAGE)));
		assert.deepEqual([...new Set(answers.map((a) => a.body.includes(KEPT)))], [false]);
		await sleep(20);
	}
	running = false;
	await Promise.all(crowd);
});

test('a theme that names its reader gets a page for each', async () => {
	const { mkdirSync, writeFileSync, readFileSync } = await import('node:fs');
	const theme = tempDir();
	mkdirSync(`${theme}/templates`);
	const own = readFileSync(new URL('../../web/templates/_masthead.html', import.meta.url), 'utf8');
	writeFileSync(`${theme}/templates/_masthead.html`, own.replace('Your account', '{{email}}'));
	const themed = await startServer({ settings: { POSTERN_WEB_THEME: theme } });
	try {
		importArticles(themed, shelf.slice(0, 3));
		for (let i = 0; i < 2; i++) {
			const who = await makeAccount(themed, { plan: 'digital' }),
				reader = new Reader(themed);
			await reader.logIn(who);
			for (let k = 0; k < 2; k++) {
				const page = await reader.get(PAGE);
				assert.ok(page.body.includes(KEPT) && page.body.includes(who.email));
			}
		}
	} finally {
		await themed.close();
	}
});
