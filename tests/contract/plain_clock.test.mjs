// Goal: windows of a meter follow the newsroom's clock. The clock is moved by libfaketime, which sanitizers do not live with:
// files called plain_ run in the build without them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importArticles } from '../lib/articles.mjs';
import { skip, startingAt } from '../lib/clock.mjs';
import { Reader } from '../lib/http.mjs';
import { startServer, until } from '../lib/server.mjs';

const shelf = Array.from({ length: 8 }, (_, n) => ({
	slug: `free-${n}`,
	access: 'metered',
	section: 'City',
	published: '2026-10-01T06:00:00Z',
}));
const read = (reader, n) => reader.get(`/articles/free-${n}`);
const decision = (a) => a.headers['postern-decision'];

test('a month ends at midnight in the newsroom', { skip }, async () => {
	// 23.59.48 on 31 October in Berlin, when London is still in October for an hour more
	const own = await startServer({
		settings: { POSTERN_SITE_TIMEZONE: 'Europe/Berlin', ...startingAt(Date.UTC(2026, 9, 31, 22, 59, 48)) },
	});
	try {
		importArticles(own, shelf);
		const reader = new Reader(own);
		for (let n = 0; n < 6; n++) assert.match(decision(await read(reader, n)), /^full/);
		const wall = await read(reader, 6);
		assert.match(wall.body, /<time datetime="2026-10-31T23:00:00Z">Sunday, 1 November 2026<\/time>/);
		await until("the month's end", async () => /^full/.test(decision(await read(reader, 6))), 20000, 250);
		assert.equal(decision(await read(reader, 7)), 'full; reason=metered; used=2; limit=6');
	} finally {
		await own.close();
	}
});
