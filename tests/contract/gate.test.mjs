// Goal: other web servers learn whether a request may pass, each in its dialect; what is not asked properly, or cannot
// be answered, is refused; whoever passes is named by the gate and by nobody else.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiSession, makeAccount } from '../lib/accounts.mjs';
import { ambiguous, protectedRules } from '../lib/gate.mjs';
import { metric, Reader, request, send, statusOf } from '../lib/http.mjs';
import { databaseSql, sleep, startServer, until } from '../lib/server.mjs';

export const covers = [
	'GET /gate/auth-request',
	'GET /gate/forward-auth',
	'ANY /gate/ext-authz/{path...}',
	'GET /gate/wall',
];

let server, free, paid, freeCookie, paidCookie;
before(async () => {
	server = await startServer({
		settings: {
			POSTERN_SERVER_TRUSTED_PROXIES: '127.0.0.1',
			POSTERN_GATE_SITES: 'https://blog.example, http://[::1]:8081',
		},
	});
	protectedRules(server);
	free = await makeAccount(server, { name: 'Zoë "Ö" 100%' });
	paid = await makeAccount(server, { name: 'Ada Holm', plan: 'digital' });
	for (const [who, set] of [
		[
			free,
			(c) => {
				freeCookie = c;
			},
		],
		[
			paid,
			(c) => {
				paidCookie = c;
			},
		],
	]) {
		const r = new Reader(server);
		assert.equal((await r.logIn(who)).status, 303);
		set(`postern=${r.session}`);
	}
});
after(() => server.close());

const identity = ['remote-user', 'remote-email', 'remote-name', 'remote-groups', 'postern-decision'];
const cookie = (c) => (c ? { Cookie: c } : {});
const nginx = (path, { headers = {}, method = 'GET', origin = server.origin } = {}) =>
	request(server, 'GET', '/gate/auth-request', {
		headers: { 'X-Original-URL': `${origin}${path}`, 'X-Original-Method': method, ...headers },
	});
const forward = (path, { headers = {}, method = 'GET', host = server.origin.slice(7), proto = 'http' } = {}) =>
	request(server, 'GET', '/gate/forward-auth', {
		headers: {
			'X-Forwarded-Method': method,
			'X-Forwarded-Proto': proto,
			'X-Forwarded-Host': host,
			'X-Forwarded-Uri': path,
			...headers,
		},
	});
const envoy = (path, { headers = {}, method = 'GET' } = {}) =>
	request(server, method, `/gate/ext-authz${path}`, { headers: { ...headers } });
const dialects = { nginx, forward, envoy };
const page = { Accept: 'text/html,application/xhtml+xml', 'Sec-Fetch-Mode': 'navigate' };

function passed(answer, who, what) {
	assert.equal(answer.status, 200, `${what} ${answer.body}`);
	assert.equal(answer.bytes.length, 0, what);
	for (const name of identity) assert.ok(name in answer.headers, `${what}: ${name} is always set`);
	assert.equal(answer.headers['remote-email'], who?.email ?? '', what);
	assert.equal(answer.headers['remote-user'] !== '', Boolean(who), what);
	assert.equal(answer.headers['cache-control'], 'no-store', what);
	assert.match(answer.headers['postern-decision'], /^full; reason=[a-z_]+$/, what);
}

test('public paths pass, with every identity header, empty for an anonymous reader', async () => {
	for (const [name, ask] of Object.entries(dialects)) {
		passed(await ask('/open/news.html'), null, name);
		const a = await ask('/open/news.html', { headers: cookie(freeCookie) });
		passed(a, free, name);
		assert.equal(a.headers['remote-name'], 'Zo%C3%AB "%C3%96" 100%25', 'percent-encoded outside printable ASCII');
		assert.equal(a.headers['remote-groups'], '');
		assert.match(a.headers['postern-decision'], /reason=public/);
	}
});

test('levels: anonymous, account, subscriber', async () => {
	for (const [name, ask] of Object.entries(dialects)) {
		for (const [path, open] of [
			['/members/a', [false, true, true]],
			['/paid/story', [false, false, true]],
			['/locked/x', [false, false, false]],
			['/nowhere', [false, false, false]],
		]) {
			const readers = [null, freeCookie, paidCookie];
			for (let i = 0; i < readers.length; i++) {
				const a = await ask(path, { headers: { ...cookie(readers[i]), ...page } });
				assert.equal(a.status === 200, open[i], `${name} ${path} reader ${i}: ${a.status}`);
				assert.equal('remote-user' in a.headers, open[i], 'identity with 200 only');
			}
		}
		const a = await ask('/paid/story', { headers: cookie(paidCookie) });
		passed(a, paid, name);
		assert.equal(a.headers['remote-groups'], 'digital');
		assert.equal(a.headers['postern-decision'], 'full; reason=entitled');
	}
});

test('nginx is told 401 with the way to log in, or 403, and nothing else', async () => {
	const a = await nginx('/paid/story?page=2&x=%20', { headers: page });
	assert.equal(a.status, 401);
	assert.equal(
		a.headers.location,
		`${server.origin}/login?return_to=${encodeURIComponent('/paid/story?page=2&x=%20')}`,
	);
	assert.equal(a.headers['postern-decision'], 'teaser; reason=subscriber_only');
	assert.equal(
		(await nginx('/paid/story?next=%2Fopen', { headers: page })).headers.location,
		`${server.origin}/login?return_to=%2Fpaid%2Fstory`,
		'a query that no way back may hold is left out',
	);
	assert.equal((await nginx('/paid/story', { headers: cookie(freeCookie) })).status, 403);
	assert.equal((await nginx('/nowhere')).status, 403);
	assert.equal((await nginx('/login')).status, 403, 'a log-in page behind the gate leads nowhere');
	for (const target of ['/gate/auth-request?x=1&x=2', '/gate/auth-request'])
		assert.equal((await request(server, 'POST', target)).status, 403, target);
});

test('forward-auth redirects navigations, answers programs, and shows a wall', async () => {
	server.cliOk(
		'plan',
		'set',
		'city',
		'--title',
		'City',
		'--price',
		'€ 3 a month',
		'--sections',
		'city',
		'--href',
		'https://shop.example/city',
	);
	server.cliOk(
		'plan',
		'set',
		'sport',
		'--title',
		'Sport',
		'--sections',
		'sport',
		'--new',
		'--href',
		'https://shop.example/sport',
	);
	for (const ask of [forward, envoy]) {
		const away = await ask('/paid/story', { headers: page });
		assert.equal(away.status, 302);
		assert.equal(away.headers.location, `${server.origin}/login?return_to=%2Fpaid%2Fstory`);
		for (const headers of [{ Accept: 'application/json' }, { 'X-Requested-With': 'XMLHttpRequest' }]) {
			const a = await ask('/paid/story', { headers });
			assert.equal(a.status, 401);
			assert.equal(a.headers['www-authenticate'], 'Bearer');
			assert.equal(a.headers.location, undefined);
			assert.equal(a.json.decision.reason, 'subscriber_only');
			const b = await ask('/paid/story', { headers: { ...headers, ...cookie(freeCookie) } });
			assert.equal(b.status, 402);
			assert.equal(b.json.code, 'payment_required');
		}
		for (const headers of [
			{ 'Sec-Fetch-Mode': 'no-cors', Accept: 'image/*' },
			{ 'Sec-Fetch-Mode': 'cors', Accept: '*/*' },
		])
			assert.equal((await ask('/paid/story', { headers })).status, 401, 'no navigation, no redirect');
		const wall = await ask('/paid/story', { headers: { ...page, ...cookie(freeCookie) } });
		assert.equal(wall.status, 402);
		assert.match(wall.headers['content-type'], /^text\/html/);
		assert.match(wall.body, /for subscribers/);
		assert.ok(wall.body.includes(free.email));
		assert.match(wall.body, />City<\/h3>[\s\S]{0,60}<p class="plan-price">€ 3 a month<\/p>/);
		assert.match(
			wall.body,
			/href="https:\/\/shop\.example\/city" data-postern-offer="subscribe" data-postern-plan="city"/,
		);
		assert.doesNotMatch(wall.body, /data-postern-plan="sport"/, 'a plan that does not open it');
		const shut = await ask('/locked/x', { headers: page });
		assert.equal(shut.status, 403);
		assert.match(shut.body, /closed to everybody/);
	}
	assert.equal(
		(await forward('/paid/story', { method: 'POST', headers: page })).status,
		403,
		'the rule takes GET and HEAD',
	);
});

test('the wall page by itself', async () => {
	const ask = (headers) =>
		request(server, 'GET', '/gate/wall', {
			headers: { 'X-Original-URL': `${server.origin}/paid/story`, 'X-Original-Method': 'GET', ...headers },
		});
	assert.equal((await ask(cookie(freeCookie))).status, 402);
	const a = await ask({});
	assert.equal(a.status, 401);
	assert.match(a.body, /href="\/login\?return_to=%2Fpaid%2Fstory"/);
	assert.equal((await ask({ Accept: 'application/json' })).json.code, 'unauthenticated');
});

test('a token of an app opens as the cookie does; that of another service is let be', async () => {
	const api = await apiSession(server, paid);
	for (const ask of Object.values(dialects)) {
		passed(await ask('/paid/story', { headers: { Authorization: `Bearer ${api.token}` } }), paid, 'bearer');
		passed(
			await ask('/paid/story', { headers: { Authorization: 'Basic dTpw', ...cookie(paidCookie) } }),
			paid,
			'basic beside the cookie',
		);
		passed(
			await ask('/paid/story', { headers: { Authorization: 'Bearer ey.jwt', ...cookie(paidCookie) } }),
			paid,
			'foreign bearer beside the cookie',
		);
		assert.notEqual(
			(
				await ask('/paid/story', {
					headers: { Authorization: `Bearer pst_${'A'.repeat(43)}`, ...cookie(paidCookie) },
				})
			).status,
			200,
			'a dead token is an anonymous reader',
		);
		assert.notEqual(
			(await ask('/paid/story', { headers: { Cookie: `${paidCookie}; ${paidCookie}` } })).status,
			200,
			'two cookies',
		);
		assert.notEqual(
			(await ask(`/paid/story?postern=${paidCookie.slice(8)}`)).status,
			200,
			'never from the address',
		);
	}
});

test('every spelling but the plain one is refused for every reader', async () => {
	for (const path of ambiguous('/paid/story')) {
		for (const [name, ask] of Object.entries(dialects)) {
			if (name === 'envoy' && /[#\s]|[^\x21-\x7e]/.test(path)) continue; // cannot stand in a request line; the raw ones follow below
			for (const headers of [{}, cookie(paidCookie)]) {
				const a = await ask(path, { headers: { ...headers, ...page } });
				assert.equal(a.status, name === 'nginx' || a.status === 403 ? 403 : 400, `${name} ${path}`);
			}
		}
	}
	for (const path of ['/paid/story?x=/open/', '/paid/story?/open/../', '/paid/story??/open/'])
		assert.equal((await nginx(path)).status, 401, path);
	for (const bytes of ['/paid/#/open/x', '/paid/\xff', '/paid/ x'])
		assert.equal(
			statusOf(
				await send(
					server.port,
					`GET /gate/ext-authz${bytes} HTTP/1.1\r\nHost: ${server.origin.slice(7)}\r\n\r\n`,
					{ quiet: 300 },
				),
			) || 400,
			400,
			bytes,
		);
});

test('letters that a careless server folds open nothing', async () => {
	for (const path of [
		'/PAID/story',
		'/Paid/story',
		'/p%61id/STORY/../x',
		'/%EF%BD%90aid/story',
		'/pai%E2%93%93/story',
	])
		for (const ask of [nginx, forward])
			assert.equal((await ask(path, { headers: cookie(paidCookie) })).status >= 400, true, path);
	passed(await nginx('/p%61id/story', { headers: cookie(paidCookie) }), paid, 'decoded once');
	assert.equal(
		(await nginx('/paid/STORY', { headers: cookie(paidCookie) })).status,
		200,
		'large letters where no other rule lies in wait',
	);
});

test('original headers: exactly one of each, and well formed', async () => {
	const u = `${server.origin}/open/x`,
		host = server.origin.slice(7);
	const one = { 'X-Original-URL': u, 'X-Original-Method': 'GET' };
	assert.equal((await request(server, 'GET', '/gate/auth-request', { headers: one })).status, 200);
	const bad = [
		{ 'X-Original-URL': u },
		{ 'X-Original-Method': 'GET' },
		{},
		{ ...one, 'X-Original-URL': [u, u] },
		{ ...one, 'X-Original-Method': ['GET', 'GET'] },
		{ ...one, 'X-Original-Method': 'get' },
		{ ...one, 'X-Original-Method': 'GET POST' },
		{ ...one, 'X-Original-Method': '' },
		...[
			`${u}, ${u}`,
			'/open/x',
			'open/x',
			'//x/open/x',
			`ftp://${host}/open/x`,
			`http:/${host}/open/x`,
			`http://u@${host}/open/x`,
			`http://u:p@${host}/open/x`,
			`http://${host}`,
			`http:///open/x`,
			`http://${host}.evil.example/open/x`,
			`http://evil.example/open/x`,
			`http://${host}@evil.example/open/x`,
			`http://evil.example#@${host}/open/x`,
			`http://${host}\\@evil.example/open/x`,
			`http://${host}:x/open/x`,
			`http://127.0.0.1:0/open/x`,
			`http://127.0.0.1:99999/open/x`,
			`http://127.0.0.1./open/x`,
			`http://${host}?/open/x`,
			'javascript:alert(1)',
			`${u}#frag`,
			`${u} `,
			`${u}${'a'.repeat(9000)}`,
		].map((v) => ({ ...one, 'X-Original-URL': v })),
	];
	for (const headers of bad) {
		const a = await request(server, 'GET', '/gate/auth-request', { headers });
		assert.ok(
			a.status === 403 || (JSON.stringify(headers).includes('x ') && a.status === 200),
			`${JSON.stringify(headers).slice(0, 120)}: ${a.status}`,
		);
	}
	const f = {
		'X-Forwarded-Method': 'GET',
		'X-Forwarded-Proto': 'http',
		'X-Forwarded-Host': host,
		'X-Forwarded-Uri': '/open/x',
	};
	assert.equal((await request(server, 'GET', '/gate/forward-auth', { headers: f })).status, 200);
	for (const name of Object.keys(f)) {
		const without = { ...f };
		delete without[name];
		for (const headers of [
			without,
			{ ...f, [name]: [f[name], f[name]] },
			{ ...f, [name]: '' },
			{ ...f, [name]: `${f[name]}, ${f[name]}` },
		])
			assert.equal(
				(await request(server, 'GET', '/gate/forward-auth', { headers })).status,
				400,
				`${name} ${JSON.stringify(headers)}`,
			);
	}
	for (const more of [
		{ 'X-Forwarded-Proto': 'gopher' },
		{ 'X-Forwarded-Host': `${host}/open` },
		{ 'X-Forwarded-Uri': 'open/x' },
		{ 'X-Forwarded-Uri': '@evil.example/' },
		{ 'X-Forwarded-Host': 'evil.example' },
	])
		assert.ok(
			(await request(server, 'GET', '/gate/forward-auth', { headers: { ...f, ...more } })).status >= 400,
			JSON.stringify(more),
		);
});

test('other sites only as configured', async () => {
	assert.equal((await nginx('/open/x', { origin: 'https://blog.example' })).status, 200);
	assert.equal((await nginx('/open/x', { origin: 'https://BLOG.example:443' })).status, 200);
	assert.equal((await nginx('/open/x', { origin: 'http://[::1]:8081' })).status, 200);
	for (const origin of ['https://blog.example.', 'https://Blog.Example.:443', 'http://blog.example.:80'])
		assert.equal(
			(await nginx('/open/x', { origin })).status,
			200,
			`${origin}: one dot at the end names the same host`,
		);
	for (const origin of [
		'https://blog.example:8443',
		'https://other.example',
		'https://blog.example..',
		'https://blog.example.:8443',
		'http://[::1]',
	])
		assert.equal((await nginx('/open/x', { origin })).status, 403, origin);
	const a = await nginx('/paid/x', { origin: 'http://blog.example:80' });
	assert.equal(a.headers.location, 'https://blog.example/login?return_to=%2Fpaid%2Fx', 'as configured, not as asked');
	server.cliOk('gate', 'add', '/only-here', 'public', '--site', 'blog.example', '--position', '1');
	assert.equal((await nginx('/only-here', { origin: 'https://blog.example' })).status, 200);
	assert.equal((await nginx('/only-here')).status, 403);
});

test('what proxies make of scheme and host means the same', async () => {
	const site = (host, proto, path = '/open/x') => forward(path, { host, proto });
	for (const [host, proto] of [
		['blog.example', 'wss'],
		['blog.example', 'ws'],
		['BLOG.example:443', 'HTTPS'],
		['blog.example.', 'WSS'],
		['blog.example:80', 'ws'],
		['blog.example.:80', 'http'],
	])
		passed(await site(host, proto), null, `${proto} ${host}`);
	for (const [host, proto] of [
		['blog.example:443', 'ws'],
		['blog.example:80', 'wss'],
		['blog.example', 'wsss'],
		['blog.example', 'https, https'],
		['blog.example', 'file'],
		['.', 'https'],
	])
		assert.ok((await site(host, proto)).status >= 400, `${proto} ${host}`);
	assert.equal((await site('blog.example', 'wss', '/paid/x')).status, 302, 'and what is closed stays closed');
	assert.equal(
		(await envoy('/open/x', { headers: { Host: 'blog.example', 'X-Forwarded-Proto': 'wss' } })).status,
		200,
	);
});

test('headers of the client decide nothing', async () => {
	const claims = {
		'Remote-User': 'root',
		'Remote-Groups': 'digital',
		'Postern-Decision': 'full',
		'X-Forwarded-User': 'root',
		'X-Original-URI': '/open/x',
		'X-Rewrite-URL': '/open/x',
		'X-Forwarded-Prefix': '/open',
		'X-HTTP-Method-Override': 'GET',
		'User-Agent': 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
		From: 'googlebot(at)googlebot.com',
	};
	for (const ask of Object.values(dialects)) {
		assert.notEqual((await ask('/paid/story', { headers: claims })).status, 200);
		const a = await ask('/open/x', { headers: claims });
		assert.equal(a.headers['remote-user'], '');
	}
});

test('a peer that is no trusted proxy is refused', async () => {
	const alone = await startServer();
	try {
		alone.cliOk('gate', 'add', '/**', 'public');
		const headers = {
			'X-Original-URL': `${alone.origin}/open/x`,
			'X-Original-Method': 'GET',
			'X-Forwarded-Method': 'GET',
			'X-Forwarded-Proto': 'http',
			'X-Forwarded-Host': alone.origin.slice(7),
			'X-Forwarded-Uri': '/open/x',
		};
		for (const target of ['/gate/auth-request', '/gate/forward-auth', '/gate/ext-authz/open/x', '/gate/wall'])
			assert.equal((await request(alone, 'GET', target, { headers })).status, 403, target);
		await until('the log', () => /reason=untrusted_proxy/.test(alone.stderr));
	} finally {
		await alone.close();
	}
});

test('ext-authz takes every method, the query as it is, and no other way to a route of ours', async () => {
	server.cliOk('gate', 'add', '/form', 'public', '--methods', 'any');
	for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
		assert.equal(
			(await envoy('/form', { method, headers: { 'Sec-Fetch-Site': 'cross-site' } })).status,
			200,
			method,
		);
	assert.equal((await envoy('/form?a=1&a=2&%zz')).status, 200, 'the query is for the server behind');
	assert.equal((await envoy('/open/')).status, 200);
	for (const target of [
		'/gate/ext-authz/../login',
		'/gate/ext-authz/%2e%2e/login',
		'/gate%2fext-authz/open/x',
		'/gate/ext%2dauthz/open/x',
		'/gate/ext-authz',
	])
		assert.ok((await request(server, 'GET', target)).status >= 400, target);
	assert.equal((await request(server, 'POST', '/gate/ext-authz/form', { body: 'x' })).status, 413, 'no body');
});

test('a change of rules or rights is obeyed by the next request', async () => {
	const out = JSON.parse(server.cliOk('gate', 'add', '/paid/free-today', 'public', '--position', '1', '--json'));
	assert.equal((await nginx('/paid/free-today')).status, 200);
	server.cliOk('gate', 'remove', out.id);
	assert.equal((await nginx('/paid/free-today')).status, 401);
	server.cliOk('account', 'disable', paid.email);
	await until(
		'the end of the session',
		async () => (await nginx('/paid/story', { headers: cookie(paidCookie) })).status === 401,
	);
	server.cliOk('account', 'enable', paid.email);
});

test('a metered page is charged once, its files never, and the meter ends at its limit', async () => {
	server.cliOk('gate', 'add', '/articles/*/**', 'metered', '--position', '1');
	server.cliOk('gate', 'add', '/gallery/*/**', 'metered', '--files', 'read', '--position', '2');
	server.cliOk('gate', 'add', '/reel/**', 'metered', '--files', 'count', '--position', '3');
	for (const [name, ask] of Object.entries(dialects)) {
		let jar = '';
		const get = async (path, more = {}) => {
			const a = await ask(path, { ...more, headers: { ...page, ...cookie(jar), ...more.headers } });
			const set = a.cookies.find((c) => c.startsWith('postern-meter='));
			if (set) jar = set.split(';')[0];
			return {
				status: a.status,
				charged: Boolean(set),
				reason: /reason=(\w+)/.exec(a.headers['postern-decision'])?.[1],
				decision: a.headers['postern-decision'],
			};
		};
		assert.deepEqual(
			await get('/articles/a/photo.jpg'),
			{ status: 200, charged: false, reason: 'metered', decision: 'full; reason=metered; used=0; limit=6' },
			name,
		);
		assert.equal((await get('/articles/a/', { method: 'HEAD' })).charged, false, 'HEAD');
		for (const headers of [
			{ 'Sec-Purpose': 'prefetch' },
			{ 'Sec-Purpose': 'prefetch;prerender' },
			{ Purpose: 'prefetch' },
		]) {
			const a = await get('/articles/a/', { headers });
			assert.deepEqual([a.status, a.charged, a.reason], [403, false, 'prefetch']);
		}
		const first = await get('/articles/a/');
		assert.deepEqual(
			[first.status, first.charged, first.decision],
			[200, true, 'full; reason=metered; used=1; limit=6'],
		);
		for (const path of [
			'/articles/a',
			'/articles/a/',
			'/articles/a/index.html',
			'/articles/a/page/2?x=1',
			'/articles/a/photo.jpg',
		])
			assert.deepEqual([(await get(path)).reason], ['metered_again'], path);
		for (const headers of [
			{ 'Sec-Fetch-Dest': 'image', 'Sec-Fetch-Mode': 'no-cors' },
			{ Accept: 'image/*' },
			{ 'If-None-Match': '"x"' },
			{ Range: 'bytes=0-1' },
		])
			assert.equal(
				(
					await get(
						`/articles/by-header-${Object.keys(headers)[0].toLowerCase()}${Object.values(headers)[0].length}/`,
						{ headers },
					)
				).charged,
				true,
				'a header makes no page a file',
			);
		assert.equal((await get('/articles/story.php/x.png')).charged, true, 'nor does a name behind a page');
		assert.equal((await get('/articles/last/')).status >= 300, true, 'the limit is six');
		assert.equal((await get('/articles/last/photo.jpg')).status >= 300, true);
		assert.equal((await get('/articles/a/')).status, 200, 'what was read stays readable');
		jar = `${jar.slice(0, -2)}AA`;
		assert.equal((await get('/articles/new/')).status >= 300, true, 'a forged count');
		jar = '';
		assert.deepEqual(
			[
				(await get('/gallery/g/1.jpg')).reason,
				(await get('/gallery/g/')).reason,
				(await get('/gallery/g/1.jpg')).reason,
			],
			['file_unread', 'metered', 'metered_again'],
		);
		assert.equal((await get('/reel/film.mp4')).charged, true);
		assert.equal((await get('/reel/other.mp4')).charged, true);
	}
});

test('an account is charged in the database: of twenty at once on the last free one, one passes', async () => {
	const who = await makeAccount(server),
		r = new Reader(server);
	await r.logIn(who);
	const headers = cookie(`postern=${r.session}`);
	for (let i = 1; i <= 9; i++)
		assert.equal(
			(await nginx(`/articles/r${i}/`, { headers })).headers['postern-decision'],
			`full; reason=metered; used=${i}; limit=10`,
		);
	const all = await Promise.all(Array.from({ length: 20 }, (_, i) => nginx(`/articles/last${i}/`, { headers })));
	assert.equal(all.filter((a) => a.status === 200).length, 1);
	assert.equal(all.filter((a) => a.status === 403).length, 19);
});

test('rules and trials by command', async () => {
	const fails = (code, ...args) => {
		const r = server.cli('gate', ...args);
		assert.equal(r.code, code, `${args.join(' ')}: ${r.stderr}`);
		assert.match(r.stderr, /expected|slash|stars|not found|number|capitals|second word|needs/, args.join(' '));
	};
	for (const args of [
		['/x/', 'public'],
		['x', 'public'],
		['/a/../b', 'public'],
		['/**/x', 'public'],
		['/x', 'free'],
		['/x', 'public', '--methods', 'get'],
		['/x', 'public', '--site', 'https://h'],
		['/x', 'public', '--section', 'A B'],
		['/x', 'public', '--files', 'some'],
		['/x', 'public', '--position', '0'],
	])
		fails(2, 'add', ...args);
	fails(4, 'remove', 'nothing');
	const list = server.cliJson('gate', 'list');
	assert.deepEqual(
		list.map((r) => r.position),
		[...list.map((r) => r.position)].sort((a, b) => a - b),
	);
	assert.deepEqual(
		list.filter((r) => r.path === '/paid/**').map((r) => [r.level, r.methods, r.section, r.files]),
		[['subscriber', 'GET HEAD', 'city', 'free']],
	);
	assert.match(server.cliOk('gate', 'list'), /subscriber +\/paid\/\*\*/);
	const seen = server.cliJson('gate', 'test', `${server.origin}/paid/story?x=1`, '--reader', paid.email);
	assert.deepEqual(
		[seen.path, seen.grant, seen.reason, seen.rule.path, seen.counts],
		['/paid/story', 'full', 'entitled', '/paid/**', true],
	);
	assert.match(server.cliOk('gate', 'test', `${server.origin}/paid/story`), /^teaser: subscriber_only/);
	assert.match(
		server.cliOk('gate', 'test', `${server.origin}/paid/story`, '--method', 'POST'),
		/^none: method_not_allowed/,
	);
	assert.match(server.cliOk('gate', 'test', 'https://other.example/paid/story'), /^none: unknown_site/);
	fails(1, 'test', `${server.origin}/paid/../x`);
	fails(2, 'test', `${server.origin}/x`, '--ip', '1.2.3');
	fails(4, 'test', `${server.origin}/x`, '--reader', 'nobody@mail.example');
	const none = await startServer();
	try {
		assert.match(none.cliOk('gate', 'list'), /lets nobody in/);
	} finally {
		await none.close();
	}
});

test('each decision is counted, and its reason logged', async () => {
	await nginx('/paid/story', { headers: cookie(freeCookie) });
	const { body } = await request({ port: server.opsPort }, 'GET', '/metrics');
	assert.match(body, /^postern_decisions_total\{surface="gate",grant="teaser",reason="no_entitlement"\} [1-9]/m);
	assert.match(body, /^postern_decisions_total\{surface="gate",grant="none",reason="bad_original_url"\} [1-9]/m);
	assert.match(server.stderr, /route=\/gate\/auth-request .*decision=teaser reason=no_entitlement/);
});

test('trouble of ours is a refusal', async () => {
	const tight = await startServer({
		settings: {
			POSTERN_SERVER_TRUSTED_PROXIES: '127.0.0.1',
			POSTERN_LIMITS_GATE_BURST: '2',
			POSTERN_LIMITS_GATE_PER_MINUTE: '1',
		},
	});
	try {
		tight.cliOk('gate', 'add', '/**', 'public');
		const headers = {
			'X-Original-URL': `${tight.origin}/x`,
			'X-Original-Method': 'GET',
			'X-Forwarded-For': '192.0.2.7',
		};
		const seen = [];
		for (let i = 0; i < 4; i++) seen.push((await request(tight, 'GET', '/gate/auth-request', { headers })).status);
		assert.deepEqual(seen, [200, 200, 403, 403], 'one reader, too often');
		assert.equal(
			(
				await request(tight, 'GET', '/gate/auth-request', {
					headers: { ...headers, 'X-Forwarded-For': '192.0.2.8' },
				})
			).status,
			200,
			'not another',
		);
		assert.equal(
			(await request(tight, 'GET', '/gate/auth-request', { headers: { ...headers, 'X-Forwarded-For': 'x' } }))
				.status,
			200,
			'what is no address is the proxy',
		);
	} finally {
		await tight.close();
	}
});

test('without its database the gate refuses in every dialect, whatever the path and the reader, and comes back', async () => {
	server.allowed.push(/event=db_/);
	const status = async (ask, path) => (await ask(path, { headers: { ...page, ...cookie(freeCookie) } })).status;
	for (const tables of [['policy'], ['entitlement'], ['path_rule']]) {
		/* memory knows neither the rules nor this reader from here on */
		server.cliOk('gate', 'add', `/touched/${tables}`, 'closed');
		server.cliOk('entitlement', 'revoke', server.cliJson('entitlement', 'grant', free.email, 'digital').id);
		await until('both are forgotten', async () => (await metric(server, 'postern_feed_age_seconds')) < 0.2);
		await sleep(300);
		for (const table of tables)
			databaseSql(
				server.env.POSTERN_DATABASE_URL,
				`ALTER TABLE ${table} RENAME TO ${table}_away; ${table === 'path_rule' ? 'UPDATE policy SET version = version + 1' : ''}`,
			);
		assert.equal(await status(nginx, '/members/a'), 403, `nginx without ${tables}`);
		for (const ask of [forward, envoy]) assert.ok((await status(ask, '/members/a')) >= 500, `without ${tables}`);
		if (!tables.includes('entitlement'))
			assert.equal((await nginx('/open/x')).status, 403, 'what is public as well: the rules are not known');
		for (const table of tables)
			databaseSql(server.env.POSTERN_DATABASE_URL, `ALTER TABLE ${table}_away RENAME TO ${table}`);
		assert.equal(await status(nginx, '/members/a'), 200, `with ${tables} again`);
	}
});
