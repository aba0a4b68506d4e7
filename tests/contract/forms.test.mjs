// Where forms may come from, and where they may lead to.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiSession, makeAccount, newAddress, password } from '../lib/accounts.mjs';
import { problem, secure } from '../lib/checks.mjs';
import { Api, cookieOf, form, Reader, request, send, statusOf } from '../lib/http.mjs';
import { tokenOf } from '../lib/mailbox.mjs';
import { startServer } from '../lib/server.mjs';

export const covers = [
	'POST /login',
	'POST /logout',
	'POST /register',
	'POST /verify',
	'POST /reset',
	'POST /reset/confirm',
	'POST /account/password',
	'POST /account/sessions/end',
	'POST /account/sessions/end-others',
	'GET /login',
	'GET /register',
	'GET /reset',
	'GET /verify',
	'POST /api/v1/sessions',
	'DELETE /api/v1/sessions/{id}',
];

const type = { 'Content-Type': 'application/x-www-form-urlencoded' };
let server, ada;
before(async () => {
	server = await startServer();
	ada = await makeAccount(server);
});
after(() => server.close());

const fieldsOf = {
	'/login': () => ({ email: ada.email, password }),
	'/logout': () => ({}),
	'/register': () => ({ email: newAddress(), password, name: 'x' }),
	'/verify': () => ({ token: 'x' }),
	'/reset': () => ({ email: newAddress() }),
	'/reset/confirm': () => ({ token: 'x', password }),
	'/account/password': () => ({ current_password: 'wrong', new_password: 'x' }),
	'/account/sessions/end': () => ({ session_id: 'x' }),
	'/account/sessions/end-others': () => ({}),
};

function foreign(base) {
	const evil = [
		'https://evil.example',
		'null',
		'',
		base.replace('http:', 'https:'),
		`${base}.evil.example`,
		`${base}/`,
		base.replace(/:\d+$/, ':1'),
		'http://127.0.0.1',
		`${base}@evil.example`,
	];
	return [
		{},
		...['cross-site', 'same-site', 'none', '', 'SAME-ORIGIN', 'same-origin, cross-site'].map((s) => ({
			'Sec-Fetch-Site': s,
		})),
		...evil.map((o) => ({ Origin: o })),
		{ 'Sec-Fetch-Site': 'cross-site', Origin: base },
		{ Origin: [base, 'https://evil.example'] },
		{ 'Sec-Fetch-Site': ['same-origin', 'cross-site'] },
		{ Referer: `${base}/login` },
	];
}

test('a form that no page of ours sent does nothing, whichever form it is', async () => {
	for (const target of Object.keys(fieldsOf)) {
		const r = new Reader(server);
		await r.logIn(ada);
		const cookie = r.cookieHeader(target);
		for (const headers of foreign(server.base)) {
			const a = await request(server, 'POST', target, {
				headers: { ...type, Cookie: cookie, ...headers },
				body: form(fieldsOf[target]()),
			});
			assert.equal(a.status, 403, `${target} ${JSON.stringify(headers)}`);
			assert.deepEqual(a.cookies, [], target);
			secure(a, target);
		}
		assert.equal((await r.get('/account')).status, 200, `${target}: the session lives`);
		for (const headers of [{ 'Sec-Fetch-Site': 'same-origin' }, { Origin: server.base }]) {
			const a = await request(server, 'POST', target, {
				headers: { ...type, Cookie: cookie, ...headers },
				body: form(fieldsOf[target]()),
			});
			assert.notEqual(a.status, 403, `${target} ${JSON.stringify(headers)}`);
		}
	}
});

test('log-in of an anonymous reader’s browser into another’s account is refused as well', async () => {
	const victim = new Reader(server);
	const a = await victim.logIn(ada, {});
	assert.equal(a.status, 303);
	const forged = await request(server, 'POST', '/login', {
		headers: { ...type, 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' },
		body: form({ email: ada.email, password }),
	});
	assert.equal(forged.status, 403);
	assert.deepEqual(forged.cookies, []);
});

test('the API takes no orders from pages of other sites', async () => {
	const api = await apiSession(server, ada);
	for (const site of ['cross-site', 'same-site']) {
		problem(
			await api.post('/sessions', { email: ada.email, password }, { 'Sec-Fetch-Site': site }),
			403,
			'cross_site',
			site,
		);
		problem(
			await api.delete(`/sessions/${api.session.id}`, undefined, { 'Sec-Fetch-Site': site }),
			403,
			'cross_site',
			site,
		);
	}
	assert.equal((await api.get('/account')).status, 200);
});

const tricks = [
	'//evil.example',
	'///evil.example',
	'/\\evil.example',
	'\\/evil.example',
	'/\\/evil.example',
	'/\t/evil.example',
	'/%09/evil.example',
	'/%0a/evil.example',
	'/%5c/evil.example',
	'/%2f/evil.example',
	'/%2F%2Fevil.example',
	'https:evil.example',
	'https:/evil.example',
	'https://evil.example',
	'HTTP://evil.example',
	'//evil.example@good.example',
	'http://127.0.0.1@evil.example',
	'javascript:alert(1)',
	'JaVaScRiPt:alert(1)',
	'data:text/html,x',
	'/x\r\nSet-Cookie: a=b',
	'/x\nLocation: //evil.example',
	'/\r\n\r\n<script>',
	' //evil.example',
	' /x',
	'\u0000/x',
	'/\u0000/x',
	'/x y',
	'/ä',
	'.//evil.example',
	'..//evil.example',
	'evil.example',
	'?next=//evil.example',
	'#x',
	'/x%',
	'/x%zz',
	'/a//evil.example',
	`/${'x'.repeat(8000)}`,
	'%2f%2fevil.example',
	'/%00',
];
const fine = ['/articles/vault', '/sections/city?before=1-a', '/a/b?x=%C3%A4&y=//z', '/account/sessions'];

test('return_to leads to a local path or to the front page, whatever is tried', async () => {
	for (const trick of tricks) {
		const a = await new Reader(server).logIn(ada, { return_to: trick });
		assert.equal(a.status, 303, JSON.stringify(trick).slice(0, 80));
		assert.equal(a.headers.location, '/', JSON.stringify(trick).slice(0, 80));
		assert.equal(a.cookies.filter((c) => !/^postern(-device)?$/.test(cookieOf(c).name)).length, 0);
	}
	for (const good of fine)
		assert.equal((await new Reader(server).logIn(ada, { return_to: good })).headers.location, good);
});

test('no form page offers a way to another site either', async () => {
	const signedIn = new Reader(server);
	await signedIn.logIn(ada);
	for (const trick of tricks) {
		const query = `?return_to=${encodeURIComponent(trick)}`;
		for (const page of ['/login', '/register', '/reset', '/verify']) {
			const a = await new Reader(server).get(page + query);
			const where = `${page} ${JSON.stringify(trick).slice(0, 80)}`;
			assert.ok([200, 400, 410].includes(a.status), where);
			const led = [...a.body.matchAll(/name="return_to" value="([^"]*)"/g)].map((m) => m[1]);
			assert.ok(
				led.every((v) => v === '/'),
				`${where}: ${led}`,
			);
			assert.ok(!a.body.includes('return_to=%2F%2F') && !a.body.includes('evil.example'), where);
		}
		const a = await signedIn.get(`/login${query}`);
		assert.ok(a.status === 400 || a.headers.location === '/', `${a.status} ${a.headers.location}`);
		const moved = await new Reader(server).get(`/verify?token=x&return_to=${encodeURIComponent(trick)}`);
		assert.ok(moved.status === 400 || moved.headers.location === '/verify', moved.headers.location);
	}
});

test('what a reader typed comes back as text, never as markup', async () => {
	const nasty = '"><script>alert(1)</script>@x.example';
	for (const [target, fields] of [
		['/login', { email: nasty, password: 'x' }],
		['/register', { email: nasty, password: 'x', name: nasty }],
		['/reset', { email: nasty }],
	]) {
		const a = await new Reader(server).post(target, fields);
		assert.ok([401, 422].includes(a.status), target);
		assert.ok(!a.body.includes('<script>alert'), target);
		assert.ok(a.body.includes('&quot;&gt;&lt;script&gt;') || !a.body.includes('script&gt;alert'), target);
	}
	const notFound = await request(server, 'GET', '/articles/%3Cscript%3Ealert(1)%3C%2Fscript%3E');
	assert.ok([400, 404].includes(notFound.status));
	assert.ok(!notFound.body.includes('<script>alert'));
});

test('a token in a query reaches a cookie as it is or not at all', async () => {
	for (const bad of ['a;b', 'a b', 'a"b', 'a,b', 'a\r\nSet-Cookie: x=y', 'ä', 'x'.repeat(5000), '\u0000']) {
		for (const page of ['/verify', '/reset/confirm']) {
			const a = await new Reader(server).get(`${page}?token=${encodeURIComponent(bad)}`);
			assert.ok(
				[303, 400, 404, 410, 413].includes(a.status),
				`${page} ${JSON.stringify(bad).slice(0, 40)}: ${a.status}`,
			);
			for (const c of a.cookies) assert.match(c, /^postern-(verify|reset)=[A-Za-z0-9_-]*; Path=/);
		}
	}
});

test('a form whose body never comes, or comes in pieces, is read as sent', async () => {
	const head = `POST /login HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n`;
	const body = form({ email: ada.email, password });
	const chunked = `${head}Transfer-Encoding: chunked\r\n\r\n${[...body].map((c) => `1\r\n${c}\r\n`).join('')}0\r\n\r\n`;
	assert.equal(statusOf(await send(server.port, chunked)), 303, 'a byte a chunk');
	const long = form({ email: ada.email, password: 'p'.repeat(3000) });
	assert.equal(
		statusOf(await send(server.port, `${head}Content-Length: ${long.length}\r\n\r\n${long}`)),
		401,
		'a long password is not cut to a right one',
	);
	assert.equal(
		statusOf(await send(server.port, `${head}Content-Length: 50\r\n\r\nemail=a`, { quiet: 400 })),
		0,
		'half a body is no request',
	);
	const nul = form({ email: ada.email, password: `${password}\u0000` });
	assert.equal(
		statusOf(await send(server.port, `${head}Content-Length: ${nul.length}\r\n\r\n${nul}`)),
		401,
		'a password does not end at NUL',
	);
});

test('an address as it was pasted, and a domain in other letters, are one account in every spelling', async () => {
	const written = `\u00a0Ada@b\u00fccher.example\u200b`,
		sent = 'ada@xn--bcher-kva.example',
		r = new Reader(server);
	assert.equal((await r.post('/register', { email: written, password, name: 'Ada' })).status, 200);
	const shown = 'ada@b\u00fccher.example'; // as the mail parser shows what was sent
	const letter = await server.mail.take(shown, /token=/),
		token = tokenOf(letter);
	assert.ok(letter.raw.toLowerCase().includes(sent), 'in ASCII on the way');
	await r.get(`/verify?token=${token}`);
	assert.equal((await r.post('/verify')).status, 303);
	for (const email of [
		sent,
		'ADA@B\u00dcCHER.example',
		'ada@bu\u0308cher.example',
		`\u2066ada@b\u00fccher.example\u2069 `,
		`${sent}\u00a0`,
		'\ufeffada@XN--BCHER-KVA.example',
	])
		assert.equal((await new Reader(server).logIn({ email, password })).status, 303, JSON.stringify(email));
	for (const email of [
		'ada@b\u00fccher',
		'a\u00a0da@b\u00fccher.example',
		'ada\u200b@b\u00fccher.example',
		'\u00e4da@b\u00fccher.example',
	])
		assert.equal((await new Reader(server).post('/reset', { email })).status, 422, JSON.stringify(email));
	assert.equal((await new Reader(server).post('/reset', { email: 'ada@B\u00dcCHER.example' })).status, 200);
	assert.match((await server.mail.take(shown, /reset\/confirm/)).text, /token=/);
	assert.equal((await new Api(server).post('/sessions', { email: written, password })).status, 201);
});
