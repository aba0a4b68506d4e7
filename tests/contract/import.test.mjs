// What comes in by import, seen by readers: what is taken back is gone on every surface and stays gone, a former address leads on,
// pictures say nothing of who took them, and what other systems write is read.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { markdown } from '../lib/articles.mjs';
import { Api, request } from '../lib/http.mjs';
import { databaseSql, root, startServer } from '../lib/server.mjs';

export const covers = ['GET /articles/{slug}', 'GET /api/v1/articles/{slug}', 'GET /media/{id}/{name}'];

const samples = path.join(root, 'tests/data/pictures');
const cases = path.join(root, 'tests/data/cases');
let server, api;
before(async () => {
	server = await startServer();
	api = new Api(server);
});
after(() => server.close());

function folder(name, files) {
	const dir = path.join(server.dir, name);
	mkdirSync(dir, { recursive: true });
	for (const [file, body] of Object.entries(files))
		writeFileSync(
			path.join(dir, file),
			typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
		);
	return dir;
}
const take = (name, files) => server.cli('article', 'import', folder(name, files));
const story = (more) => ({
	uri: 'urn:test:kill',
	type: 'text',
	headline: 'Gone story',
	slugline: 'gone',
	body_html: '<p>Words of the gone story.</p><p>And more of them.</p>',
	...more,
});

test('a kill is gone from page, API, picture and lists at once, stays gone, and the desk knows why', async () => {
	const picture = {
		uri: 'urn:test:pic',
		type: 'picture',
		renditions: { original: { href: 'a.png', mimetype: 'image/png' } },
	};
	const item = story({
		version: '1',
		versioncreated: '2026-01-01T00:00:00+0000',
		associations: { featuremedia: picture },
	});
	assert.equal(take('kill', { 'a.json': item, 'a.png': readFileSync(path.join(samples, 'position.png')) }).code, 0);
	server.cliOk('article', 'set-access', 'gone-story', 'public');
	const media = /\/media\/[^"]+/.exec((await request(server, 'GET', '/articles/gone-story')).body)[0];
	const surfaces = ['/articles/gone-story', '/api/v1/articles/gone-story', media];
	for (const s of surfaces) assert.equal((await request(server, 'GET', s)).status, 200, s); // and so from memory, the next time
	const kill = take('kill', { 'a.json': { uri: 'urn:test:kill', pubstatus: 'KILLED', ednote: 'Legal reasons' } });
	assert.equal(kill.code, 0, kill.stderr);
	const gone = async () => {
		for (const s of surfaces) {
			const r = await request(server, 'GET', s);
			assert.equal(r.status, 410, s);
			assert.ok(!/Words of the gone story/.test(r.body), s);
		}
		for (const list of ['/', '/api/v1/articles?limit=100', '/search?q=gone', '/sections/news'])
			assert.ok(!/gone-story/.test((await request(server, 'GET', list)).body), list);
	};
	const deadline = Date.now() + 5000;
	while ((await request(server, 'GET', surfaces[0])).status !== 410 && Date.now() < deadline)
		await new Promise((r) => setTimeout(r, 50)); // other processes' changes come in within 250 ms
	await gone();
	for (const again of [{}, { version: '1' }, { versioncreated: '2026-01-01T00:00:00Z' }]) {
		take('kill', { 'a.json': { ...item, ...again } });
		await gone();
	}
	const shown = JSON.parse(server.cliOk('article', 'show', 'gone-story', '--json'));
	assert.equal(shown.status, 'killed');
	assert.equal(shown.hidden_by, 'source');
	assert.match(shown.hidden_why, /KILLED.*Legal reasons/);
	assert.ok(shown.hidden_at);
	assert.match(server.cliOk('article', 'show', 'gone-story'), /hidden by  the source/);
	assert.match(server.cliOk('article', 'export', path.join(server.dir, 'out-all')), /0 files/);
	assert.match(server.cliOk('article', 'export', path.join(server.dir, 'out-one'), 'gone-story'), /2 files/);
	assert.match(take('kill', { 'a.json': { ...item, version: '2', headline: 'Cleared story' } }).stdout, /1 updated/);
	assert.equal((await api.get('/articles/gone-story')).status, 200);
});

// A message quotes the beginning of what was not understood, which may end inside a character: PostgreSQL takes no such text.
test('what is not understood hides in any script, stops no other item, and stands in the report', async () => {
	const first = story({ uri: 'urn:test:script', headline: 'Script story', version: 1 });
	assert.equal(take('script', { 'a.json': first }).code, 0);
	for (const [version, odd] of [
		[2, { pubStatus: `x${'é'.repeat(60)}` }],
		[3, { embargoed: `x${'日'.repeat(60)}` }],
	]) {
		const dir = folder('script', {
			'a.json': [
				{ ...first, version, ...odd },
				story({ uri: `urn:test:${version}`, headline: `Behind ${version}` }),
			],
		});
		const told = server.cli('article', 'import', dir, '--json');
		assert.equal(told.code, 1, told.stderr);
		assert.deepEqual(
			JSON.parse(told.stdout).items.map((i) => i.result),
			['hidden', 'new'],
		);
		assert.equal((await request(server, 'GET', '/articles/script-story')).status, 404);
		assert.match(server.cliJson('article', 'show', 'script-story').hidden_why, /xé+|x日+/u);
	}
	server.cliOk('article', 'set-status', 'script-story', 'killed', '--why', `caf${'é'.repeat(300)}`);
	assert.equal((await request(server, 'GET', '/articles/script-story')).status, 410);
});

test('the desk hides by hand, and no import brings it back', async () => {
	take('desk', { 'a.json': story({ uri: 'urn:test:desk', headline: 'Desk story', version: 1 }) });
	assert.equal(server.cli('article', 'set-status', 'desk-story', 'kiled').code, 2);
	server.cliOk('article', 'set-status', 'desk-story', 'killed', '--why', 'wrong name');
	assert.equal((await api.get('/articles/desk-story')).status, 410);
	const again = take('desk', { 'a.json': story({ uri: 'urn:test:desk', headline: 'Desk story', version: 9 }) });
	assert.match(again.stderr + again.stdout, /the desk hid it/);
	assert.equal((await api.get('/articles/desk-story')).status, 410);
	assert.match(server.cliOk('article', 'show', 'desk-story'), /reason +wrong name/);
	server.cliOk('article', 'set-status', 'desk-story', 'usable');
	assert.equal((await api.get('/articles/desk-story')).status, 401);
});

test('a former address leads on, and says nothing of what may not be shown', async () => {
	const moving = (slug, more = {}) =>
		take('moving', { 'a.md': markdown({ slug, access: 'public', front: { source: 'cms:42', ...more } }) });
	moving('old-address');
	moving('new-address');
	const page = await request(server, 'GET', '/articles/old-address?utm_source=x');
	assert.equal(page.status, 301);
	assert.equal(page.headers.location, '/articles/new-address?utm_source=x');
	assert.match(page.headers['cache-control'], /no-store/);
	assert.equal((await request(server, 'HEAD', '/articles/old-address')).headers.location, '/articles/new-address');
	const json = await request(server, 'GET', '/api/v1/articles/old-address');
	assert.equal(json.status, 301);
	assert.equal(json.headers.location, '/api/v1/articles/new-address');
	assert.equal(JSON.parse(json.body).slug, 'new-address');
	assert.equal((await request(server, 'GET', '/articles/new-address')).status, 200);
	const tells = async (status, why) => {
		for (const at of ['/articles/old-address', '/api/v1/articles/old-address']) {
			const r = await request(server, 'GET', at);
			assert.equal(r.status, status, `${at}: ${why}`);
			assert.equal(r.headers.location, undefined, why);
			assert.ok(!/new-address/.test(r.body), why);
		}
	};
	moving('new-address', { embargo: '2100-01-01T00:00:00Z' });
	await tells(404, 'embargo');
	moving('new-address', { status: 'withheld' });
	await tells(404, 'withheld');
	moving('new-address', { expires: '2025-06-01T00:00:00Z' });
	await tells(410, 'expired');
	moving('new-address', { status: 'killed' });
	await tells(410, 'killed');
	take('moving', { 'b.md': markdown({ slug: 'old-address', access: 'public', front: { source: 'cms:43' } }) });
	assert.equal((await request(server, 'GET', '/articles/old-address')).status, 200, 'who has it now comes first');
});

test('pictures go out without position, device and names', async () => {
	const files = ['position.jpg', 'progressive.jpg', 'position.png', 'position.gif', 'position.webp'];
	const body = Object.fromEntries(files.map((f) => [f, readFileSync(path.join(samples, f))]));
	body['p.md'] =
		`---\nslug: pictured\nheadline: Pictured\naccess: public\npublished: 2025-01-01T00:00:00Z\nimages:\n${files.map((f) => `  - file: ${f}`).join('\n')}\n---\nText.\n`;
	assert.equal(take('pictured', body).code, 0);
	const { images } = (await api.get('/articles/pictured')).json.article;
	assert.equal(images.length, files.length);
	const secret = /SERIAL-42|Ownerson|Oslo|CameraMaker|GPS|8BIM|xmpmeta/;
	for (const image of images) {
		const r = await request(server, 'GET', image.href, { encoding: 'latin1' });
		assert.equal(r.status, 200, image.href);
		assert.ok(!secret.test(r.body), image.href);
		assert.equal(image.credit, 'Northern Wire / XMP');
	}
	assert.deepEqual(
		[images[0].width, images[0].height, images[2].width, images[2].height],
		[4, 8, 8, 4],
		'turned as it is shown',
	);
	assert.match(take('pictured', body).stdout, /1 unchanged/);
});

// The tables as the first version left them, and the step of the migration that marks its articles.
test('after an upgrade: levels that nobody chose are told and stay, pictures go out without their notes', async () => {
	const sql = (text) => databaseSql(server.env.POSTERN_DATABASE_URL, text);
	const file = (slug) => ({
		[`${slug}.md`]: `---\nslug: ${slug}\nheadline: H\npublished: 2025-01-01T00:00:00Z\nimages:\n  - file: p.jpg\n---\nText.\n\nMore.\n`,
	});
	const body = {
		...file('first-version'),
		...file('later'),
		'p.jpg': readFileSync(path.join(samples, 'position.jpg')),
	};
	take('upgrade', body);
	sql(
		"DELETE FROM article_origin WHERE article_id IN (SELECT id FROM article WHERE slug IN ('first-version', 'later'))",
	);
	sql("UPDATE article SET access = 'subscriber', imported_at = 1000 WHERE slug = 'first-version'");
	sql("UPDATE article SET access = 'subscriber' WHERE slug = 'later'");
	const migrations = path.join(root, 'schema/migrations');
	const text = readFileSync(
		path.join(
			migrations,
			readdirSync(migrations).find((f) => f.endsWith('_origin.sql')),
		),
		'utf8',
	);
	sql(/INSERT INTO article_origin[\s\S]*?;/.exec(text)[0]);
	const raw = body['p.jpg'].toString('hex');
	sql(
		`UPDATE media SET stripped = 0, digest = 'old', bytes = ${server.env.POSTERN_DATABASE_URL.startsWith('sqlite') ? `X'${raw}'` : `'\\x${raw}'`} WHERE article_id = (SELECT id FROM article WHERE slug = 'later')`,
	);
	const media = /\/media\/[^"]+/.exec((await request(server, 'GET', '/articles/later')).body)[0];
	const sent = await request(server, 'GET', media, { encoding: 'latin1' });
	assert.equal(sent.status, 200);
	assert.equal(sent.headers.etag, '"old-s"');
	assert.ok(!/SERIAL-42|Ownerson/.test(sent.body), 'an earlier version stored it with its notes');
	const kept = server.cli('article', 'import', path.join(server.dir, 'upgrade'));
	assert.match(kept.stderr, /1 articles keep the access level that the first version stored/);
	assert.equal(JSON.parse(server.cliOk('article', 'show', 'first-version', '--json')).access, 'subscriber');
	assert.equal(
		JSON.parse(server.cliOk('article', 'import', path.join(server.dir, 'upgrade'), '--follow-rules', '--json'))
			.levels_kept,
		0,
	);
	const levels = ['first-version', 'later'].map(
		(slug) => JSON.parse(server.cliOk('article', 'show', slug, '--json')).access,
	);
	assert.deepEqual(levels, ['default', 'subscriber'], 'what a later version stored is somebody’s word');
});

test('small inputs that were wrong once', async () => {
	const copy = path.join(server.dir, 'cases');
	for (const name of ['identity', 'pictures', 'tolerant'])
		cpSync(path.join(cases, name), path.join(copy, name), { recursive: true });
	const identity = server.cliOk('article', 'import', path.join(copy, 'identity'), '--json');
	assert.deepEqual(
		JSON.parse(identity).items.map((i) => [i.result, i.slug]),
		[
			['new', 'one'],
			['new', 'two'],
		],
	);
	const pictures = JSON.parse(server.cliOk('article', 'import', path.join(copy, 'pictures'), '--json'));
	assert.deepEqual(
		pictures.items.map((i) => [i.result, i.why]),
		[
			['new', ''],
			['new', ''],
		],
	);
	const tolerant = JSON.parse(server.cliOk('article', 'import', path.join(copy, 'tolerant'), '--json'));
	assert.equal(tolerant.refused, 0);
	assert.ok(
		tolerant.items.some((i) => i.slug === 'smith-sons-c06'),
		'entities are decoded',
	);
	for (const [file, status] of [
		['a.md', 200],
		['b.md', 301],
	]) {
		server.cliOk('article', 'import', path.join(cases, 'moved', file));
		const deadline = Date.now() + 5000;
		let seen;
		do seen = (await request(server, 'GET', '/articles/c12-old')).status;
		while (seen !== status && Date.now() < deadline);
		assert.equal(seen, status, file);
	}
});

test('one run writes no article twice, also over several paths', () => {
	const one = folder('twice/one', { 'budget.md': markdown({ slug: 'twice', access: 'public' }) });
	const two = folder('twice/two', {
		'budget.md': markdown({ slug: 'twice', access: 'public', headline: 'Another' }),
	});
	const r = server.cli('article', 'import', one, two);
	assert.equal(r.code, 1);
	assert.match(
		r.stderr,
		/two\/budget\.md: source: "file:twice" was imported in this run already, from \S+one\/budget\.md/,
	);
	assert.equal(server.cli('article', 'import', one, one).code, 0);
});
