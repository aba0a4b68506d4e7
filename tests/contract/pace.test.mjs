// Who is refused and asks again without pause waits a quarter of a second each time; whoever else is refused does not.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Api } from '../lib/http.mjs';
import { quickOnce, sleep, startServer } from '../lib/server.mjs';

export const covers = ['POST /api/v1/sessions', 'GET /login'];

// What goes out at once from one source (src/http/limit.c), and how long the others wait.
const AT_ONCE = 20,
	HELD_MS = 250;
let server;
before(async () => {
	server = await startServer({
		settings: {
			POSTERN_SERVER_TRUSTED_PROXIES: '127.0.0.1',
			POSTERN_LIMITS_LOGIN_BURST: '1',
			POSTERN_LIMITS_LOGIN_PER_MINUTE: '1',
		},
	});
});
after(() => server.close());

const paced = async () =>
	Number(/^postern_http_paced_total (\d+)$/m.exec(await (await fetch(`${server.ops}/metrics`)).text())[1]);

async function refused(address) {
	const began = performance.now();
	const a = await new Api(server).post(
		'/sessions',
		{ email: 'nobody@mail.example', password: 'x' },
		{ 'X-Forwarded-For': address },
	);
	assert.equal(a.status, 429, a.body);
	assert.ok(Number(a.headers['retry-after']) > 0);
	assert.match(a.headers['ratelimit'], /^"login";r=0;t=\d+$/);
	return performance.now() - began;
}

test('refusals in a row are held back, those of others are not', async () => {
	const others = Array.from({ length: 20 }, (_, i) => `198.51.100.${i + 1}`);
	for (const address of ['203.0.113.7', ...others])
		await new Api(server).post(
			'/sessions',
			{ email: 'nobody@mail.example', password: 'x' },
			{ 'X-Forwarded-For': address },
		);
	const before = await paced();
	const flood = await Promise.all(Array.from({ length: 3 * AT_ONCE }, () => refused('203.0.113.7')));
	const held = (await paced()) - before;
	assert.ok(flood.filter((ms) => ms >= HELD_MS).length >= held, 'who is held back waits');
	assert.ok(held >= AT_ONCE && held <= 2 * AT_ONCE, `${held} of ${flood.length} were held`);
	const again = Promise.all(Array.from({ length: AT_ONCE }, () => refused('203.0.113.7')));
	await quickOnce('another source', HELD_MS, (i) => refused(`198.51.100.${i + 1}`));
	assert.ok((await again).filter((ms) => ms >= HELD_MS).length >= AT_ONCE / 2, 'still in a row');
});

test('one that is held back does not hold up what else its source asks for', async () => {
	const flood = Promise.all(Array.from({ length: 2 * AT_ONCE }, () => refused('203.0.113.7')));
	await quickOnce('a page', HELD_MS, async () => {
		const page = await fetch(`${server.base}/login`, { headers: { 'X-Forwarded-For': '203.0.113.7' } });
		assert.equal(page.status, 200);
	});
	await flood;
});

test('told to stop, the server answers who is held back', async () => {
	const own = await startServer({
		settings: { POSTERN_LIMITS_LOGIN_BURST: '1', POSTERN_LIMITS_LOGIN_PER_MINUTE: '1' },
	});
	const ask = () =>
		new Api(own).post('/sessions', { email: 'nobody@mail.example', password: 'x' }).then((a) => a.status);
	await ask();
	await Promise.all(Array.from({ length: AT_ONCE }, ask));
	const held = Array.from({ length: 30 }, ask);
	await sleep(HELD_MS / 5);
	await own.close();
	assert.deepEqual([...new Set(await Promise.all(held))], [429]);
});
