// Goal: a day, or a time without a zone, is the newsroom's wherever people write one, an end day is included whole, people read
// the newsroom's clock, and programs read UTC.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { grantPlan, makeAccount, otherPassword, resetToken } from '../lib/accounts.mjs';
import { pageSays, pageText } from '../lib/checks.mjs';
import { Api, Reader } from '../lib/http.mjs';
import { run, startServer } from '../lib/server.mjs';

let server;
before(async () => {
	server = await startServer({ settings: { POSTERN_SITE_TIMEZONE: 'America/New_York' } });
});
after(() => server.close());

const article = (slug, ...front) =>
	`---\nslug: ${slug}\nheadline: ${slug}\nsection: News\naccess: public\n${front.join('\n')}\n---\nOne two three.\n\nfour five six.\n`;
let serial = 0;
function folderOf(files) {
	const dir = path.join(server.dir, `in${++serial}`);
	mkdirSync(dir);
	for (const [name, bytes] of Object.entries(files)) writeFileSync(path.join(dir, name), bytes);
	return dir;
}
const show = (slug) => server.cliJson('article', 'show', slug);
const inNewYork = (options) =>
	new Intl.DateTimeFormat('en-GB', { timeZone: 'America/New_York', ...options }).format(new Date());
const thisYear = () => inNewYork({ year: 'numeric' });

test("front matter: days and times without a zone are the newsroom's", () => {
	server.cliOk(
		'article',
		'import',
		folderOf({
			'day.md': article('day', 'published: 2026-11-28', 'embargo: 2026-12-01', 'expires: 2026-12-31'),
			'quoted.md': article('quoted', 'published: "2026-11-28"', "embargo: '2026-12-01'", 'expires: "2026-12-31"'),
			'clock.md': article(
				'clock',
				'published: 2026-11-28T09:30',
				'updated: 2026-11-28 10:30:00',
				'expires: 2026-12-31T00:00:00',
			),
			'zoned.md': article('zoned', 'published: 2026-11-27T20:30:00-05:00', 'updated: 2026-11-28 03:30:00 +0100'),
			'summer.md': article('summer', 'published: 1920-07-01', 'expires: 2100-07-01'),
		}),
	);
	for (const slug of ['day', 'quoted']) {
		assert.equal(show(slug).published_at, '2026-11-28T05:00:00Z');
		assert.equal(show(slug).embargo_at, '2026-12-01T05:00:00Z');
		assert.equal(show(slug).expires_at, '2027-01-01T05:00:00Z');
	}
	assert.equal(show('clock').published_at, '2026-11-28T14:30:00Z');
	assert.equal(show('clock').updated_at, '2026-11-28T15:30:00Z');
	assert.equal(show('clock').expires_at, '2026-12-31T05:00:00Z', 'a time is that time');
	assert.equal(show('zoned').published_at, '2026-11-28T01:30:00Z');
	assert.equal(show('zoned').updated_at, '2026-11-28T02:30:00Z');
	assert.equal(show('summer').published_at, '1920-07-01T04:00:00Z');
	assert.equal(show('summer').expires_at, '2100-07-02T04:00:00Z');
	const said = server.cliOk('article', 'show', 'day');
	assert.match(said, /^published +2026-11-28 00:00-05:00$/m);
	assert.match(said, /^embargo +2026-12-01 00:00-05:00$/m);
	assert.match(said, /^expires +2026-12-31$/m);
	const wrong = server.cli('article', 'import', folderOf({ 'x.md': article('x', 'published: 28 November') }));
	assert.equal(wrong.code, 1);
	assert.match(
		wrong.stderr + wrong.stdout,
		/line 6: published: "28 November" is neither a day like 2026-11-20 nor a time like/,
	);
});

test('what is exported comes back as it was', () => {
	const out = path.join(server.dir, 'out');
	mkdirSync(out);
	server.cliOk('article', 'export', out, 'day');
	assert.match(readFileSync(path.join(out, 'day.md'), 'utf8'), /^expires: 2027-01-01T05:00:00Z$/m);
	const was = show('day');
	server.cliOk('article', 'import', out);
	for (const key of ['published_at', 'embargo_at', 'expires_at']) assert.equal(show('day')[key], was[key]);
});

test("ninjs: a time without an offset is the newsroom's, and +0000 an offset", () => {
	const item = (more) =>
		JSON.stringify({
			uri: `urn:x:${++serial}`,
			type: 'text',
			headline: `Item ${serial}`,
			body_html: '<p>One.</p><p>Two.</p>',
			...more,
		});
	server.cliOk(
		'article',
		'import',
		folderOf({
			'a.json': item({
				headline: 'Without offset',
				versionCreated: '2026-11-20T05:40:00',
				embargoed: '2026-12-01',
				expires: '2026-12-24',
			}),
			'b.json': item({ headline: 'Basic offset', versionCreated: '2026-11-20T05:40:00+0000' }),
		}),
	);
	assert.equal(show('without-offset').published_at, '2026-11-20T10:40:00Z');
	assert.equal(show('without-offset').embargo_at, '2026-12-01T05:00:00Z');
	assert.equal(show('without-offset').expires_at, '2026-12-25T05:00:00Z');
	assert.equal(show('basic-offset').published_at, '2026-11-20T05:40:00Z');
});

test("an embargo opens, and an expiry closes, at the newsroom's midnight", () => {
	const at = (when) => server.cliJson('explain', '--article', 'day', '--at', when).decision;
	for (const [when, reason] of [
		['2026-11-30', 'embargoed'],
		['2026-11-30T23:59', 'embargoed'],
		['2026-12-01T04:59:59Z', 'embargoed'],
		['2026-12-01T05:00:00Z', 'public'],
		['2026-12-01', 'public'],
		['2026-12-31T23:59:59', 'public'],
		['2027-01-01', 'expired'],
	])
		assert.equal(at(when).reason, reason, when);
	const east = JSON.parse(
		run(['explain', '--article', 'day', '--at', '2026-12-02', '--json'], {
			env: { ...server.env, POSTERN_SITE_TIMEZONE: 'Asia/Tokyo' },
			cwd: server.dir,
		}).stdout,
	);
	assert.equal(east.at, '2026-12-01T15:00:00Z', 'the same command in Tokyo');
});

test("the API takes the newsroom's day where a time is asked for, and answers in UTC", async () => {
	const api = new Api(server, server.cliJson('key', 'create', 'desk', '--scopes', 'explain').key);
	for (const [at, utc, reason] of [
		['2026-12-01', '2026-12-01T05:00:00Z', 'public'],
		['2026-11-30T23:59', '2026-12-01T04:59:00Z', 'embargoed'],
		['2026-12-01T04:59:59Z', '2026-12-01T04:59:59Z', 'embargoed'],
	]) {
		const r = await api.get(`/admin/explain?article=day&at=${encodeURIComponent(at)}`);
		assert.deepEqual([r.json.at, r.json.decision.reason], [utc, reason], r.body);
	}
	for (const at of ['2026-02-30', 'now', '2026-12-01T05', '1796101200']) {
		const r = await api.get(`/admin/explain?article=day&at=${at}`);
		assert.equal(r.status, 422, at);
		assert.match(r.body, /must be a day such as 2027-01-31, or a time such as/);
	}
});

test('an entitlement keeps its last evening, and what is printed can be given back', async () => {
	const who = await makeAccount(server);
	const e = grantPlan(server, who.email, 'digital', '--from', '2026-11-01', '--until', '2026-11-30');
	assert.equal(e.starts_at, '2026-11-01T04:00:00Z', 'summer time ends later that day');
	assert.equal(e.ends_at, '2026-12-01T05:00:00Z');
	assert.match(server.cliOk('entitlement', 'list', who.email), /from 2026-11-01 00:00-04:00 +until 2026-11-30 /);
	server.cliOk(
		'article',
		'import',
		folderOf({ 'paid.md': article('paid', 'published: 2026-10-01').replace('public', 'subscriber') }),
	);
	const at = (when) =>
		server.cliJson('explain', '--article', 'paid', '--reader', who.email, '--at', when).decision.reason;
	assert.equal(at('2026-11-30T23:59:59'), 'entitled');
	assert.equal(at('2026-12-01T00:00'), 'entitlement_ended');
	assert.equal(at('2026-10-31T23:59'), 'entitlement_future');
	assert.equal(at('2026-11-01 00:00-04:00'), 'entitled', 'as it is printed');
	server.cliOk('entitlement', 'set-status', e.id, 'active', '--until', '2026-03-08');
	assert.equal(
		server.cliJson('entitlement', 'list', who.email)[0].ends_at,
		'2026-03-09T04:00:00Z',
		'a day of 23 hours',
	);
	for (const [option, value] of [
		['--until', '2026-02-29'],
		['--until', 'soon'],
		['--from', '31.12.2026'],
		['--until', '2026-11-30T25:00'],
		['--until', ''],
	]) {
		const r = server.cli('entitlement', 'grant', who.email, 'digital', option, value);
		assert.equal(r.code, 2, value);
		assert.match(
			r.stderr,
			new RegExp(`${option} ${value.replace('.', '\\.')}: a date such as 2027-01-31, or a time such as`),
		);
	}
	const never = server.cli('entitlement', 'grant', who.email, 'digital', '--until', '1969-12-31T19:00');
	assert.equal(never.code, 2, 'the second 0 is an end, and not "no end"');
});

test('a contract of an institution ends with its last day', () => {
	const one = server.cliJson(
		'institution',
		'add',
		'library',
		'--title',
		'Library',
		'--from',
		'2026-01-01',
		'--until',
		'2026-12-31',
	);
	assert.deepEqual([one.starts_at, one.ends_at], ['2026-01-01T05:00:00Z', '2027-01-01T05:00:00Z']);
	assert.match(server.cliOk('institution', 'list'), /from 2026-01-01 00:00-05:00 +until 2026-12-31/);
});

test('the account says the last day, with the year when it is another one', async () => {
	const who = await makeAccount(server),
		reader = new Reader(server);
	grantPlan(server, who.email, 'digital', '--until', `${thisYear()}-12-31`);
	grantPlan(server, who.email, 'forever');
	grantPlan(server, who.email, 'long', '--until', '2099-02-28');
	grantPlan(server, who.email, 'exact', '--until', '2099-07-01T18:00');
	await reader.logIn(who);
	const page = await reader.get('/account');
	pageSays(page, `digital until 31 December (${Number(thisYear()) + 1}-01-01T05:00:00Z)`);
	pageSays(page, 'long until 28 February 2099 (2099-03-01T05:00:00Z)');
	pageSays(page, 'exact until 1 July 2099, 18:00 EDT (2099-07-01T22:00:00Z)');
	pageSays(page, 'forever no end date');
});

test("pages tell the newsroom's time", async () => {
	server.cliOk(
		'article',
		'import',
		folderOf({ 'night.md': article('night', 'published: 2025-07-04T22:15', 'updated: 2025-12-31T23:30') }),
	);
	const anonymous = new Reader(server),
		page = await anonymous.get('/articles/night');
	pageSays(page, '4 July 2025, 22:15 EDT (2025-07-05T02:15:00Z)');
	pageSays(page, 'Updated 31 December 2025, 23:30 EST (2026-01-01T04:30:00Z)');
	const long = { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' };
	const dates = [inNewYork(long)];
	const front = await anonymous.get('/');
	dates.push(inNewYork(long));
	assert.ok(
		dates.map((d) => d.replace(/^(\w+),? /, '$1, ')).some((d) => pageText(front).includes(d)),
		`${dates} is not in the masthead`,
	);
	pageSays(await anonymous.get('/sections/news'), '4 July 2025 (2025-07-05T02:15:00Z)');
	const api = await new Api(server).get('/articles/night');
	assert.equal(api.json.article.published_at, '2025-07-05T02:15:00Z');
});

test("mails tell the newsroom's time", async () => {
	const who = await makeAccount(server);
	const token = await resetToken(server, who.email);
	assert.equal(
		(await new Api(server).post('/password-resets/confirm', { token, password: otherPassword })).status,
		204,
	);
	const mail = await server.mail.take(who.email, /was changed/);
	const said = /Time: (\d{1,2}) (\w+) (\d{4}), (\d\d:\d\d) (EST|EDT)\n/.exec(mail.text);
	assert.ok(said, mail.text);
	const written = new Date(`${said[1]} ${said[2]} ${said[3]} ${said[4]} ${said[5]}`);
	assert.ok(Math.abs(written - Date.now()) < 10 * 60e3, said[0]);
	assert.match(mail.raw, /^Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d -0[45]00\r?$/m);
});

test('lists go on before 1970', async () => {
	const files = {};
	for (let n = 0; n < 45; n++)
		files[`old-${n}.md`] = article(`old-${n}`, `published: ${1920 + n}-07-01`).replace('News', 'Archive');
	server.cliOk('article', 'import', folderOf(files));
	const found = [];
	for (let cursor = '', pages = 0; cursor !== null && pages < 10; pages++) {
		const r = await new Api(server).get(`/articles?section=archive&limit=10${cursor ? `&cursor=${cursor}` : ''}`);
		assert.equal(r.status, 200, r.body);
		found.push(...r.json.articles.map((a) => a.slug));
		cursor = r.json.next_cursor;
	}
	assert.deepEqual(
		found,
		Object.keys(files)
			.map((f) => f.replace('.md', ''))
			.reverse(),
	);
	const seen = [];
	for (let at = '/sections/archive', pages = 0; at && pages < 10; pages++) {
		const page = await new Reader(server).get(at);
		assert.equal(page.status, 200, at);
		seen.push(...[...page.body.matchAll(/<h3><a class="cover" href="\/articles\/(old-\d+)"/g)].map((m) => m[1]));
		at = /href="([^"]*\?before=[^"]*)"/.exec(page.body)?.[1];
	}
	assert.deepEqual(seen, found);
	for (const cursor of ['-', '--1-x', '-5', '-5-', '5-', 'x-y', '-9223372036854775808-abc', '1763600000-'])
		assert.equal((await new Api(server).get(`/articles?cursor=${cursor}`)).status, 422, cursor);
});

test('a zone that is not there keeps the server from starting', () => {
	const r = run(['serve'], { env: { ...server.env, POSTERN_SITE_TIMEZONE: 'America/NewYork' }, cwd: server.dir });
	assert.equal(r.code, 3);
	assert.match(r.stderr, /environment: site\.timezone = America\/NewYork: .*did you mean America\/New_York\?/);
});
