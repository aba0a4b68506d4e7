// Goal: a reader whose session ended, or who comes when we are too busy, is told so, loses nothing that was typed (but never a
// password is kept), and is led back; and a sentence about what was done stands only where it was done.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { grantPlan, makeAccount, newAddress, otherPassword, password } from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { secure, unstored } from '../lib/checks.mjs';
import { cookieOf, form, Reader, request } from '../lib/http.mjs';
import { startServer } from '../lib/server.mjs';

export const covers = [
	'GET /',
	'GET /login',
	'POST /login',
	'POST /logout',
	'GET /account',
	'GET /account/sessions',
	'POST /account/sessions/end',
	'POST /account/sessions/end-others',
	'POST /account/password',
	'POST /account/gifts/revoke',
	'POST /account/group/invite',
	'POST /account/group/remove',
	'POST /articles/{slug}/gift',
	'POST /group/accept',
	'POST /register',
	'POST /reset',
];

const out = /You were logged out/;
let server, who;
before(async () => {
	server = await startServer();
	importArticles(server, [
		{ slug: 'vault', access: 'subscriber' },
		{ slug: 'open', access: 'public' },
	]);
	who = await makeAccount(server);
	grantPlan(server, who.email, 'team', '--seats', '3');
});
after(() => server.close());

async function signedIn(s = server, account = who) {
	const r = new Reader(s);
	assert.equal((await r.logIn(account)).status, 303);
	return r;
}
// As from another device.
const endOthers = async (s = server, account = who) =>
	assert.equal((await (await signedIn(s, account)).post('/account/sessions/end-others')).status, 303);
async function ended() {
	const r = await signedIn();
	await endOthers();
	return r;
}
const field = (a, name) => new RegExp(`name="${name}"[^>]* value="([^"]*)"`).exec(a.body)?.[1];

const forms = [
	['/account/password', '/account/password', { current_password: password, new_password: otherPassword }],
	['/account/sessions/end', '/account/sessions', { session_id: 'x' }],
	['/account/sessions/end-others', '/account/sessions', {}],
	['/articles/vault/gift', '/articles/vault', {}],
	['/account/gifts/revoke', '/account/gifts', { gift_id: 'x' }],
	['/account/group/invite', '/account/group', { email: 'friend@mail.example' }],
	['/account/group/remove', '/account/group', { seat_id: 'x' }],
	['/group/accept', '/group/accept', {}],
];

test('each form of a reader whose session has ended answers with Log In, and leads back to its page', async () => {
	for (const [action, page, fields] of forms) {
		const r = await ended(),
			a = await r.post(action, fields);
		assert.equal(a.status, 401, action);
		secure(a, action);
		unstored(a, action);
		assert.match(a.body, /You were logged out before the form was sent, so nothing was changed/, action);
		assert.match(a.body, /<form class="sheet" method="post" action="\/login">/, action);
		assert.equal(field(a, 'return_to'), page, action);
		assert.ok(!a.body.includes(password) && !a.body.includes(otherPassword), action);
		assert.equal(field(a, 'email'), undefined, `${action}: another's address is no log-in`);
		const back = await r.logIn(who, { return_to: field(a, 'return_to') });
		assert.equal(back.headers.location, page, action);
		const there = await r.get(page);
		assert.ok([200, 410].includes(there.status), `${action}: ${there.status}`);
		assert.doesNotMatch(there.body, out, `${action}: told once`);
	}
});

test('the address of an invitation outlives the end of the session, and an invitation sent forgets it', async () => {
	const r = await ended(),
		friend = 'm.ül+ler&"x@mail.example'; // what was typed, whatever it is
	const a = await r.post('/account/group/invite', { email: friend });
	assert.match(a.body, /What you typed is kept, except passwords/);
	assert.ok(!a.body.includes('ler&amp;'), 'not in the form to log in');
	assert.ok(a.cookies.every((c) => !cookieOf(c).value.includes('ler&')));
	await r.logIn(who);
	assert.equal(field(await r.get('/account/group'), 'email'), 'm.ül+ler&amp;&quot;x@mail.example');
	assert.equal(field(await r.get('/register'), 'email'), undefined, 'the form of another page');
	const address = newAddress('friend');
	const sent = await r.post('/account/group/invite', { email: address });
	assert.equal(sent.headers.location, '/account/group?done=invited');
	assert.equal(field(await r.get('/account/group'), 'email'), undefined);
});

test('what another site sends is neither taken nor kept, signed in or not', async () => {
	for (const r of [new Reader(server), await ended()]) {
		const a = await r.post(
			'/account/group/invite',
			{ email: 'evil@mail.example' },
			{ 'Sec-Fetch-Site': 'cross-site' },
		);
		assert.equal(a.status, 403);
		assert.ok(!a.cookies.some((c) => /typed/.test(c)), 'nothing kept');
	}
});

test('a page that needs an account says once that one was logged out, and not to who never was logged in', async () => {
	const r = await ended();
	const away = await r.get('/account/password');
	assert.equal(away.headers.location, '/login?return_to=%2Faccount%2Fpassword');
	const told = await r.get(away.headers.location);
	assert.match(told.body, out);
	assert.equal(field(told, 'return_to'), '/account/password');
	assert.doesNotMatch((await r.get(away.headers.location)).body, out, 'once');
	const anonymous = new Reader(server);
	assert.doesNotMatch((await anonymous.get(away.headers.location)).body, out);
	for (const odd of ['x', 'pst_', `pst_${'A'.repeat(42)}`, `pst_${'!'.repeat(43)}`])
		assert.doesNotMatch(
			(await request(server, 'GET', '/login', { headers: { Cookie: `postern=${odd}` } })).body,
			out,
			`${odd}: no session of ours`,
		);
});

test('a reload after the end says so once, on each kind of page, and pages for all stay in memory', async () => {
	for (const page of ['/', '/articles/vault', '/articles/open', '/sections/city']) {
		await request(server, 'GET', page); // for all anonymous readers
		const r = await ended(),
			told = await r.get(page);
		assert.equal(told.status, 200);
		assert.match(told.body, out, page);
		assert.doesNotMatch((await r.get(page)).body, out, `${page}: once`);
		assert.doesNotMatch((await request(server, 'GET', page)).body, out, `${page}: nobody else`);
	}
});

test('logging out, or ending one’s own session, is no surprise', async () => {
	const r = await signedIn();
	assert.equal((await r.post('/logout')).headers.location, '/?done=logout');
	const front = await r.get('/?done=logout');
	assert.match(front.body, /You are logged out\./);
	assert.doesNotMatch(front.body, out);
	assert.doesNotMatch((await r.get('/?done=logout')).body, /You are logged out/, 'said once');
	const gone = await ended();
	assert.equal((await gone.post('/logout')).headers.location, '/?done=logout', 'logged out in any case');
});

test('what is said to be done was done by this browser', async () => {
	const r = await signedIn(),
		link = new Reader(server);
	const said = [
		['/?done=logout', link],
		['/login?done=reset', link],
		['/login?done=verified', link],
		['/login?done=deleted', link],
		['/account?done=password', r],
		['/account?done=seat', r],
		['/account/gifts?done=revoked', r],
		['/account/group?done=invited', r],
		['/account/group?done=removed', r],
		['/account/sessions?done=session', r],
	];
	for (const [target, reader] of said) {
		const a = await reader.get(target);
		assert.equal(a.status, 200, target);
		assert.doesNotMatch(a.body, /class="notice"/, target);
		assert.deepEqual(a.cookies, [], target);
	}
	await signedIn();
	const done = await r.post('/account/sessions/end-others');
	assert.equal(done.headers.location, '/account/sessions?done=sessions');
	assert.doesNotMatch((await r.get('/account/sessions?done=session')).body, /class="notice"/, 'another thing');
	assert.match((await r.get(done.headers.location)).body, /All other devices were logged out/);
	assert.doesNotMatch((await r.get(done.headers.location)).body, /class="notice"/, 'once');
});

// ---- too busy ----

const waitOf = (a) => {
	const [, seconds, href] = /^(\d+);url=(\S+)$/.exec(a.headers.refresh) ?? [];
	assert.ok(Number(seconds) >= 5 && Number(seconds) >= Number(a.headers['retry-after']), a.headers.refresh);
	assert.match(a.body, /Nothing was changed/);
	assert.ok(a.body.includes(`href="${href}"`), 'the way back for who does not wait');
	assert.ok(!a.body.includes(password), 'no password');
	return href;
};

test('429 on the forms of readers: address, box and way back are kept, and the wait leads to the form', async () => {
	const small = await startServer({
		settings: {
			POSTERN_LIMITS_LOGIN_BURST: '1',
			POSTERN_LIMITS_LOGIN_PER_MINUTE: '1',
			POSTERN_LIMITS_MAIL_BURST: '1',
			POSTERN_LIMITS_MAIL_PER_MINUTE: '1',
		},
	});
	try {
		const all = [
			['/login', { email: 'ada@mail.example', password, remember: '1' }],
			['/register', { email: 'ada@mail.example', name: 'Ada Hölm', password }],
			['/reset', { email: 'ada@mail.example' }],
		];
		for (const [page, fields] of all) {
			const r = new Reader(small);
			let a = { status: 0 };
			for (let i = 0; i < 3 && a.status !== 429; i++)
				a = await r.post(page, { ...fields, return_to: '/articles/vault?x=1#continue' });
			assert.equal(a.status, 429, page);
			secure(a, page);
			unstored(a, page);
			const href = waitOf(a);
			assert.equal(href, `${page}?return_to=%2Farticles%2Fvault%3Fx%3D1%23continue`);
			const back = await r.get(href);
			assert.equal(back.status, 200);
			assert.equal(back.headers.refresh, undefined, 'no loop');
			assert.equal(field(back, 'email'), 'ada@mail.example');
			assert.equal(field(back, 'return_to'), '/articles/vault?x=1#continue');
			assert.ok(!back.body.includes(password));
			if (fields.name) assert.equal(field(back, 'name'), 'Ada Hölm');
			if (fields.remember) assert.match(back.body, /name="remember" value="1" checked/);
			const evil = new Reader(small);
			const planted = await evil.post(page, fields, { 'Sec-Fetch-Site': 'cross-site' });
			assert.equal(planted.status, 429);
			assert.deepEqual(planted.cookies, [], 'from another site nothing is kept');
			const plain = await request(small, 'POST', page, {
				headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'Sec-Fetch-Site': 'same-origin' },
				body: 'email=%zz&email=a@b',
			});
			assert.equal(plain.status, 429, 'a broken form waits as well');
		}
	} finally {
		await small.close();
	}
});

test('too many failed attempts: the same, until the form may be sent again', async () => {
	const tight = await startServer({ settings: { POSTERN_LIMITS_FAILURES_FREE: '1' } });
	try {
		const account = await makeAccount(tight),
			r = new Reader(tight);
		let a = { status: 0 };
		for (let i = 0; i < 9 && a.status !== 429; i++)
			a = await r.logIn({ email: account.email, password: 'no-such-thing-at-all' }, { return_to: '/articles/x' });
		assert.equal(a.status, 429);
		assert.match(a.body, /too many failed attempts for this address/);
		assert.match(a.body, /href="\/reset\?return_to=%2Farticles%2Fx"/);
		const form = await r.get(waitOf(a));
		assert.equal(field(form, 'email'), account.email);
		const own = await signedIn(tight, await makeAccount(tight));
		for (let i = 0; i < 9 && a.url !== 'own'; i++) {
			const b = await own.post('/account/password', {
				current_password: 'wrong-one-here',
				new_password: otherPassword,
			});
			if (b.status !== 429) continue;
			assert.equal(waitOf(b), '/account/password');
			a = { url: 'own' };
		}
		assert.equal(a.url, 'own');
	} finally {
		await tight.close();
	}
});

test('503 when no thread is free for a log-in: the same', async () => {
	const busy = await startServer({
		settings: {
			POSTERN_SERVER_HASH_QUEUE: '1',
			POSTERN_SERVER_HASH_THREADS: '1',
			POSTERN_PASSWORD_MEMORY_KIB: '262144',
			POSTERN_PASSWORD_PASSES: '4',
		},
	});
	try {
		const body = form({ email: 'ada@mail.example', password, return_to: '/articles/vault' });
		const headers = {
			'Content-Type': 'application/x-www-form-urlencoded',
			'Sec-Fetch-Site': 'same-origin',
		};
		const answers = await Promise.all(
			Array.from({ length: 8 }, () => request(busy, 'POST', '/login', { headers, body })),
		);
		const refused = answers.filter((a) => a.status === 503);
		assert.ok(refused.length > 0, answers.map((a) => a.status).join());
		for (const a of refused) {
			assert.equal(waitOf(a), '/login?return_to=%2Farticles%2Fvault');
			const typed = a.cookies.map(cookieOf).find((c) => c.name === 'postern-typed');
			const back = await request(busy, 'GET', '/login', { headers: { Cookie: `postern-typed=${typed.value}` } });
			assert.equal(field(back, 'email'), 'ada@mail.example');
		}
	} finally {
		await busy.close();
	}
});
