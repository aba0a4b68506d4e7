// Public pages are kept as every anonymous reader gets them, and given to nobody else.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiSession, makeAccount } from '../lib/accounts.mjs';
import { addressesIn, importArticles, writeArticles } from '../lib/articles.mjs';
import { Reader, metric, request } from '../lib/http.mjs';
import { beforeMoment, startServer } from '../lib/server.mjs';

export const covers = [
	'GET /',
	'GET /sections/{section}',
	'GET /articles/{slug}',
	'GET /media/{id}/{name}',
	'GET /api/v1/articles',
	'GET /api/v1/articles/{slug}',
];

let server;
before(async () => {
	server = await startServer();
	importArticles(server);
});
after(() => server.close());

const hits = () => metric(server, 'postern_cache_hits_total', '{cache="pages"}');
const kept = () => metric(server, 'postern_cache_entries', '{cache="pages"}');
// How many of the answers came from memory.
async function fromMemory(what) {
	const before = await hits();
	await what();
	return (await hits()) - before;
}
const get = (target, headers = {}) => request(server, 'GET', target, { headers });
const open = [
	'/',
	'/sections/city',
	'/articles/open-door',
	'/api/v1/articles',
	'/api/v1/articles/open-door',
	'/sections/city?before=1763600000-abc',
];

test('an anonymous reader gets the same answer from memory as from the database, compressed or not', async () => {
	const picture = addressesIn((await get('/articles/open-door')).body, '/media/')[0];
	for (const target of [...open, picture]) {
		const first = await get(target);
		assert.equal(first.status, 200, target);
		const zipped = await get(target, { 'Accept-Encoding': 'gzip' });
		let second;
		assert.equal(
			await fromMemory(async () => {
				second = await get(target);
			}),
			1,
			target,
		);
		assert.deepEqual(second.bytes, first.bytes, target);
		assert.deepEqual(zipped.bytes, first.bytes, target);
		if (target !== picture) assert.equal(zipped.headers['content-encoding'], 'gzip', target);
		const but = (h) => ({ ...h, date: '', 'x-request-id': '' });
		assert.deepEqual(but(second.headers), but(first.headers), target);
		assert.notEqual(second.headers['x-request-id'], first.headers['x-request-id']);
		const head = await request(server, 'HEAD', target);
		assert.deepEqual(
			[head.status, head.body, head.headers['content-length']],
			[200, '', first.headers['content-length']],
			target,
		);
	}
	const tag = (await get(picture)).headers.etag;
	assert.equal((await get(picture, { 'If-None-Match': tag })).status, 304);
	const part = await get(picture, { Range: 'bytes=1-3' });
	assert.deepEqual([part.status, part.bytes.toString('latin1')], [206, 'PNG']);
});

test('what is not granted to everybody is not kept, nor what fails', async () => {
	const before = await kept();
	for (const target of [
		'/api/v1/articles/vault',
		'/api/v1/articles/members-room',
		'/articles/next-year',
		'/articles/last-year',
		'/articles/nowhere',
		'/login',
		'/register',
		'/reset',
		'/account',
		'/sections/nowhere',
	])
		for (let i = 0; i < 2; i++) await get(target);
	assert.equal(await kept(), before);
});

test('a signed-in reader never gets a page made for an anonymous reader, nor the reverse', async () => {
	const who = await makeAccount(server, { plan: 'digital' }),
		page = new Reader(server),
		api = await apiSession(server, who);
	await page.logIn(who);
	for (const target of ['/', '/sections/city', '/articles/open-door', '/articles/open-door?new=1']) {
		for (let i = 0; i < 3; i++) {
			const mine = await page.get(target);
			assert.ok(mine.body.includes('action="/logout"'), `${target} knows that somebody is signed in`);
			const theirs = await get(target);
			assert.ok(!theirs.body.includes('action="/logout"'), `${target} knows nobody`);
		}
	}
	assert.equal(
		await fromMemory(async () => {
			assert.equal((await page.get('/')).status, 200);
			assert.equal((await api.get('/articles/open-door')).status, 200);
		}),
		0,
	);
	// a cookie that is nobody's (any more) goes the longer way and is an anonymous reader's in the end
	const stale = await get('/', { Cookie: `postern=pst_${'A'.repeat(43)}` });
	assert.equal(stale.status, 200);
	assert.equal(await fromMemory(() => get('/', { Cookie: `postern=pst_${'A'.repeat(43)}` })), 0);
	// the text of a closed article is in no kept page
	assert.equal((await page.get('/articles/vault')).body.includes('kept-vault'), true);
	assert.equal((await get('/articles/vault')).body.includes('kept-vault'), false);
});

test('a crawler goes the longer way, whatever is kept', async () => {
	for (const agent of [
		'GPTBot/1.2; +https://openai.example/gptbot',
		'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.example/bot.html)',
		'CCBot/2.0',
		'ClaudeBot',
		'Bytespider',
	])
		for (const target of open) {
			await get(target);
			assert.equal(await fromMemory(() => get(target, { 'User-Agent': agent })), 0, `${agent} ${target}`);
		}
	const browser = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';
	// twice where the page proves hot, and a work thread looks again
	assert.ok((await fromMemory(() => get('/', { 'User-Agent': browser }))) >= 1);
});

test('the visitor of an institution neither gets nor leaves an anonymous reader’s page', async () => {
	const own = await startServer({ settings: { POSTERN_SERVER_TRUSTED_PROXIES: '127.0.0.1' } });
	try {
		importArticles(own);
		const from = (ip, target) => request(own, 'GET', target, { headers: { 'X-Forwarded-For': ip } });
		const pages = ['/', '/sections/city', '/articles/open-door'];
		for (const target of pages) assert.equal((await from('203.0.113.1', target)).status, 200);
		own.cliOk('institution', 'add', 'harbour', '--title', 'Harbour University');
		own.cliOk('institution', 'range', 'add', 'harbour', '192.0.2.0/24');
		for (let i = 0; i < 3; i++)
			for (const target of pages) {
				assert.ok((await from('192.0.2.9', target)).body.includes('Harbour University'), `${target} greets`);
				assert.ok(
					!(await from('203.0.113.1', target)).body.includes('Harbour University'),
					`${target} does not`,
				);
			}
		assert.ok((await metric(own, 'postern_cache_hits_total', '{cache="pages"}')) >= 6);
		own.cliOk('institution', 'range', 'remove', 'harbour', '192.0.2.0/24');
		for (const target of pages)
			assert.ok(!(await from('192.0.2.9', target)).body.includes('Harbour University'), target);
	} finally {
		await own.close();
	}
});

test('a change drops what it touches, before the next request', async () => {
	for (const target of open) await get(target);
	server.cliOk('article', 'set-access', 'open-door', 'subscriber');
	assert.ok(!(await get('/articles/open-door')).body.includes('kept-open-door'));
	assert.equal((await get('/api/v1/articles/open-door')).status, 401);
	server.cliOk('article', 'set-access', 'open-door', 'public');
	assert.ok((await get('/articles/open-door')).body.includes('kept-open-door'));
	await get('/');
	server.cliOk(
		'article',
		'import',
		writeArticles(`${server.dir}/more`, [{ slug: 'extra', access: 'public', published: '2026-01-01T00:00:00Z' }]),
	);
	for (const target of ['/', '/sections/city', '/api/v1/articles'])
		assert.ok((await get(target)).body.includes('extra'), target);
	server.cliOk('article', 'delete', 'extra', '--yes');
	for (const target of ['/', '/sections/city', '/api/v1/articles'])
		assert.ok(!(await get(target)).body.includes('extra'), target);
	assert.equal((await get('/articles/extra')).status, 404);
});

test('an embargo that is over and an expiry show on kept pages at their second', async () => {
	const listed = async (slug) => (await get('/')).body.includes(slug);
	const all = async () => [
		await listed('soon'),
		await listed('brief'),
		(await get('/articles/brief')).status,
		(await get('/articles/soon')).status,
	];
	const { seen, moment } = await beforeMoment(async (at) => {
		const articles = [
			{ slug: 'soon', access: 'public', front: { embargo: at } },
			{ slug: 'brief', access: 'public', front: { expires: at } },
		];
		server.cliOk('article', 'import', writeArticles(`${server.dir}/timed`, articles));
		return [...(await all()), await fromMemory(() => get('/'))];
	});
	assert.deepEqual(seen, [false, true, 200, 404, 1], 'the last: kept meanwhile');
	await moment();
	assert.deepEqual(await all(), [true, false, 410, 200]);
});

// A section reads `before`, so each of these is a page of its own.
test('many different addresses of one page stay within the bound', async () => {
	const limit = await metric(server, 'postern_cache_max_bytes', '{cache="pages"}');
	const agents = Array.from({ length: 8 }, async (_, k) => {
		for (let i = 0; i < 40; i++)
			assert.equal((await get(`/sections/city?before=1763600000-${k}a${i}`)).status, 200);
	});
	await Promise.all(agents);
	assert.ok((await metric(server, 'postern_cache_bytes', '{cache="pages"}')) <= limit);
	assert.equal((await get(`/?done=${'y'.repeat(600)}`)).status, 200, 'too long to keep, not to answer');
});
