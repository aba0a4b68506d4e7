// Goal: of the metered articles a reader opens as many as are free and not one more, whatever he does to his cookie, in how
// many tabs, before or after signing in; and is charged for nothing that he did not read.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiSession, makeAccount } from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { problem, secure, unstored } from '../lib/checks.mjs';
import { Api, cookieOf, Reader, request } from '../lib/http.mjs';
import { startServer } from '../lib/server.mjs';

export const covers = ['GET /articles/{slug}', 'GET /api/v1/articles/{slug}', 'GET /media/{id}/{name}'];

const name = (n) => `free-${n}`,
	kept = (n) => `kept-free-${n}-2`;
const shelf = [
	...Array.from({ length: 30 }, (_, n) => ({ slug: name(n), access: 'metered', section: 'City' })),
	...Array.from({ length: 5 }, (_, n) => ({ slug: `match-${n}`, access: 'metered', section: 'Sport' })),
	{ slug: 'pictured', access: 'metered', section: 'City', pictures: ['lead.png', 'inside.png'] },
	{ slug: 'open-to-all', access: 'public' },
	{ slug: 'for-members', access: 'registered' },
];
const decision = (a) => a.headers['postern-decision'];
const article = (n) => `/articles/${name(n)}`;
const cookieName = 'postern-meter';
const withCookie = (value) => ({ Cookie: `${cookieName}=${value}` });

let server;
before(async () => {
	server = await startServer();
	importArticles(server, shelf);
});
after(() => server?.close());

// Reads so many; returns how many came whole.
async function read(reader, from, count) {
	let whole = 0;
	for (let n = from; n < from + count; n++) {
		const a = await reader.get(article(n));
		assert.equal(a.status, 200);
		assert.equal(/^full/.test(decision(a)), a.body.includes(kept(n)), 'the text follows the decision');
		whole += /^full; reason=metered;/.test(decision(a));
	}
	return whole;
}
const cookie = (reader) => reader.jar.get(cookieName)?.value;

test('an anonymous reader reads six a month, and those again', async () => {
	const reader = new Reader(server);
	const first = await reader.get(article(0));
	secure(first, 'first');
	unstored(first, 'first');
	assert.equal(first.headers.etag, undefined, 'nothing that a cache could ask about');
	assert.equal(decision(first), 'full; reason=metered; used=1; limit=6');
	assert.match(first.body, /<strong>5 of 6<\/strong> free articles left this month/);
	const set = cookieOf(first.cookies[0]);
	assert.equal(set.name, cookieName);
	assert.deepEqual(
		{ ...set, value: '', 'max-age': '' },
		{ name: cookieName, value: '', path: '/', httponly: true, samesite: 'Lax', 'max-age': '' },
	);
	assert.ok(Number(set['max-age']) > 0 && Number(set['max-age']) <= 31 * 86400);
	assert.equal(await read(reader, 1, 5), 5);
	const wall = await reader.get(article(6));
	assert.equal(decision(wall), 'teaser; reason=meter_exhausted; used=6; limit=6');
	assert.match(wall.body, /You have read your 6 free articles this month/);
	assert.match(
		wall.body,
		/The count starts again on <time datetime="\d{4}-\d\d-01T00:00:00Z">\w+, 1 \w+ \d{4}<\/time>/,
	);
	assert.match(wall.body, /A free account gives you 10/);
	assert.ok(!wall.body.includes(kept(6)));
	assert.deepEqual(wall.cookies, []);
	const again = await reader.get(article(0));
	assert.equal(decision(again), 'full; reason=metered_again; used=6; limit=6');
	assert.ok(again.body.includes(kept(0)));
	assert.deepEqual(again.cookies, []);
	assert.equal(decision(await reader.get('/articles/open-to-all')), 'full; reason=public');
});

test('the last free article says so', async () => {
	const reader = new Reader(server);
	await read(reader, 0, 5);
	assert.match((await reader.get(article(5))).body, /This is the last of your 6 free articles this month\./);
});

test('the cookie stays below a kilobyte, is refused when it is not ours, and names no article', async () => {
	const reader = new Reader(server);
	await read(reader, 0, 6);
	assert.ok(`__Host-${cookieName}=${cookie(reader)}`.length < 1024);
	assert.match(cookie(reader), /^[A-Za-z0-9_-]+$/);
	const value = cookie(reader);
	const flip = (i) => value.slice(0, i) + (value[i] === 'A' ? 'B' : 'A') + value.slice(i + 1);
	const bad = [
		flip(0),
		flip(7),
		flip(30),
		flip(value.length - 2),
		value.slice(0, -1),
		value.slice(0, 40),
		`${value}A`,
		`${value}=`,
		value.toLowerCase(),
		'x',
		'0',
		'used%3D0',
		'A'.repeat(60),
		'A'.repeat(1000),
		'A'.repeat(3000),
		'{"used":0}'.replace(/"/g, ''),
	];
	for (const forged of bad) {
		const a = await request(server, 'GET', article(20), { headers: withCookie(forged) });
		assert.equal(decision(a), 'teaser; reason=meter_exhausted; used=6; limit=6', forged.slice(0, 50));
		assert.ok(!a.body.includes(kept(20)));
	}
});

test('a cookie that is not ours may count as new instead, and then it counts', async () => {
	const other = await startServer({ settings: { POSTERN_METER_FORGED: 'new' } });
	try {
		importArticles(other, shelf);
		const foreign = new Reader(server);
		await read(foreign, 0, 1);
		for (const forged of ['x', cookie(foreign), 'A'.repeat(900)]) {
			const reader = new Reader(other);
			reader.jar.set(cookieName, { name: cookieName, value: forged, path: '/' });
			assert.equal(await read(reader, 0, 9), 6, 'never without limit');
		}
	} finally {
		await other.close();
	}
});

test('an older cookie is its older state, as if what came after had been deleted', async () => {
	const reader = new Reader(server);
	await read(reader, 0, 3);
	const old = cookie(reader);
	await read(reader, 3, 3);
	reader.jar.set(cookieName, { name: cookieName, value: old, path: '/' });
	assert.equal(decision(await reader.get(article(9))), 'full; reason=metered; used=4; limit=6');
});

test('keys change: old cookies go on, revoked ones do not', async () => {
	const own = await startServer();
	try {
		importArticles(own, shelf);
		const reader = new Reader(own);
		await read(reader, 0, 2);
		assert.match(own.cliOk('meter', 'rotate-key'), /^Key 2 signs/);
		assert.equal(decision(await reader.get(article(2))), 'full; reason=metered; used=3; limit=6');
		own.cliOk('meter', 'rotate-key', '--revoke');
		assert.equal(decision(await reader.get(article(0))), 'teaser; reason=meter_exhausted; used=6; limit=6');
		assert.equal(await read(new Reader(own), 0, 7), 6);
	} finally {
		await own.close();
	}
});

// ---- what is not a reading ----

test('HEAD answers as its GET and charges nothing; a conditional GET is a GET', async () => {
	const reader = new Reader(server);
	const head = await reader.request('HEAD', article(0));
	assert.equal(decision(head), 'full; reason=metered; used=1; limit=6');
	assert.equal(head.bytes.length, 0);
	assert.deepEqual(head.cookies, []);
	const get = await reader.get(article(0));
	assert.equal(decision(get), decision(head));
	assert.equal(head.headers['content-length'], String(get.sent.length));
	const conditional = await reader.get(article(0), {
		'If-None-Match': '*',
		'If-Modified-Since': new Date().toUTCString(),
		Range: 'bytes=0-10',
	});
	assert.equal(conditional.status, 200);
	assert.equal(decision(conditional), 'full; reason=metered_again; used=1; limit=6');
});

test('an app whose session has ended is told so, and not counted as an anonymous reader', async () => {
	const api = await apiSession(server, await makeAccount(server));
	await api.delete('/sessions/current');
	for (let i = 0; i < 2; i++) {
		const ended = await api.get(article(0));
		assert.equal(problem(ended, 401, 'invalid_token').decision, undefined);
		assert.deepEqual(ended.cookies, []);
	}
	assert.equal((await new Api(server).get(article(0))).status, 200, 'without a token it is counted');
	problem(await api.get(article(0)), 401, 'invalid_token', 'also when it is in memory');
});

test('a prefetch gets neither the text nor a wall, and is not charged', async () => {
	const reader = new Reader(server);
	for (const headers of [
		{ 'Sec-Purpose': 'prefetch' },
		{ 'Sec-Purpose': 'prefetch;prerender' },
		{ Purpose: 'prefetch' },
	]) {
		const a = await reader.get(article(0), headers);
		assert.equal(a.status, 503);
		unstored(a, 'prefetch');
		assert.ok(Number(a.headers['retry-after']) > 0);
		assert.ok(!a.body.includes('shown-free-0') && !a.body.includes(kept(0)));
		assert.deepEqual(a.cookies, []);
	}
	problem(
		await request(server, 'GET', `/api/v1${article(0)}`, { headers: { 'Sec-Purpose': 'prefetch' } }),
		503,
		'prefetch',
	);
	assert.equal(decision(await reader.get(article(0))), 'full; reason=metered; used=1; limit=6');
	const ahead = await reader.get(article(0), { 'Sec-Purpose': 'prefetch' });
	assert.equal(ahead.status, 200, 'what is counted may be fetched ahead');
	assert.equal(ahead.body.includes(kept(0)), true);
});

test('who has access anyway, and what is no metered article, is not charged', async () => {
	const who = await makeAccount(server, { plan: 'digital' });
	const reader = new Reader(server);
	await reader.logIn(who);
	const a = await reader.get(article(0));
	assert.equal(decision(a), 'full; reason=entitled');
	assert.doesNotMatch(a.body, /free articles/);
	assert.equal(cookie(reader), undefined);
	assert.deepEqual(server.cliJson('meter', 'show', who.email).read, []);
	for (const path of ['/', '/sections/city', '/articles/open-to-all', '/articles/for-members', '/articles/none'])
		assert.deepEqual((await new Reader(server).get(path)).cookies, [], path);
});

test('pictures inside a metered article come after its text, and open no other', async () => {
	const reader = new Reader(server);
	const all = new Reader(server);
	const page = await all.get('/articles/pictured');
	const inside = /\/media\/[^"]*inside\.png/.exec(page.body)[0],
		lead = /\/media\/[^"]*lead\.png/.exec(page.body)[0];
	assert.equal((await reader.get(inside)).status, 401);
	assert.equal((await reader.get(lead)).status, 200);
	await reader.get(article(0));
	assert.equal((await reader.get(inside)).status, 401, 'another article was read');
	await reader.get('/articles/pictured');
	const picture = await reader.get(inside);
	assert.equal(picture.status, 200);
	assert.deepEqual(picture.cookies, []);
});

test('lists and cards charge nothing and show nothing more', async () => {
	const reader = new Reader(server);
	await reader.get(article(0));
	const value = cookie(reader);
	for (const path of ['/', '/sections/city', '/api/v1/articles?limit=100']) {
		const a = await reader.get(path);
		assert.equal(a.status, 200, path);
		assert.doesNotMatch(a.body, /kept-free/, path);
	}
	assert.equal(cookie(reader), value);
});

// ---- JSON ----

test('the JSON says how the meter stands', async () => {
	const a = await request(server, 'GET', `/api/v1${article(0)}`);
	assert.equal(a.status, 200, a.body);
	assert.ok(a.json.article.body_html.includes(kept(0)));
	const { meter, ...rest } = a.json.decision;
	assert.deepEqual(rest, { grant: 'full', reason: 'metered', detail: rest.detail, offer: [] });
	assert.deepEqual(
		{ ...meter, window_ends_at: '' },
		{ name: 'all', window: 'month', used: 1, limit: 6, window_ends_at: '', blocked: null },
	);
	assert.match(meter.window_ends_at, /^\d{4}-\d\d-01T00:00:00Z$/);
	const value = cookieOf(a.cookies[0]).value;
	assert.equal(
		(await request(server, 'GET', `/api/v1${article(0)}`, { headers: withCookie(value) })).json.decision.reason,
		'metered_again',
	);
	const wall = await request(server, 'GET', `/api/v1${article(0)}`, { headers: withCookie('forged') });
	const doc = problem(wall, 401, 'unauthenticated');
	assert.deepEqual([doc.decision.meter.used, doc.decision.meter.blocked], [6, 'cookie']);
	assert.match(doc.decision.detail, /is not valid/);
	assert.equal(doc.article.body_html, undefined);
	assert.ok(!wall.body.includes(kept(0)));
	assert.equal((await request(server, 'GET', '/api/v1/articles/open-to-all')).json.decision.meter, undefined);
});

// ---- accounts ----

test('an account reads ten, by page and by JSON together', async () => {
	const who = await makeAccount(server);
	const reader = new Reader(server),
		api = await apiSession(server, who);
	await reader.logIn(who);
	assert.equal(await read(reader, 0, 6), 6);
	assert.equal(cookie(reader), undefined, 'an account needs no cookie');
	for (let n = 6; n < 10; n++) assert.equal((await api.get(article(n))).json.decision.meter.used, n + 1);
	const wall = await api.get(article(10));
	assert.equal(problem(wall, 402, 'payment_required').decision.reason, 'meter_exhausted');
	assert.equal(decision(await reader.get(article(10))), 'teaser; reason=meter_exhausted; used=10; limit=10');
	assert.equal(decision(await reader.get(article(9))), 'full; reason=metered_again; used=10; limit=10');
	const shown = server.cliJson('meter', 'show', who.email);
	assert.equal(shown.meters[0].used, 10);
	assert.deepEqual(shown.read.map((r) => r.slug).sort(), Array.from({ length: 10 }, (_, n) => name(n)).sort());
	assert.match(server.cliOk('meter', 'reset', who.email), /^10 articles/);
	assert.equal(decision(await reader.get(article(10))), 'full; reason=metered; used=1; limit=10');
});

test('twenty at once on the last free article open exactly one', async () => {
	for (const left of [1, 3]) {
		const who = await makeAccount(server);
		const reader = new Reader(server),
			api = await apiSession(server, who);
		await reader.logIn(who);
		await read(reader, 0, 10 - left);
		const answers = await Promise.all(
			Array.from({ length: 20 }, (_, i) => (i % 2 ? api.get(article(10 + i)) : reader.get(article(10 + i)))),
		);
		const open = answers.filter((a, i) => a.body.includes(kept(10 + i)));
		assert.equal(open.length, left);
		assert.equal(answers.filter((a) => /^full/.test(decision(a))).length, left);
		assert.equal(
			answers.filter((a) => /^teaser; reason=meter_exhausted; used=10/.test(decision(a))).length,
			20 - left,
		);
		assert.equal(server.cliJson('meter', 'show', who.email).meters[0].used, 10);
	}
});

test('twenty at once of one article count once', async () => {
	const who = await makeAccount(server);
	const reader = new Reader(server);
	await reader.logIn(who);
	const answers = await Promise.all(Array.from({ length: 20 }, () => reader.get(article(0))));
	assert.ok(answers.every((a) => a.status === 200 && a.body.includes(kept(0))));
	assert.equal(server.cliJson('meter', 'show', who.email).meters[0].used, 1);
});

test('signing in takes the count along, once', async () => {
	const who = await makeAccount(server);
	const reader = new Reader(server);
	await read(reader, 0, 4);
	const before = cookie(reader);
	await reader.logIn(who);
	assert.equal(cookie(reader), before, 'logging in alone changes nothing');
	const fifth = await reader.get(article(4));
	assert.equal(decision(fifth), 'full; reason=metered; used=5; limit=10');
	assert.equal(cookie(reader), `~${before}`, 'kept for the time after the log-out');
	assert.equal(decision(await reader.get(article(0))), 'full; reason=metered_again; used=5; limit=10');
	reader.jar.set(cookieName, { name: cookieName, value: before, path: '/' });
	assert.equal(
		decision(await reader.get(article(1))),
		'full; reason=metered_again; used=5; limit=10',
		'the same cookie again adds nothing',
	);
	assert.equal(await read(reader, 5, 9), 5);
});

test('logging in, reading and logging out gives an anonymous reader no new count', async () => {
	const who = await makeAccount(server),
		reader = new Reader(server);
	await read(reader, 0, 6);
	for (const used of [7, 9]) {
		await reader.logIn(who);
		assert.equal(decision(await reader.get(article(used))), `full; reason=metered; used=${used}; limit=10`);
		const next = await reader.get(article(used + 1));
		assert.equal(decision(next), `full; reason=metered; used=${used + 1}; limit=10`);
		assert.deepEqual(next.cookies, [], 'taken along once');
		assert.equal((await reader.post('/logout')).status, 303);
		assert.equal(decision(await reader.get(article(0))), 'full; reason=metered_again; used=6; limit=6');
		assert.match(decision(await reader.get(article(used))), /^teaser; reason=meter_exhausted; used=6/);
	}
});

test('what is left after the log-out is counted on, and taken along by the next log-in', async () => {
	const who = await makeAccount(server),
		reader = new Reader(server);
	await read(reader, 0, 2);
	await reader.logIn(who);
	await reader.get(article(0));
	await reader.post('/logout');
	assert.equal(decision(await reader.get(article(20))), 'full; reason=metered; used=3; limit=6');
	assert.ok(!cookie(reader).startsWith('~'), 'there is something new to take along');
	await reader.logIn(who);
	assert.equal(decision(await reader.get(article(21))), 'full; reason=metered; used=4; limit=10');
	const api = await apiSession(server, who);
	assert.equal(decision(await api.get(`/articles/${name(20)}`)), 'full; reason=metered_again; used=4; limit=10');
	const forged = new Reader(server);
	forged.jar.set(cookieName, { name: cookieName, value: `~${cookie(reader).slice(1, -2)}AA`, path: '/' });
	assert.match(decision(await forged.get(article(22))), /^teaser; reason=meter_exhausted/, 'sealed all the same');
});

test('a wall met as an anonymous reader opens when an account allows more', async () => {
	const who = await makeAccount(server);
	const reader = new Reader(server);
	await read(reader, 0, 6);
	assert.match(decision(await reader.get(article(6))), /^teaser/);
	await reader.logIn(who);
	assert.equal(decision(await reader.get(article(6))), 'full; reason=metered; used=7; limit=10');
});

// ---- ceiling, sections, commands ----

test('a network may have a ceiling, which does not touch accounts', async () => {
	const own = await startServer({ settings: { POSTERN_METER_PREFIX_CEILING: '8' } });
	try {
		importArticles(own, shelf);
		const who = await makeAccount(own);
		assert.equal(await read(new Reader(own), 0, 6), 6);
		const second = new Reader(own);
		assert.equal(await read(second, 0, 6), 2);
		assert.equal(await read(new Reader(own), 0, 3), 0);
		assert.match(decision(await second.get(article(0))), /^full; reason=metered_again/);
		const reader = new Reader(own);
		await reader.logIn(who);
		assert.equal(await read(reader, 0, 10), 10);
	} finally {
		await own.close();
	}
});

test('meters by command: each is obeyed by the next request, and what cannot be is refused', async () => {
	const own = await startServer();
	try {
		importArticles(own, shelf);
		const refused = (code, why, ...args) => {
			const r = own.cli('meter', ...args);
			assert.equal(r.code, code, r.stderr);
			assert.match(r.stderr, why);
		};
		assert.deepEqual(own.cliJson('meter', 'list'), [
			{ name: 'all', section: '', anonymous: 6, registered: 10, window: 'month' },
		]);
		own.cliOk(
			'meter',
			'set',
			'sport',
			'--section',
			'sport',
			'--anonymous',
			'2',
			'--registered',
			'3',
			'--window',
			'7d',
		);
		const reader = new Reader(own);
		for (const [n, want] of [
			[0, 'full; reason=metered; used=1; limit=2'],
			[1, 'full; reason=metered; used=2; limit=2'],
			[2, 'teaser; reason=meter_exhausted; used=2; limit=2'],
		])
			assert.equal(decision(await reader.get(`/articles/match-${n}`)), want);
		assert.equal(await read(reader, 0, 7), 6, 'the other meter has its own count');
		own.cliOk('meter', 'set', 'sport', '--anonymous', '3');
		assert.equal(decision(await reader.get('/articles/match-2')), 'full; reason=metered; used=3; limit=3');
		refused(2, /fewer than the 4 without one/, 'set', 'sport', '--anonymous', '4');
		refused(2, /0 to 48/, 'set', 'sport', '--anonymous', '49');
		refused(2, /day, week, month/, 'set', 'sport', '--window', 'year');
		refused(2, /lower-case letters/, 'set', 'Sport');
		refused(5, /"all" is the one for all other sections already/, 'set', 'rest', '--section', '');
		own.cliOk(
			'meter',
			'set',
			'culture',
			'--section',
			'culture',
			'--new',
			'--anonymous',
			'48',
			'--registered',
			'48',
		);
		refused(
			2,
			/88 fit into the cookie/,
			'set',
			'science',
			'--section',
			'science',
			'--new',
			'--anonymous',
			'48',
			'--registered',
			'48',
		);
		refused(4, /nothing: not found/, 'remove', 'nothing');
		refused(4, /nothing: not found/, 'reset', (await makeAccount(own)).email, 'nothing');
		own.cliOk('meter', 'remove', 'sport');
		assert.match(decision(await reader.get('/articles/match-3')), /^teaser; reason=meter_exhausted; used=6/);
		own.cliOk('meter', 'remove', 'all');
		const closed = await new Reader(own).get(article(0));
		assert.equal(decision(closed), 'teaser; reason=meter_exhausted');
		assert.doesNotMatch(closed.body, /The count starts again/);
	} finally {
		await own.close();
	}
});
