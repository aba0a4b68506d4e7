// Goal: a gift opens its article and nothing else, in as many browsers as it is for, until it ends; looking at the link, a
// program, or another site's form changes nothing.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiSession, makeAccount } from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { problem } from '../lib/checks.mjs';
import { Api, cookieOf, Reader, request } from '../lib/http.mjs';
import { databaseSql, startServer } from '../lib/server.mjs';

export const covers = [
	'POST /articles/{slug}/gift',
	'GET /gifts/{token}',
	'POST /gifts/{token}',
	'GET /account/gifts',
	'POST /account/gifts/revoke',
	'POST /api/v1/gifts',
	'GET /api/v1/gifts',
	'DELETE /api/v1/gifts/{id}',
];

const human = { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0' };
const articles = [
	{ slug: 'vault', access: 'subscriber', pictures: ['lead.png', 'inside.png'] },
	{ slug: 'other', access: 'subscriber', pictures: ['front.png', 'within.png'] },
	{ slug: 'counted', access: 'metered' },
	{ slug: 'members', access: 'registered' },
	{ slug: 'open-door', access: 'public' },
	{ slug: 'next-year', access: 'subscriber', front: { embargo: '2100-01-01T00:00:00Z' } },
	...['a', 'b', 'c', 'd'].map((n) => ({ slug: `quota-${n}`, access: 'subscriber' })),
];
let server, giver, who;
before(async () => {
	server = await startServer({
		settings: { POSTERN_GIFT_PER_MONTH: '3', POSTERN_GIFT_REDEMPTIONS: '3', POSTERN_GIFT_DAYS: '5' },
	});
	importArticles(server, articles);
	who = await makeAccount(server, { plan: 'digital' });
	giver = await apiSession(server, who);
});
after(() => server.close());

const friend = () => new Reader(server, human);
const staff = (slug, ...args) => server.cliJson('gift', 'create', slug, '--by', 'Desk', ...args);
const pathOf = (link) => new URL(link).pathname;
const reads = async (reader, slug) => (await reader.get(`/articles/${slug}`)).headers['postern-decision'];
const spent = (id) => server.cliJson('gift', 'list').find((g) => g.id === id).redemptions;

test('a subscriber gives, a friend looks, opens, and reads; the same browser opens once', async () => {
	const made = await giver.post('/gifts', { article: 'vault' });
	assert.equal(made.status, 201, made.body);
	assert.equal(made.json.left, 2);
	assert.match(made.json.link, new RegExp(`^${server.base}/gifts/pst_[\\w-]{43}$`));
	assert.equal(Date.parse(made.json.gift.expires_at) - Date.parse(made.json.gift.created_at), 5 * 86400e3);
	const reader = friend(),
		path = pathOf(made.json.link);
	for (let i = 0; i < 3; i++) {
		const look = await reader.get(path);
		assert.equal(look.status, 200);
		assert.deepEqual(look.cookies, [], 'looking sets nothing');
		assert.equal(look.headers['x-robots-tag'], 'noindex');
		assert.equal(
			look.headers['referrer-policy'],
			'same-origin',
			'to no other site; its own form is sent from this address',
		);
		assert.equal(look.headers['cache-control'], 'no-store');
		assert.match(look.body, new RegExp(`<link rel="canonical" href="${server.base}/articles/vault">`));
		assert.match(look.body, /<meta name="robots" content="noindex">/);
		assert.ok(
			look.body.includes('Headline of vault') &&
				!look.body.includes('kept-vault') &&
				!look.body.includes(who.email),
		);
		assert.ok(!look.body.includes('pst_'), 'no token on the page');
	}
	assert.equal((await reader.request('HEAD', path)).status, 200);
	assert.equal(spent(made.json.gift.id), 0);
	assert.equal(await reads(reader, 'vault'), 'teaser; reason=subscriber_only');
	const taken = await reader.post(path);
	assert.deepEqual([taken.status, taken.headers.location], [303, '/articles/vault']);
	const cookie = cookieOf(taken.cookies[0]);
	assert.deepEqual([cookie.httponly, cookie.path, cookie.samesite], [true, '/', 'Lax']);
	assert.notEqual(cookie.value, path.slice('/gifts/'.length));
	assert.equal(await reads(reader, 'vault'), 'full; reason=gift');
	assert.match((await reader.get('/articles/vault')).body, /kept-vault-4/);
	assert.equal((await reader.post(path)).status, 303);
	assert.equal((await reader.get(path)).headers.location, '/articles/vault', 'opened already');
	assert.equal(spent(made.json.gift.id), 1);
	// only that article, with its pictures
	assert.equal(await reads(reader, 'other'), 'teaser; reason=subscriber_only');
	const inside = async (slug, name, r) =>
		(
			await r.get(
				/\/media\/[a-z2-7]{26}\//.exec((await giver.get(`/articles/${slug}`)).json.article.images[1].href)[0] +
					name,
			)
		).status;
	assert.equal(await inside('vault', 'inside.png', reader), 200);
	assert.equal(await inside('other', 'within.png', reader), 401);
	assert.equal(await inside('vault', 'inside.png', friend()), 401);
});

test('a link and a redemption of the future, made before a clock was set back, open nothing', async () => {
	const path = pathOf(staff('vault').link),
		reader = friend(),
		url = server.env.POSTERN_DATABASE_URL;
	const shift = (table, column, s) => databaseSql(url, `UPDATE ${table} SET ${column} = ${column} + ${s}`);
	shift('gift_token', 'created_at', 86400);
	assert.equal((await reader.get(path)).status, 404);
	shift('gift_token', 'created_at', -86400);
	assert.equal((await reader.post(path)).status, 303);
	assert.equal(await reads(reader, 'vault'), 'full; reason=gift');
	shift('gift_visitor', 'redeemed_at', 86400);
	assert.equal(await reads(reader, 'vault'), 'teaser; reason=subscriber_only');
	shift('gift_visitor', 'redeemed_at', -86400);
	assert.equal(await reads(reader, 'vault'), 'full; reason=gift');
});

test('sharing the article again is the same gift, and every link of it works', async () => {
	const again = await giver.post('/gifts', { article: 'vault' });
	assert.equal(again.status, 200);
	assert.equal(again.json.again, true);
	assert.equal(again.json.left, 2, 'nothing counted anew');
	const gifts = (await giver.get('/gifts')).json.gifts.filter((g) => g.article === 'vault');
	assert.equal(gifts.length, 1);
	assert.equal(gifts[0].id, again.json.gift.id);
	assert.equal((await friend().post(pathOf(again.json.link))).status, 303);
	assert.equal(spent(again.json.gift.id), 2);
});

test('used up, the link says so with 410; who opened it reads on', async () => {
	const { link, gift } = staff('vault', '--redemptions', '1');
	const first = friend(),
		second = friend(),
		path = pathOf(link);
	assert.equal((await first.post(path)).status, 303);
	for (const answer of [await second.get(path), await second.post(path)]) {
		assert.equal(answer.status, 410);
		assert.deepEqual(answer.cookies, []);
		assert.match(answer.body, /opened in as many browsers/);
		assert.match(answer.body, /href="\/articles\/vault"/);
		assert.equal(answer.headers['x-robots-tag'], 'noindex');
	}
	assert.equal(await reads(first, 'vault'), 'full; reason=gift');
	assert.equal(server.cliJson('gift', 'list', '--article', 'vault').find((g) => g.id === gift.id).state, 'used_up');
});

test('many at once on the last one: exactly one', async () => {
	const { link, gift } = staff('vault', '--redemptions', '1');
	const answers = await Promise.all(Array.from({ length: 20 }, () => friend().post(pathOf(link))));
	assert.deepEqual(
		[answers.filter((a) => a.status === 303).length, answers.filter((a) => a.status === 410).length],
		[1, 19],
	);
	assert.equal(spent(gift.id), 1);
});

test('one browser that asks many times at once spends one for each cookie it has, never more than there are', async () => {
	const { link, gift } = staff('vault', '--redemptions', '2'),
		reader = friend();
	await reader.post(pathOf(link));
	await Promise.all(Array.from({ length: 10 }, () => reader.post(pathOf(link))));
	assert.equal(spent(gift.id), 1);
});

test('revoked, it opens nothing any more, at the very next request', async () => {
	const { link, gift } = staff('vault'),
		reader = friend(),
		path = pathOf(link);
	await reader.post(path);
	assert.equal(await reads(reader, 'vault'), 'full; reason=gift');
	server.cliOk('gift', 'revoke', gift.id);
	assert.equal(await reads(reader, 'vault'), 'teaser; reason=subscriber_only');
	assert.equal((await reader.get(path)).status, 410);
	assert.equal((await friend().post(path)).status, 410);
	assert.equal(server.cli('gift', 'revoke', gift.id).code, 4);
	// by its giver, and by nobody else
	const own = (await giver.get('/gifts')).json.gifts[0],
		other = await apiSession(server, await makeAccount(server, { plan: 'digital' }));
	assert.equal((await other.delete(`/gifts/${own.id}`)).status, 404);
	assert.equal((await giver.delete(`/gifts/${own.id}`)).status, 204);
	assert.equal((await giver.delete(`/gifts/${own.id}`)).status, 404);
});

test('a giver who is shut out gives nothing any more', async () => {
	const bad = await makeAccount(server, { plan: 'digital' }),
		reader = friend();
	const { link } = (await (await apiSession(server, bad)).post('/gifts', { article: 'other' })).json;
	await reader.post(pathOf(link));
	assert.equal(await reads(reader, 'other'), 'full; reason=gift');
	server.cliOk('account', 'disable', bad.email);
	assert.equal(await reads(reader, 'other'), 'teaser; reason=subscriber_only');
	assert.equal((await friend().get(pathOf(link))).status, 410);
});

test('the quota of a month, also for many at once; the staff has none', async () => {
	const wealthy = await makeAccount(server, { plan: 'digital' }),
		rich = await apiSession(server, wealthy);
	const answers = await Promise.all(
		['a', 'b', 'c', 'd', 'a', 'b'].map((n) => rich.post('/gifts', { article: `quota-${n}` })),
	);
	assert.equal(new Set((await rich.get('/gifts')).json.gifts.map((g) => g.id)).size, 3);
	assert.ok(answers.some((a) => a.status === 409));
	const given = new Set((await rich.get('/gifts')).json.gifts.map((g) => g.article));
	const refused = ['a', 'b', 'c', 'd'].map((n) => `quota-${n}`).find((s) => !given.has(s));
	const used = await rich.post('/gifts', { article: refused });
	const until = new Date(problem(used, 409, 'quota_used').until);
	assert.ok(until > new Date() && until.getUTCDate() === 1 && until.getUTCHours() === 0, used.body);
	assert.equal(used.headers['retry-after'], undefined);
	const page = new Reader(server);
	await page.logIn(wealthy);
	const told = await page.post(`/articles/${refused}/gift`);
	assert.equal(told.status, 409);
	assert.match(told.body, /all your gifts for this month/);
	assert.equal(told.headers.refresh, undefined, 'seconds do not help');
	for (const slug of given)
		assert.equal((await rich.post('/gifts', { article: slug })).status, 200, 'the same article again');
	assert.equal(staff(refused).gift.made_by, 'Desk');
});

test('who may not give, and what', async () => {
	const plain = await apiSession(server, await makeAccount(server));
	problem(await new Api(server).post('/gifts', { article: 'vault' }), 401, 'unauthenticated');
	problem(await plain.post('/gifts', { article: 'vault' }), 402, 'payment_required');
	problem(await giver.post('/gifts', { article: 'open-door' }), 409, 'conflict');
	problem(await giver.post('/gifts', { article: 'next-year' }), 404, 'not_found');
	problem(await giver.post('/gifts', { article: 'nothing' }), 404, 'not_found');
	problem(await giver.post('/gifts', { article: 'vault', to: 'x' }), 422, 'invalid_fields');
	server.cliOk('plan', 'set', 'day', '--kind', 'day-pass', '--title', 'Day');
	const day = await makeAccount(server, { plan: 'day' }),
		dayApi = await apiSession(server, day);
	assert.equal((await dayApi.get('/articles/vault')).status, 200);
	problem(await dayApi.post('/gifts', { article: 'vault' }), 402, 'payment_required');
	for (const [args, code] of [
		[['vault'], 2],
		[['vault', '--by', ''], 2],
		[['vault', '--by', 'x', '--days', '91'], 2],
		[['vault', '--by', 'x', '--redemptions', '0'], 2],
		[['nothing', '--by', 'x'], 4],
	])
		assert.equal(server.cli('gift', 'create', ...args).code, code, args.join(' '));
});

// More links than a gift may have, most of them made in one second: their order says nothing about which is the newest.
test('the link just made works, however many there were', async () => {
	const another = await makeAccount(server, { plan: 'digital' }),
		api = await apiSession(server, another);
	const paths = [];
	for (let i = 0; i < 60; i++) {
		const made = await api.post('/gifts', { article: 'other' });
		assert.ok([200, 201].includes(made.status), made.body);
		paths.push(pathOf(made.json.link));
		if (i >= 49) assert.equal((await friend().get(paths[i])).status, 200, `link ${i + 1}`);
	}
	const answers = await Promise.all(paths.map(async (p) => (await friend().get(p)).status));
	assert.equal(answers.filter((status) => status === 200).length, 50);
});

test('links that are none', async () => {
	for (const token of [
		'x',
		'pst_',
		`pst_${'A'.repeat(43)}`,
		`pst_${'A'.repeat(42)}`,
		`PST_${'A'.repeat(43)}`,
		`pst_${'%41'.repeat(43)}`,
		'a'.repeat(500),
	]) {
		assert.equal((await friend().get(`/gifts/${token}`)).status, 404, token);
		assert.equal((await friend().post(`/gifts/${token}`)).status, 404, token);
	}
});

test('programs and other sites take no gift', async () => {
	const { link, gift } = staff('other'),
		path = pathOf(link);
	for (const agent of [
		'GPTBot/1.2',
		'Mozilla/5.0 (compatible; ClaudeBot/1.0; +claudebot@anthropic.com)',
		'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
		'facebookexternalhit/1.1',
		'PerplexityBot',
		'',
	])
		assert.equal((await new Reader(server, { 'User-Agent': agent }).post(path)).status, 403, agent);
	assert.equal((await friend().post(path, {}, { 'Sec-Fetch-Site': 'cross-site' })).status, 403);
	assert.equal(
		(
			await request(server, 'POST', path, {
				headers: { ...human, 'Content-Type': 'application/x-www-form-urlencoded' },
				body: '',
			})
		).status,
		403,
		'neither Sec-Fetch-Site nor Origin',
	);
	assert.equal(spent(gift.id), 0);
});

test('who could read anyway spends nothing', async () => {
	const { link, gift } = staff('other'),
		subscriber = new Reader(server, human);
	await subscriber.logIn(who);
	assert.equal((await subscriber.get(pathOf(link))).headers.location, '/articles/other');
	assert.equal((await subscriber.post(pathOf(link))).headers.location, '/articles/other');
	assert.equal(spent(gift.id), 0);
});

test('a gift opens what is metered or needs an account, and nothing that nobody may see', async () => {
	const reader = friend();
	for (const slug of ['counted', 'members']) {
		await reader.post(pathOf(staff(slug).link));
		assert.equal(await reads(reader, slug), 'full; reason=gift');
	}
	const { link } = staff('next-year');
	assert.equal((await reader.get(pathOf(link))).status, 404);
	assert.equal((await reader.post(pathOf(link))).status, 404);
});

test('a browser keeps the last eight gifts; forged and foreign secrets open nothing', async () => {
	const reader = friend();
	const slugs = ['vault', 'other', 'counted', 'members', 'quota-a', 'quota-b', 'quota-c', 'quota-d'];
	await reader.post(pathOf(staff('vault', '--days', '1').link));
	for (const slug of slugs.slice(1)) await reader.post(pathOf(staff(slug).link));
	for (const slug of slugs) assert.equal(await reads(reader, slug), 'full; reason=gift', slug);
	const value = reader.jar.get('postern-gift').value;
	assert.equal(value.split('.').length, 8);
	const other = friend();
	for (const bad of [
		value.slice(0, -1),
		`x.x.x.x.x.x.x.x.${value}`,
		value.split('.')[0],
		`${value.split('.').slice(0, 7).join('.')}.x`,
		'x'.repeat(3000),
		'.......',
		`pst_${'A'.repeat(43)}`,
	]) {
		other.jar.set('postern-gift', { name: 'postern-gift', value: bad, path: '/' });
		assert.equal(await reads(other, 'vault'), 'teaser; reason=subscriber_only', bad);
	}
});

test('pages: the button, the link once, the list, taking back', async () => {
	const page = new Reader(server, human),
		fresh = await makeAccount(server, { plan: 'digital' });
	await page.logIn(fresh);
	assert.match(
		(await page.get('/articles/vault')).body,
		/<form class="give" method="post" action="\/articles\/vault\/gift">/,
	);
	assert.doesNotMatch((await friend().get('/articles/vault')).body, /class="give"/);
	const made = await page.post('/articles/vault/gift');
	assert.equal(made.status, 200);
	const link = /value="([^"]+\/gifts\/pst_[\w-]{43})"/.exec(made.body)[1];
	assert.equal(made.headers['cache-control'], 'no-store');
	assert.match(made.body, /give away 2 more articles this month/);
	const reader = friend();
	await reader.post(pathOf(link));
	const list = (await page.get('/account/gifts')).body;
	assert.match(list, /opened in 1 of 3 browsers/);
	assert.ok(!list.includes('pst_'));
	await page.post('/account/gifts/revoke', { gift_id: /name="gift_id" value="([a-z2-7]{26})"/.exec(list)[1] });
	assert.match((await page.get('/account/gifts')).body, /taken back/);
	assert.equal(await reads(reader, 'vault'), 'teaser; reason=subscriber_only');
	assert.match((await page.post('/articles/open-door/gift')).body, /open to everyone/);
	assert.equal((await friend().post('/articles/vault/gift')).status, 401);
	assert.equal((await friend().get('/account/gifts')).status, 303);
});

test('no token in a log, and none in the database', async () => {
	const { link } = staff('vault'),
		token = link.split('/').at(-1);
	await friend().get(pathOf(link));
	const taken = await friend().post(pathOf(link));
	const { readFileSync, readdirSync } = await import('node:fs');
	for (const secret of [token, cookieOf(taken.cookies[0]).value]) {
		assert.ok(!server.stderr.includes(secret));
		for (const file of readdirSync(server.dir).filter((f) => f.startsWith('postern.db')))
			assert.ok(!readFileSync(`${server.dir}/${file}`).includes(secret), file);
	}
});
