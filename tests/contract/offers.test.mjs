// Goal: the wall offers what would open this very article, as a page without script and as JSON, and nothing else.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiSession, makeAccount } from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { Api, Reader } from '../lib/http.mjs';
import { startServer } from '../lib/server.mjs';

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

const decision = async (slug, a = new Api(server)) => (await a.get(`/articles/${slug}`)).json.decision;
const hooks = (html) => [...html.matchAll(/data-postern-offer="([a-z_]+)"/g)].map((m) => m[1]).sort();
const page = async (slug, reader = new Reader(server)) => (await reader.get(`/articles/${slug}`)).body;

test('plans that cover the article and are sold, for people and for programs', async () => {
	const d = await decision('city-piece');
	assert.deepEqual(d.offer, ['login', 'subscribe', 'day_pass', 'article']);
	assert.deepEqual(d.plans, [
		{
			plan: 'all',
			kind: 'subscription',
			title: 'Everything & more',
			price: '€ 9 a month',
			href: 'https://shop.example/all?a=1&b=2',
		},
		{ plan: 'day', kind: 'day-pass', title: 'One day', price: '€ 2', href: '/buy/day' },
		{ plan: 'single', kind: 'article', title: 'This one', price: '', href: '/buy/one' },
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
	assert.match(html, /Subscribers can give this article to a friend/);
	assert.doesNotMatch(html, /Not sold|Culture<\/strong>/);
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
