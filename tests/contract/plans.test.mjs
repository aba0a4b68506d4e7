// Goal: an entitlement opens what its plan covers, from when until when its status and grace say, and every change holds at
// the very next request.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiSession, makeAccount, makePlan } from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { startServer } from '../lib/server.mjs';

const articles = [
	{ slug: 'city-piece', access: 'subscriber', section: 'City' },
	{ slug: 'culture-piece', access: 'subscriber', section: 'Culture', pictures: ['lead.png', 'inside.png'] },
];
let server, who, api;
before(async () => {
	server = await startServer({
		settings: { POSTERN_PAYWALL_OPEN_STATUSES_BY_SOURCE: 'shop: active; card: active past_due' },
	});
	importArticles(server, articles);
	who = await makeAccount(server);
	api = await apiSession(server, who);
});
after(() => server.close());

const reason = async (slug) => {
	const r = await api.get(`/articles/${slug}`);
	assert.equal(r.status, r.json.decision.grant === 'full' ? 200 : 402, r.body);
	return r.json.decision.reason;
};
const both = async () => [await reason('city-piece'), await reason('culture-piece')];
const grant = (...args) => server.cliJson('entitlement', 'grant', who.email, ...args);
const revoke = (e) => server.cliOk('entitlement', 'revoke', e.id);

test('plans are set, changed by what is named, listed and removed', () => {
	const p = server.cliJson(
		'plan',
		'set',
		'culture',
		'--title',
		'Culture',
		'--price',
		'€ 3 a month',
		'--sections',
		'culture',
		'--href',
		'https://shop.example/culture?x=1',
	);
	assert.deepEqual(p, {
		name: 'culture',
		kind: 'subscription',
		sections: ['culture'],
		title: 'Culture',
		price: '€ 3 a month',
		href: 'https://shop.example/culture?x=1',
		description: '',
		benefits: [],
		trial: '',
		cancel: '',
		position: 0,
		recommended: false,
		on_sale: true,
	});
	assert.equal(server.cli('plan', 'add', 'culture', '--title', 'Again').code, 5, 'there is one already');
	assert.equal(server.cliJson('plan', 'add', 'fresh', '--title', 'Fresh').name, 'fresh');
	server.cliOk('plan', 'remove', 'fresh');
	assert.equal(server.cliJson('plan', 'set', 'culture', '--price', '€ 4 a month').title, 'Culture');
	assert.deepEqual(
		server.cliJson('plan', 'list').map((x) => [x.name, x.price]),
		[['culture', '€ 4 a month']],
	);
	assert.match(server.cliOk('plan', 'list'), /culture +subscription +Culture, € 4 a month/);
	for (const [args, why] of [
		[['Gold', '--title', 'x'], /a-z, 0-9/],
		[['gold'], /needs a title/],
		[['gold', '--title', 'two\nlines'], /title/],
		[['gold', '--title', 'x', '--kind', 'weekly'], /subscription, day-pass or article/],
		[['gold', '--title', 'x', '--sections', 'City Hall'], /slugs between commas/],
		[['gold', '--title', 'x', '--sections', 'city,city'], /each once/],
		[['gold', '--title', 'x', '--href', 'javascript:alert(1)'], /https:/],
		[['gold', '--title', 'x', '--href', '//evil.example/'], /https:/],
		[['gold', '--title', 'x', '--href', 'https://a b'], /https:/],
		[['gold', '--title', 'x'.repeat(121)], /longer than 120/],
		[['gold', '--title', 'x', '--description', 'two\nlines'], /one line each/],
		[['gold', '--title', 'x', '--description', 'x'.repeat(401)], /longer than 400/],
		[['gold', '--title', 'x', '--benefits', 'a||b'], /none may be empty/],
		[['gold', '--title', 'x', '--benefits', 'a|b|c|d|e|f|g|h|i'], /at most 8/],
		[['gold', '--title', 'x', '--benefits', 'x'.repeat(121)], /at most 120 bytes/],
		[['gold', '--title', 'x', '--position', '1001'], /0 to 1000/],
		[['gold', '--title', 'x', '--recommended', 'maybe'], /yes or no/],
		[['gold', '--title', 'x', '--on-sale', '1'], /yes or no/],
	]) {
		const r = server.cli('plan', 'set', ...args);
		assert.equal(r.code, 2, args.join(' '));
		assert.match(r.stderr, why);
	}
	assert.equal(server.cli('plan', 'remove', 'gold').code, 4);
});

test('a plan covers its sections; one that nobody has described covers nothing', async () => {
	const narrow = grant('culture');
	assert.deepEqual(await both(), ['other_plan', 'entitled']);
	const refused = server.cli('plan', 'remove', 'culture');
	assert.equal(refused.code, 5);
	assert.match(refused.stderr, /1 entitlement and 0 institutions use culture and would open nothing/);
	assert.deepEqual(await both(), ['other_plan', 'entitled']);
	server.cliOk('plan', 'set', 'culture', '--sections', 'city');
	assert.deepEqual(await both(), ['entitled', 'other_plan']);
	server.cliOk('plan', 'set', 'culture', '--sections', 'culture');
	const typo = server.cli('entitlement', 'grant', who.email, 'cultrue');
	assert.equal(typo.code, 4);
	assert.match(typo.stderr, /no plan "cultrue"; did you mean "culture"\?.*--new/);
	const later = server.cli('entitlement', 'grant', who.email, 'digital', '--new', '--json');
	assert.equal(later.code, 0);
	assert.match(later.stderr, /there is no plan digital yet: it opens nothing/);
	assert.match(later.stderr, /it has no end/);
	assert.deepEqual(await both(), ['other_plan', 'entitled'], 'nothing opens by a plan that is not described');
	assert.match(server.cliOk('entitlement', 'list', who.email), /digital.*opens nothing: the plan does not exist/);
	assert.match(
		server.cliOk('explain', '--article', 'city-piece', '--reader', who.email),
		/digital .*its plan does not exist/,
	);
	makePlan(server, 'digital');
	assert.deepEqual(await both(), ['entitled', 'entitled'], 'described, it opens what it covers');
	revoke(JSON.parse(later.stdout));
	const wide = grant('digital');
	assert.deepEqual(await both(), ['entitled', 'entitled']);
	revoke(wide);
	assert.deepEqual(await both(), ['other_plan', 'entitled']);
	revoke(narrow);
	assert.deepEqual(await both(), ['entitlement_ended', 'entitlement_ended']);
	server.cliOk('plan', 'remove', 'culture');
	const orphan = grant('single', '--new', '--article', 'city-piece');
	assert.deepEqual(await both(), ['other_plan', 'entitlement_ended'], 'nor a single article');
	revoke(orphan);
});

test('from, until, hours, grace', async () => {
	const hoursAgo = (n) => new Date(Date.now() - n * 3600e3).toISOString().replace(/\.\d+Z/, 'Z');
	const over = grant('digital', '--from', hoursAgo(5), '--hours', '4');
	assert.equal(await reason('city-piece'), 'entitlement_ended');
	server.cliOk('entitlement', 'set-status', over.id, 'past_due', '--grace', '1');
	assert.equal(await reason('city-piece'), 'entitled', 'in the days of grace');
	server.cliOk('entitlement', 'set-status', over.id, 'past_due', '--grace', '0');
	assert.equal(await reason('city-piece'), 'entitlement_ended');
	server.cliOk('entitlement', 'set-status', over.id, 'active', '--until', '2100-01-01');
	assert.equal(await reason('city-piece'), 'entitled');
	revoke(over);
	const later = grant('digital', '--from', hoursAgo(-5));
	assert.equal(await reason('city-piece'), 'entitlement_future');
	revoke(later);
	for (const [args, why] of [
		[['--hours', '0'], /1 to/],
		[['--hours', '2', '--until', '2100-01-01'], /either --until or --hours/],
		[['--until', '2001-01-01'], /must come after/],
		[['--grace', '-1'], /0 to 366/],
		[['--status', 'fine'], /not a valid status/],
		[['--source', 'A b'], /source/],
		[['--from', 'now'], /a date/],
		[['--seats', '501'], /0 to 500/],
	]) {
		const r = server.cli('entitlement', 'grant', who.email, 'digital', ...args);
		assert.equal(r.code, 2, args.join(' '));
		assert.match(r.stderr, why);
	}
});

test('a status opens or closes by the setting, and by source', async () => {
	for (const [source, open] of [
		['comp', ['active', 'trialing', 'past_due', 'canceled']],
		['shop', ['active']],
		['card', ['active', 'past_due']],
	]) {
		const e = grant('digital', '--source', source);
		for (const status of ['active', 'trialing', 'past_due', 'paused', 'canceled', 'unpaid']) {
			server.cliOk('entitlement', 'set-status', e.id, status);
			assert.equal(
				await reason('city-piece'),
				open.includes(status) ? 'entitled' : 'entitlement_closed',
				`${source} ${status}`,
			);
			assert.equal(server.cliJson('entitlement', 'list', who.email).find((x) => x.id === e.id).status, status);
		}
		revoke(e);
	}
	assert.equal(server.cli('entitlement', 'set-status', 'nobody', 'active').code, 4);
	assert.equal(server.cli('entitlement', 'set-status', 'nobody', 'good').code, 2);
});

test('a day pass lasts a day, a purchase opens its article with its pictures and no other', async () => {
	server.cliOk('plan', 'set', 'day', '--kind', 'day-pass', '--title', 'Day pass');
	server.cliOk('plan', 'set', 'single', '--kind', 'article', '--title', 'One article');
	const day = grant('day');
	assert.equal(Date.parse(day.ends_at) - Date.parse(day.starts_at), 86400e3);
	assert.deepEqual(await both(), ['entitled', 'entitled']);
	revoke(day);
	const one = grant('single', '--article', 'culture-piece');
	assert.deepEqual(await both(), ['entitlement_ended', 'entitled']);
	const full = (await api.get('/articles/culture-piece')).json.article;
	assert.equal(full.images.length, 2);
	revoke(one);
	for (const [args, why] of [
		[['single'], /name one with --article/],
		[['day', '--article', 'city-piece'], /no plan for single articles/],
	]) {
		const r = server.cli('entitlement', 'grant', who.email, ...args);
		assert.equal(r.code, 2);
		assert.match(r.stderr, why);
	}
	assert.equal(server.cli('entitlement', 'grant', who.email, 'single', '--article', 'nothing').code, 4);
});

test('a subscription is not hidden by many purchases, nor the other way about', async () => {
	const sub = grant('digital', '--until', '2100-01-01');
	for (let i = 0; i < 40; i++) grant('single', '--article', 'culture-piece');
	assert.equal(await reason('city-piece'), 'entitled');
	for (let i = 0; i < 40; i++) grant('digital', '--from', '2001-01-01', '--hours', '1');
	assert.deepEqual(await both(), ['entitled', 'entitled']);
	revoke(sub);
	assert.deepEqual(await both(), ['entitlement_ended', 'entitled']);
});

test('the settings of statuses are checked', () => {
	for (const [name, value, why] of [
		['', 'active fine', /fine is none of/],
		['_BY_SOURCE', 'shop active', /a source, a colon/],
		['_BY_SOURCE', 'shop: active; shop: paused', /twice/],
		['_BY_SOURCE', 'Shop: active', /a source, a colon/],
		['_BY_SOURCE', 'shop: nice', /nice is none of/],
	]) {
		const r = server.cli('config', 'check');
		assert.equal(r.code, 0);
		server.env[`POSTERN_PAYWALL_OPEN_STATUSES${name}`] = value;
		const bad = server.cli('config', 'check');
		assert.equal(bad.code, 3, value);
		assert.match(bad.stderr, why);
		delete server.env[`POSTERN_PAYWALL_OPEN_STATUSES${name}`];
	}
});
