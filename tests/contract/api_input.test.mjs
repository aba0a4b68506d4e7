// What the API does with what it did not ask for.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiSession, makeAccount, newAddress, password } from '../lib/accounts.mjs';
import { fieldCodes, problem, secure } from '../lib/checks.mjs';
import { Api, request } from '../lib/http.mjs';
import { startServer } from '../lib/server.mjs';

export const covers = [
	'POST /api/v1/sessions',
	'POST /api/v1/accounts',
	'POST /api/v1/email-verifications',
	'PATCH /api/v1/account',
	'DELETE /api/v1/account',
	'PUT /api/v1/account/password',
	'POST /api/v1/password-resets',
	'POST /api/v1/password-resets/confirm',
];

let server, api;
before(async () => {
	server = await startServer();
	api = await apiSession(server, await makeAccount(server));
});
after(() => server.close());

const bodies = [
	['POST', '/sessions', { email: 'x@mail.example', password: 'x' }],
	['POST', '/accounts', { email: 'x@mail.example', password }],
	['POST', '/email-verifications', { token: 'x' }],
	['PATCH', '/account', { name: 'x' }],
	['DELETE', '/account', { current_password: 'x' }],
	['PUT', '/account/password', { current_password: 'x', new_password: 'x' }],
	['POST', '/password-resets', { email: 'x@mail.example' }],
	['POST', '/password-resets/confirm', { token: 'x', password }],
];

test('every field that is missing, unknown or no string is named', async () => {
	for (const [method, target, body] of bodies) {
		assert.equal(
			fieldCodes(
				problem(await api.request(method, target, { ...body, extra: 'x' }), 422, 'invalid_fields', target),
			).extra,
			'unknown_field',
		);
		for (const field of Object.keys(body)) {
			const { [field]: _, ...rest } = body;
			assert.equal(
				fieldCodes(problem(await api.request(method, target, rest), 422, 'invalid_fields', target))[field],
				'required',
			);
			for (const value of [null, 1, true, [], ['x'], {}, { $ne: '' }])
				assert.equal(
					fieldCodes(
						problem(
							await api.request(method, target, { ...body, [field]: value }),
							422,
							'invalid_fields',
							`${target} ${JSON.stringify(value)}`,
						),
					)[field],
					'not_a_string',
				);
		}
		const many = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`f${i}`, 'x']));
		problem(await api.request(method, target, many), 422, 'invalid_fields', 'many unknown fields');
	}
});

test('what is not one JSON object is malformed', async () => {
	const bad = [
		'',
		' ',
		'{',
		'[]',
		'"x"',
		'null',
		'1',
		'{}{}',
		'{} x',
		"{'email': 'x'}",
		'{"email": "a", "email": "b", "password": "c"}',
		'\ufeff{}',
		'{"email": "\u0001"}',
		`${'['.repeat(5000)}${']'.repeat(5000)}`,
		`${'{"a":'.repeat(2500)}1${'}'.repeat(2500)}`,
		'{"email": NaN}',
		'{"email": 1e999999}',
		'{"a": 99999999999999999999}',
		'{"email":"x",}',
	];
	for (const [method, target] of bodies)
		for (const body of bad)
			problem(await api.request(method, target, body), 400, 'malformed', `${target} ${body.slice(0, 40)}`);
	const latin = await request(server, 'POST', '/api/v1/sessions', {
		headers: { 'Content-Type': 'application/json' },
		body: Buffer.from('{"email": "\xe4", "password": "x"}', 'latin1'),
	});
	problem(latin, 400, 'malformed', 'not UTF-8');
});

test('a body that is not understood is not repeated: it may hold a password', async () => {
	for (const body of [
		'{"password": "hunter-and-lantern\\u0000"}',
		'{"password": "hunter-and-lantern',
		'{"password": "hunter-and-lantern" x}',
		'{"password": hunter-and-lantern}',
		'{"password": "hunter-and-lantern", "password": "hunter-and-lantern"}',
		'{"hunter-and-lantern": 1, "hunter-and-lantern": 1}',
	]) {
		const a = await api.request('POST', '/sessions', body);
		problem(a, 400, 'malformed', body);
		assert.ok(!a.body.includes('hunter-and'), a.body);
	}
});

test('NUL and surrogates inside strings open nothing', async () => {
	for (const text of ['"a\\u0000b"', '"\\ud800"', '"\\u0000"']) {
		const a = await api.request('POST', '/sessions', `{"email": ${text}, "password": ${text}}`);
		assert.ok([400, 401, 422].includes(a.status), `${text}: ${a.status}`);
	}
	const nul = await api.request(
		'POST',
		'/accounts',
		JSON.stringify({ email: newAddress(), password: `${password}\u0000` }),
	);
	assert.ok([400, 422].includes(nul.status), 'a password with NUL is refused, not cut');
	problem(
		await api.request('POST', '/accounts', '{"email": "a@x.example\\u0000", "password": "x"}'),
		400,
		'malformed',
	);
	const named = await api.request(
		'POST',
		'/accounts',
		JSON.stringify({ email: newAddress(), password, name: 'a\u0000b' }),
	);
	assert.ok([400, 422].includes(named.status));
});

test('addresses that could mean two mailboxes, or headers, are refused', async () => {
	const bad = [
		'',
		'x',
		'x@',
		'@x.example',
		'a@x.example,b@y.example',
		'a@x.example b@y.example',
		'a@x.example;b@y.example',
		'a@b@x.example',
		'a@x.example\r\nBcc: b@y.example',
		'a@x.example\nb',
		'<a@x.example>',
		'Ada <a@x.example>',
		`${'a'.repeat(300)}@x.example`,
		`a@${'x'.repeat(300)}.example`,
		'a@-x.example',
		'a@x..example',
		'.a@x.example',
		'a..b@x.example',
		'a@[127.0.0.1]',
	];
	for (const email of bad) {
		assert.ok(
			fieldCodes(
				problem(await api.post('/accounts', { email, password }), 422, 'invalid_fields', JSON.stringify(email)),
			).email,
		);
		assert.ok(
			fieldCodes(
				problem(await api.post('/password-resets', { email }), 422, 'invalid_fields', JSON.stringify(email)),
			).email,
		);
		problem(await api.post('/sessions', { email, password }), 401, 'unauthenticated', JSON.stringify(email));
	}
});

test('type and size: 415 and 413, and the session lives on', async () => {
	for (const [method, target, body] of bodies) {
		for (const type of [
			'text/plain',
			'application/x-www-form-urlencoded',
			'application/json; charset=latin1',
			'application/jsonx',
			'multipart/form-data; boundary=x',
		])
			problem(
				await api.request(method, target, JSON.stringify(body), { 'Content-Type': type }),
				415,
				'unsupported_type',
				type,
			);
		problem(
			await api.request(method, target, JSON.stringify(body), { 'Content-Encoding': 'gzip' }),
			415,
			'unsupported_type',
		);
		const large = await api.request(method, target, `{"x": "${'x'.repeat(1 << 20)}"}`);
		problem(large, 413, 'too_large', target);
		secure(large, target);
		problem(await api.request(method, target, `{"x": "${'x'.repeat(17000)}"}`), 413, 'too_large', target);
	}
	for (const type of ['application/json; charset=utf-8', 'Application/JSON', 'application/json;charset="UTF-8"'])
		problem(
			await api.request('POST', '/sessions', JSON.stringify({ email: 'x@mail.example', password: 'x' }), {
				'Content-Type': type,
			}),
			401,
			'unauthenticated',
			type,
		);
	assert.equal((await api.get('/account')).status, 200);
});

test('passwords: length in characters, both spellings of a letter, none cut', async () => {
	const umlaut = 'brückenwärter-öffnet-nie',
		email = newAddress();
	await makeAccount(server, { email, pass: umlaut.normalize('NFC') });
	const logIn = (p) => new Api(server).post('/sessions', { email, password: p });
	assert.equal((await logIn(umlaut.normalize('NFD'))).status, 201);
	assert.equal((await logIn(umlaut.normalize('NFC'))).status, 201);
	assert.equal((await logIn(umlaut.toUpperCase())).status, 401);
	assert.equal((await logIn(`${umlaut} `)).status, 401);
	assert.equal((await logIn('x'.repeat(16000))).status, 401);
	const long = `${'кит и слон '.repeat(11)}ёж-арбуз`.slice(0, 128),
		other = newAddress();
	assert.equal([...long].length, 128);
	await makeAccount(server, { email: other, pass: long });
	assert.equal((await new Api(server).post('/sessions', { email: other, password: long })).status, 201);
	assert.equal((await new Api(server).post('/sessions', { email: other, password: long.slice(0, 127) })).status, 401);
	const code = async (p) =>
		fieldCodes((await api.post('/accounts', { email: newAddress(), password: p })).json).password;
	assert.equal(await code('ö'.repeat(7)), 'too_short');
	assert.equal(await code(`${long}x`), 'too_long');
	assert.equal(await code('12345678'), 'common_password');
	assert.equal(await code('the test courier'), 'context_password');
	assert.match(await code('zqzqzqzqzq'), /^(weak|common)_password$/);
});

test('paths and methods of the API answer as the API, in JSON', async () => {
	problem(await api.get('/nothing'), 404, 'not_found');
	problem(await request(server, 'GET', '/api/'), 404, 'not_found');
	problem(await request(server, 'GET', '/api/v1/sessions/'), 404, 'not_found');
	const wrong = await api.request('PUT', '/sessions', {});
	problem(wrong, 405, 'method_not_allowed');
	assert.equal(wrong.headers.allow, 'GET, HEAD, POST');
	assert.equal((await api.request('PATCH', '/sessions/current', {})).headers.allow, 'DELETE');
	assert.equal((await request(server, 'OPTIONS', '/api/v1/account')).headers.allow, 'GET, HEAD, PATCH, DELETE');
	problem(await request(server, 'GET', '/api/v1/a%2fb'), 400, 'malformed');
	const head = await api.request('HEAD', '/account');
	assert.deepEqual([head.status, head.bytes.length], [200, 0]);
	const cors = await api.get('/articles', { Origin: 'https://evil.example' });
	assert.equal(cors.headers['access-control-allow-origin'], undefined);
});

test('too often: 429 with Retry-After as a problem document', async () => {
	const small = await startServer({
		settings: { POSTERN_LIMITS_LOGIN_BURST: '2', POSTERN_LIMITS_LOGIN_PER_MINUTE: '2' },
	});
	try {
		const tries = [];
		for (let i = 0; i < 3; i++)
			tries.push(await new Api(small).post('/sessions', { email: 'x@mail.example', password: 'x' }));
		assert.deepEqual(
			tries.map((t) => t.status),
			[401, 401, 429],
		);
		problem(tries[2], 429, 'limited');
		assert.ok(Number(tries[2].headers['retry-after']) > 0);
		assert.match(tries[2].headers.ratelimit, /^"login";r=0;t=\d+$/);
	} finally {
		await small.close();
	}
});
