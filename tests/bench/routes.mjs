// The hot routes: what is asked, and how one sees that the feature is there. A row whose feature is not there yet is left out.
import path from 'node:path';
import { ask, root } from './tools.mjs';
import { meterCookie } from './stage.mjs';

const decided = (grant) => (a) =>
	a.status === 200 && new RegExp(`^${grant};`).test(a.headers['postern-decision'] ?? '');

async function staticPath(port) {
	const page = await ask(port, { path: '/' });
	return /\/static\/[^"]*\.css/.exec(page.body.toString())[0];
}

export async function hotRoutes(server) {
	const token = server.tokens[0],
		cookie = await meterCookie(server.port);
	const all = [
		{
			id: 'article-full',
			name: 'whole article, subscriber, HTML',
			path: '/articles/bench-0',
			headers: { Cookie: `postern=${token}` },
			fits: decided('full'),
			target: 0.9,
		},
		{
			id: 'article-clicks',
			name: 'the same article with another fbclid each time',
			path: '/articles/bench-0',
			headers: { Cookie: `postern=${token}` },
			fits: decided('full'),
			script: path.join(root, 'tests/bench/clicks.lua'),
		},
		{
			id: 'article-teaser',
			name: 'teaser, anonymous, HTML',
			path: '/articles/bench-0',
			headers: {},
			fits: decided('teaser'),
			target: 0.95,
		},
		{
			id: 'article-metered',
			name: 'metered article, cookie checked and set anew',
			path: '/articles/bench-5',
			headers: cookie ? { Cookie: cookie } : null,
			fits: (a) => decided('full')(a) && a.headers['set-cookie']?.length > 0,
			target: 0.75,
		},
		{
			id: 'article-json',
			name: 'whole article, subscriber, JSON',
			path: '/api/v1/articles/bench-0',
			headers: { Authorization: `Bearer ${token}` },
			fits: (a) => a.status === 200,
			target: 0.85,
		},
		{
			id: 'gate-check',
			name: 'forward-auth check, subscriber',
			path: '/gate/auth-request',
			headers: {
				Cookie: `postern=${token}`,
				'X-Original-URL': `http://127.0.0.1:${server.port}/articles/bench-0`,
				'X-Original-Method': 'GET',
			},
			fits: (a) => a.status === 200,
			target: 0.9,
		},
		{
			id: 'static',
			name: 'static file',
			path: await staticPath(server.port),
			headers: {},
			fits: (a) => a.status === 200,
		},
	];
	return answered(server, all);
}

// Pages that nobody has asked for yet, as browsers ask for them: `path` takes a number, and each number is another article. The
// article 0 of a row tells whether it is answered as it should be.
export async function coldRoutes(server) {
	const token = server.tokens[0],
		cookie = await meterCookie(server.port),
		takes = { 'Accept-Encoding': 'gzip, deflate, br' };
	return answered(server, [
		{
			id: 'cold-full',
			name: 'whole article, subscriber, HTML, not in memory',
			path: (i) => `/articles/bench-${4 * i + 20}`,
			headers: { ...takes, Cookie: `postern=${token}` },
			fits: decided('full'),
		},
		{
			id: 'cold-metered',
			name: 'next metered article, not in memory',
			path: (i) => `/articles/bench-${4 * i + 21}`,
			headers: cookie ? { ...takes, Cookie: cookie } : null,
			fits: decided('full'),
		},
		{
			id: 'cold-teaser',
			name: 'teaser, anonymous, HTML, not in memory',
			path: (i) => `/articles/bench-${4 * i + 20}`,
			headers: takes,
			fits: decided('teaser'),
		},
	]);
}

async function answered(server, all) {
	const there = [];
	for (const row of all) {
		if (!row.headers) continue;
		const first = row.path instanceof Function ? row.path(0) : row.path;
		const answer = await ask(server.port, { path: first, headers: row.headers });
		if (row.fits(answer)) there.push({ ...row, answer });
	}
	return { there, missing: all.filter((row) => !there.some((r) => r.id === row.id)) };
}
