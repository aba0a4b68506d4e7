// Goal: a metered reading that is answered from memory is counted like any other: the same limits, a cookie for each reader
// and never another one's, and what the newsroom changes is obeyed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { importArticles } from '../lib/articles.mjs';
import { cookieOf, inLoop, Reader, request, settled } from '../lib/http.mjs';
import { startServer, until } from '../lib/server.mjs';

export const covers = ['GET /articles/{slug}', 'GET /api/v1/articles/{slug}'];

const shelf = Array.from({ length: 12 }, (_, n) => ({ slug: `free-${n}`, access: 'metered' }));
const article = (n) => `/articles/free-${n}`,
	kept = (n) => `kept-free-${n}-2`;
const decision = (a) => a.headers['postern-decision'];
const meterCookie = (a) =>
	a.cookies
		.map(cookieOf)
		.filter((c) => c.name === 'postern-meter')
		.map((c) => c.value);
let server;
before(async () => {
	server = await startServer();
	importArticles(server, shelf);
	await settled(server);
});
after(() => server.close());

async function readAll(on, count) {
	const reader = new Reader(on),
		answers = [];
	for (let n = 0; n < count; n++) answers.push(await reader.get(article(n)));
	return answers;
}

test('the second anonymous reader reads from memory what the first read, to the wall and not beyond', async () => {
	const first = await readAll(server, 8);
	let second;
	assert.equal(
		await inLoop(server, async () => {
			second = await readAll(server, 8);
		}),
		8,
	);
	for (let n = 0; n < 8; n++) {
		assert.equal(decision(second[n]), decision(first[n]));
		assert.equal(
			decision(second[n]),
			n < 6 ? `full; reason=metered; used=${n + 1}; limit=6` : 'teaser; reason=meter_exhausted; used=6; limit=6',
		);
		assert.equal(second[n].body.includes(kept(n)), n < 6);
		assert.equal(second[n].body, first[n].body);
		assert.equal(second[n].headers['cache-control'], 'no-store');
		assert.equal(meterCookie(second[n]).length, n < 6 ? 1 : 0);
		assert.notEqual(meterCookie(second[n])[0] ?? '', meterCookie(first[n])[0]);
	}
});

test('what was read is read again without being counted', async () => {
	const reader = new Reader(server);
	await reader.get(article(0));
	await reader.get(article(0));
	assert.equal(
		await inLoop(server, async () => {
			const again = await reader.get(article(0));
			assert.equal(decision(again), 'full; reason=metered_again; used=1; limit=6');
			assert.deepEqual(again.cookies, []);
		}),
		1,
	);
});

test('nobody is given the cookie of another, on many connections at once', async () => {
	const seen = new Set();
	await Promise.all(
		Array.from({ length: 10 }, async () => {
			for (let i = 0; i < 20; i++) {
				const reader = new Reader(server),
					a = await reader.get(article(1));
				const [value] = meterCookie(a);
				assert.ok(a.body.includes(kept(1)) && !seen.has(value));
				seen.add(value);
				const again = await reader.get(article(1));
				assert.equal(decision(again), 'full; reason=metered_again; used=1; limit=6');
				assert.deepEqual(again.cookies, []);
			}
		}),
	);
	assert.equal(seen.size, 200);
});

test('one cookie, used by many at once, opens what is free to it and no more', async () => {
	const value = meterCookie((await readAll(server, 5))[4])[0];
	const answers = await Promise.all(
		Array.from({ length: 20 }, (_, i) =>
			request(server, 'GET', article(5 + (i % 2)), { headers: { Cookie: `postern-meter=${value}` } }),
		),
	);
	for (const a of answers) assert.equal(decision(a), 'full; reason=metered; used=6; limit=6');
	for (const a of answers)
		assert.match(
			decision(
				await request(server, 'GET', article(9), { headers: { Cookie: `postern-meter=${meterCookie(a)[0]}` } }),
			),
			/^teaser/,
		);
});

test('a cookie that is forged, cut or doubled opens nothing, and a HEAD or a prefetch counts nothing', async () => {
	const good = meterCookie((await readAll(server, 1))[0])[0];
	const bad = [
		good.slice(0, -1) + (good.endsWith('A') ? 'B' : 'A'),
		good.slice(0, 40),
		'x'.repeat(900),
		'\u00e9',
		`${good}; postern-meter=${good}x`,
	];
	await readAll(server, 3);
	for (const value of bad.slice(0, 4))
		assert.match(
			decision(await request(server, 'GET', article(2), { headers: { Cookie: `postern-meter=${value}` } })),
			/^teaser; reason=meter_exhausted/,
		);
	const doubled = await request(server, 'GET', article(2), { headers: { Cookie: `postern-meter=${bad[4]}` } });
	assert.doesNotMatch(decision(doubled), /used=[2-9]/, 'two of a name are none');
	const head = await request(server, 'HEAD', article(2));
	assert.deepEqual([head.status, head.cookies, head.bytes.length], [200, [], 0]);
	const ahead = await request(server, 'GET', article(2), { headers: { 'Sec-Purpose': 'prefetch' } });
	assert.deepEqual([ahead.status, ahead.cookies], [503, []]);
	assert.ok(!ahead.body.includes(kept(2)));
});

test('in gzip and by the JSON door alike', async () => {
	await settled(server);
	for (let i = 0; i < 3; i++) {
		const zipped = await new Reader(server).get(article(3), { 'Accept-Encoding': 'gzip' });
		assert.equal(zipped.headers['content-encoding'], 'gzip');
		assert.ok(zipped.body.includes(kept(3)));
		assert.equal(meterCookie(zipped).length, 1);
	}
	const ask = () => request(server, 'GET', '/api/v1/articles/free-3');
	const first = await ask();
	assert.equal(
		await inLoop(server, async () => {
			const second = await ask();
			assert.deepEqual(JSON.parse(second.body), JSON.parse(first.body));
			assert.equal(JSON.parse(second.body).decision.meter.used, 1);
			assert.equal(meterCookie(second).length, 1);
		}),
		1,
	);
});

test('a reader who is known otherwise is not taken for one of them', async () => {
	await readAll(server, 1);
	assert.equal(
		await inLoop(server, async () => {
			assert.equal(
				decision(await new Reader(server, { 'User-Agent': 'GPTBot/1.2' }).get(article(0))),
				'teaser; reason=crawler_teaser',
			);
			assert.match(
				decision(await request(server, 'GET', article(0), { headers: { Cookie: 'postern-gift=AAAA' } })),
				/^full; reason=metered; used=1/,
			);
			assert.match(
				decision(
					await request(server, 'GET', article(0), { headers: { Cookie: `postern=pst_${'A'.repeat(43)}` } }),
				),
				/^full; reason=metered; used=1/,
			);
		}),
		0,
	);
});

test('a change of the meter or of the article is obeyed, and a revoked key is believed no more', async () => {
	const own = await startServer();
	try {
		importArticles(own, shelf);
		const reader = new Reader(own);
		const [value] = meterCookie(await reader.get(article(0)));
		await readAll(own, 4);
		own.cliOk('meter', 'set', 'all', '--anonymous', '2');
		await until(
			'the new limit',
			async () => decision((await readAll(own, 3))[2]) === 'teaser; reason=meter_exhausted; used=2; limit=2',
		);
		assert.match((await readAll(own, 1))[0].body, /<strong>1 of 2<\/strong> free articles left this month/);

		own.cliOk('article', 'set-access', 'free-1', 'subscriber');
		await until('the wall', async () => decision((await readAll(own, 2))[1]) === 'teaser; reason=subscriber_only');
		own.cliOk('article', 'set-access', 'free-1', 'metered');
		await until(
			'the meter',
			async () => decision((await readAll(own, 2))[1]) === 'full; reason=metered; used=2; limit=2',
		);

		const with_ = (n) => request(own, 'GET', article(n), { headers: { Cookie: `postern-meter=${value}` } });
		assert.equal(decision(await with_(0)), 'full; reason=metered_again; used=1; limit=2');
		own.cliOk('meter', 'rotate-key', '--revoke');
		await until('the end of the key', async () => /^teaser; reason=meter_exhausted/.test(decision(await with_(0))));
	} finally {
		await own.close();
	}
});

test('a wall that offers an account is not given to whom an account opens nothing', async () => {
	for (const order of [
		[0, 1],
		[1, 0],
	]) {
		const own = await startServer();
		try {
			importArticles(own, shelf);
			const readers = [new Reader(own), new Reader(own)]; // the first has read two, the second one
			for (const [i, n] of [
				[0, 0],
				[0, 1],
				[1, 0],
			])
				await readers[i].get(article(n));
			own.cliOk('meter', 'set', 'all', '--anonymous', '1', '--registered', '2');
			await until('the new limit', async () => /limit=1$/.test(decision(await new Reader(own).get(article(0)))));
			for (let round = 0; round < 2; round++)
				for (const i of order) {
					const wall = await readers[i].get(article(5));
					assert.equal(decision(wall), 'teaser; reason=meter_exhausted; used=1; limit=1');
					assert.equal(/A free account gives you 2/.test(wall.body), i === 1, `reader ${i}, round ${round}`);
				}
		} finally {
			await own.close();
		}
	}
});

test('the ceiling of a network counts what memory answers', async () => {
	const own = await startServer({ settings: { POSTERN_METER_PREFIX_CEILING: '8' } });
	try {
		importArticles(own, shelf);
		await settled(own);
		let whole = 0;
		const loop = await inLoop(own, async () => {
			for (let i = 0; i < 12; i++)
				whole += /^full; reason=metered;/.test(decision(await new Reader(own).get(article(0))));
		});
		assert.equal(whole, 8);
		assert.ok(loop >= 6, `${loop} from memory`);
		assert.match(decision(await new Reader(own).get(article(0))), /^teaser; reason=meter_exhausted; used=6/);
	} finally {
		await own.close();
	}
});

test('in a rolling window everybody has an end of his own, and none is shared', async () => {
	const own = await startServer();
	try {
		importArticles(own, shelf);
		own.cliOk('meter', 'set', 'all', '--anonymous', '3', '--window', '7d');
		await until('the rolling meter', async () => / limit=3$/.test(decision(await new Reader(own).get(article(0)))));
		assert.equal(
			await inLoop(own, async () => {
				for (let i = 0; i < 3; i++) {
					const a = await readAll(own, 4);
					assert.deepEqual(
						a.map((x) => decision(x).split(';')[0]),
						['full', 'full', 'full', 'teaser'],
					);
				}
			}),
			0,
		);
	} finally {
		await own.close();
	}
});
