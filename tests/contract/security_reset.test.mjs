// Holes that peers had in resetting passwords and confirming addresses.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
	apiSession,
	makeAccount,
	newAddress,
	otherPassword,
	password,
	resetToken,
	thirdPassword,
} from '../lib/accounts.mjs';
import { face } from '../lib/checks.mjs';
import { Api, form, Reader, request, send, statusOf } from '../lib/http.mjs';
import { linkOf, tokenOf } from '../lib/mailbox.mjs';
import { sleep, startServer, until } from '../lib/server.mjs';
import { processorMs } from '../lib/time.mjs';

export const covers = [
	'POST /reset',
	'GET /reset/confirm',
	'POST /reset/confirm',
	'POST /verify',
	'GET /verify',
	'POST /register',
	'POST /login',
	'POST /api/v1/password-resets',
	'POST /api/v1/password-resets/confirm',
	'POST /api/v1/email-verifications',
	'POST /api/v1/accounts',
	'POST /api/v1/sessions',
	'PUT /api/v1/account/password',
];

const type = 'Content-Type: application/x-www-form-urlencoded\r\n';
let server;
before(async () => {
	server = await startServer({ settings: { POSTERN_LOG_LEVEL: 'debug' } });
});
after(() => server.close());

test('the mailed link is built from base_url, whatever the request claims to be for', async () => {
	const who = await makeAccount(server);
	const claims = [
		{ Host: 'evil.example' },
		{ 'X-Forwarded-Host': 'evil.example' },
		{ Forwarded: 'host=evil.example;proto=https' },
		{ 'X-Host': 'evil.example' },
		{ 'X-Original-Host': 'evil.example' },
		{ 'X-Forwarded-Server': 'evil.example' },
		{ 'X-HTTP-Host-Override': 'evil.example' },
		{ 'X-Forwarded-Proto': 'ftp' },
		{ Host: `${server.base.slice(7)}@evil.example` },
		{ Host: 'evil.example:80' },
		{ Origin: server.base, Host: 'evil.example' },
		{ 'X-Original-URL': '//evil.example/' },
	];
	for (const headers of claims) {
		const a = await new Reader(server).post('/reset', { email: who.email, return_to: '//evil.example' }, headers);
		if (a.status === 400) continue;
		assert.equal(a.status, 200, JSON.stringify(headers));
		const mail = await server.mail.take(who.email, /token=/);
		assert.ok(linkOf(mail).startsWith(`${server.base}/reset/confirm?token=pst_`), linkOf(mail));
		assert.ok(!/evil/.test(mail.raw), JSON.stringify(headers));
	}
	const body = form({ email: who.email });
	const rest = `Sec-Fetch-Site: same-origin\r\n${type}Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
	for (const bad of [
		`POST http://evil.example/reset HTTP/1.1\r\nHost: x\r\n${rest}`,
		`POST /reset HTTP/1.1\r\nHost: x\r\nHost: evil.example\r\n${rest}`,
		`POST //evil.example/reset HTTP/1.1\r\nHost: x\r\n${rest}`,
		`POST /reset HTTP/1.1\r\n${rest}`,
	])
		assert.equal(statusOf(await send(server.port, bad)), 400, bad.slice(0, 60));
});

test('the same holds for the link that confirms an address', async () => {
	const email = newAddress();
	await new Reader(server).post(
		'/register',
		{ email, password, name: 'https://evil.example', return_to: '//evil.example' },
		{ Host: 'evil.example', 'X-Forwarded-Host': 'evil.example' },
	);
	const mail = await server.mail.take(email, /token=/);
	assert.ok(linkOf(mail).startsWith(`${server.base}/verify?token=pst_`));
	assert.ok(!/evil/.test(mail.raw), 'nor may an anonymous reader write into the mailbox by way of a name');
});

test('GET and HEAD spend nothing, be it a scanner’s or a prefetch', async () => {
	const who = await makeAccount(server),
		token = await resetToken(server, who.email);
	for (const method of ['GET', 'HEAD', 'GET', 'GET']) {
		const a = await request(server, method, `/reset/confirm?token=${token}`, {
			headers: { Purpose: 'prefetch', 'Sec-Purpose': 'prefetch' },
		});
		assert.equal(a.status, 303);
		const b = await request(server, method, '/reset/confirm', { headers: { Cookie: `postern-reset=${token}` } });
		assert.equal(b.status, 200);
	}
	assert.equal(
		(await new Api(server).post('/password-resets/confirm', { token, password: otherPassword })).status,
		204,
	);
});

test('one token, fifty hands: exactly one of them sets the password', async () => {
	for (const face of ['page', 'api', 'both']) {
		const who = await makeAccount(server),
			token = await resetToken(server, who.email);
		const passwords = Array.from({ length: 50 }, (_, i) => `hand-number-${i}-of-fifty-lanterns`);
		const answers = await Promise.all(
			passwords.map((p, i) =>
				face === 'api' || (face === 'both' && i % 2)
					? new Api(server).post('/password-resets/confirm', { token, password: p })
					: new Reader(server).post('/reset/confirm', { token, password: p }),
			),
		);
		const won = answers.map((a, i) => ([204, 303].includes(a.status) ? i : -1)).filter((i) => i >= 0);
		assert.equal(won.length, 1, `${face}: ${answers.map((a) => a.status)}`);
		assert.ok(
			answers.every((a, i) => i === won[0] || a.status === 410),
			face,
		);
		assert.equal((await new Reader(server).logIn({ email: who.email, password: passwords[won[0]] })).status, 303);
	}
});

test('one link of a new address, fifty hands: exactly one of them confirms it', async () => {
	const email = newAddress();
	await new Api(server).post('/accounts', { email, password });
	const token = await server.mail.takeToken(email, '/verify');
	const answers = await Promise.all(
		Array.from({ length: 50 }, (_, i) =>
			i % 2
				? new Api(server).post('/email-verifications', { token })
				: new Reader(server).post('/verify', { token, password }),
		),
	);
	assert.equal(answers.filter((a) => [204, 303].includes(a.status)).length, 1, String(answers.map((a) => a.status)));
});

test('a token is good for its purpose, its account, its time, and nothing else', async () => {
	const who = await makeAccount(server),
		api = new Api(server),
		late = newAddress();
	const session = await apiSession(server, who);
	const confirm = async (token) =>
		(await api.post('/password-resets/confirm', { token, password: otherPassword })).status;
	await api.post('/accounts', { email: late, password });
	const verify = await server.mail.takeToken(late, '/verify');
	assert.equal(await confirm(verify), 410, 'a link that confirms an address sets no password');
	const reset = await resetToken(server, who.email);
	assert.equal((await api.post('/email-verifications', { token: reset })).status, 410, 'nor the other way round');
	assert.equal(await confirm(session.token), 410, 'a session is no reset');
	for (const token of [reset, verify]) {
		assert.equal((await new Api(server, token).get('/account')).status, 401, 'and none of them is a session');
		assert.equal(
			(await request(server, 'GET', '/account', { headers: { Cookie: `postern=${token}` } })).status,
			303,
		);
	}
	const newer = await resetToken(server, who.email);
	assert.equal(await confirm(reset), 410, 'an older link is dead once there is a newer one');
	assert.equal(
		(await session.put('/account/password', { current_password: password, new_password: thirdPassword })).status,
		204,
	);
	assert.equal(await confirm(newer), 410, 'a changed password voids the link');
	const last = await resetToken(server, who.email);
	server.cliOk('account', 'disable', who.email);
	assert.equal(await confirm(last), 410, 'a disabled account is not opened by it');
	server.cliOk('account', 'enable', who.email);
	server.cliOk('account', 'delete', who.email, '--yes');
	assert.equal(await confirm(last), 410);
	await makeAccount(server, { email: who.email });
	assert.equal(await confirm(last), 410, 'the link of a deleted account is nothing to its successor');
});

test('the step that sets the password is not reached without the mailed token', async () => {
	const [ada, eve] = [await makeAccount(server), await makeAccount(server)],
		r = new Reader(server);
	const own = await resetToken(server, eve.email);
	await resetToken(server, ada.email);
	for (const fields of [
		{ password: otherPassword },
		{ password: otherPassword, email: ada.email },
		{ token: '', password: otherPassword },
	])
		assert.equal((await r.post('/reset/confirm', fields)).status, 410, JSON.stringify(fields));
	assert.equal(
		(await r.post('/reset/confirm', { token: own, email: ada.email, account: ada.email, password: otherPassword }))
			.status,
		303,
	);
	assert.equal((await r.logIn(ada)).status, 303, 'ada’s password is hers');
	assert.equal(
		(
			await r.post(
				'/reset/confirm',
				{ password: thirdPassword },
				{ Cookie: `postern-reset=x; postern-reset=${own}` },
			)
		).status,
		410,
	);
});

test('an account that somebody else began belongs to who has the mailbox', async () => {
	const email = newAddress('contested'),
		api = new Api(server);
	await api.post('/accounts', { email, password: otherPassword, name: 'Eve' });
	const first = await server.mail.takeToken(email, '/verify');
	await api.post('/accounts', { email, password, name: 'Ada' });
	const second = await server.mail.takeToken(email, '/verify');
	assert.equal((await api.post('/email-verifications', { token: first })).status, 410);
	const r = new Reader(server);
	assert.equal((await r.post('/verify', { token: second })).status, 422, 'the owner is asked for the password');
	assert.equal((await r.post('/verify', { token: second, password: otherPassword })).status, 422, 'not for Eve’s');
	for (const p of [password, otherPassword])
		assert.equal((await api.post('/sessions', { email, password: p })).status, 401, 'nothing is confirmed yet');
	assert.equal((await r.post('/verify', { token: second, password })).status, 303);
	assert.match((await r.get('/account')).body, /Ada/);
	assert.equal((await api.post('/sessions', { email, password: otherPassword })).status, 401);
	assert.equal((await api.post('/sessions', { email, password })).status, 201);
});

test('an anonymous reader who registers an address alone gets nothing when its owner confirms', async () => {
	const email = newAddress('single'),
		api = new Api(server),
		eve = new Reader(server),
		owner = new Reader(server);
	await eve.post('/register', { email, password: otherPassword, name: 'Claim at http://evil.example/' });
	const letter = await server.mail.take(email, /confirm/i);
	assert.ok(!letter.text.includes('evil.example'), 'an anonymous reader’s name is in no mail');
	const token = tokenOf(letter);
	assert.equal((await owner.post('/verify', { token })).status, 422, 'another browser: a button is not enough');
	assert.equal((await owner.post('/verify', { token, new_password: thirdPassword })).status, 303);
	assert.equal((await owner.get('/account')).status, 200);
	assert.equal((await eve.post('/verify', { token, password: otherPassword })).status, 410);
	assert.equal((await api.post('/sessions', { email, password: otherPassword })).status, 401);
	const s = await api.post('/sessions', { email, password: thirdPassword });
	assert.deepEqual([s.status, s.json.account.name], [201, '']);
});

test('known and unknown, confirmed and not, disabled: told apart by nothing but the mailbox', async () => {
	const api = new Api(server),
		known = await makeAccount(server),
		off = await makeAccount(server),
		fresh = newAddress();
	server.cliOk('account', 'disable', off.email);
	await api.post('/accounts', { email: fresh, password });
	const addresses = [known.email, off.email, fresh, newAddress('nobody')];
	const asks = {
		'page log-in': (email) => new Reader(server).logIn({ email, password: 'entirely wrong' }),
		'page log-in, right password': (email) =>
			email === known.email ? null : new Reader(server).logIn({ email, password }),
		'page register': (email) => new Reader(server).post('/register', { email, password, name: 'x' }),
		'page reset': (email) => new Reader(server).post('/reset', { email }),
		'api log-in': (email) => api.post('/sessions', { email, password: 'entirely wrong' }),
		'api register': (email) => api.post('/accounts', { email, password, name: 'x' }),
		'api reset': (email) => api.post('/password-resets', { email }),
		'api register, weak': (email) => api.post('/accounts', { email, password: 'short' }),
		'page register, weak': (email) => new Reader(server).post('/register', { email, password: 'short', name: 'x' }),
	};
	for (const [name, ask] of Object.entries(asks)) {
		const faces = [];
		for (const email of addresses) {
			const a = await ask(email);
			if (a) faces.push(face(a, [email]));
		}
		for (const other of faces.slice(1)) assert.deepEqual(other, faces[0], name);
	}
});

async function hashes(own) {
	const text = await (await fetch(`${own.ops}/metrics`)).text();
	return [...text.matchAll(/^postern_hashes_total\S* (\d+)$/gm)].reduce((sum, m) => sum + Number(m[1]), 0);
}

// Hashes, and processor time: what others on the machine cannot add to.
test('known and unknown take the same work to refuse', async () => {
	const own = await startServer({ settings: { POSTERN_PASSWORD_MEMORY_KIB: '65536' } });
	try {
		const known = await makeAccount(own),
			work = { known: 0, unknown: 0 };
		const refuse = async (kind, email) => {
			const before = processorMs(own.child.pid),
				hashesBefore = await hashes(own);
			assert.equal((await new Api(own).post('/sessions', { email, password: 'entirely wrong' })).status, 401);
			assert.equal((await hashes(own)) - hashesBefore, 1, `${kind}: one hash`);
			work[kind] += processorMs(own.child.pid) - before;
		};
		for (let i = 0; i < 8; i++) {
			await refuse('known', known.email);
			await refuse('unknown', newAddress('nobody'));
		}
		const ratio = work.known / work.unknown;
		assert.ok(work.known >= 200, `${work.known} ms for 8 hashes: too little to tell apart`);
		assert.ok(ratio < 2 && ratio > 0.5, JSON.stringify(work)); // a hash is made in both cases, or the factor were 20
	} finally {
		await own.close();
	}
});

test('one mailbox cannot be flooded, and the answer does not tell', async () => {
	const small = await startServer({ settings: { POSTERN_MAIL_PER_MAILBOX_HOUR: '3' } });
	try {
		const api = new Api(small),
			[known, anonymous] = [await makeAccount(small), newAddress('nobody')],
			fresh = newAddress();
		const before = new Set(small.cliJson('mail', 'list').map((m) => m.id)),
			answers = [];
		for (let i = 0; i < 8; i++) {
			answers.push(
				await api.post('/password-resets', { email: known.email }),
				await api.post('/password-resets', { email: anonymous }),
			);
			answers.push(
				await api.post('/accounts', { email: known.email, password }),
				await api.post('/accounts', { email: fresh, password }),
			);
		}
		assert.ok(answers.every((a) => a.status === 202 && a.body === '{}'));
		// The same share for each kind, whether the address has an account or not: else the second answer would tell by its work.
		const queued = () => small.cliJson('mail', 'list').filter((m) => !before.has(m.id));
		const kinds = { reset: 3, no_account: 3, exists: 3, verify: 3 };
		await until('all mails that go out', () => queued().length >= 12);
		await sleep(300);
		for (const [kind, count] of Object.entries(kinds))
			assert.equal(queued().filter((m) => m.kind === kind).length, count, kind);
	} finally {
		await small.close();
	}
});

test('no token of all these is in a page, a problem, a log line or a metric', async () => {
	const who = await makeAccount(server),
		r = new Reader(server);
	const token = await resetToken(server, who.email);
	const pages = [
		await r.get(`/reset/confirm?token=${token}`),
		await r.get('/reset/confirm'),
		await r.post('/reset/confirm', { password: 'short' }),
		await r.get(`/login?token=${token}`),
		await r.get(`/reset/confirm/?token=${token}`),
		await r.get(`/verify?token=${token}`),
		await r.post('/verify', { token }),
	];
	assert.ok(
		pages.every((p) => !p.body.includes(token)),
		`in which: ${pages.map((p) => p.body.includes(token))}`,
	);
	assert.deepEqual(
		pages.slice(0, 3).map((p) => p.headers['referrer-policy']),
		['no-referrer', 'same-origin', 'same-origin'],
	);
	const metrics = await (await fetch(`${server.ops}/metrics`)).text();
	const secrets = new Set(
		server.transcript.flatMap(({ answer }) =>
			[...`${answer.cookies} ${answer.body}`.matchAll(/pst_[A-Za-z0-9_-]{43}/g)].map((m) => m[0]),
		),
	);
	for (const name of server.mail.names())
		(await server.mail.letter(name)).text.match(/token=/) && secrets.add(tokenOf(await server.mail.letter(name)));
	assert.ok(secrets.size > 20);
	for (const secret of [...secrets, password, otherPassword, thirdPassword])
		assert.ok(!server.stderr.includes(secret) && !metrics.includes(secret), 'a secret in the log or the metrics');
	assert.ok(!/pst_[A-Za-z0-9_-]{20}/.test(server.stderr));
	const mailed = [...secrets].filter((s) => server.transcript.some(({ answer }) => answer.body.includes(s)));
	assert.ok(
		mailed.every((s) =>
			server.transcript.some(({ target, answer }) => target === '/api/v1/sessions' && answer.body.includes(s)),
		),
		'only a new session is ever shown, to its owner',
	);
});
