// Goal: a server with an API key learns what a reader may have, by article and by address, as every other surface
// would decide; a key opens only what it was made for, for as long as it is in force.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiSession, makeAccount } from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { fieldCodes, problem } from '../lib/checks.mjs';
import { protectedRules, townLibrary } from '../lib/gate.mjs';
import { Api, request } from '../lib/http.mjs';
import { startServer, until } from '../lib/server.mjs';

export const covers = ['POST /api/v1/access/check', 'GET /api/v1/admin/explain'];

let server, free, paid, api, explain;
const keyForm = /^psk_[A-Za-z0-9_-]{43}$/;
before(async () => {
	server = await startServer();
	importArticles(server);
	protectedRules(server);
	free = await makeAccount(server);
	paid = await makeAccount(server, { plan: 'digital' });
	for (const who of [free, paid]) who.id = server.cliJson('account', 'show', who.email).id;
	api = new Api(server, server.cliJson('key', 'create', 'shop').key);
	explain = new Api(server, server.cliJson('key', 'create', 'desk', '--scopes', 'explain').key);
});
after(() => server.close());

const check = (body, by = api) => by.post('/access/check', body);
async function decided(body) {
	const a = await check(body);
	assert.equal(a.status, 200, a.body);
	assert.equal(a.headers['cache-control'], 'no-store');
	return a.json;
}

test('by article: anonymous, account, subscriber', async () => {
	const rows = [
		['open-door', ['200 full public', '200 full public', '200 full public']],
		['members-room', ['401 teaser login_required', '200 full signed_in', '200 full signed_in']],
		['vault', ['401 teaser subscriber_only', '402 teaser no_entitlement', '200 full entitled']],
		['next-year', ['404 none embargoed', '404 none embargoed', '404 none embargoed']],
		['last-year', ['410 none expired', '410 none expired', '410 none expired']],
		['held-back', ['404 none withheld', '404 none withheld', '404 none withheld']],
	];
	for (const [article, wanted] of rows) {
		const readers = [{}, { account_id: free.id }, { account_id: paid.id }];
		for (let i = 0; i < readers.length; i++) {
			const { decision, status, charged } = await decided({ article, ...readers[i] });
			assert.equal(`${status} ${decision.grant} ${decision.reason}`, wanted[i], article);
			assert.equal(charged, false);
			assert.ok(decision.detail.length > 10);
		}
	}
});

test('by address: the rules of the gate', async () => {
	for (const [url, who, want] of [
		[`${server.origin}/open/x`, {}, '200 full public'],
		[`${server.origin}/paid/x`, {}, '401 teaser subscriber_only'],
		[`${server.origin}/paid/x`, { account_id: paid.id }, '200 full entitled'],
		[`${server.origin}/nowhere`, {}, '403 none no_rule'],
		[`${server.origin}/locked/x`, { account_id: paid.id }, '403 none closed'],
		['https://other.example/open/x', {}, '403 none unknown_site'],
		[`${server.origin}/PAID/x`, { account_id: paid.id }, '403 none ambiguous_address'],
	]) {
		const { decision, status } = await decided({ url, ...who });
		assert.equal(`${status} ${decision.grant} ${decision.reason}`, want, url);
	}
	for (const url of ['/paid/x', `${server.origin}/open/../paid/x`, `${server.origin}/paid/x#y`, 'x'])
		assert.deepEqual(fieldCodes(problem(await check({ url }), 422, 'invalid_fields')), { url: 'bad_url' });
});

test('who reads: a token, an account, nobody', async () => {
	const session = await apiSession(server, paid);
	const { reader } = await decided({ article: 'vault', token: session.token });
	assert.deepEqual(reader, {
		signed_in: true,
		account_id: paid.id,
		email: paid.email,
		name: paid.name,
		plans: ['digital'],
		institution: null,
	});
	assert.equal((await decided({ article: 'vault', token: `pst_${'A'.repeat(43)}` })).reader.signed_in, false);
	assert.equal((await decided({ article: 'vault', token: 'x' })).reader.signed_in, false);
	assert.deepEqual((await decided({ article: 'vault', ip: '192.0.2.1' })).reader, {
		signed_in: false,
		account_id: '',
		email: '',
		name: '',
		plans: [],
		institution: null,
	});
	assert.deepEqual(
		fieldCodes(problem(await check({ article: 'vault', account_id: 'a'.repeat(26) }), 422, 'invalid_fields')),
		{ account_id: 'unknown_account' },
	);
	assert.deepEqual(
		fieldCodes(problem(await check({ article: 'vault', account_id: paid.email }), 422, 'invalid_fields')),
		{ account_id: 'unknown_account' },
	);
	server.cliOk('account', 'disable', free.email);
	assert.equal((await decided({ article: 'members-room', account_id: free.id })).decision.reason, 'login_required');
	server.cliOk('account', 'enable', free.email);
});

test("an institution by the reader's address", async () => {
	townLibrary(server, '198.51.100.0/24');
	const { decision, reader } = await decided({ article: 'vault', ip: '198.51.100.7' });
	assert.equal(`${decision.grant} ${decision.reason}`, 'full institution');
	assert.equal(reader.institution, 'Town Library');
	assert.equal((await decided({ article: 'vault', ip: '198.51.101.7' })).decision.grant, 'teaser');
	assert.equal((await decided({ article: 'vault' })).decision.grant, 'teaser');
});

test('bad requests say what is wrong', async () => {
	const u = `${server.origin}/open/x`;
	for (const [body, want] of [
		[{}, { article: 'exactly_one' }],
		[{ article: 'vault', url: u }, { url: 'exactly_one' }],
		[{ article: 'vault', user: 'x' }, { user: 'unknown_field' }],
		[{ article: 'vault', token: 'x', account_id: 'y' }, { account_id: 'exactly_one' }],
		[{ article: 'vault', ip: '1.2.3' }, { ip: 'bad_address' }],
		[{ article: 'vault', ip: '1.2.3.4:80' }, { ip: 'bad_address' }],
		[{ article: 7 }, { article: 'not_a_string' }],
		[{ article: 'vault', charge: 'yes' }, { charge: 'not_a_boolean' }],
		[{ article: 'vault', charge: null }, { charge: 'not_a_boolean' }],
	]) {
		const codes = fieldCodes(problem(await check(body), 422, 'invalid_fields', JSON.stringify(body)));
		for (const [field, code] of Object.entries(want)) assert.equal(codes[field], code, JSON.stringify(body));
	}
	problem(await check('{'), 400, 'malformed');
	problem(await check('[]'), 400, 'malformed');
	problem(await check('{"article":"vault","article":"open-door"}'), 400, 'malformed');
	problem(await check({ article: 'no-such-thing' }), 404, 'not_found');
	problem(
		await api.post('/access/check', '{"article":"vault"}', { 'Content-Type': 'text/plain' }),
		415,
		'unsupported_type',
	);
});

test('without a key, or with a wrong one, nothing is told', async () => {
	const session = await apiSession(server, paid);
	for (const token of [
		undefined,
		session.token,
		'psk_',
		`psk_${'A'.repeat(43)}`,
		`psk_${'A'.repeat(42)}B`,
		api.token.slice(0, -1),
		`${api.token}x`,
		api.token.toLowerCase(),
		api.token.replace('psk_', 'pst_'),
	]) {
		const a = await check({ article: 'vault' }, new Api(server, token));
		assert.equal(problem(a, 401, token ? 'invalid_token' : 'unauthenticated', token).decision, undefined);
		assert.equal(a.headers['www-authenticate'], token ? 'Bearer error="invalid_token"' : 'Bearer');
		assert.equal((await new Api(server, token).get('/admin/explain?article=vault')).status, 401);
	}
	problem(await check({ article: 'vault' }, explain), 403, 'denied');
	problem(await api.get('/admin/explain?article=vault'), 403, 'denied');
	const cookie = await request(server, 'POST', '/api/v1/access/check', {
		headers: { Cookie: `postern=${api.token}`, 'Content-Type': 'application/json' },
		body: '{"article":"vault"}',
	});
	assert.equal(cookie.status, 401, 'never as a cookie');
	assert.doesNotMatch(server.stderr, /psk_[A-Za-z0-9_-]{10}/, 'no key in the log');
});

test('keys: shown once, rotated without a gap, revoked at once', async () => {
	const first = server.cliJson('key', 'create', 'app').key;
	assert.match(first, keyForm);
	assert.equal(server.cli('key', 'create', 'app').code, 5, 'a name in force');
	for (const [args, code] of [
		[['key', 'create', 'Bad Name'], 2],
		[['key', 'create', ''], 2],
		[['key', 'create', 'x', '--scopes', 'all'], 2],
		[['key', 'create', 'x', '--scopes', ''], 2],
		[['key', 'rotate', 'nobody'], 4],
		[['key', 'revoke', 'nobody'], 4],
		[['key', 'rotate', 'app', '--keep', '-1'], 2],
		[['key', 'rotate', 'app', '--keep', '10000'], 2],
	])
		assert.equal(server.cli(...args).code, code, args.join(' '));
	const works = async (key) => (await check({ article: 'open-door' }, new Api(server, key))).status === 200;
	assert.ok(await works(first));
	const second = server.cliJson('key', 'rotate', 'app').key;
	assert.notEqual(second, first);
	assert.ok((await works(first)) && (await works(second)), 'both, for a day');
	const third = server.cliJson('key', 'rotate', 'app', '--keep', '0').key;
	assert.deepEqual([await works(first), await works(second), await works(third)], [false, false, true]);
	const list = server.cliJson('key', 'list');
	assert.deepEqual(
		list
			.filter((k) => k.name === 'app')
			.map((k) => k.state)
			.sort(),
		['expired', 'expired', 'in force'],
	);
	assert.ok(list.every((k) => !('key' in k) && !JSON.stringify(k).includes('psk_')));
	const used = list.find((k) => k.name === 'app' && k.state === 'in force').used_at;
	assert.match(used, /:00:00Z$/, 'to the hour');
	server.cliOk('key', 'revoke', 'app');
	assert.equal(await works(third), false);
	assert.match(server.cliOk('key', 'list'), /revoked/);
	assert.ok(await works(server.cliJson('key', 'create', 'app').key), 'the name is free again');
});

test('the explanation over HTTP says the same as the command, and what would change it', async () => {
	const a = await explain.get(`/admin/explain?article=vault&reader=${encodeURIComponent(free.email)}`);
	assert.equal(a.status, 200, a.body);
	const doc = a.json,
		told = server.cliJson('explain', '--article', 'vault', '--reader', free.email);
	assert.equal(doc.decision.grant, told.decision.grant);
	assert.equal(doc.decision.reason, 'no_entitlement');
	assert.deepEqual(doc.rules, told.rules);
	assert.deepEqual(
		doc.changes.map((c) => c.what),
		told.changes.map((c) => c.what),
	);
	assert.ok(doc.changes.some((c) => c.grant === 'full'));
	const paidDoc = (await explain.get(`/admin/explain?article=vault&reader=${paid.id}`)).json;
	assert.equal(paidDoc.decision.reason, 'entitled');
	assert.equal(paidDoc.entitlements[0].decided, true);
	assert.equal(
		(await explain.get('/admin/explain?article=vault&ip=198.51.100.7')).json.decision.reason,
		'institution',
	);
	assert.equal((await explain.get('/admin/explain?article=next-year&at=2101-01-01')).json.decision.grant, 'full');
	assert.doesNotMatch(a.body, /kept-|password|\$argon2/);
});

test('a meter is charged only when asked, for accounts and for anonymous readers by their cookie', async () => {
	server.cliOk('gate', 'add', '/articles/*/**', 'metered');
	const url = `${server.origin}/articles/a/`,
		who = { account_id: free.id };
	for (let i = 0; i < 2; i++) {
		const a = await decided({ url, ...who });
		assert.deepEqual(
			[a.decision.reason, a.decision.meter.used, a.charged, a.meter_cookie],
			['metered', 0, false, null],
		);
	}
	const b = await decided({ url, ...who, charge: true });
	assert.deepEqual(
		[b.decision.grant, b.decision.meter.used, b.decision.meter.limit, b.charged],
		['full', 1, 10, true],
	);
	const c = await decided({ url, ...who, charge: true });
	assert.deepEqual([c.decision.reason, c.charged], ['metered_again', false]);
	let meter_cookie;
	for (let i = 1; i <= 6; i++) {
		const a = await decided({
			url: `${server.origin}/articles/s${i}/`,
			charge: true,
			ip: '192.0.2.9',
			...(meter_cookie ? { meter_cookie } : {}),
		});
		assert.deepEqual([a.decision.grant, a.decision.meter.used, a.charged], ['full', i, true]);
		meter_cookie = a.meter_cookie.value;
		assert.ok(a.meter_cookie.max_age_s > 0);
	}
	const wall = await decided({ url: `${server.origin}/articles/s7/`, charge: true, meter_cookie });
	assert.deepEqual([wall.decision.reason, wall.charged], ['meter_exhausted', false]);
	assert.equal(
		(await decided({ url: `${server.origin}/articles/s1/`, meter_cookie })).decision.reason,
		'metered_again',
	);
	server.cliOk('article', 'set-access', 'members-room', 'metered');
	assert.equal((await decided({ article: 'members-room', ...who, charge: true })).charged, true);
	assert.equal((await decided({ article: 'members-room', ...who })).decision.reason, 'metered_again');
});

test('a bad question for an explanation', async () => {
	for (const [query, want] of [
		['', { article: 'required' }],
		['?article=vault&x=1', { x: 'unknown_field' }],
		['?article=vault&reader=nobody@mail.example', { reader: 'unknown_account' }],
		['?article=vault&ip=x', { ip: 'bad_address' }],
		['?article=vault&at=soon', { at: 'bad_time' }],
	])
		assert.deepEqual(
			fieldCodes(problem(await explain.get(`/admin/explain${query}`), 422, 'invalid_fields')),
			want,
			query,
		);
	problem(await explain.get('/admin/explain?article=nothing'), 404, 'not_found');
	problem(await explain.get('/admin/explain?article=vault&article=vault'), 400, 'malformed');
});

test('a rate class of their own', async () => {
	const tight = await startServer({
		settings: { POSTERN_LIMITS_SERVICE_BURST: '2', POSTERN_LIMITS_SERVICE_PER_MINUTE: '1' },
	});
	try {
		const by = new Api(tight, tight.cliJson('key', 'create', 'shop').key);
		const seen = [];
		for (let i = 0; i < 3; i++) seen.push((await check({ url: `${tight.origin}/x` }, by)).status);
		assert.deepEqual(seen, [200, 200, 429]);
		assert.equal((await request(tight, 'GET', '/')).status, 200);
		await until('the metric', async () =>
			/postern_limited_total\{class="service"\} 1/.test(
				(await request({ port: tight.opsPort }, 'GET', '/metrics')).body,
			),
		);
	} finally {
		await tight.close();
	}
});
