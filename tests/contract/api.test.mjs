// The whole story with JSON alone: from an anonymous reader to a subscriber and out again.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
	apiSession,
	grantPlan,
	makeAccount,
	newAddress,
	otherPassword,
	password,
	resetToken,
	thirdPassword,
} from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { fieldCodes, problem, secure, unstored } from '../lib/checks.mjs';
import { Api, Reader, request } from '../lib/http.mjs';
import { startServer } from '../lib/server.mjs';

export const covers = [
	'POST /api/v1/sessions',
	'GET /api/v1/sessions',
	'DELETE /api/v1/sessions/current',
	'DELETE /api/v1/sessions/{id}',
	'POST /api/v1/accounts',
	'POST /api/v1/email-verifications',
	'GET /api/v1/account',
	'PATCH /api/v1/account',
	'DELETE /api/v1/account',
	'PUT /api/v1/account/password',
	'POST /api/v1/password-resets',
	'POST /api/v1/password-resets/confirm',
	'GET /api/v1/articles',
	'GET /api/v1/articles/{slug}',
];

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
let server;
before(async () => {
	server = await startServer();
	importArticles(server);
});
after(() => server.close());

test('register, confirm, log in: alike for known and unknown, and a token of the promised form', async () => {
	const api = new Api(server),
		email = newAddress('Mixed.Case');
	const fresh = await api.post('/accounts', { email, password, name: 'Ada' });
	assert.deepEqual([fresh.status, fresh.body], [202, '{}']);
	unstored(fresh, 'accounts');
	problem(await api.post('/sessions', { email, password }), 401, 'unauthenticated', 'not verified yet');
	const token = await server.mail.takeToken(email, '/verify');
	assert.equal((await api.post('/email-verifications', { token })).status, 204);
	problem(await api.post('/email-verifications', { token }), 410, 'spent', 'used');
	const again = await api.post('/accounts', { email, password: otherPassword, name: 'Eve' });
	assert.deepEqual([again.status, again.body], [202, '{}']);
	await server.mail.take(email, /already|account/i);
	problem(
		await api.post('/sessions', { email, password: otherPassword }),
		401,
		'unauthenticated',
		'the newcomer’s password is nothing',
	);

	const r = await api.post('/sessions', { email: email.toUpperCase(), password, name: 'my phone' });
	assert.equal(r.status, 201);
	unstored(r, 'session');
	secure(r, 'session');
	assert.equal(r.headers['content-type'], 'application/json');
	assert.deepEqual(r.cookies, []);
	assert.match(r.json.token, /^pst_[A-Za-z0-9_-]{43}$/);
	assert.equal(r.json.session.name, 'my phone');
	for (const key of ['created_at', 'expires_at', 'idle_expires_at']) assert.match(r.json.session[key], rfc3339);
	assert.deepEqual(r.json.account, { id: r.json.account.id, email, name: 'Ada', verified: true });
});

test('the wall: 401, 402, 200 with the very next request, 402 again', async () => {
	const anonymous = new Api(server),
		who = await makeAccount(server),
		api = await apiSession(server, who);
	const anon = await anonymous.get('/articles/vault');
	const doc = problem(anon, 401, 'unauthenticated');
	assert.equal(anon.headers['www-authenticate'], 'Bearer');
	assert.equal(anon.headers['postern-decision'], 'teaser; reason=subscriber_only');
	assert.equal(doc.decision.grant, 'teaser');
	assert.deepEqual(doc.decision.offer, ['login', 'subscribe']);
	assert.match(doc.article.teaser_html, /shown-vault/);
	assert.ok(!('body_html' in doc.article));
	assert.equal(doc.article.images.length, 1, 'the lead picture alone');

	const poor = problem(await api.get('/articles/vault'), 402, 'payment_required');
	assert.equal(poor.decision.reason, 'no_entitlement');
	assert.ok(!('body_html' in poor.article));
	const { id } = grantPlan(server, who.email, 'digital');
	const rich = await api.get('/articles/vault');
	assert.equal(rich.status, 200);
	assert.equal(rich.json.decision.reason, 'entitled');
	assert.match(rich.json.article.body_html, /kept-vault-4/);
	assert.equal(rich.json.article.images.length, 2);
	const keys = [
		'slug',
		'headline',
		'dek',
		'byline',
		'dateline',
		'credit',
		'section',
		'tags',
		'access',
		'published_at',
		'updated_at',
		'images',
		'teaser_html',
		'body_html',
	];
	for (const key of keys) assert.ok(key in rich.json.article, key);
	assert.deepEqual(rich.json.article.tags, ['harbour', 'Arts, Culture']);
	assert.match(rich.json.article.published_at, rfc3339);
	assert.ok(!rich.json.article.teaser_html.includes('kept-'));
	server.cliOk('entitlement', 'revoke', id);
	assert.equal(
		problem(await api.get('/articles/vault'), 402, 'payment_required').decision.reason,
		'entitlement_ended',
	);
	problem(await api.get('/articles/no-such'), 404, 'not_found');
	problem(await api.get('/articles/last-year'), 410, 'gone');
	problem(await anonymous.get('/articles/members-room'), 401, 'unauthenticated');
	assert.equal((await api.get('/articles/members-room')).status, 200);
});

test('an entitlement counts from its beginning to its end', async () => {
	const who = await makeAccount(server),
		api = await apiSession(server, who);
	grantPlan(server, who.email, 'digital', '--from', '2090-01-01');
	assert.equal(
		problem(await api.get('/articles/vault'), 402, 'payment_required').decision.reason,
		'entitlement_future',
	);
	grantPlan(server, who.email, 'digital', '--until', '2090-01-01');
	assert.equal((await api.get('/articles/vault')).status, 200);
	const own = (await api.get('/account')).json.account;
	assert.deepEqual(own.entitlements.map((e) => e.ends_at).sort(), ['2090-01-02T00:00:00Z', null].sort());
});

test('own record: seen, renamed, never given a role', async () => {
	const who = await makeAccount(server),
		api = await apiSession(server, who);
	const own = await api.get('/account');
	assert.equal(own.status, 200);
	assert.deepEqual(Object.keys(own.json.account).sort(), [
		'created_at',
		'email',
		'entitlements',
		'id',
		'name',
		'verified',
	]);
	const renamed = await api.patch('/account', { name: 'Zoë O’Neil' });
	assert.equal(renamed.status, 200);
	assert.equal(renamed.json.account.name, 'Zoë O’Neil');
	for (const field of [
		'role',
		'verified',
		'entitlements',
		'id',
		'email',
		'password_hash',
		'created_at',
		'disabled_at',
	])
		assert.equal(
			fieldCodes(problem(await api.patch('/account', { name: 'x', [field]: 'x' }), 422, 'invalid_fields'))[field],
			'unknown_field',
		);
	problem(await api.patch('/account', { name: 'a\nb' }), 422, 'invalid_fields');
	problem(await api.patch('/account', { name: 'x'.repeat(5000) }), 422, 'invalid_fields');
	assert.equal((await api.get('/account')).json.account.name, 'Zoë O’Neil');
	for (const method of ['get', 'patch', 'delete'])
		problem(
			await new Api(server)[method]('/account', method === 'get' ? undefined : { name: 'x' }),
			401,
			'unauthenticated',
		);
});

test('sessions: listed without tokens, ended one by one, never those of others', async () => {
	const who = await makeAccount(server),
		eve = await apiSession(server, await makeAccount(server));
	const [a, b, c] = [
		await apiSession(server, who, 'a'),
		await apiSession(server, who, 'b'),
		await apiSession(server, who, 'c'),
	];
	const list = await a.get('/sessions');
	assert.equal(list.status, 200);
	assert.deepEqual(list.json.sessions.map((s) => s.name).sort(), ['a', 'b', 'c']);
	assert.deepEqual(
		list.json.sessions.filter((s) => s.current).map((s) => s.id),
		[a.session.id],
	);
	for (const token of [a.token, b.token, c.token]) assert.ok(!list.body.includes(token));
	problem(await eve.delete(`/sessions/${b.session.id}`), 404, 'not_found', 'somebody else’s');
	assert.equal((await a.delete(`/sessions/${b.session.id}`)).status, 204);
	problem(await b.get('/account'), 401, 'invalid_token');
	problem(await a.delete(`/sessions/${b.session.id}`), 404, 'not_found', 'ended already');
	assert.equal((await a.delete('/sessions/current')).status, 204);
	problem(await a.get('/account'), 401, 'invalid_token');
	assert.equal((await c.get('/account')).status, 200);
});

test('changing the password ends all other sessions, not this one, and tells the owner', async () => {
	const who = await makeAccount(server),
		[a, b] = [await apiSession(server, who), await apiSession(server, who)];
	problem(
		await a.put('/account/password', { current_password: 'wrong', new_password: otherPassword }),
		403,
		'wrong_password',
	);
	for (const weak of ['short', 'password1', who.email, 'x'.repeat(200), ''])
		assert.ok(
			fieldCodes(
				problem(
					await a.put('/account/password', { current_password: password, new_password: weak }),
					422,
					weakCode(weak),
				),
			).new_password,
			weak,
		);
	assert.equal((await b.get('/account')).status, 200);
	assert.equal(
		(await a.put('/account/password', { current_password: password, new_password: otherPassword })).status,
		204,
	);
	assert.equal((await a.get('/account')).status, 200);
	problem(await b.get('/account'), 401, 'invalid_token');
	problem(await new Api(server).post('/sessions', { email: who.email, password }), 401, 'unauthenticated');
	await server.mail.take(who.email, /password/i);
});

// Length is a matter of form; being guessable has a code of its own.
const weakCode = (p) => (p === 'password1' || p.includes('@') ? 'weak_password' : 'invalid_fields');

test('reset: 202 for all, 422 for a weak password without spending, 204 once, then 410', async () => {
	const who = await makeAccount(server),
		session = await apiSession(server, who),
		api = new Api(server);
	for (const email of [who.email, 'nobody@mail.example']) {
		const r = await api.post('/password-resets', { email });
		assert.deepEqual([r.status, r.body], [202, '{}']);
	}
	await server.mail.take('nobody@mail.example', /no account|account/i);
	await server.mail.take(who.email, /reset\/confirm/);
	const token = await resetToken(server, who.email);
	assert.equal((await session.get('/account')).status, 200, 'asking changes nothing');
	problem(await api.post('/password-resets/confirm', { token, password: 'password1' }), 422, 'weak_password');
	problem(await api.post('/password-resets/confirm', { token, password: 'short' }), 422, 'invalid_fields');
	assert.equal((await api.post('/password-resets/confirm', { token, password: thirdPassword })).status, 204);
	problem(await api.post('/password-resets/confirm', { token, password: otherPassword }), 410, 'spent');
	problem(await session.get('/account'), 401, 'invalid_token', 'all sessions end');
	assert.equal((await api.post('/sessions', { email: who.email, password: thirdPassword })).status, 201);
	for (const bad of ['', 'x', `pst_${'A'.repeat(43)}`, `${token}x`, token.slice(0, -1), 'x'.repeat(5000)])
		problem(await api.post('/password-resets/confirm', { token: bad, password: otherPassword }), 410, 'spent');
});

test('deleting the account needs the password and leaves nothing that works', async () => {
	const who = await makeAccount(server, { plan: 'digital' }),
		api = await apiSession(server, who);
	problem(await api.delete('/account', { current_password: 'wrong' }), 403, 'wrong_password');
	problem(await api.delete('/account'), 411, 'malformed', 'neither body nor length');
	assert.equal((await api.delete('/account', { current_password: password })).status, 204);
	problem(await api.get('/account'), 401, 'invalid_token');
	problem(await new Api(server).post('/sessions', { email: who.email, password }), 401, 'unauthenticated');
	assert.equal(server.cli('account', 'show', who.email).code, 4);
	await makeAccount(server, { email: who.email });
	assert.equal(
		(await (await apiSession(server, who)).get('/articles/vault')).status,
		402,
		'the same address starts anew',
	);
});

test('a disabled account is out at once, and says no more than any other refusal', async () => {
	const who = await makeAccount(server),
		api = await apiSession(server, who);
	server.cliOk('account', 'disable', who.email);
	problem(await api.get('/account'), 401, 'invalid_token');
	problem(await new Api(server).post('/sessions', { email: who.email, password }), 401, 'unauthenticated');
	server.cliOk('account', 'enable', who.email);
	problem(await api.get('/account'), 401, 'invalid_token', 'old sessions do not come back');
	await apiSession(server, who);
});

test('credentials come from the one place of their face: Bearer for the API, the cookie for pages', async () => {
	const who = await makeAccount(server),
		api = await apiSession(server, who),
		page = new Reader(server);
	await page.logIn(who);
	problem(
		await request(server, 'GET', '/api/v1/account', { headers: { Cookie: `postern=${api.token}` } }),
		401,
		'unauthenticated',
	);
	assert.equal(
		(await request(server, 'GET', '/account', { headers: { Authorization: `Bearer ${page.session}` } })).status,
		303,
	);
	for (const target of [`/api/v1/account?token=${api.token}`, `/api/v1/account?access_token=${api.token}`])
		problem(await request(server, 'GET', target), 422, 'invalid_fields');
	assert.equal((await request(server, 'GET', `/account?postern=${page.session}`)).status, 303);
	for (const value of [`Bearer ${api.token}x`, `Bearer ${api.token} x`]) {
		const dead = await new Api(server).get('/account', { Authorization: value });
		problem(dead, 401, 'invalid_token', value);
		assert.equal(dead.headers['www-authenticate'], 'Bearer error="invalid_token"');
	}
	for (const value of [`Basic ${api.token}`, api.token, 'Bearer', 'Bearer ', `Token ${api.token}`])
		problem(await new Api(server).get('/account', { Authorization: value }), 401, 'unauthenticated', value);
	assert.equal(
		(await new Api(server).get('/account', { Authorization: `bearer ${api.token}` })).status,
		200,
		'the scheme’s name has no case',
	);
	const twice = await new Api(server).get('/account', {
		Authorization: [`Bearer ${api.token}`, `Bearer ${api.token}`],
	});
	problem(twice, 400, 'malformed');
	assert.equal(
		(await request(server, 'GET', '/account', { headers: { Cookie: `postern=${api.token}` } })).status,
		200,
		'a session is a session in its own place',
	);
});

test('cursors: every article once, none lost, whatever the size of a page', async () => {
	const PAGES = 105;
	const paging = Array.from({ length: PAGES }, (_, i) => ({
		slug: `page-${i}`,
		access: 'public',
		section: 'Paging',
		tags: i % 3 ? 'even' : 'third',
		published: `2025-02-${String(1 + Math.floor(i / 5)).padStart(2, '0')}T00:00:00Z`,
	})); // fives with one time
	importArticles(server, paging);
	const api = new Api(server);
	for (const limit of [1, 7, 35, 100]) {
		const seen = [];
		let cursor = '',
			pages = 0;
		do {
			pages++;
			const r = await api.get(
				`/articles?section=paging&limit=${limit}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
			);
			assert.equal(r.status, 200);
			assert.ok(r.json.articles.length <= limit);
			assert.ok(r.json.articles.every((a) => !('body_html' in a) && !('teaser_html' in a)));
			seen.push(...r.json.articles);
			cursor = r.json.next_cursor;
		} while (cursor);
		assert.equal(cursor, null);
		assert.equal(pages, Math.ceil(PAGES / limit), 'no empty page at the end');
		assert.equal(seen.length, PAGES, `limit ${limit}`);
		assert.equal(new Set(seen.map((a) => a.slug)).size, PAGES);
		assert.deepEqual(
			seen.map((a) => a.published_at),
			seen
				.map((a) => a.published_at)
				.sort()
				.reverse(),
			'newest first',
		);
	}
	assert.equal((await api.get('/articles?tag=third&limit=100')).json.articles.length, PAGES / 3);
	assert.equal((await api.get('/articles?section=paging&q=Headline%20page-4&limit=100')).json.articles.length, 11);
	assert.equal((await api.get('/articles?q=%25')).json.articles.length, 0, 'no wildcard of the database');
	assert.equal((await api.get('/articles?q=kept')).json.articles.length, 0, 'the text is not searched');
	for (const bad of [
		'limit=0',
		'limit=101',
		'limit=-1',
		'limit=x',
		'limit=1e1',
		'cursor=x',
		'cursor=1-',
		'cursor=-x',
		'page=2',
		`cursor=1-${'x'.repeat(100)}`,
	])
		problem(await api.get(`/articles?${bad}`), 422, 'invalid_fields', bad);
	problem(await api.get('/articles?limit=1&limit=2'), 400, 'malformed');
});
