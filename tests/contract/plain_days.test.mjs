// Goal: the last evening of November in New York, when it is December in UTC, and the first second of December there: what opens,
// what is still there, what is gone, and what pages say. The clock is moved by libfaketime, which sanitizers do not live with.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { grantPlan, makeAccount } from '../lib/accounts.mjs';
import { pageSays } from '../lib/checks.mjs';
import { skip, startingAt } from '../lib/clock.mjs';
import { Reader, request } from '../lib/http.mjs';
import { startServer, tempDir } from '../lib/server.mjs';

const zone = { POSTERN_SITE_TIMEZONE: 'America/New_York', POSTERN_SERVER_TRUSTED_PROXIES: '127.0.0.1' };
const article = (slug, access, ...front) =>
	`---\nslug: ${slug}\nheadline: ${slug}\nsection: News\naccess: ${access}\n${front.join('\n')}\n---\nOne two three four five six.\n\nseven eight nine ten.\n`;
const articles = {
	embargo: article('embargo', 'public', 'published: 2026-11-28T12:00:00Z', 'embargo: 2026-12-01'),
	expires: article('expires', 'public', 'published: 2026-11-01T12:00:00Z', 'expires: 2026-11-30'),
	evening: article('evening', 'public', 'published: 2026-11-27T20:30:00-05:00'),
	paid: article('paid', 'subscriber', 'published: 2026-11-20T05:40:00Z'),
	old: article('old', 'public', 'published: 2025-12-31T21:00', 'updated: 2026-01-01T00:30'),
};

const decision = (page) => page.headers['postern-decision'];

test('the last evening and the first second', { skip }, async () => {
	const dir = tempDir(),
		shelf = path.join(dir, 'days');
	mkdirSync(shelf);
	for (const [slug, bytes] of Object.entries(articles)) writeFileSync(path.join(shelf, `${slug}.md`), bytes);

	let server = await startServer({ dir, settings: { ...zone, ...startingAt(Date.UTC(2026, 11, 1, 4, 30)) } });
	let reader;
	try {
		server.cliOk('article', 'import', shelf);
		const subscriber = await makeAccount(server);
		grantPlan(server, subscriber.email, 'digital', '--until', '2026-11-30', '--seats', '2');
		server.cliOk('seat', 'invite', subscriber.email, 'friend@mail.example');
		reader = new Reader(server);
		await reader.logIn(subscriber);
		const anonymous = new Reader(server);
		await anonymous.logIn(await makeAccount(server));

		assert.equal((await reader.get('/articles/embargo')).status, 404);
		assert.equal((await reader.get('/articles/expires')).status, 200);
		assert.match(decision(await reader.get('/articles/paid')), /^full; reason=entitled/);
		const account = await reader.get('/account');
		pageSays(account, 'Monday, 30 November 2026');
		pageSays(account, 'until 30 November (2026-12-01T05:00:00Z)');
		pageSays(account, 'Member since30 November (2026-12-01T04:3');
		pageSays(await reader.get('/account/group'), 'invited until 7 December, 23:3');
		pageSays(await reader.get('/account/sessions'), 'Since 30 November, 23:3');
		server.cliOk('gate', 'add', '/paid/**', 'subscriber');
		const wall = await request(server, 'GET', '/gate/forward-auth', {
			headers: {
				Accept: 'text/html',
				'Sec-Fetch-Mode': 'navigate',
				Cookie: `postern=${anonymous.session}`,
				'X-Forwarded-Method': 'GET',
				'X-Forwarded-Proto': 'http',
				'X-Forwarded-Host': server.origin.slice(7),
				'X-Forwarded-Uri': '/paid/x',
			},
		});
		assert.equal(wall.status, 402, wall.body);
		pageSays(wall, 'Monday, 30 November 2026');
		const evening = await new Reader(server).get('/articles/evening');
		pageSays(evening, 'Monday, 30 November 2026');
		pageSays(evening, '27 November, 20:30 EST (2026-11-28T01:30:00Z)');
		const old = await new Reader(server).get('/articles/old');
		pageSays(old, '31 December 2025, 21:00 EST (2026-01-01T02:00:00Z)');
		pageSays(old, 'Updated 1 January, 00:30 EST (2026-01-01T05:30:00Z)');
		const section = await new Reader(server).get('/sections/news');
		pageSays(section, '27 November (2026-11-28T01:30:00Z)');
		pageSays(section, '31 December 2025 (2026-01-01T02:00:00Z)');
	} finally {
		await server.stop();
	}

	server = await startServer({ dir, settings: { ...zone, ...startingAt(Date.UTC(2026, 11, 1, 5, 0, 1)) } });
	try {
		reader.server = server;
		assert.equal((await reader.get('/articles/embargo')).status, 200);
		assert.equal((await reader.get('/articles/expires')).status, 410);
		assert.match(decision(await reader.get('/articles/paid')), /^teaser/);
		pageSays(await reader.get('/account'), 'Tuesday, 1 December 2026');
		pageSays(await reader.get('/account'), 'You have no active subscription.');
		pageSays(await reader.get('/account'), 'ended on 30 November (2026-12-01T05:00:00Z)');
	} finally {
		await server.close();
	}
});
