// The text that is not granted is in no answer of any surface, and neither are its pictures.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiSession, makeAccount } from '../lib/accounts.mjs';
import { addressesIn, hidden, importArticles, markdown, png, shelf } from '../lib/articles.mjs';
import { secure } from '../lib/checks.mjs';
import { Api, Reader, request } from '../lib/http.mjs';
import { startServer } from '../lib/server.mjs';

export const covers = [
	'GET /',
	'GET /sections/{section}',
	'GET /articles/{slug}',
	'GET /media/{id}/{name}',
	'GET /static/{version}/{name...}',
	'GET /login',
	'GET /api/v1/articles',
	'GET /api/v1/articles/{slug}',
];

let server, reader, subscriber, lead, inside;
before(async () => {
	server = await startServer();
	importArticles(server);
	subscriber = new Reader(server);
	reader = new Reader(server);
	const [ada, ben] = [await makeAccount(server, { plan: 'digital' }), await makeAccount(server)];
	await subscriber.logIn(ada);
	await reader.logIn(ben);
	reader.api = await apiSession(server, ben);
	const page = await subscriber.get('/articles/vault');
	lead = addressesIn(page.body, '/media/').find((m) => m.endsWith('/lead.png'));
	inside = addressesIn(page.body, '/media/').find((m) => m.endsWith('/inside.png'));
	assert.ok(lead && inside);
});
after(() => server.close());

test('a list has the lead picture of each article, which anybody may load', async () => {
	const items = (await new Api(server).get('/articles?limit=100')).json.articles;
	const vault = items.find((a) => a.slug === 'vault');
	assert.equal(vault.image.href, lead);
	assert.equal((await request(server, 'GET', vault.image.href)).status, 200);
	assert.equal(items.find((a) => a.slug === 'members-room').image, null);
});

test('an app loads the pictures of an article with the token that opened it', async () => {
	const api = await apiSession(server, await makeAccount(server, { plan: 'digital' }));
	const { images } = (await api.get('/articles/vault')).json.article;
	assert.ok(images.length > 1);
	const load = (token, href) => request(server, 'GET', href, { headers: { Authorization: `Bearer ${token}` } });
	for (const { href } of images) {
		const a = await load(api.token, href);
		assert.equal(a.status, 200, href);
		assert.match(a.headers['content-type'], /^image\//);
	}
	assert.equal((await load(`${api.token}x`, inside)).status, 401, 'a dead token');
	assert.equal((await load(reader.api.token, inside)).status, 403, 'a reader without a subscription');
	await api.delete('/sessions/current');
	assert.equal((await load(api.token, inside)).status, 401, 'the session has ended');
});

const slugs = shelf.map((a) => a.slug);
function surfaces() {
	const pages = [
		'/',
		'/?page=2',
		'/sections/city',
		'/sections/culture',
		'/sections/nowhere',
		'/login',
		'/register',
		'/reset',
		'/verify',
		'/reset/confirm',
		'/search?q=kept',
		'/robots.txt',
		'/sitemap.xml',
		'/feeds/latest.rss',
		'/feeds/latest.atom',
		'/favicon.ico',
		'/account',
		'/_dev/mailbox',
		'/.well-known/change-password',
		'/metrics',
		'/health/ready',
	];
	const api = ['', '?limit=100', '?section=city', '?tag=harbour', '?q=kept', '?q=twelve', '?q=shown', '?q=vault'].map(
		(q) => `/api/v1/articles${q}`,
	);
	const one = slugs.flatMap((s) => [
		`/articles/${s}`,
		`/articles/${s}/`,
		`/articles/${s}?full=1`,
		`/articles/${s}?amp=1`,
		`/articles/${s}?print=1`,
		`/articles/${s}.json`,
		`/articles/${s}.md`,
		`/api/v1/articles/${s}`,
		`/api/v1/articles/${s}?fields=body_html`,
	]);
	return [...pages, ...api, ...one];
}
const doors = [
	{},
	{ 'User-Agent': 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)' },
	{ Range: 'bytes=0-100000' },
	{ 'Accept-Encoding': 'gzip' },
	{ Accept: 'text/markdown' },
	{ 'X-Forwarded-For': '66.249.66.1' },
	{ Referer: 'https://www.google.com/' },
	{ 'X-Original-URL': '/articles/open-door' },
	{ 'Remote-User': 'ada' },
	{ 'X-Forwarded-Host': 'x' },
	{ Cookie: 'postern=x' },
	{ Authorization: 'Bearer x' },
	{ 'X-Purpose': 'preview', Purpose: 'prefetch' },
];

// The words of `kept` paragraphs; public ones are everybody's.
const leaked = (text, open) =>
	[...text.matchAll(/kept-([a-z-]+)-\d/g)].map((m) => m[1]).filter((slug) => !open.includes(slug));

test('an anonymous reader is told nothing that is kept, on any surface, under any name', async () => {
	for (const target of surfaces()) {
		for (const headers of doors) {
			for (const method of ['GET', 'HEAD']) {
				const a = await request(server, method, target, { headers });
				const what = `${method} ${target} ${JSON.stringify(headers)}`;
				assert.deepEqual(leaked(a.body + JSON.stringify(a.raw), ['open-door']), [], what);
				secure(a, what);
				for (const slug of hidden) assert.ok(target.includes(slug) || !a.body.includes(`shown-${slug}`), what);
				assert.ok(a.status < 500, `${what}: ${a.status}`);
			}
		}
	}
});

test('a registered reader is told what registration opens, and no more', async () => {
	for (const target of surfaces()) {
		const page = await reader.get(target),
			api = await request(server, 'GET', target, { headers: { Authorization: `Bearer ${reader.api.token}` } });
		for (const a of [page, api]) assert.deepEqual(leaked(a.body, ['open-door', 'members-room']), [], target);
	}
});

test('hidden articles show neither text nor headline nor picture to subscribers either', async () => {
	for (const slug of hidden) {
		for (const target of [`/articles/${slug}`, `/api/v1/articles/${slug}`]) {
			const a = await subscriber.get(target);
			assert.ok([404, 410].includes(a.status), target);
			assert.ok(!/shown-|kept-/.test(a.body), target);
			assert.ok(
				!new RegExp(`(Headline|Summary) of ${slug}`).test(a.body),
				`${target}: the latest stories name it`,
			);
		}
	}
	for (const list of ['/api/v1/articles?limit=100', '/api/v1/articles?q=Headline'])
		for (const a of (await new Api(server).get(list.slice(7))).json.articles)
			assert.ok(!hidden.includes(a.slug), a.slug);
});

test('a picture is as open as its place in the article', async () => {
	const open = await request(server, 'GET', lead);
	assert.equal(open.status, 200, 'the lead picture is part of the teaser');
	assert.deepEqual(open.bytes, png('l'.charCodeAt(0)));
	assert.equal(open.headers['content-type'], 'image/png');
	secure(open, lead, { csp: "default-src 'none'; sandbox" });
	assert.equal((await request(server, 'GET', inside)).status, 401);
	assert.equal((await reader.get(inside)).status, 403);
	const granted = await subscriber.get(inside);
	assert.equal(granted.status, 200);
	assert.match(granted.headers['cache-control'], /private|no-store/);
	for (const headers of [
		{ Range: 'bytes=0-9' },
		{ 'If-None-Match': granted.headers.etag },
		{ 'If-None-Match': '*' },
		{ 'If-Range': granted.headers.etag, Range: 'bytes=0-9' },
	]) {
		for (const method of ['GET', 'HEAD']) {
			const a = await request(server, method, inside, { headers });
			assert.equal(a.status, 401, `${method} ${JSON.stringify(headers)}`);
			assert.ok(!a.bytes.includes(Buffer.from('IHDR')));
			assert.equal(a.headers.etag, undefined);
		}
	}
	for (const other of [
		lead.replace('lead.png', 'inside.png'),
		inside.replace('inside.png', 'lead.png'),
		lead.replace('lead.png', 'LEAD.png'),
		`${lead}/`,
		'/media/x/lead.png',
	])
		assert.notEqual((await request(server, 'GET', other)).status, 200, other);
});

test('pictures of hidden articles are as hidden, known address or not', async () => {
	server.cliOk('article', 'import', `${server.dir}/articles`);
	const address = {};
	// While it is open, its picture has an address; afterwards the address must not help.
	for (const slug of ['next-year', 'last-year']) {
		const a = shelf.find((x) => x.slug === slug);
		const { writeFileSync } = await import('node:fs');
		writeFileSync(`${server.dir}/articles/${slug}.md`, markdown({ ...a, front: {} }));
		server.cliOk('article', 'import', `${server.dir}/articles/${slug}.md`);
		address[slug] = addressesIn((await request(server, 'GET', `/articles/${slug}`)).body, '/media/').find((m) =>
			m.endsWith(a.pictures[0]),
		);
		assert.equal((await request(server, 'GET', address[slug])).status, 200, slug);
		writeFileSync(`${server.dir}/articles/${slug}.md`, markdown(a));
		server.cliOk('article', 'import', `${server.dir}/articles/${slug}.md`);
	}
	assert.equal((await request(server, 'GET', address['next-year'])).status, 404);
	assert.equal((await request(server, 'GET', address['last-year'])).status, 410);
});

test('conditions and ranges of a picture (RFC 9110)', async () => {
	const whole = await request(server, 'GET', lead);
	const { etag } = whole.headers,
		size = whole.bytes.length;
	assert.match(etag, /^"[^"]+"$/);
	assert.equal(whole.headers['accept-ranges'], 'bytes');
	const ask = (headers, method = 'GET') => request(server, method, lead, { headers });
	const parts = [
		['bytes=0-9', 0, 10],
		['bytes=10-', 10, size],
		['bytes=-5', size - 5, size],
		[`bytes=5-${size * 2}`, 5, size],
		['bytes=0-0', 0, 1],
	];
	for (const [range, from, to] of parts) {
		const a = await ask({ Range: range });
		assert.equal(a.status, 206, range);
		assert.equal(a.headers['content-range'], `bytes ${from}-${to - 1}/${size}`);
		assert.deepEqual(a.bytes, whole.bytes.subarray(from, to));
	}
	for (const range of [`bytes=${size}-`, 'bytes=-0']) {
		const a = await ask({ Range: range });
		assert.equal(a.status, 416, range);
		assert.equal(a.headers['content-range'], `bytes */${size}`);
	}
	for (const range of ['bytes=0-1,3-4', 'bytes=9-1', 'items=0-1', 'bytes=x', 'bytes=99999999999999999999-'])
		assert.ok([200, 416].includes((await ask({ Range: range })).status), range);
	assert.equal((await ask({ Range: 'bytes=0-9', 'If-Range': etag })).status, 206);
	assert.equal((await ask({ Range: 'bytes=0-9', 'If-Range': '"other"' })).status, 200);
	for (const known of [etag, `"x", ${etag}`, `W/${etag}`, '*']) {
		const a = await ask({ 'If-None-Match': known });
		assert.equal(a.status, 304, known);
		assert.equal(a.bytes.length, 0);
		assert.equal(a.headers.etag, etag);
	}
	assert.equal((await ask({ 'If-None-Match': '"x"' })).status, 200);
	const head = await ask({}, 'HEAD');
	assert.deepEqual(
		[head.status, head.bytes.length, head.headers['content-length'], head.headers.etag],
		[200, 0, String(size), etag],
	);
});

test('access changes at once, in both directions, on pages and in the API', async () => {
	const anonymous = new Api(server);
	assert.equal((await anonymous.get('/articles/vault')).status, 401);
	server.cliOk('article', 'set-access', 'vault', 'public');
	assert.equal((await anonymous.get('/articles/vault')).status, 200);
	assert.equal((await request(server, 'GET', inside)).status, 200);
	server.cliOk('article', 'set-access', 'vault', 'subscriber');
	assert.equal((await anonymous.get('/articles/vault')).status, 401);
	assert.equal((await request(server, 'GET', inside)).status, 401);
	assert.ok(!(await request(server, 'GET', '/articles/vault')).body.includes('kept-vault'));
});
