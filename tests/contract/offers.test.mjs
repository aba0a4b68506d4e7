// Goal: the wall offers what would open this very article, as a page without script and as JSON, and nothing else.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiSession, makeAccount } from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { Api, metric, Reader } from '../lib/http.mjs';
import { startServer } from '../lib/server.mjs';

export const covers = ['GET /subscribe', 'GET /api/v1/plans', 'GET /api/v1/sections'];

let server, who, api;
before(async () => {
	server = await startServer();
	importArticles(server, [
		{ slug: 'city-piece', access: 'subscriber', section: 'City' },
		{ slug: 'culture-piece', access: 'subscriber', section: 'Culture' },
		{ slug: 'members', access: 'registered' },
		{ slug: 'open-door', access: 'public' },
	]);
	who = await makeAccount(server);
	api = await apiSession(server, who);
	const set = (...args) => server.cliOk('plan', 'set', ...args);
	set('all', '--title', 'Everything & more', '--price', '€ 9 a month', '--href', 'https://shop.example/all?a=1&b=2');
	set('culture', '--title', 'Culture', '--sections', 'culture', '--href', '/subscribe/culture');
	set('day', '--kind', 'day-pass', '--title', 'One day', '--price', '€ 2', '--href', '/buy/day');
	set('single', '--kind', 'article', '--title', 'This one', '--href', '/buy/one');
	set('hidden', '--title', 'Not sold');
});
after(() => server.close());

test('lists of sections and of plans, for programs', async () => {
	const anyone = new Api(server);
	server.cliOk('section', 'describe', 'city', 'The council and the harbour.');
	const { sections } = (await anyone.get('/sections')).json;
	assert.deepEqual(
		sections.find((s) => s.section === 'city'),
		{ section: 'city', name: 'City', description: 'The council and the harbour.' },
	);
	assert.equal(sections.find((s) => s.section === 'culture').description, '');
	const { plans } = (await anyone.get('/plans')).json;
	assert.deepEqual(
		plans.map((p) => p.plan).sort(),
		['all', 'culture', 'day', 'single'],
		'what has no address is not sold',
	);
	assert.deepEqual((await api.get('/plans')).json.plans, plans, 'the same for whoever is signed in');
	server.cliOk('plan', 'set', 'day', '--title', 'Today');
	assert.equal((await anyone.get('/plans')).json.plans.find((p) => p.plan === 'day').title, 'Today');
	server.cliOk('plan', 'set', 'day', '--title', 'One day');
	server.cliOk('section', 'describe', 'city', '');
	assert.equal((await anyone.get('/sections')).json.sections.find((s) => s.section === 'city').description, '');
});

const decision = async (slug, a = new Api(server)) => (await a.get(`/articles/${slug}`)).json.decision;
const hooks = (html) => [...html.matchAll(/data-postern-offer="([a-z_]+)"/g)].map((m) => m[1]).sort();
const page = async (slug, reader = new Reader(server)) => (await reader.get(`/articles/${slug}`)).body;

test('plans that cover the article and are sold, for people and for programs', async () => {
	const d = await decision('city-piece');
	assert.deepEqual(d.offer, ['login', 'subscribe', 'day_pass', 'article']);
	const silent = { description: '', benefits: [], trial: '', cancel: '', recommended: false };
	assert.deepEqual(d.plans, [
		{
			...silent,
			plan: 'all',
			kind: 'subscription',
			title: 'Everything & more',
			price: '€ 9 a month',
			href: 'https://shop.example/all?a=1&b=2',
		},
		{ ...silent, plan: 'day', kind: 'day-pass', title: 'One day', price: '€ 2', href: '/buy/day' },
		{ ...silent, plan: 'single', kind: 'article', title: 'This one', price: '', href: '/buy/one' },
	]);
	assert.deepEqual(
		(await decision('culture-piece')).plans.map((p) => p.plan),
		['all', 'culture', 'day', 'single'],
	);
	const html = await page('city-piece');
	assert.deepEqual(hooks(html), ['article', 'day_pass', 'login', 'subscribe']);
	assert.match(
		html,
		/href="https:\/\/shop.example\/all\?a=1&amp;b=2" data-postern-offer="subscribe" data-postern-plan="all"/,
	);
	assert.match(html, /Everything &amp; more/);
	assert.match(html, /Subscribers can give you this article/);
	assert.doesNotMatch(html, /Not sold|Culture<\/h3>/);
});

test('a free account is offered where it is enough, and nothing is sold there', async () => {
	const d = await decision('members');
	assert.deepEqual([d.offer, d.plans], [['login', 'register'], []]);
	assert.deepEqual(hooks(await page('members')), ['login', 'register']);
	assert.doesNotMatch(await page('members'), /to a friend/);
});

test('who is signed in is not offered to log in', async () => {
	const d = await decision('city-piece', api);
	assert.deepEqual(d.offer, ['subscribe', 'day_pass', 'article']);
	const reader = new Reader(server);
	await reader.logIn(who);
	assert.deepEqual(hooks(await page('city-piece', reader)), ['article', 'day_pass', 'subscribe']);
});

test('what is open offers nothing', async () => {
	assert.equal((await decision('open-door')).plans, undefined);
	assert.deepEqual(hooks(await page('open-door')), []);
	const sub = server.cliJson('entitlement', 'grant', who.email, 'all');
	assert.deepEqual((await decision('city-piece', api)).offer, []);
	server.cliOk('entitlement', 'revoke', sub.id);
});

test('a change of what is sold shows at the next request', async () => {
	server.cliOk('plan', 'set', 'day', '--href', '');
	assert.deepEqual((await decision('city-piece')).offer, ['login', 'subscribe', 'article']);
	server.cliOk('plan', 'remove', 'single');
	server.cliOk('plan', 'remove', 'all');
	assert.deepEqual((await decision('city-piece')).plans, []);
	assert.deepEqual(hooks(await page('city-piece')), ['login']);
});

test('an offer has its words, its place and at most one recommended plan; off sale it is gone', async () => {
	const set = (...args) => server.cliOk('plan', 'set', ...args);
	set('late', '--title', 'Late', '--href', '/buy/late', '--position', '2');
	set('early', '--title', 'Early', '--href', '/buy/early', '--position', '1', '--recommended', 'yes');
	set(
		'late',
		...[
			'--description',
			'A <b> plan',
			'--benefits',
			'Every story| The crossword & more ',
			'--trial',
			'First month free',
		],
		...['--cancel', 'Cancel any time', '--recommended', 'yes'],
	);
	const plans = (await decision('city-piece')).plans;
	assert.deepEqual(
		plans.map((p) => [p.plan, p.recommended]),
		[
			['early', false],
			['late', true],
		],
		'the newest recommendation holds alone',
	);
	assert.deepEqual(
		[plans[1].description, plans[1].benefits, plans[1].trial, plans[1].cancel],
		['A <b> plan', ['Every story', 'The crossword & more'], 'First month free', 'Cancel any time'],
	);
	const html = await page('city-piece');
	for (const words of [
		'A &lt;b&gt; plan',
		'<li>The crossword &amp; more</li>',
		'First month free',
		'Cancel any time',
	])
		assert.ok(html.includes(words), words);
	assert.ok(html.indexOf('Early</h3>') < html.indexOf('Late</h3>'));
	set('late', '--on-sale', 'no');
	assert.deepEqual(
		(await decision('city-piece')).plans.map((p) => p.plan),
		['early'],
	);
	assert.match(server.cliOk('plan', 'list'), /late .*recommended {2}not on sale/);
	set('late', '--on-sale', 'yes');
	server.cliOk('plan', 'remove', 'early');
	server.cliOk('plan', 'remove', 'late');
});

test('the page of all plans: one for all anonymous readers, from memory; who has a plan is told', async () => {
	const set = (...args) => server.cliOk('plan', 'set', ...args);
	set('culture', '--on-sale', 'no');
	assert.equal((await new Reader(server).get('/subscribe')).status, 404);
	assert.doesNotMatch((await new Reader(server).get('/')).body, /href="\/subscribe"/);
	set('paper', '--title', 'The paper', '--href', '/buy/paper', '--recommended', 'yes');
	set('extra', '--title', 'The extra', '--href', '/buy/extra');
	const hits = () => metric(server, 'postern_cache_hits_total', '{cache="pages"}');
	const first = await new Reader(server).get('/subscribe');
	const before = await hits();
	const again = await new Reader(server).get('/subscribe');
	assert.deepEqual([first.status, again.status, again.body === first.body], [200, 200, true]);
	assert.equal((await hits()) - before, 1, 'from memory');
	assert.equal(first.body.match(/class="button"/g).length, 1, 'one button stands out');
	assert.match(first.body, /class="button" href="\/buy\/paper"/);
	assert.match((await new Reader(server).get('/')).body, /href="\/subscribe">Subscribe</);
	const reader = new Reader(server);
	await reader.logIn(who);
	assert.doesNotMatch((await reader.get('/subscribe')).body, /You have this|You already subscribe/);
	const own = server.cliJson('entitlement', 'grant', who.email, 'paper');
	const told = (await reader.get('/subscribe')).body;
	assert.match(told, /You already subscribe to <strong>The paper<\/strong>/);
	assert.match(told, /You have this/);
	assert.doesNotMatch(told, /class="button"/);
	assert.doesNotMatch((await new Reader(server).get('/subscribe')).body, /You have this/);
	server.cliOk('entitlement', 'revoke', own.id);
	set('paper', '--on-sale', 'no');
	set('extra', '--href', '');
	assert.equal((await new Reader(server).get('/subscribe')).status, 404);
	assert.doesNotMatch((await new Reader(server).get('/')).body, /href="\/subscribe"/);
});
