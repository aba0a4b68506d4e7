// Every page: the good way, each bad one, and what every answer carries.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeAccount, newAddress, otherPassword, password, resetToken } from '../lib/accounts.mjs';
import { addressesIn, hidden, importArticles } from '../lib/articles.mjs';
import { secure, unstored } from '../lib/checks.mjs';
import { cookieOf, form, Reader, request } from '../lib/http.mjs';
import { startServer } from '../lib/server.mjs';

export const covers = [
	'GET /',
	'GET /sections/{section}',
	'GET /articles/{slug}',
	'GET /static/{version}/{name...}',
	'GET /favicon.ico',
	'GET /login',
	'POST /login',
	'POST /logout',
	'GET /register',
	'POST /register',
	'GET /verify',
	'POST /verify',
	'GET /reset',
	'POST /reset',
	'GET /reset/confirm',
	'POST /reset/confirm',
	'GET /account',
	'GET /account/password',
	'POST /account/password',
	'GET /account/sessions',
	'POST /account/sessions/end',
	'POST /account/sessions/end-others',
	'GET /.well-known/change-password',
	'GET /_dev/mailbox',
];

const gets = [
	'/',
	'/sections/city',
	'/articles/open-door',
	'/favicon.ico',
	'/login',
	'/register',
	'/verify',
	'/reset',
	'/reset/confirm',
	'/account',
	'/account/password',
	'/account/sessions',
	'/.well-known/change-password',
	'/_dev/mailbox',
];
const posts = [
	'/login',
	'/logout',
	'/register',
	'/verify',
	'/reset',
	'/reset/confirm',
	'/account/password',
	'/account/sessions/end',
	'/account/sessions/end-others',
];
const formType = { 'Content-Type': 'application/x-www-form-urlencoded' };

let server, ada;
before(async () => {
	server = await startServer();
	importArticles(server);
	ada = await makeAccount(server, { plan: 'digital' });
});
after(() => server.close());

test('lists show what may be shown, and nothing that is embargoed, early, expired or withheld', async () => {
	const r = new Reader(server);
	for (const target of ['/', '/sections/city', '/sections/culture', '/articles/vault']) {
		const a = await r.get(target);
		assert.equal(a.status, 200, target);
		secure(a, target);
		unstored(a, target);
		for (const slug of hidden) assert.ok(!a.body.includes(slug), `${target} tells of ${slug}`);
	}
	assert.match((await r.get('/')).body, /Headline of vault/);
	assert.match((await r.get('/sections/culture')).body, /Headline of <span class="whole">members-room</);
});

test('an article answers by what it is: 200, 404 when nobody may know, 410 when withdrawn', async () => {
	const statuses = {
		'open-door': 200,
		vault: 200,
		'next-year': 404,
		'not-yet': 404,
		'held-back': 404,
		'called-off': 404,
		'last-year': 410,
		'no-such': 404,
	};
	const signedIn = new Reader(server);
	await signedIn.logIn(ada);
	for (const [slug, status] of Object.entries(statuses)) {
		for (const r of [new Reader(server), signedIn]) {
			const a = await r.get(`/articles/${slug}`);
			assert.equal(a.status, status, slug);
			secure(a, slug);
			unstored(a, slug);
			if (status !== 200) assert.ok(!a.body.includes('shown-') && !a.body.includes('kept-'), slug);
		}
	}
});

test('the decision stands in a header: who may read what, and why', async () => {
	const [anonymous, registered, subscriber] = [new Reader(server), new Reader(server), new Reader(server)];
	await registered.logIn(await makeAccount(server));
	await subscriber.logIn(ada);
	const table = [
		['open-door', anonymous, 'full; reason=public'],
		['members-room', anonymous, 'teaser; reason=login_required'],
		['members-room', registered, 'full; reason=signed_in'],
		['vault', anonymous, 'teaser; reason=subscriber_only'],
		['vault', registered, 'teaser; reason=no_entitlement'],
		['vault', subscriber, 'full; reason=entitled'],
	];
	for (const [slug, reader, decision] of table) {
		const a = await reader.get(`/articles/${slug}`);
		assert.equal(a.headers['postern-decision'], decision, slug);
		assert.equal(a.body.includes(`kept-${slug}-4`), decision.startsWith('full'), slug);
		assert.equal(a.body.includes('class="paywall"'), !decision.startsWith('full'), slug);
		assert.ok(a.body.includes(`shown-${slug}`), slug);
	}
});

test('every page answers HEAD as GET, without a body', async () => {
	for (const target of gets) {
		const [get, head] = [await request(server, 'GET', target), await request(server, 'HEAD', target)];
		assert.equal(head.status, get.status, target);
		assert.equal(head.bytes.length, 0, target);
		assert.equal(head.headers['content-length'], get.headers['content-length'], target);
		secure(head, `HEAD ${target}`);
	}
});

test('other methods are refused with what is allowed', async () => {
	for (const target of [...gets, ...posts]) {
		for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
			const a = await request(server, method, target, { headers: { 'Sec-Fetch-Site': 'same-origin' } });
			assert.equal(a.status, 405, `${method} ${target}`);
			const allowed = [gets.includes(target) && 'GET, HEAD', posts.includes(target) && 'POST'].filter(Boolean);
			assert.equal(a.headers.allow, allowed.join(', '), target);
			secure(a, `${method} ${target}`);
		}
	}
	assert.equal((await request(server, 'TRACE', '/')).status, 501);
	assert.equal((await request(server, 'POST', '/', { headers: formType, body: '' })).status, 405);
});

test('a form must be a form, whole, of sensible size and without doubled fields', async () => {
	const jar = new Reader(server);
	await jar.logIn(ada);
	for (const target of posts) {
		const post = (body, headers) =>
			jar.request('POST', target, { body, headers: { 'Sec-Fetch-Site': 'same-origin', ...headers } });
		for (const type of [
			'application/json',
			'text/plain',
			'multipart/form-data; boundary=x',
			'application/x-www-form-urlencoded; charset=latin1',
		])
			assert.equal((await post('a=1', { 'Content-Type': type })).status, 415, `${target} ${type}`);
		assert.equal((await post('a=1', {})).status, 415, `${target} without a type`);
		assert.equal((await post('a=1', { ...formType, 'Content-Encoding': 'gzip' })).status, 415, target);
		for (const bad of ['email=%zz', 'email=a&email=b', 'email=100%'])
			assert.equal((await post(bad, formType)).status, 400, `${target} ${bad}`);
		const large = await post(`email=${'x'.repeat(20000)}`, formType);
		assert.equal(large.status, 413, target);
		secure(large, target);
	}
	assert.equal((await jar.get('/account')).status, 200, 'nothing of that ended the session');
});

test('a body of a megabyte is refused before it is read', async () => {
	for (const target of ['/login', '/register', '/reset/confirm']) {
		const a = await request(server, 'POST', target, {
			headers: { ...formType, 'Sec-Fetch-Site': 'same-origin' },
			body: `password=${'x'.repeat(1 << 20)}`,
		});
		assert.equal(a.status, 413, target);
	}
	const get = await request(server, 'GET', '/', { headers: { 'Content-Length': '5' }, body: 'hello' });
	assert.equal(get.status, 413, 'a page takes no body');
});

test('pages that need an account lead to log-in and back; their forms are refused', async () => {
	for (const target of ['/account', '/account/password', '/account/sessions', '/account?x=1']) {
		const a = await request(server, 'GET', target);
		assert.equal(a.status, 303, target);
		// what a page does not read of its address does not come along
		assert.equal(a.headers.location, `/login?return_to=${encodeURIComponent(target.split('?')[0])}`);
		secure(a, target);
		unstored(a, target);
	}
	const anonymous = new Reader(server);
	for (const target of ['/account/password', '/account/sessions/end', '/account/sessions/end-others'])
		assert.equal((await anonymous.post(target)).status, 401, target);
	assert.equal((await request(server, 'GET', '/.well-known/change-password')).headers.location, '/account/password');
	assert.equal((await request(server, 'GET', '/.well-known/anything-else')).status, 404);
});

test('log-in: a generic 401, then 303 with a cookie that scripts and other sites do not get', async () => {
	const r = new Reader(server);
	for (const who of [
		{ email: ada.email, password: 'wrong' },
		{ email: 'nobody@mail.example', password },
		{ email: '', password: '' },
	]) {
		const a = await r.logIn(who);
		assert.equal(a.status, 401);
		assert.equal(a.headers['www-authenticate'], undefined, 'no box of the browser’s');
		assert.match(a.body, /Wrong e-mail address or password/);
		assert.deepEqual(a.cookies, []);
		secure(a, 'log-in refused');
	}
	const short = await r.logIn(ada, { return_to: '/articles/vault' });
	assert.equal(short.status, 303);
	assert.equal(short.headers.location, '/articles/vault');
	unstored(short, 'log-in');
	assert.deepEqual(
		{ ...cookieOf(short.cookies[0]), value: '' },
		{ name: 'postern', value: '', path: '/', httponly: true, samesite: 'Lax' },
	);
	assert.match(cookieOf(short.cookies[0]).value, /^pst_[A-Za-z0-9_-]{43}$/);
	const long = await new Reader(server).logIn(ada, { remember: '1' });
	assert.equal(cookieOf(long.cookies[0])['max-age'], String(30 * 86400));
	assert.equal(
		(await r.get('/login?return_to=/articles/vault')).headers.location,
		'/articles/vault',
		'who is in needs no form',
	);
});

test('log-out ends the session on the server and clears the browser', async () => {
	const r = new Reader(server);
	await r.logIn(ada);
	const old = r.session,
		a = await r.post('/logout');
	assert.equal(a.status, 303);
	assert.match(a.headers.location, /^\/(\?|$)/);
	// Not "cookies": that would take the mark of a known browser, a meter, and the cookies of neighbours under the domain.
	assert.equal(a.headers['clear-site-data'], '"cache", "storage"');
	const set = a.cookies.map(cookieOf);
	assert.deepEqual(
		set.filter((c) => c['max-age'] !== '0').map((c) => [c.name, c.value]),
		[['postern-done', 'logout']],
		'what the next page says',
	);
	assert.deepEqual(
		set
			.filter((c) => c['max-age'] === '0')
			.map((c) => c.name)
			.sort(),
		['postern', 'postern-register', 'postern-reset', 'postern-seat', 'postern-verify'],
	);
	assert.deepEqual([...r.jar.keys()].sort(), ['postern-device', 'postern-done'], 'the browser stays known');
	const dead = await request(server, 'GET', '/account', { headers: { Cookie: `postern=${old}` } });
	assert.equal(dead.status, 303);
	assert.equal((await new Reader(server).post('/logout')).status, 303, 'an anonymous reader may log out');
});

test('registering: 422 with what is wrong, else the same page for all; GET of the link spends nothing', async () => {
	const r = new Reader(server),
		email = newAddress();
	for (const bad of [
		{ email: 'not-an-address', password },
		{ email: 'a@x.example,b@y.example', password },
		{ email, password: 'tiny7' },
		{ email, password: 'password123' },
		{ email, password: '' },
		{ email, password: 'x'.repeat(2000) },
		{ email, password, name: 'a\nb' },
	]) {
		const a = await r.post('/register', { name: '', ...bad });
		assert.equal(a.status, 422, JSON.stringify(bad).slice(0, 80));
		assert.match(a.body, /<title>Error: /);
		assert.ok(!a.body.includes(bad.password) || bad.password === '', 'a password is not given back');
	}
	const a = await r.post('/register', { email, password, name: 'Eve', return_to: '/articles/members-room' });
	assert.equal(a.status, 200);
	secure(a, 'registered');
	assert.equal(a.headers['referrer-policy'], 'same-origin');
	const token = await server.mail.takeToken(email, '/verify');
	assert.equal((await r.logIn({ email, password })).status, 401, 'not before the mailbox is proved');
	for (let i = 0; i < 2; i++) {
		const moved = await r.get(`/verify?token=${token}&return_to=/articles/members-room`);
		assert.equal(moved.status, 303);
		assert.equal(moved.headers.location, '/verify?return_to=%2Farticles%2Fmembers-room');
		const c = cookieOf(moved.cookies[0]);
		assert.deepEqual([c.path, c.httponly, c.samesite], ['/', true, 'Lax']);
		const shown = await r.get(moved.headers.location);
		assert.equal(shown.status, 200);
		assert.ok(!shown.body.includes(token));
	}
	const done = await r.post('/verify', { return_to: '/articles/members-room' });
	assert.deepEqual([done.status, done.headers.location], [303, '/articles/members-room']);
	assert.match((await r.get('/account')).body, /Eve/, 'signed in, with the name');
	assert.equal((await r.logIn({ email, password })).status, 303);
	assert.equal((await new Reader(server).post('/verify', { token })).status, 410, 'spent');
	assert.equal((await new Reader(server).get('/verify')).status, 410, 'no token at all');
});

test('reset: the same page for all, the token leaves the address bar, a weak password spends nothing', async () => {
	const who = await makeAccount(server),
		r = new Reader(server),
		before = new Reader(server);
	await before.logIn(who);
	assert.equal((await r.post('/reset', { email: 'nonsense' })).status, 422);
	assert.equal((await r.post('/reset', { email: who.email })).status, 200);
	const token = await server.mail.takeToken(who.email, '/reset/confirm');
	const moved = await r.get(`/reset/confirm?token=${token}`);
	assert.equal(moved.status, 303);
	assert.equal(moved.headers.location, '/reset/confirm');
	assert.equal(moved.headers['referrer-policy'], 'no-referrer');
	const c = cookieOf(moved.cookies[0]);
	assert.deepEqual([c.path, c.httponly, c.samesite, c['max-age']], ['/', true, 'Lax', '1800']);
	const shown = await r.get('/reset/confirm');
	assert.equal(shown.status, 200);
	assert.ok(!shown.body.includes(token), 'a page never holds a token');
	assert.equal((await r.post('/reset/confirm', { password: 'short' })).status, 422);
	const done = await r.post('/reset/confirm', { password: 'brand-new-harbour-whistle' });
	assert.equal(done.status, 303);
	assert.match(done.headers.location, /^\/login/);
	assert.ok(!r.session, 'not logged in by a reset');
	assert.equal((await before.get('/account')).status, 303, 'old sessions are dead');
	assert.equal((await r.logIn(who)).status, 401, 'the old password is dead');
	assert.equal((await r.logIn({ ...who, password: 'brand-new-harbour-whistle' })).status, 303);
	assert.equal((await r.post('/reset/confirm', { token, password: 'another-harbour-whistle' })).status, 410);
	assert.equal((await new Reader(server).get('/reset/confirm')).status, 410);
});

test('changing the password needs the current one and ends the other sessions', async () => {
	const who = await makeAccount(server),
		r = new Reader(server),
		other = new Reader(server);
	await r.logIn(who);
	await other.logIn(who);
	assert.equal(
		(await r.post('/account/password', { current_password: 'wrong', new_password: 'brand-new-harbour-whistle' }))
			.status,
		422,
	);
	assert.equal(
		(await r.post('/account/password', { current_password: password, new_password: 'short' })).status,
		422,
	);
	const a = await r.post('/account/password', {
		current_password: password,
		new_password: 'brand-new-harbour-whistle',
	});
	assert.equal(a.status, 303);
	assert.match(a.headers.location, /^\/account/);
	assert.equal((await r.get('/account')).status, 200);
	assert.equal((await other.get('/account')).status, 303);
	await server.mail.take(who.email, /password/i);
});

test('sessions are listed and ended one by one or all others, never those of somebody else', async () => {
	const who = await makeAccount(server),
		anonymous = new Reader(server);
	const [a, b, c] = [
		new Reader(server, { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64) Firefox/132.0' }),
		new Reader(server),
		new Reader(server),
	];
	for (const r of [a, b, c]) await r.logIn(who);
	await anonymous.logIn(ada);
	const page = await a.get('/account/sessions');
	assert.equal(page.status, 200);
	assert.match(page.body, /Firefox on Linux/);
	const ids = [...page.body.matchAll(/name="session_id" value="([^"]+)"/g)].map((m) => m[1]);
	assert.equal(ids.length, 2, 'all but this one have a button');
	assert.equal((await anonymous.post('/account/sessions/end', { session_id: ids[0] })).status, 303);
	assert.equal((await b.get('/account')).status, 200);
	assert.equal((await c.get('/account')).status, 200);
	assert.equal((await a.post('/account/sessions/end', { session_id: ids[0] })).status, 303);
	assert.deepEqual([(await b.get('/account')).status, (await c.get('/account')).status].sort(), [200, 303]);
	assert.equal((await a.post('/account/sessions/end-others')).status, 303);
	assert.deepEqual([(await b.get('/account')).status, (await c.get('/account')).status], [303, 303]);
	assert.equal((await a.get('/account')).status, 200);
	assert.equal((await anonymous.get('/account')).status, 200);
});

test('style, script and icon: for ever under their hash, under no other', async () => {
	const front = await request(server, 'GET', '/');
	const files = addressesIn(front.body, '/static/');
	assert.equal(files.length, 3);
	for (const target of files) {
		const a = await request(server, 'GET', target);
		assert.equal(a.status, 200, target);
		secure(a, target);
		assert.match(a.headers['cache-control'], /max-age=31536000, immutable/);
		const again = await request(server, 'GET', target, { headers: { 'If-None-Match': a.headers.etag } });
		assert.equal(again.status, 304);
		assert.equal(again.bytes.length, 0);
		assert.equal((await request(server, 'GET', target.replace(/[0-9a-f]{16}/, '0'.repeat(16)))).status, 404);
	}
	assert.equal((await request(server, 'GET', '/static/x/../postern.css')).status, 400);
	const icon = await request(server, 'GET', '/favicon.ico');
	assert.equal(icon.status, 200);
	secure(icon, 'icon');
});

test('text travels in brotli or gzip to who takes it, and as it is to who takes neither', async () => {
	const style = addressesIn((await request(server, 'GET', '/')).body, '/static/').find((a) => a.endsWith('.css'));
	for (const target of ['/', '/login', '/articles/open-door', style]) {
		const plain = await request(server, 'GET', target),
			small = await request(server, 'GET', target, { headers: { 'Accept-Encoding': 'gzip' } });
		const smallest = await request(server, 'GET', target, { headers: { 'Accept-Encoding': 'gzip, br' } });
		assert.equal(plain.headers['content-encoding'], undefined);
		assert.equal(small.headers['content-encoding'], 'gzip', target);
		assert.equal(smallest.headers['content-encoding'], 'br', target);
		for (const a of [plain, small, smallest]) assert.match(a.headers.vary, /Accept-Encoding/i, target);
		assert.ok(small.sent.length < plain.sent.length && smallest.sent.length < plain.sent.length, target);
		// what is kept is compressed well; a page for one reader quickly, by the quicker of the two
		if (target !== '/login') assert.ok(smallest.sent.length <= small.sent.length, target);
		assert.equal(small.sent.length, Number(small.headers['content-length']));
		if (target === style) {
			assert.deepEqual(small.bytes, plain.bytes);
			assert.deepEqual(smallest.bytes, plain.bytes);
			const known = (etag) =>
				request(server, 'GET', target, { headers: { 'Accept-Encoding': 'gzip', 'If-None-Match': etag } });
			assert.equal((await known(small.headers.etag)).status, 304);
			assert.ok(
				small.headers.etag !== plain.headers.etag || small.headers.etag.startsWith('W/'),
				'two codings are two representations (RFC 9110, 8.8.1)',
			);
		}
		for (const no of ['identity', 'gzip;q=0', 'deflate', '', '*;q=0'])
			assert.equal(
				(await request(server, 'GET', target, { headers: { 'Accept-Encoding': no } })).headers[
					'content-encoding'
				],
				undefined,
				no,
			);
	}
});

test('the mailbox of development does not exist otherwise, and shows mail when it does', async () => {
	const dev = await startServer({ settings: { POSTERN_SERVER_DEVELOPMENT: 'yes' } });
	try {
		assert.equal((await request(server, 'GET', '/_dev/mailbox')).status, 404);
		const who = await makeAccount(dev);
		const token = await resetToken(dev, who.email);
		const a = await request(dev, 'GET', '/_dev/mailbox');
		assert.equal(a.status, 200);
		secure(a, 'mailbox');
		assert.ok(a.body.includes(`/reset/confirm?token=${token}`));
	} finally {
		await dev.close();
	}
});

test('too much from one address: 429 with when to come back, on pages as on forms', async () => {
	const small = await startServer({
		settings: {
			POSTERN_LIMITS_PAGE_BURST: '5',
			POSTERN_LIMITS_PAGE_PER_MINUTE: '6',
			POSTERN_LIMITS_MAIL_BURST: '2',
			POSTERN_LIMITS_MAIL_PER_MINUTE: '2',
			POSTERN_LIMITS_WRITE_BURST: '2',
			POSTERN_LIMITS_WRITE_PER_MINUTE: '2',
			POSTERN_LIMITS_LOGIN_BURST: '3',
			POSTERN_LIMITS_LOGIN_PER_MINUTE: '3',
		},
	});
	try {
		const r = new Reader(small);
		const table = [
			[() => r.get('/'), 5, 'page'],
			[() => r.post('/reset', { email: 'x@mail.example' }), 2, 'mail'],
			[() => r.post('/logout'), 2, 'write'],
			[() => r.post('/verify', { token: 'x' }), 3, 'login'],
		];
		for (const [ask, free, name] of table) {
			for (let i = 0; i < free; i++) assert.notEqual((await ask()).status, 429, `${name} ${i}`);
			const a = await ask();
			assert.equal(a.status, 429, name);
			assert.ok(Number(a.headers['retry-after']) >= 1, name);
			assert.match(a.headers.ratelimit, new RegExp(`^"${name}";r=0;t=`));
			assert.match(a.headers['ratelimit-policy'], new RegExp(`^"${name}";q=`));
			secure(a, name);
		}
	} finally {
		await small.close();
	}
});

test('what a neighbour under the same domain can plant is no cookie of ours', async () => {
	const https = await startServer({
		settings: { POSTERN_SERVER_BASE_URL: 'https://news.example', POSTERN_SERVER_HSTS_SUBDOMAINS: 'yes' },
	});
	try {
		const email = newAddress(),
			owner = new Reader(https, { Host: 'news.example' }),
			neighbour = new Reader(https, { Host: 'news.example' });
		assert.equal(
			(await request(https, 'GET', '/')).headers['strict-transport-security'],
			'max-age=31536000; includeSubDomains',
		);
		// the attacker registers somebody else's address with a password of his own, and plants his proof in the owner's browser
		await neighbour.post('/register', { email, password, name: 'x' });
		const proof = neighbour.jar.get('__Host-postern-register');
		assert.deepEqual([proof.path, proof.domain, proof.secure], ['/', undefined, true]);
		const token = await https.mail.takeToken(email, '/verify');
		await owner.get(`/verify?token=${token}`);
		const planted = ['__Secure-postern-register', 'postern-register', '__host-postern-register']
			.map((name) => `${name}=${proof.value}`)
			.join('; ');
		const done = await owner.post('/verify', {}, { Cookie: `${owner.cookieHeader('/verify')}; ${planted}` });
		assert.equal(done.status, 422, 'the owner is asked for a password');
		assert.match(done.body, /<title>Error: /);
		assert.equal((await owner.post('/verify', { new_password: otherPassword })).status, 303);
		assert.equal((await neighbour.logIn({ email, password })).status, 401);
		// and each of ours is bound to the host
		const jars = [...owner.jar.values(), ...neighbour.jar.values()];
		assert.ok(
			jars.length >= 2 && jars.every((c) => c.name.startsWith('__Host-') && c.path === '/' && !c.domain),
			JSON.stringify(jars),
		);
	} finally {
		await https.close();
	}
});

test('behind TLS: cookies are Secure and bound to the host, and the browser is told to stay with TLS', async () => {
	const https = await startServer({ settings: { POSTERN_SERVER_BASE_URL: 'https://news.example' } });
	try {
		const who = await makeAccount(https),
			r = new Reader(https, { Host: 'news.example' });
		const a = await r.logIn(who);
		assert.equal(a.status, 303);
		secure(a, 'log-in', { https: true });
		for (const [i, name] of ['__Host-postern', '__Host-postern-device'].entries()) {
			const c = cookieOf(a.cookies[i]);
			assert.deepEqual(
				[c.name, c.path, c.secure, c.httponly, c.samesite, c.domain],
				[name, '/', true, true, 'Lax', undefined],
			);
		}
		const token = r.session;
		assert.equal((await r.get('/account')).status, 200);
		for (const name of ['postern', '__Secure-postern'])
			assert.equal(
				(await request(https, 'GET', '/account', { headers: { Cookie: `${name}=${token}` } })).status,
				303,
				`${name} is not taken`,
			);
		const reset = await r.get(`/reset/confirm?token=${await resetToken(https, who.email)}`);
		const c = cookieOf(reset.cookies[0]);
		assert.deepEqual([c.name, c.path, c.secure], ['__Host-postern-reset', '/', true]);
		secure(await request(https, 'GET', '/no-such-page'), '404', { https: true });
		assert.equal(
			(
				await r.request('POST', '/logout', {
					body: form({}),
					headers: { ...formType, Origin: 'https://news.example' },
				})
			).status,
			303,
		);
	} finally {
		await https.close();
	}
});
