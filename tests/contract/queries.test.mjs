// The query of an address: what a page reads is read strictly, and what newsletters, networks and searches add is nobody's fault.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeAccount, newAddress, otherPassword, password } from '../lib/accounts.mjs';
import { problem } from '../lib/checks.mjs';
import { addressesIn, importArticles } from '../lib/articles.mjs';
import { Api, Reader, metric, request, send, statusOf } from '../lib/http.mjs';
import { linkOf } from '../lib/mailbox.mjs';
import { startServer } from '../lib/server.mjs';

export const covers = [
	'GET /',
	'GET /articles/{slug}',
	'GET /login',
	'GET /register',
	'GET /reset',
	'GET /verify',
	'GET /reset/confirm',
	'GET /group/accept',
	'GET /sections/{section}',
	'GET /robots.txt',
	'GET /api/v1/articles',
	'GET /api/v1/articles/{slug}',
	'GET /health/live',
	'GET /metrics',
];

let server;
before(async () => {
	server = await startServer();
	importArticles(server);
});
after(() => server.close());

const many = (n) => Array.from({ length: n }, (_, i) => `p${i}=${i}`).join('&');
const foreign = [
	'utm_source=a&utm_source=b',
	'x=50%off',
	'50%off',
	'x=%FC',
	'%FC',
	'x=%',
	'&&',
	'&',
	'=',
	'=x',
	'x',
	'fbclid',
	many(33),
	many(300),
	'x=%00&x=1',
	'a=1&a=2',
	`x=${'y'.repeat(4000)}`,
	'x=\xfc',
	'?',
	'x=a?b/c//d\\e',
	'amp;utm_source=x',
	'{{x}}',
	'x=<script>alert(1)</script>',
	'TOKEN=a&TOKEN=b',
	'before[]=1&before[]=2',
];
const get = (target) => send(server.port, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);

test('whatever stands in a query that nobody reads, the page is there', async () => {
	const picture = addressesIn((await request(server, 'GET', '/articles/open-door')).body, '/media/')[0],
		style = addressesIn((await request(server, 'GET', '/')).body, '/static/')[0];
	const pages = {
		'/': 200,
		'/sections/city': 200,
		'/articles/open-door': 200,
		'/articles/vault': 200,
		[picture]: 200,
		[style]: 200,
		'/favicon.ico': 200,
		'/robots.txt': 200,
		'/login': 200,
		'/register': 200,
		'/reset': 200,
		'/verify': 410,
		'/reset/confirm': 410,
		'/group/accept': 410,
		'/account': 303,
		'/.well-known/change-password': 303,
		'/nowhere': 404,
	};
	for (const [page, status] of Object.entries(pages))
		for (const query of foreign) {
			const a = await get(`${page}?${query}`);
			assert.equal(statusOf(a), status, `${page}?${query.slice(0, 80)}: ${a.slice(0, 60)}`);
			assert.ok(!a.includes('alert(1)') && !a.includes('utm_source'), 'and none of it is in the answer');
		}
	for (const query of foreign)
		assert.equal(
			(await request(server, 'GET', `/health/live?${encodeURI(query)}`, { port: server.opsPort })).status,
			200,
			query,
		);
});

test('what a page reads is refused when it is doubled, badly encoded or too long, and the page names it', async () => {
	const reads = {
		'/': ['done'],
		'/sections/city': ['before'],
		'/login': ['return_to', 'done'],
		'/register': ['return_to'],
		'/reset': ['return_to'],
		'/verify': ['token', 'return_to', 'new'],
		'/reset/confirm': ['token', 'return_to'],
		'/group/accept': ['token', 'return_to'],
	};
	for (const [page, names] of Object.entries(reads))
		for (const name of names)
			for (const query of [
				`${name}=1&${name}=2`,
				`${name}=1&utm=2&%${name.charCodeAt(0).toString(16)}${name.slice(1)}=1`,
				`${name}=%zz`,
				`${name}=50%off`,
				`${name}=%FC`,
				`${name}=${'y'.repeat(3000)}`,
			]) {
				const a = await request(server, 'GET', `${page}?${query}`);
				assert.equal(a.status, 400, `${page}?${query.slice(0, 60)}`);
				assert.match(a.body, new RegExp(`parameter .{1,8}${name}`), page);
			}
});

test('mailed links work with what a mail program or a newsletter adds', async () => {
	for (const more of ['&utm_source=a&utm_source=b', '&mc_eid=50%off', '&x=%FC', `&${many(40)}`]) {
		const email = newAddress(),
			reader = new Reader(server);
		assert.equal(
			(await reader.post('/register', { email, password, name: 'x', return_to: '/articles/vault' })).status,
			200,
		);
		const link = new URL(linkOf(await server.mail.take(email, /token=/)));
		const moved = await reader.get(link.pathname + link.search + more);
		assert.deepEqual([moved.status, moved.headers.location], [303, '/verify?return_to=%2Farticles%2Fvault'], more);
		assert.match((await reader.get(moved.headers.location)).body, /action="\/verify"/);
		assert.equal((await reader.post('/verify', { return_to: '/articles/vault' })).status, 303);
		assert.equal((await reader.post('/logout')).status, 303);
		assert.equal((await reader.post('/reset', { email, return_to: '/articles/vault' })).status, 200);
		const reset = new URL(linkOf(await server.mail.take(email, /reset\/confirm/)));
		assert.equal(
			(await reader.get(reset.pathname + reset.search + more)).headers.location,
			'/reset/confirm?return_to=%2Farticles%2Fvault',
		);
		assert.equal((await reader.post('/reset/confirm', { password: otherPassword })).status, 303);
		assert.equal((await reader.logIn({ email, password: otherPassword })).status, 303, more);
	}
});

test('each click has another fbclid, and all are given the one page', async () => {
	const hits = () => metric(server, 'postern_cache_hits_total', '{cache="pages"}'),
		entries = () => metric(server, 'postern_cache_entries', '{cache="pages"}');
	const reader = new Reader(server);
	await reader.logIn(await makeAccount(server, { plan: 'digital' }));
	for (const [who, page] of [
		[new Reader(server), '/articles/open-door'],
		[new Reader(server), '/'],
		[reader, '/articles/vault'],
		[new Reader(server), '/sections/city'],
	]) {
		const first = await who.get(page),
			before = await hits(),
			held = await entries();
		for (let i = 0; i < 20; i++) {
			const a = await who.get(`${page}?fbclid=IwAR${i}&utm_source=a&utm_source=b&x=50%off`);
			assert.equal(a.body, first.body, page);
		}
		// one more where the page proves hot, and a work thread looks again
		const found = (await hits()) - before;
		assert.ok(found === 20 || found === 21, `${page}: ${found}`);
		assert.equal(await entries(), held, page);
	}
	// what is read makes another page, in whatever order and spelling it comes
	const [a, b] = [
		await request(server, 'GET', '/sections/city?before=1-a'),
		await request(server, 'GET', '/sections/city?x=1&%62efore=1%2Da&fbclid=2'),
	];
	assert.equal(a.body, b.body);
	const newest = (await request(server, 'GET', '/sections/city')).body;
	assert.notEqual(a.body, newest);
	assert.equal((await request(server, 'GET', '/sections/city?Before=1-a')).body, newest);
});

test('log-in leads back to what the page reads, and to nothing that came with the click', async () => {
	const back = (page) => /href="\/login(?:\?return_to=([^"&]*))?"/.exec(page.body)?.[1];
	const of = async (target) => decodeURIComponent(back(await request(server, 'GET', target)) ?? '');
	const wall = '/articles/vault#continue';
	assert.equal(await of('/articles/vault?fbclid=1&utm_source=x'), wall);
	assert.equal(await of('/articles/vault?return_to=//evil.example&token=pst_x'), wall);
	assert.equal(await of('/sections/city?fbclid=1&before=1763600000-abc'), '/sections/city?before=1763600000-abc');
	assert.equal(await of('/?done=logout'), '', 'the front page: said once');
	assert.equal(await of('/nowhere?x=1'), '/nowhere');
	for (const post of ['/logout', '/account/sessions/end', '/articles/vault/gift'])
		assert.equal(await of(post), '', `${post}: nobody gets there by a link`);
	assert.equal(await of('/articles/%76ault?x'), wall);
	assert.match(
		(await request(server, 'GET', '/articles/vault?fbclid=1')).body,
		/name="return_to" value="\/articles\/vault#continue"/,
	);
});

test('the API tells which parameter it does not know', async () => {
	const api = new Api(server);
	for (const target of [
		'/articles?utm_source=x',
		'/articles/open-door?fbclid=1',
		'/articles?limit=1&x',
		'/articles?%zz',
		'/account?x=1',
		'/sessions?x=1',
	])
		problem(await api.get(target), 422, 'invalid_fields', target);
	assert.equal((await api.get('/articles?colour=red')).json.errors[0].field, 'colour');
	assert.equal((await api.get('/articles?a%22b%0a=red')).json.errors[0].field, 'a%22b%0a');
	for (const target of ['/articles?limit=1&limit=1', '/articles?section=%FC', '/articles?q=50%off'])
		problem(await api.get(target), 400, 'malformed', target);
	assert.equal((await api.get('/articles?q=harbour&&limit=1')).status, 200);
});
