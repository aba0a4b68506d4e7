// Who logs in without pause delays others by a turn, and is the one to be refused when the queue is full.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeAccount } from '../lib/accounts.mjs';
import { Api, Reader } from '../lib/http.mjs';
import { sleep, startServer, until } from '../lib/server.mjs';

export const covers = ['POST /api/v1/sessions', 'POST /login'];

// One hash at a time, and slow ones, so that turns can be told apart.
const QUEUE = 12,
	FLOOD = 30,
	PAUSE_MS = 5;
// The one that is running, the one whose turn it is, and those whose answers were on their way.
const TURNS = 5;
let server;
before(async () => {
	server = await startServer({
		settings: {
			POSTERN_SERVER_TRUSTED_PROXIES: '127.0.0.1',
			POSTERN_SERVER_HASH_THREADS: '1',
			POSTERN_SERVER_HASH_QUEUE: String(QUEUE),
			POSTERN_PASSWORD_MEMORY_KIB: '65536',
		},
	});
});
after(() => server.close());

// Log-ins without pause, each from what address() says, until stop().
function flood(address) {
	const seen = { judged: 0, full: [], other: [] };
	let on = true,
		serial = 0;
	const one = async () => {
		while (on) {
			const before = seen.judged,
				email = `nobody${++serial}@mail.example`;
			const a = await new Api(server).post(
				'/sessions',
				{ email, password: 'x' },
				{ 'X-Forwarded-For': address(serial) },
			);
			if (a.status === 401) seen.judged++;
			else if (a.status === 503) seen.full.push({ turns: seen.judged - before, after: a.headers['retry-after'] });
			else seen.other.push(a.status);
			await sleep(PAUSE_MS);
		}
	};
	const all = Array.from({ length: FLOOD }, one);
	seen.stop = () => {
		on = false;
		return Promise.all(all);
	};
	return seen;
}

const untilFull = (seen) => until('the first who is refused', () => seen.full.length, 60000, 10);

for (const [name, address] of [
	['one address', () => '203.0.113.7'],
	['one IPv6 customer', (i) => `2001:db8:1:2::${(i % 60000).toString(16)}`],
]) {
	test(`a flood of log-ins from ${name} delays another by a turn`, async () => {
		const who = await makeAccount(server),
			seen = flood(address);
		try {
			await untilFull(seen);
			for (const from of ['198.51.100.1', '198.51.100.2', '2001:db8:1:3::1']) {
				const before = seen.judged;
				const a = await new Reader(server, { 'X-Forwarded-For': from }).logIn(who);
				assert.equal(a.status, 303, `from ${from}: ${a.body}`);
				assert.ok(seen.judged - before <= TURNS, `${seen.judged - before} of the flood came first`);
			}
			const together = await Promise.all(
				['198.51.100.3', '198.51.100.4', '198.51.100.5'].map((from) =>
					new Reader(server, { 'X-Forwarded-For': from }).logIn(who),
				),
			);
			assert.deepEqual(
				together.map((a) => a.status),
				[303, 303, 303],
			);
		} finally {
			await seen.stop();
		}
		assert.deepEqual(seen.other, []);
		assert.ok(seen.judged > 0, 'the flood has its turns');
		for (const f of seen.full) {
			assert.equal(f.after, '1');
		}
		const turns = seen.full.map((f) => f.turns).sort((a, b) => a - b);
		assert.ok(
			turns[turns.length >> 1] <= TURNS,
			`refused at once, and not after ${turns[turns.length >> 1]} turns`,
		);
		const metrics = await (await fetch(`${server.ops}/metrics`)).text();
		assert.ok(Number(/^postern_lane_refused_total\{lane="hash"\} (\d+)$/m.exec(metrics)[1]) >= seen.full.length);
		assert.match(metrics, /^postern_lane_waiting\{lane="hash"\} 0$/m);
	});
}
