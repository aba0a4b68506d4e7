// Holes that peers had in logging in, in sessions, and in limits.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import {
	apiSession,
	grantPlan,
	makeAccount,
	newAddress,
	otherPassword,
	password,
	resetToken,
} from '../lib/accounts.mjs';
import { Api, form, Reader, request, send, statusOf } from '../lib/http.mjs';
import { databaseSql, sleep, startServer } from '../lib/server.mjs';

export const covers = [
	'POST /login',
	'GET /login',
	'GET /account',
	'POST /account/password',
	'POST /api/v1/sessions',
	'PUT /api/v1/account/password',
	'DELETE /api/v1/account',
	'GET /api/v1/account',
];

const FREE = 5;
let server, tight;
before(async () => {
	server = await startServer();
	tight = await startServer({ settings: { POSTERN_LIMITS_FAILURES_FREE: String(FREE) } });
});
after(async () => {
	await server.close();
	await tight.close();
});

// Judged means: the password was looked at. A guess that has to wait is told so, be it right or wrong.
const judged = (answers) => answers.filter((a) => a.status !== 429).length;
// A wait of a second or two may pass while the tries are made; each lets one more through.
function held(answers, why = '') {
	assert.ok(
		judged(answers) >= FREE && judged(answers) <= FREE + 3,
		`${judged(answers)} of ${answers.length} were judged; ${why}`,
	);
}

// Guesses on until the wait is so long that it cannot pass before the next line of a test.
async function waitLong(server, email) {
	for (;;) {
		const a = await new Api(server).post('/sessions', { email, password: 'x' }),
			wait = Number(a.headers['retry-after'] ?? 0);
		if (wait >= 4) return;
		await sleep(wait * 1000);
	}
}

test('two hundred guesses at once through form and API: no more are judged than are free', async () => {
	const who = await makeAccount(tight);
	const guess = (i) =>
		i % 2
			? new Api(tight).post('/sessions', { email: who.email, password: `guess ${i}` })
			: new Reader(tight).logIn({ email: i % 4 ? who.email : who.email.toUpperCase(), password: `guess ${i}` });
	const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => guess(i)));
	held(answers);
	assert.ok(
		answers.every((a) => [401, 429].includes(a.status)),
		String(answers.map((a) => a.status)),
	);
	assert.ok(answers.filter((a) => a.status === 429).every((a) => Number(a.headers['retry-after']) >= 1));
});

test('unknown addresses are held back just so', async () => {
	const email = newAddress('nobody');
	const answers = [];
	for (let i = 0; i < 20; i++) answers.push(await new Api(tight).post('/sessions', { email, password: 'x' }));
	held(answers);
});

test('a flood of wrong guesses keeps neither the owner’s browser out, nor the owner’s session, nor a reset', async () => {
	const who = await makeAccount(tight),
		home = new Reader(tight);
	assert.equal((await home.logIn(who)).status, 303);
	const phone = await apiSession(tight, who);
	await Promise.all(
		Array.from({ length: 30 }, () => new Api(tight).post('/sessions', { email: who.email, password: 'x' })),
	);
	await waitLong(tight, who.email);
	assert.equal((await new Reader(tight).logIn(who)).status, 429, 'an anonymous reader’s browser waits');
	home.jar.delete('postern');
	assert.equal((await home.logIn(who)).status, 303, 'the browser that was here before does not');
	assert.equal((await home.get('/account')).status, 200);
	assert.equal(
		(await phone.put('/account/password', { current_password: password, new_password: otherPassword })).status,
		204,
	);
	const r = new Reader(tight);
	assert.equal((await r.post('/reset', { email: who.email })).status, 200);
	const token = await tight.mail.takeToken(who.email, '/reset/confirm');
	assert.equal((await r.post('/reset/confirm', { token, password })).status, 303);
	assert.equal((await r.logIn(who)).status, 303, 'who proves the mailbox is let in');
});

// Guesses until the address has to wait, and then lets the wait be half an hour, as it becomes after 17 guesses.
async function lockOut(server, email) {
	const guess = () => new Reader(server).logIn({ email, password: 'x' });
	let last = await guess();
	while (last.status !== 429) last = await guess();
	databaseSql(server.env.POSTERN_DATABASE_URL, 'UPDATE failure SET next_at = last_at + 1800 WHERE next_at > last_at');
	return guess();
}

test('who resets the password by mail is let in by that browser, log-out or not, while the guesses go on', async () => {
	const who = await makeAccount(tight),
		r = new Reader(tight);
	assert.match(
		(await lockOut(tight, who.email)).body,
		/Try again in (29|30) minutes[\s\S]*reset it\. This browser can then log in at once/,
		'the page says what to do',
	);
	assert.equal((await r.logIn(who)).status, 429);
	await r.post('/reset', { email: who.email });
	const token = await tight.mail.takeToken(who.email, '/reset/confirm');
	await r.get(`/reset/confirm?token=${token}`);
	assert.equal((await r.post('/reset/confirm', { password: otherPassword })).status, 303);
	const own = { email: who.email, password: otherPassword };
	for (let i = 0; i < 3; i++) {
		await lockOut(tight, who.email);
		assert.equal((await new Reader(tight).logIn(own)).status, 429, 'an anonymous reader’s browser waits');
		assert.equal((await r.logIn(own)).status, 303, 'this one does not');
		assert.equal((await r.post('/logout')).status, 303);
	}
});

test('an app may be known as well: by a log-in or a reset that asks for it, and without asking nothing is kept', async () => {
	const who = await makeAccount(tight),
		api = new Api(tight),
		login = { email: who.email, password };
	assert.equal((await api.post('/sessions', login)).json.device_token, undefined);
	const first = (await api.post('/sessions', { ...login, remember_device: true })).json.device_token;
	assert.match(first, /^pst_[A-Za-z0-9_-]{43}$/);
	await lockOut(tight, who.email);
	assert.equal((await api.post('/sessions', login)).status, 429);
	const again = await api.post('/sessions', { ...login, device_token: first, remember_device: true });
	assert.deepEqual([again.status, again.json.device_token], [201, undefined], 'the one it has stays good');
	const session = new Api(tight, again.json.token);
	const change = { current_password: password, new_password: otherPassword, device_token: first };
	assert.equal((await session.put('/account/password', change)).status, 204);
	await lockOut(tight, who.email);
	assert.equal(
		(await api.post('/sessions', { email: who.email, password: otherPassword, device_token: first })).status,
		201,
	);

	const confirm = async (more) =>
		api.post('/password-resets/confirm', { token: await resetToken(tight, who.email), password, ...more });
	assert.equal((await confirm({})).status, 204);
	await lockOut(tight, who.email);
	assert.equal(
		(await api.post('/sessions', { ...login, device_token: first })).status,
		429,
		'a reset forgets what was known',
	);
	const reset = await confirm({ remember_device: true, device_token: first });
	assert.equal(reset.status, 200);
	await lockOut(tight, who.email);
	assert.equal((await api.post('/sessions', { ...login, device_token: reset.json.device_token })).status, 201);
	for (const odd of ['', 'x', `pst_${'A'.repeat(43)}`])
		assert.equal((await api.post('/sessions', { ...login, device_token: odd })).status, 429, 'no mark');
	assert.equal((await api.post('/sessions', { ...login, remember_device: 'yes' })).status, 422);
});

test('what was made in the future, by a clock that was set back since, is refused', async () => {
	const who = await makeAccount(tight),
		group = await makeAccount(tight),
		email = newAddress('member'),
		url = tight.env.POSTERN_DATABASE_URL;
	const fresh = (await new Api(tight).post('/sessions', { email: who.email, password })).json.token;
	const reset = await resetToken(tight, who.email);
	grantPlan(tight, group.email, 'family', '--seats', '2');
	const owner = new Reader(tight);
	await owner.logIn(group);
	await owner.post('/account/group/invite', { email });
	const seat = await tight.mail.takeToken(email, '/group/accept');
	const shift = (s) =>
		databaseSql(
			url,
			`UPDATE session SET created_at = created_at + ${s}; UPDATE mail_token SET created_at = created_at + ${s}; UPDATE seat SET invited_at = invited_at + ${s}`,
		);
	const seen = async () => [
		(await new Api(tight, fresh).get('/account')).status,
		(await request(tight, 'GET', '/reset/confirm', { headers: { Cookie: `postern-reset=${reset}` } })).status,
		(await request(tight, 'GET', '/group/accept', { headers: { Cookie: `postern-seat=${seat}` } })).status,
	];
	shift(86400);
	assert.deepEqual(await seen(), [401, 410, 410]);
	shift(-86400 + 250);
	assert.deepEqual(await seen(), [200, 200, 200], 'the clocks of two servers may differ by five minutes');
	shift(-250);
});

test('the mark of a known browser is good for its account alone, and counts its own failures', async () => {
	const [ada, eve] = [await makeAccount(tight), await makeAccount(tight)],
		r = new Reader(tight);
	await r.logIn(eve);
	const device = r.jar.get('postern-device').value;
	const ask = (email, p) =>
		new Reader(tight).request('POST', '/login', {
			body: form({ email, password: p }),
			headers: {
				'Content-Type': 'application/x-www-form-urlencoded',
				'Sec-Fetch-Site': 'same-origin',
				Cookie: `postern-device=${device}`,
			},
		});
	const answers = [];
	for (let i = 0; i < 20; i++) answers.push(await ask(ada.email, 'x'));
	held(answers, 'eve’s browser is an anonymous reader to ada’s account');
	const own = [];
	for (let i = 0; i < 20; i++) own.push(await ask(eve.email, 'x'));
	held(own, 'a stolen mark gives no endless tries');
});

test('proving the password from inside is limited too', async () => {
	const who = await makeAccount(tight),
		r = new Reader(tight);
	await r.logIn(who);
	const phone = await apiSession(tight, who);
	const pages = await Promise.all(
		Array.from({ length: 40 }, () =>
			r.post('/account/password', { current_password: 'x', new_password: otherPassword }),
		),
	);
	assert.ok(judged(pages) <= FREE + 3, `${judged(pages)} judged on the page`);
	const calls = await Promise.all(
		Array.from({ length: 40 }, (_, i) =>
			i % 2
				? phone.delete('/account', { current_password: 'x' })
				: phone.put('/account/password', { current_password: 'x', new_password: otherPassword }),
		),
	);
	assert.ok(judged(calls) <= FREE + 3, `${judged(calls)} judged in the API`);
	assert.equal((await phone.get('/account')).status, 200);
});

test('a session that was planted before log-in is not the session after it', async () => {
	const who = await makeAccount(server),
		planted = `pst_${'A'.repeat(43)}`,
		r = new Reader(server);
	r.jar.set('postern', { name: 'postern', value: planted, path: '/' });
	await r.logIn(who);
	assert.notEqual(r.session, planted);
	assert.equal((await request(server, 'GET', '/account', { headers: { Cookie: `postern=${planted}` } })).status, 303);
	const first = r.session;
	await r.logIn(who);
	assert.notEqual(r.session, first);
	assert.equal(
		(await request(server, 'GET', '/account', { headers: { Cookie: `postern=${first}` } })).status,
		303,
		'the one before is dead',
	);
});

test('logging in over somebody else’s session leaves none of it', async () => {
	const [eve, ada] = [await makeAccount(server, { name: 'Eve' }), await makeAccount(server, { name: 'Ada' })],
		r = new Reader(server);
	await r.logIn(eve);
	const planted = r.session;
	assert.equal((await r.logIn(ada)).status, 303);
	assert.match((await r.get('/account')).body, /Ada/);
	assert.equal((await request(server, 'GET', '/account', { headers: { Cookie: `postern=${planted}` } })).status, 303);
});

test('two session cookies mean nobody, in one header or in two, however they are ordered', async () => {
	const who = await makeAccount(server),
		r = new Reader(server);
	await r.logIn(who);
	const other = new Reader(server);
	await other.logIn(await makeAccount(server));
	const [a, b] = [`postern=${r.session}`, `postern=${other.session}`];
	for (const cookies of [`${a}; ${b}`, `${b}; ${a}`, `${a}; postern=x`, `postern=; ${a}`, `${a}; ${a}`])
		assert.equal((await request(server, 'GET', '/account', { headers: { Cookie: cookies } })).status, 303, cookies);
	const two = await send(
		server.port,
		`GET /account HTTP/1.1\r\nHost: x\r\nCookie: ${a}\r\nCookie: ${b}\r\nConnection: close\r\n\r\n`,
	);
	assert.equal(statusOf(two), 303);
	const split = await send(
		server.port,
		`GET /account HTTP/1.1\r\nHost: x\r\nCookie: theme=dark\r\nCookie: ${a}\r\nConnection: close\r\n\r\n`,
	);
	assert.equal(statusOf(split), 200, 'a second Cookie line is read');
	const wide = await send(
		server.port,
		`GET /account HTTP/1.1\r\nHost: x\r\nCookie: \xe2\x80\x80postern=${r.session}\r\nConnection: close\r\n\r\n`,
	);
	assert.notEqual(statusOf(wide), 200, 'a wide space before the name is part of the name');
	for (const odd of [
		`Postern=${r.session}`,
		`postern="${r.session}"`,
		`postern=${r.session}x`,
		`postern=${r.session.slice(0, -1)}`,
		`postern=${r.session.toLowerCase()}`,
	])
		assert.equal((await request(server, 'GET', '/account', { headers: { Cookie: odd } })).status, 303, odd);
});

test('one connection that several readers share does not mix them', async () => {
	const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
	const readers = [];
	for (const name of ['Alpha', 'Beta', 'Gamma']) {
		const r = new Reader(server);
		await r.logIn(await makeAccount(server, { name }));
		readers.push({ name, session: r.session });
	}
	const asks = Array.from({ length: 60 }, (_, i) => readers[i % 4]);
	const answers = await Promise.all(
		asks.map((r) =>
			request(server, 'GET', r ? '/account' : '/login', {
				agent,
				headers: r ? { Cookie: `postern=${r.session}` } : {},
			}),
		),
	);
	answers.forEach((a, i) => {
		const names = ['Alpha', 'Beta', 'Gamma'].filter((n) => a.body.includes(n));
		assert.deepEqual(names, asks[i] ? [asks[i].name] : []);
		assert.equal(a.headers['cache-control'], 'no-store');
	});
	agent.destroy();
});

test('limits by address: what anonymous readers claim about theirs changes nothing', async () => {
	const small = await startServer({
		settings: { POSTERN_LIMITS_LOGIN_BURST: '4', POSTERN_LIMITS_LOGIN_PER_MINUTE: '4' },
	});
	try {
		const claims = [
			{ 'X-Forwarded-For': '203.0.113.1' },
			{ 'X-Forwarded-For': '203.0.113.2, 127.0.0.1' },
			{ Forwarded: 'for=203.0.113.3' },
			{ 'X-Real-IP': '203.0.113.4' },
			{ 'CF-Connecting-IP': '203.0.113.5' },
			{ 'True-Client-IP': '203.0.113.6' },
			{ 'X-Client-IP': '203.0.113.7' },
			{ 'X-Forwarded-For': 'nonsense' },
		];
		const answers = [];
		for (const headers of claims)
			answers.push(
				(await new Reader(small).post('/login', { email: 'x@mail.example', password: 'x' }, headers)).status,
			);
		assert.deepEqual(answers, [401, 401, 401, 401, 429, 429, 429, 429]);
		assert.ok(!small.stderr.includes('203.0.113.'), 'nor what the log says');
	} finally {
		await small.close();
	}
});

test('limits by address behind a proxy of ours: the right-most anonymous counts', async () => {
	const small = await startServer({
		settings: {
			POSTERN_LIMITS_LOGIN_BURST: '2',
			POSTERN_LIMITS_LOGIN_PER_MINUTE: '2',
			POSTERN_SERVER_TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8',
		},
	});
	const ask = async (chain) =>
		(
			await new Reader(small).post(
				'/login',
				{ email: 'x@mail.example', password: 'x' },
				chain ? { 'X-Forwarded-For': chain } : {},
			)
		).status;
	try {
		assert.deepEqual(
			[
				await ask('203.0.113.1'),
				await ask('198.51.100.9, 203.0.113.1'),
				await ask('203.0.113.77,203.0.113.1, 10.1.2.3'),
			],
			[401, 401, 429],
		);
		assert.equal(await ask('203.0.113.2'), 401, 'another reader behind the same proxy');
		assert.equal(
			await ask('203.0.113.1, 203.0.113.3'),
			401,
			'what stands left of an anonymous reader is his claim',
		);
		assert.deepEqual(
			[
				await ask(['203.0.113.9', '203.0.113.4']),
				await ask(['203.0.113.8', '203.0.113.4']),
				await ask('203.0.113.4'),
			],
			[401, 401, 429],
			'two headers are one list',
		);
		assert.deepEqual(
			[await ask('2001:db8:1:2::1'), await ask('2001:db8:1:2:ffff::9'), await ask('2001:db8:1:2::5')],
			[401, 401, 429],
			'an IPv6 customer has a /64',
		);
		assert.equal(await ask('2001:db8:1:3::1'), 401);
		assert.deepEqual(
			[await ask('203.0.113.20:51822'), await ask('203.0.113.20'), await ask('203.0.113.20:51823')],
			[401, 401, 429],
			'a port is no part of the address',
		);
		assert.deepEqual(
			[await ask('[2001:db8:5::1]:443'), await ask('2001:db8:5::1'), await ask('[2001:db8:5::1]')],
			[401, 401, 429],
		);
		// what is no address counts as the proxy, whose bucket is then that of all such readers; nobody gets a fresh one by it
		assert.deepEqual(
			[await ask('203.0.113.30, unknown'), await ask('203.0.113.31,'), await ask('203.0.113.32, nonsense')],
			[401, 401, 429],
		);
		assert.deepEqual(
			[
				await ask('203.0.113.40, unix:, 10.0.0.1'),
				await ask('203.0.113.41, , 10.0.0.1'),
				await ask('203.0.113.42, 203.0.113.999, 10.0.0.1'),
			],
			[401, 401, 429],
		);
		assert.match(
			small.stderr,
			/event=forwarded_for_not_understood value=unknown peer=127\.0\.0\.1 taken=127\.0\.0\.1/,
		);
		assert.equal(small.stderr.match(/forwarded_for_not_understood/g).length, 1, 'once, not for each request');
		assert.match(small.stderr, /client=203\.0\.113\.1 /);
	} finally {
		await small.close();
	}
});
