// Import and export by the command line: the good go in, the bad are named, agencies' wishes are obeyed.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { makeAccount } from '../lib/accounts.mjs';
import { importArticles, markdown, shelf, writeArticles } from '../lib/articles.mjs';
import { Api, Reader, request } from '../lib/http.mjs';
import { root, startServer } from '../lib/server.mjs';

export const covers = ['GET /articles/{slug}', 'GET /api/v1/articles', 'GET /'];

const samples = path.join(root, 'tests/data/ninjs');
let server;
before(async () => {
	server = await startServer();
});
after(() => server.close());

test('a folder with one bad file: it is named with line and reason, the others go in, the code is 1', async () => {
	const dir = writeArticles(path.join(server.dir, 'mixed'), shelf.slice(0, 3));
	writeFileSync(path.join(dir, 'broken.md'), markdown({ slug: 'broken', access: 'everybody' }));
	const r = server.cli('article', 'import', dir);
	assert.equal(r.code, 1);
	assert.match(
		r.stderr,
		/refused +\S*broken\.md: line \d+: access: public, registered, metered, subscriber or default expected/,
	);
	assert.match(r.stdout, /4 files: 3 new, 0 updated, 0 unchanged, 1 refused/);
	const again = server.cli('article', 'import', dir, '--json');
	assert.equal(again.code, 1);
	const doc = JSON.parse(again.stdout);
	assert.deepEqual([doc.files, doc.unchanged, doc.refused], [4, 3, 1]);
	assert.equal((await request(server, 'GET', '/articles/vault')).status, 200);
	assert.equal((await request(server, 'GET', '/articles/broken')).status, 404);
	assert.equal(server.cli('article', 'import', '/no/such/folder').code, 4);
});

test('a bad line never opens an article', async () => {
	const table = [
		['acces: public', /did you mean "access"/],
		['access:', /access/],
		['published: yesterday', /published/],
		['status: fine', /status/],
		['slug: Not A Slug', /slug/],
		['headline:', /headline/],
		['access: public\naccess: subscriber', /already/],
	];
	for (const [line, why] of table) {
		const dir = path.join(server.dir, 'bad');
		mkdirSync(dir, { recursive: true });
		const key = line.split(':')[0];
		writeFileSync(
			path.join(dir, 'x.md'),
			markdown({ slug: 'never', access: 'subscriber' })
				.replace(new RegExp(`^${key}: .*$`, 'm'), '#')
				.replace('\n---\n', `\n${line}\n---\n`),
		);
		const r = server.cli('article', 'import', dir);
		assert.equal(r.code, 1, `${line}: ${r.stdout}`);
		assert.match(r.stderr, why);
		assert.equal((await request(server, 'GET', '/articles/never')).status, 404, line);
	}
});

test('an update is an update, and a file says anew who may read', async () => {
	const dir = path.join(server.dir, 'one'),
		a = { slug: 'changing', access: 'public' };
	writeArticles(dir, [a]);
	server.cliOk('article', 'import', dir);
	server.cliOk('article', 'set-access', 'changing', 'subscriber');
	assert.equal((await new Api(server).get('/articles/changing')).status, 401);
	writeArticles(dir, [{ ...a, headline: 'A new headline' }]);
	assert.match(server.cliOk('article', 'import', dir), /1 updated/);
	assert.equal((await new Api(server).get('/articles/changing')).json.article.headline, 'A new headline');
});

test('markup from outside is made harmless', async () => {
	const dir = path.join(server.dir, 'hostile');
	mkdirSync(dir, { recursive: true });
	const body =
		'<script>alert(1)</script>\n\n<img src="https://evil.example/x.png" onerror=alert(2)>\n\n[link](javascript:alert(3))\n\n<a href="https://ok.example" onclick="alert(4)" style="x">fine</a>\n\n<iframe src="https://evil.example"></iframe>\n\n<svg><script>alert(5)</script></svg>\n\n<style>*{}</style>\n\n![remote](https://evil.example/pixel.png)\n\n<math><mi//xlink:href="data:x,<script>alert(6)</script>">\n\n<p style="background:url(//evil.example)">plain words</p>\n';
	writeFileSync(
		path.join(dir, 'h.md'),
		`---\nslug: hostile\nheadline: <b>Bold</b> & "quoted" <script>alert(7)</script>\naccess: public\npublished: 2025-01-01\n---\n${body}`,
	);
	server.cliOk('article', 'import', dir);
	for (const target of ['/articles/hostile', '/']) {
		const { body: html } = await request(server, 'GET', target);
		assert.ok(
			!/<script>|onerror|onclick|javascript:|<iframe|<svg|<style|style=|<math|evil\.example/i.test(
				html.replace(/<script src="\/static[^>]*><\/script>/, ''),
			),
			target,
		);
	}
	const page = (await request(server, 'GET', '/articles/hostile')).body;
	assert.match(page, /href="https:\/\/ok\.example"/);
	assert.match(page, /plain words/);
});

test('what is exported can be imported elsewhere, and is the same', async () => {
	const out = path.join(server.dir, 'out'),
		other = await startServer();
	try {
		server.cliOk('article', 'export', out, 'vault');
		assert.ok(readdirSync(out).some((f) => f.endsWith('.md')));
		other.cliOk('article', 'import', out);
		const who = { here: new Reader(server), there: new Reader(other) };
		await who.here.logIn(await makeAccount(server, { plan: 'digital' }));
		await who.there.logIn(await makeAccount(other, { plan: 'digital' }));
		const text = async (r) =>
			/itemprop="articleBody">([\s\S]*?)<\/div>/
				.exec((await r.get('/articles/vault')).body)[1]
				.replace(/\/media\/[a-z2-7]+\//g, '');
		assert.equal(await text(who.there), await text(who.here));
		assert.match(await text(who.here), /kept-vault-4/);
	} finally {
		await other.close();
	}
});

test('the agencies’ own samples go in, and their wishes are obeyed', async () => {
	const dir = path.join(server.dir, 'wire');
	mkdirSync(dir);
	const names = readdirSync(samples).filter((n) => n.endsWith('.json') && !n.includes('schema'));
	for (const n of names) writeFileSync(path.join(dir, n), readFileSync(path.join(samples, n)));
	const doc = JSON.parse(server.cliOk('article', 'import', dir, '--json'));
	assert.equal(doc.files, names.length);
	assert.equal(doc.refused, 0, JSON.stringify(doc.items));
	const slug = doc.items.find((i) => i.path.endsWith('dpa_text.json')).slug;
	assert.ok(slug);
	const anonymous = new Api(server);
	assert.equal(
		(await anonymous.get(`/articles/${slug}`)).status,
		401,
		'what says nothing of access is for subscribers',
	);
	assert.equal((await request(server, 'GET', `/articles/${slug}`)).status, 200);
	const original = JSON.parse(readFileSync(path.join(dir, 'dpa_text.json'), 'utf8'));
	const wishes = [
		[{ embargoedUntil: '2100-01-01T00:00:00Z' }, 404],
		[{ pubStatus: 'withheld' }, 404],
		[{ pubStatus: 'canceled' }, 410],
		[{ expires: '2020-01-01T00:00:00Z' }, 410],
		[{}, 401],
	];
	let version = 10;
	for (const [wish, status] of wishes) {
		writeFileSync(
			path.join(dir, 'dpa_text.json'),
			JSON.stringify({
				...original,
				...wish,
				version: String(version),
				versionCreated: `2020-01-01T00:00:${version++}Z`,
			}),
		);
		server.cliOk('article', 'import', path.join(dir, 'dpa_text.json'));
		assert.equal((await anonymous.get(`/articles/${slug}`)).status, status, JSON.stringify(wish));
		const front = (await anonymous.get('/articles?limit=100')).json.articles.some((a) => a.slug === slug);
		assert.equal(front, status === 401, JSON.stringify(wish));
	}
	for (const wish of [
		{ pubStatus: 'perhaps' },
		{ pubStatus: null },
		{ embargoedUntil: 'later' },
		{ expires: 5 },
		{ uri: undefined },
	]) {
		writeFileSync(
			path.join(dir, 'dpa_text.json'),
			JSON.stringify({
				...original,
				version: String(version),
				versionCreated: `2020-01-01T00:00:${version++}Z`,
				...wish,
			}),
		);
		assert.equal(server.cli('article', 'import', path.join(dir, 'dpa_text.json')).code, 1, JSON.stringify(wish));
		assert.equal(
			(await anonymous.get(`/articles/${slug}`)).status,
			404,
			`what is not understood hides: ${JSON.stringify(wish)}`,
		);
	}
});

test('the demo paper goes in whole', () => {
	importArticles(server, []);
	const doc = JSON.parse(server.cliOk('article', 'import', path.join(root, 'web/demo/articles'), '--json'));
	assert.equal(doc.refused, 0);
	assert.ok(doc.created >= 18);
});
