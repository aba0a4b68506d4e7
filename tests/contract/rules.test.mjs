// Goal: the rules that are listed are the ones that decide, from the next request on, and nonsense is refused with the reason.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiSession, makeAccount } from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { Api, request } from '../lib/http.mjs';
import { startServer } from '../lib/server.mjs';

const ago = (s) => new Date(Date.now() - s * 1000).toISOString().replace(/\.\d+Z/, 'Z');
const hour = 3600,
	day = 86400;
const articles = [
	{ slug: 'fresh', access: 'default', section: 'City', published: ago(hour), tags: 'Ferry' },
	{ slug: 'week-old', access: 'default', section: 'City', published: ago(7 * day), tags: 'harbour', paragraphs: 12 },
	{ slug: 'year-old', access: 'default', section: 'Culture', published: ago(365 * day), tags: 'harbour' },
	{ slug: 'says-public', access: 'public', section: 'Culture', published: ago(365 * day), tags: 'harbour' },
	{ slug: 'says-metered', access: 'metered', section: 'Sport', published: ago(7 * day), tags: 'harbour' },
];
let server, reader, anonymous;
before(async () => {
	server = await startServer();
	importArticles(server, articles);
	anonymous = new Api(server);
	reader = await apiSession(server, await makeAccount(server));
});
after(() => server.close());

const add = (...args) => server.cliJson('rules', 'add', ...args);
const clear = () => server.cliJson('rules', 'list').rules.forEach((r) => server.cliOk('rules', 'remove', r.id));
const levels = async () =>
	Object.fromEntries((await anonymous.get('/articles')).json.articles.map((a) => [a.slug, a.access]));
const reason = async (slug, api = anonymous) => (await api.get(`/articles/${slug}`)).json.decision.reason;

test('without rules the setting decides for what says default, and metered is a level', async () => {
	assert.deepEqual(await levels(), {
		fresh: 'subscriber',
		'week-old': 'subscriber',
		'year-old': 'subscriber',
		'says-public': 'public',
		'says-metered': 'metered',
	});
	assert.equal(await reason('says-metered'), 'metered');
	assert.equal(await reason('fresh'), 'subscriber_only');
});

test('first match wins, overrides stand above the article, defaults below it', async () => {
	add('--level', 'public', '--until-age', '3h');
	add('--level', 'registered', '--section', 'city');
	add('--level', 'metered', '--tag', 'HARBOUR');
	assert.deepEqual(await levels(), {
		fresh: 'public',
		'week-old': 'registered',
		'year-old': 'metered',
		'says-public': 'public',
		'says-metered': 'metered',
	});
	const archive = add('--level', 'subscriber', '--from-age', '30d', '--override');
	assert.deepEqual(await levels(), {
		fresh: 'public',
		'week-old': 'registered',
		'year-old': 'subscriber',
		'says-public': 'subscriber',
		'says-metered': 'metered',
	});
	assert.equal(await reason('week-old'), 'login_required');
	assert.equal(await reason('week-old', reader), 'signed_in');
	assert.deepEqual(
		server.cliJson('rules', 'list').rules.map((r) => [r.kind, r.position, r.level]),
		[
			['override', 1, 'subscriber'],
			['default', 1, 'public'],
			['default', 2, 'registered'],
			['default', 3, 'metered'],
		],
	);
	server.cliOk('rules', 'remove', archive.id);
	assert.equal((await levels())['says-public'], 'public');
	clear();
});

test('moving a rule changes what decides', async () => {
	add('--level', 'public', '--section', 'city');
	const later = add('--level', 'registered', '--section', 'city', '--until-age', '3h');
	assert.equal(later.shadowed_by?.length, 26);
	assert.equal((await levels()).fresh, 'public');
	assert.equal(server.cliJson('rules', 'move', later.id, '1').position, 1);
	assert.equal((await levels()).fresh, 'registered');
	assert.equal(server.cliJson('rules', 'list').rules[0].shadowed_by, null);
	clear();
});

test('a rule of days holds on its days in the newsroom', async () => {
	const names = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
	const today = names[new Date().getUTCDay()],
		others = names.filter((n) => n !== today).join(',');
	add('--level', 'registered', '--days', others, '--override');
	assert.equal((await levels()).fresh, 'subscriber');
	add('--level', 'public', '--days', today, '--override');
	assert.equal((await levels()).fresh, 'public');
	clear();
});

test('timed release: the same article opens as it ages', async () => {
	add('--level', 'subscriber', '--until-age', '2h');
	add('--level', 'metered', '--until-age', '30d');
	add('--level', 'public');
	const at = (t) => server.cliJson('explain', '--article', 'fresh', '--at', t).decision.level;
	assert.deepEqual([at(ago(0)), at(ago(-2 * hour)), at(ago(-40 * day))], ['subscriber', 'metered', 'public']);
	clear();
});

test('a rule cuts the teaser, an override above the author', async () => {
	const words = async () => (await anonymous.get('/articles/week-old')).json.article.teaser_html;
	assert.doesNotMatch(await words(), /kept-week-old-2/);
	add('--level', 'subscriber', '--teaser-words', '20', '--section', 'city');
	assert.match(await words(), /kept-week-old-2/);
	assert.doesNotMatch(await words(), /kept-week-old-3/);
	const page = (await request(server, 'GET', '/articles/week-old')).body;
	assert.match(page, /kept-week-old-2/);
	assert.doesNotMatch(page, /kept-week-old-3/);
	clear();
});

test('what makes no sense is refused with what would be right', () => {
	for (const [args, why] of [
		[[], /needs --level/],
		[['--level', 'default'], /public, registered, metered or subscriber/],
		[['--level', 'gold'], /public, registered, metered or subscriber/],
		[['--level', 'public', '--override', '--default'], /either --override or --default/],
		[['--level', 'public', '--until-age', '3'], /90m, 3h/],
		[['--level', 'public', '--from-age', '3h', '--until-age', '3h'], /above the one at which it begins/],
		[['--level', 'public', '--days', 'caturday'], /sat,sun or mon-fri/],
		[['--level', 'public', '--teaser-words', '20'], /no teaser to cut/],
		[['--level', 'metered', '--teaser-words', '0'], /a number from 1 to 2000/],
		[['--level', 'public', '--section', 'City Hall'], /slug/],
		[['--level', 'public', '--section', ''], /is empty/],
		[['--level', 'public', '--tag', 'x'.repeat(101)], /longer than 100/],
		[['--level', 'public', '--position', '0'], /a number from 1 to 256/],
	]) {
		const r = server.cli('rules', 'add', ...args);
		assert.equal(r.code, 2, args.join(' '));
		assert.match(r.stderr, why);
	}
	assert.equal(server.cli('rules', 'move', 'nobody', '1').code, 4);
	assert.equal(server.cli('rules', 'move', 'nobody', 'first').code, 2);
	assert.equal(server.cli('rules', 'remove', 'nobody').code, 4);
	assert.deepEqual(server.cliJson('rules', 'list'), { rules: [], fallback: 'subscriber' });
});

test('a rule that can never decide is added with a warning, and is marked in the list', () => {
	server.cliOk('rules', 'add', '--level', 'public', '--override');
	const r = server.cli('rules', 'add', '--level', 'metered', '--section', 'city');
	assert.equal(r.code, 0);
	assert.match(r.stderr, /default 1 can never decide, because override 1/);
	assert.match(server.cliOk('rules', 'list'), /never: override 1 matches first/);
	clear();
});

test('levels are set by hand, kept by export, and read back', async () => {
	for (const level of ['metered', 'default', 'registered']) {
		server.cliOk('article', 'set-access', 'says-public', level);
		assert.equal(server.cliJson('article', 'show', 'says-public').access, level);
	}
	assert.equal(server.cli('article', 'set-access', 'says-public', 'free').code, 2);
	server.cliOk('article', 'set-access', 'says-public', 'default');
	server.cliOk('article', 'export', `${server.dir}/out`);
	server.cliOk('article', 'set-access', 'says-public', 'public');
	server.cliOk('article', 'set-access', 'says-metered', 'public');
	server.cliOk('article', 'import', `${server.dir}/out`);
	assert.equal(server.cliJson('article', 'show', 'says-public').access, 'default');
	assert.equal(server.cliJson('article', 'show', 'says-metered').access, 'metered');
	const found = (await anonymous.get('/articles?q=says')).json.articles.map((a) => [a.slug, a.access]);
	assert.deepEqual(found.sort(), [
		['says-metered', 'metered'],
		['says-public', 'subscriber'],
	]);
});
