// Goal: the front page has no story twice; what the newsroom features leads, in its order and until its end, else the newest does; what may
// not be shown never leads; a change shows at the next request; sections say what they are about.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { importArticles } from '../lib/articles.mjs';
import { request } from '../lib/http.mjs';
import { beforeMoment, obeyed, startServer } from '../lib/server.mjs';

let server;
before(async () => {
	server = await startServer({
		settings: { POSTERN_SITE_TIMEZONE: 'America/New_York', POSTERN_SITE_NAME: 'The Courier' },
	});
});
after(() => server.close());

const sections = ['City', 'Culture', 'Sport'];
const day = (n) => `2025-03-${String(n).padStart(2, '0')}T06:00:00Z`;
const story = (n, more = {}) => ({
	slug: `story-${n}`,
	access: 'public',
	section: sections[n % 3],
	published: day(n),
	...more,
});
const page = async (path = '/') => (await request(server, 'GET', path)).body;
const slugsOf = (html) => [...html.matchAll(/href="\/articles\/([\w-]+)"/g)].map((m) => m[1]);
const leadOf = (html) => slugsOf(/<article class="lead">[\s\S]*?<\/article>/.exec(html)?.[0] ?? '')[0];
const secondsOf = (html) => slugsOf(/<div class="seconds">[\s\S]*?<div class="blocks">/.exec(html)[0]);
const leads = (slug) => obeyed(`${slug} leads`, async () => leadOf(await page()) === slug);
const feature = (...args) => server.cliOk('article', 'feature', ...args);
const unfeatureAll = () => {
	for (const a of server.cliJson('article', 'list', '--featured')) server.cliOk('article', 'unfeature', a.slug);
};
const refused = (code, why, ...args) => {
	const r = server.cli(...args);
	assert.equal(r.code, code, `${args.join(' ')}: ${r.stderr}`);
	assert.match(r.stderr, why);
};

test('none, one, two articles', async () => {
	const empty = await page();
	assert.match(empty, /Nothing has been published yet/);
	assert.match(empty, /<meta name="description" content="The latest articles from The Courier\.">/);
	importArticles(server, [story(1)]);
	assert.deepEqual(slugsOf(await page()), ['story-1']);
	importArticles(server, [story(1), story(2)]);
	const two = await page();
	assert.deepEqual(slugsOf(two), ['story-2', 'story-1']);
	assert.doesNotMatch(two, /class="(latest|block)"/, 'no empty list');
});

test('the newest leads, without a picture too, and no story is there twice', async () => {
	const all = Array.from({ length: 24 }, (_, i) => story(i + 1, i % 4 === 1 ? { pictures: [`p${i}.png`] } : {}));
	importArticles(server, all);
	const html = await page(),
		slugs = slugsOf(html);
	assert.equal(leadOf(html), 'story-24');
	assert.deepEqual([...new Set(slugs)], slugs, 'each story once');
	assert.deepEqual(secondsOf(html), ['story-22', 'story-18', 'story-14', 'story-10'], 'with pictures, newest first');
	assert.ok(slugs.includes('story-23'), 'the second newest, which has no picture, is among the latest');
	for (const name of sections) assert.match(html, new RegExp(`<section class="block" aria-label="${name}">`));
	assert.ok(slugs.length >= 5 + 3 + 3 * 2, `${slugs.length} stories`);
});

test('what is featured leads in its order, at the next request', async () => {
	await page();
	assert.match(feature('story-3'), /story-3 is number 1 of 1 on top of the front page\.\n/);
	await leads('story-3');
	feature('story-4');
	await leads('story-4');
	feature('story-5', '--position', '2');
	assert.deepEqual(
		server.cliJson('article', 'list', '--featured').map((a) => [a.slug, a.featured.position]),
		[
			['story-4', 1],
			['story-5', 2],
			['story-3', 3],
		],
	);
	const html = await page();
	assert.equal(leadOf(html), 'story-4');
	assert.deepEqual(secondsOf(html).slice(0, 2), ['story-5', 'story-3']);
	assert.deepEqual([...new Set(slugsOf(html))], slugsOf(html));
	assert.match(feature('story-3', '--position', '20'), /number 3 of 3/);
	const api = await request(server, 'GET', '/api/v1/articles?featured=true');
	assert.deepEqual(
		JSON.parse(api.body).articles.map((a) => a.slug),
		['story-4', 'story-5', 'story-3'],
	);
	assert.equal(JSON.parse(api.body).next_cursor, null);
	for (const bad of ['featured=yes', 'featured=true&section=city', 'featured=true&cursor=1-a'])
		assert.equal((await request(server, 'GET', `/api/v1/articles?${bad}`)).status, 422, bad);
	assert.match(server.cliOk('article', 'list'), /story-5  \(featured: number 2\)/);
	assert.match(server.cliOk('article', 'show', 'story-4'), /featured {3}number 1\n/);
	assert.equal(server.cliJson('article', 'show', 'story-9').featured, null);
	server.cliOk('article', 'unfeature', 'story-4');
	await leads('story-5');
	assert.deepEqual(
		server.cliJson('article', 'list', '--featured').map((a) => a.featured.position),
		[1, 2],
	);
	unfeatureAll();
	await leads('story-24');
});

test('what may not be shown never leads, and comes back when it may', async () => {
	importArticles(server, [
		story(25, { front: { embargo: '2100-01-01T00:00:00Z' } }),
		story(26, { front: { expires: '2025-06-01T00:00:00Z' } }),
	]);
	feature('story-6');
	for (const slug of ['story-25', 'story-26', 'story-7']) feature(slug);
	await leads('story-7');
	const note = server.cli('article', 'feature', 'story-25');
	assert.match(note.stderr, /note: readers do not see it there now: it is embargoed/);
	assert.equal(server.cliJson('article', 'feature', 'story-26').shown, false);
	server.cliOk('article', 'set-status', 'story-7', 'killed');
	await leads('story-6');
	server.cliOk('article', 'set-status', 'story-7', 'usable');
	await leads('story-7');
	server.cliOk('article', 'delete', 'story-7', '--yes');
	await leads('story-6');
	unfeatureAll();
});

test('a pin ends by itself; a day is included whole, in the time zone of the newsroom', async () => {
	const { moment } = await beforeMoment(async (at) => {
		feature('story-8', '--until', at);
		assert.equal(leadOf(await page()), 'story-8');
	});
	await moment();
	assert.equal(leadOf(await page()), 'story-24');
	assert.deepEqual(server.cliJson('article', 'list', '--featured'), []);
	const ends = server.cliJson('article', 'feature', 'story-9', '--until', '2099-11-30');
	assert.equal(ends.until, '2099-12-01T05:00:00Z');
	assert.match(feature('story-9'), /until 2099-11-30\./, 'what no option names stays');
	assert.match(server.cliOk('article', 'show', 'story-9'), /featured {3}number 1, until 2099-11-30\n/);
	assert.equal(server.cliJson('article', 'feature', 'story-9', '--no-end').until, null);
	unfeatureAll();
});

test('what cannot be featured is refused with what would be right', () => {
	refused(4, /article story-99: not found/, 'article', 'feature', 'story-99');
	refused(4, /article story-10 is not featured; .*--featured/, 'article', 'unfeature', 'story-10');
	refused(2, /--position 0: a number from 1 to 20/, 'article', 'feature', 'story-10', '--position', '0');
	refused(2, /--until soon: a date such as/, 'article', 'feature', 'story-10', '--until', 'soon');
	refused(2, /--until 2020-01-01 is in the past/, 'article', 'feature', 'story-10', '--until', '2020-01-01');
	refused(2, /exclude each other/, 'article', 'feature', 'story-10', '--until', '2099-01-01', '--no-end');
	refused(2, /exclude each other/, 'article', 'list', '--featured', '--section', 'city');
	const many = Array.from({ length: 21 }, (_, i) => story(i + 1)).filter((a) => a.slug !== 'story-7');
	for (const a of many) feature(a.slug);
	refused(5, /already 20 featured articles.*unfeature/, 'article', 'feature', 'story-22');
	assert.match(feature('story-21'), /of 20/, 'one of them can still be moved');
	unfeatureAll();
});

test('a section says what it is about, on its page and to search engines', async () => {
	const described = (text) => new RegExp(`<meta name="description" content="${text}">`);
	assert.match(await page('/sections/city'), described('City: the latest articles from The Courier\\.'));
	assert.match(
		server.cliOk('section', 'describe', 'city', '  Streets, <trams>\n and the council. '),
		/\/sections\/city is described now/,
	);
	await obeyed('described', async () =>
		(await page('/sections/city')).includes('<p class="section-about">Streets, &lt;trams&gt; and the council.</p>'),
	);
	assert.match(await page('/sections/city'), described('Streets, &lt;trams&gt; and the council\\.'));
	assert.deepEqual(
		server.cliJson('section', 'list').map((s) => [s.section, s.description]),
		[
			['city', 'Streets, <trams> and the council.'],
			['culture', ''],
			['sport', ''],
		],
	);
	refused(4, /no section "ctiy"; did you mean "city"\?/, 'section', 'describe', 'ctiy', 'x');
	refused(2, /"No Such" is not a section's slug/, 'section', 'describe', 'No Such', 'x', '--new');
	refused(2, /has 601 bytes; at most 600/, 'section', 'describe', 'city', 'x'.repeat(601));
	server.cliOk('section', 'describe', 'opinion', 'Letters.', '--new');
	assert.equal(server.cliJson('section', 'list').at(-1).section, 'opinion');
	server.cliOk('section', 'describe', 'city', '');
	await obeyed('gone', async () => !(await page('/sections/city')).includes('section-about'));
});

test('an error page offers the latest stories, none that may not be shown', async () => {
	const offered = (html) => slugsOf(/<section class="latest"[\s\S]*<\/section>/.exec(html)?.[0] ?? '');
	const ask = (path, options) => request(server, 'GET', path, options);
	server.cliOk('article', 'set-status', 'story-24', 'killed'); // drops what is in memory
	const missing = await obeyed('killed', async () => (await ask('/articles/story-24')).status === 410).then(() =>
		ask('/articles/no-such-story'),
	);
	assert.equal(missing.status, 404);
	assert.deepEqual(offered(missing.body), ['story-23', 'story-22', 'story-21', 'story-20', 'story-19']);
	assert.match(missing.body, /href="\/">Go to the front page</);
	const gone = await ask('/articles/story-24');
	assert.equal(offered(gone.body)[0], 'story-23');
	const unknown = await ask('/no/such/page');
	assert.deepEqual([unknown.status, offered(unknown.body).length], [404, 5], 'on the event loop, from memory');
	const refusedForm = await request(server, 'POST', '/login', {
		headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: 'https://elsewhere.example' },
		body: 'email=a%40b.example&password=x',
	});
	assert.deepEqual([refusedForm.status, offered(refusedForm.body).length], [403, 5]);
	server.cliOk('article', 'set-status', 'story-23', 'withheld');
	await obeyed('withheld', async () => offered((await ask('/articles/no-such-story')).body)[0] === 'story-22');
	assert.ok(!(await ask('/no/such/page')).body.includes('story-23'));
});
