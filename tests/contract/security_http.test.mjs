// Spellings of requests: what two readers could understand differently is refused, and never opens anything.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeAccount } from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { Reader, request, send, statusOf } from '../lib/http.mjs';
import { quickOnce, startServer, within } from '../lib/server.mjs';

export const covers = [
	'GET /',
	'GET /articles/{slug}',
	'GET /account',
	'POST /login',
	'GET /health/live',
	'GET /api/v1/account',
];

let server, reader;
before(async () => {
	server = await startServer();
	importArticles(server);
	reader = new Reader(server);
	await reader.logIn(await makeAccount(server, { plan: 'digital' }));
});
after(() => server.close());

const raw = (target, { headers = 'Host: x\r\n', method = 'GET', version = 'HTTP/1.1', rest = '' } = {}) =>
	send(server.port, `${method} ${target} ${version}\r\n${headers}Connection: close\r\n\r\n${rest}`);
const cookie = () => `Host: x\r\nCookie: postern=${reader.session}\r\n`;

const spellings = (path) => {
	const [, first, rest] = /^\/([^/]+)(.*)$/.exec(path);
	return [
		`//${first}${rest}`,
		`/./${first}${rest}`,
		`/x/../${first}${rest}`,
		`/%2e/${first}${rest}`,
		`/x/%2e%2e/${first}${rest}`,
		`/x/%2E%2E/${first}${rest}`,
		`/${first}%2f${rest.slice(1)}`,
		`/${first}%2F${rest.slice(1)}`,
		`/${first};x${rest}`,
		`${path};x`,
		`${path};jsessionid=1`,
		`${path}%00`,
		`${path}%00.css`,
		`${path}#`,
		`${path}#x?y`,
		`${path}%23`,
		`${path}%5c`,
		`/\\${first}${rest}`,
		`/x\\..\\${first}${rest}`,
		`${path}%0a`,
		`${path}%0d%0aX:%20y`,
		`${path}%09`,
		`${path}%`,
		`${path}%zz`,
		`${path}%c0%ae`,
		`${path}%ff`,
		`/${first}//${rest.slice(1)}`,
		`${path}/.`,
		`${path}/..`,
		`http://x${path}`,
		`http://evil.example${path}`,
		`//evil.example${path}`,
		first + rest,
		`*${path}`,
	];
};
const others = (path) => [
	path.toUpperCase(),
	`${path}.`,
	`${path}/`,
	`${path}.html`,
	`${path}%20`,
	`${path}+`,
	`${path}~`,
	`%2f${path.slice(1)}`,
];

test('a path that is not in its one form is refused with 400, before any rule looks at it', async () => {
	for (const path of [
		'/account',
		'/articles/vault',
		'/account/sessions',
		'/api/v1/account',
		'/static/x/postern.css',
	]) {
		for (const target of spellings(path)) {
			const a = await raw(target, { headers: cookie() });
			assert.equal(statusOf(a), 400, `${target}: ${a.slice(0, 60)}`);
			assert.ok(!a.includes('kept-vault') && !a.includes('@mail.example'), target);
		}
	}
});

test('a path that only looks like another one is not that one', async () => {
	for (const path of ['/account', '/articles/vault', '/api/v1/account']) {
		for (const target of others(path)) {
			const a = await raw(target, { headers: cookie() });
			assert.ok([400, 404].includes(statusOf(a)), `${target}: ${a.slice(0, 60)}`);
			assert.ok(!a.includes('kept-vault') && !a.includes('Your account</h1>'), target);
		}
	}
	const same = await raw('/%61ccount', { headers: cookie() });
	assert.equal(statusOf(same), 200, 'an escaped letter is that letter');
	assert.equal(statusOf(await raw('/%61ccount')), 303, 'and guarded as that letter');
	assert.equal(statusOf(await raw('/articles/vault?x=/articles/open-door')), 200);
	assert.ok(!(await raw('/articles/vault?x=/articles/open-door')).includes('kept-vault'));
});

test('headers that can be read in two ways are refused', async () => {
	const bad = {
		'two hosts': 'Host: x\r\nHost: y\r\n',
		'no host': '',
		'an empty host': 'Host:\r\n',
		'a space before the colon': 'Host: x\r\nX-Real-IP : v\r\n',
		'two lengths': 'Host: x\r\nContent-Length: 0\r\nContent-Length: 5\r\n',
		'two equal lengths': 'Host: x\r\nContent-Length: 0\r\nContent-Length: 0\r\n',
		'a length of a kind': 'Host: x\r\nContent-Length: +5\r\n',
		'a list of lengths': 'Host: x\r\nContent-Length: 5, 5\r\n',
		'a negative length': 'Host: x\r\nContent-Length: -1\r\n',
		'length and chunks': 'Host: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n',
		'two authorizations': 'Host: x\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n',
		'a strange expectation': 'Host: x\r\nExpect: 200-maybe\r\n',
		'a control byte': 'Host: x\r\nX-A: a\u0001b\r\n',
		'a bare CR': 'Host: x\r\nX-A: a\rb\r\n',
		'no colon': 'Host: x\r\nnonsense\r\n',
		'chunked twice': 'Host: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n',
	};
	for (const [name, headers] of Object.entries(bad)) {
		for (const target of ['/', '/account']) {
			const a = await raw(target, {
				headers: headers + (name === 'no host' ? '' : `Cookie: postern=${reader.session}\r\n`),
			});
			const status = statusOf(a);
			assert.ok(status === 400 || status === 0, `${name}: ${a.slice(0, 80)}`);
			assert.ok(!/^HTTP\/1\.1 2/m.test(a), `${name} ${target}`);
		}
	}
	// libmicrohttpd cuts a value at NUL and does not tell: what stands behind it must be nothing.
	for (const line of [`Cookie: a=b\u0000; postern=${reader.session}`, `Cookie: postern=\u0000${reader.session}`])
		assert.ok([303, 400, 0].includes(statusOf(await raw('/account', { headers: `Host: x\r\n${line}\r\n` }))), line);
	assert.ok(
		[400, 501, 0].includes(statusOf(await raw('/', { headers: 'Host: x\r\nTransfer-Encoding: xchunked\r\n' }))),
	);
	assert.ok(
		[400, 413, 431].includes(statusOf(await raw('/', { headers: `Host: x\r\n${'X-A: b\r\n'.repeat(200)}` }))),
	);
	assert.ok([400, 413, 414, 431].includes(statusOf(await raw(`/?${'x'.repeat(9000)}`))));
	assert.ok(
		[0, 400, 413, 431].includes(statusOf(await raw('/', { headers: `Host: x\r\nX-A: ${'x'.repeat(100000)}\r\n` }))),
	);
});

test('a second request cannot be smuggled behind the first', async () => {
	const hidden = 'GET /account HTTP/1.1\r\nHost: x\r\n\r\n';
	const tries = [
		`POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`,
		`POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: ${hidden.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
		`POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${hidden}`,
		`POST /login HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,
	];
	for (const bytes of tries) {
		const a = await send(server.port, bytes);
		assert.equal((a.match(/^HTTP\/1\.1 /gm) ?? []).length <= 1, true, bytes.slice(0, 120));
		assert.ok(!/^HTTP\/1\.1 (2|303)/m.test(a), a.slice(0, 80));
	}
});

test('methods are names of ours, in capitals', async () => {
	for (const method of ['TRACE', 'get', 'Get', 'CONNECT', 'PROPFIND', 'X'.repeat(100)]) {
		const a = await raw('/account', { method, headers: cookie() });
		assert.ok([400, 405, 501].includes(statusOf(a)), `${method}: ${a.slice(0, 40)}`);
		assert.ok(!a.includes('@mail.example'));
	}
	for (const header of ['X-HTTP-Method-Override: POST', 'X-Method-Override: DELETE', 'X-HTTP-Method: PUT'])
		assert.equal(statusOf(await raw('/login', { headers: `Host: x\r\n${header}\r\n` })), 200);
	assert.ok([400, 505, 0].includes(statusOf(await raw('/', { version: 'HTTP/2.0' }))));
	assert.ok([200].includes(statusOf(await raw('/', { version: 'HTTP/1.0' }))));
});

test('headers that a proxy would set open nothing when a client sends them', async () => {
	const names = [
		'Remote-User',
		'Remote-Email',
		'Remote-Groups',
		'X-Forwarded-User',
		'X-Remote-User',
		'Remote_User',
		'X-Original-URL',
		'X-Rewrite-URL',
		'X-Forwarded-Uri',
		'X-Original-Method',
		'Postern-Decision',
		'X-Health-Check',
		'X-Accel-Internal',
	];
	for (const name of names) {
		for (const value of ['ada', '/articles/open-door', 'full; reason=entitled', '1']) {
			const [page, article] = [
				await request(server, 'GET', '/account', { headers: { [name]: value } }),
				await request(server, 'GET', '/articles/vault', { headers: { [name]: value } }),
			];
			assert.equal(page.status, 303, name);
			assert.ok(!article.body.includes('kept-vault'), name);
		}
	}
});

test('what a client sends is never a header of the answer, nor a line of the log', async () => {
	const before = server.stderr.length;
	for (const target of [
		'/login?return_to=/x%0d%0aSet-Cookie:%20a=b',
		'/articles/x%0aevent=forged',
		'/login?return_to=%0d%0aLocation:%20//evil',
		'/?x=%0d%0a%0d%0a<script>',
	])
		await raw(target).then((a) => assert.ok(!/^(Set-Cookie: a|Location: \/\/evil)/m.test(a), target));
	await request(server, 'GET', '/articles/x', { headers: { 'User-Agent': 'x level=error event=forged' } });
	const lines = server.stderr.slice(before).split('\n');
	assert.ok(
		lines.every((l) => l === '' || /^time=\S+ level=(debug|info|warn) event=/.test(l)),
		lines.join('\n'),
	);
	assert.ok(!lines.some((l) => / event=forged/.test(l)));
});

test('operations are not for the public port', async () => {
	for (const target of ['/health/live', '/health/ready', '/metrics'])
		assert.equal((await request(server, 'GET', target)).status, 404, target);
	for (const target of ['/', '/account', '/articles/vault', '/api/v1/account', '/login'])
		assert.equal((await request(server, 'GET', target, { port: server.opsPort })).status, 404, target);
	assert.equal((await request(server, 'POST', '/health/live', { port: server.opsPort, body: '' })).status, 405);
});

test('slow and silent clients hold nobody else up', async () => {
	const slow = await startServer({ settings: { POSTERN_SERVER_TIMEOUT_S: '1' } });
	try {
		const idle = Array.from({ length: 200 }, (_, i) =>
			send(
				slow.port,
				['', 'GET / HT', 'POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nemail'][i % 3],
				{ quiet: 60000 },
			),
		);
		for (let i = 0; i < 20; i++) assert.equal((await request(slow, 'GET', '/login')).status, 200);
		await quickOnce('a page', 1000, () => request(slow, 'GET', '/login'));
		const ended = await within('the end of those who say nothing', Promise.all(idle), 45000);
		assert.ok(ended.every((a) => statusOf(a) === 0 || statusOf(a) >= 400));
	} finally {
		await slow.close();
	}
});
