// Goal: a word in the database or the configuration that this program does not know (a level, status, kind, window, class, scope, plan) opens
// nothing and leaves nothing open that should be closed.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { databaseSql, databaseUrl, run, tempDir } from '../lib/server.mjs';

const dir = tempDir(),
	env = { POSTERN_MAIL_TRANSPORT: `maildir:${dir}/mail` };
const cli = (...args) => run(args, { env });
const ok = (...args) => {
	const r = cli(...args);
	assert.equal(r.code, 0, `${args.join(' ')}: ${r.stderr}`);
	return r.stdout;
};
const sql = (text) => databaseSql(env.POSTERN_DATABASE_URL, text);

before(() => {
	env.POSTERN_DATABASE_URL = databaseUrl(dir);
	ok('db', 'migrate');
	mkdirSync(`${dir}/in`);
	for (const [slug, access] of [
		['open', 'public'],
		['metered', 'metered'],
		['vault', 'subscriber'],
	])
		writeFileSync(
			`${dir}/in/${slug}.md`,
			`---\nheadline: ${slug}\naccess: ${access}\npublished: 2025-03-01T06:00:00Z\n---\nSome words.\n`,
		);
	ok('article', 'import', `${dir}/in`);
	ok('account', 'create', 'ada@mail.example');
	ok('plan', 'set', 'digital', '--title', 'Digital');
	ok('entitlement', 'grant', 'ada@mail.example', 'digital');
	ok('rules', 'add', '--level', 'subscriber', '--tag', 'nothing', '--override');
	ok('crawler', 'add', 'searcher', '--class', 'search', '--agent', 'Searcher');
	ok('gate', 'add', '/paid/**', 'subscriber');
	ok('institution', 'add', 'uni', '--title', 'Uni');
	ok('institution', 'range', 'add', 'uni', '192.0.2.0/24');
});

const grant = (slug, ...args) => {
	const r = cli('explain', '--article', slug, ...args, '--json');
	return r.code === 0 ? JSON.parse(r.stdout).decision.grant : `refused ${r.code}`;
};
const gate = (...args) => {
	const r = cli('gate', 'test', 'http://localhost:8080/paid/x', ...args, '--json');
	return r.code === 0 ? JSON.parse(r.stdout).grant : `refused ${r.code}`;
};
const ada = ['--reader', 'ada@mail.example'],
	uni = ['--ip', '192.0.2.7'];

test('as it should be', () => {
	assert.equal(grant('open'), 'full');
	assert.equal(grant('vault'), 'teaser');
	assert.equal(grant('vault', ...ada), 'full');
	assert.equal(grant('vault', ...uni), 'full');
	assert.equal(gate(...ada), 'full');
});

// What is changed to a word that nobody knows, how it is put back, and what may be seen of it then.
for (const [what, change, back, ask] of [
	[
		'an article of a level nobody knows',
		"UPDATE article SET access = 'free' WHERE slug = 'vault'",
		"UPDATE article SET access = 'subscriber' WHERE slug = 'vault'",
		() => [grant('vault'), grant('vault', ...ada)],
	],
	[
		'an article of a status nobody knows',
		"UPDATE article SET status = 'usabel' WHERE slug = 'open'",
		"UPDATE article SET status = 'usable' WHERE slug = 'open'",
		() => [grant('open'), grant('open', ...ada)],
	],
	[
		'an entitlement of a status nobody knows',
		"UPDATE entitlement SET status = 'activ'",
		"UPDATE entitlement SET status = 'active'",
		() => [grant('vault', ...ada), gate(...ada)],
	],
	[
		'an entitlement of a plan nobody knows',
		"UPDATE entitlement SET plan = 'digitall'",
		"UPDATE entitlement SET plan = 'digital'",
		() => [grant('vault', ...ada), gate(...ada)],
	],
	[
		'an institution of a plan nobody knows',
		"UPDATE institution SET plan = 'digitall'",
		"UPDATE institution SET plan = ''",
		() => [grant('vault', ...uni)],
	],
	[
		'a rule of a kind nobody knows',
		"UPDATE access_rule SET kind = 'overide'",
		"UPDATE access_rule SET kind = 'override'",
		() => [grant('vault'), grant('metered')],
	],
	[
		'a rule of a level nobody knows',
		"UPDATE access_rule SET access = 'pubilc'",
		"UPDATE access_rule SET access = 'subscriber'",
		() => [grant('vault'), grant('metered')],
	],
	[
		'a meter of a window nobody knows',
		"UPDATE meter SET time_window = 'fortnight'",
		"UPDATE meter SET time_window = 'month'",
		() => [grant('metered')],
	],
	[
		'a plan of a kind nobody knows',
		"UPDATE plan SET kind = 'lifetime'",
		"UPDATE plan SET kind = 'subscription'",
		() => [grant('vault', ...ada)],
	],
	[
		'a crawler of a class nobody knows',
		"UPDATE crawler SET class = 'serach'",
		"UPDATE crawler SET class = 'search'",
		() => [grant('vault', '--agent', 'Searcher', '--ip', '198.51.100.1')],
	],
	[
		'a path of a level nobody knows',
		"UPDATE path_rule SET level = 'opne'",
		"UPDATE path_rule SET level = 'subscriber'",
		() => [gate(), gate(...ada)],
	],
	[
		'files of a path as nobody knows',
		"UPDATE path_rule SET files = 'some'",
		"UPDATE path_rule SET files = 'free'",
		() => [gate()],
	],
]) {
	test(`${what} opens nothing`, () => {
		sql(change);
		try {
			for (const got of ask()) assert.doesNotMatch(got, /full/, what);
		} finally {
			sql(back);
		}
		assert.equal(grant('vault', ...ada), 'full');
	});
}

test('in the configuration and the environment it is refused, with the nearest', () => {
	for (const [name, value, why] of [
		['LOG_LEVEL', 'wran', /log\.level = wran: .*did you mean warn\?/],
		['ARTICLE_DEFAULT_ACCESS', 'subscribr', /article\.default_access = subscribr: .*did you mean subscriber\?/],
		['PAYWALL_AI_CRAWLERS', 'blok', /paywall\.ai_crawlers = blok: .*did you mean block\?/],
		['METER_FORGED', 'exausted', /meter\.forged = exausted: .*did you mean exhausted\?/],
		['LOG_FORMAT', 'jsn', /log\.format = jsn: .*did you mean json\?/],
		[
			'PAYWALL_OPEN_STATUSES',
			'active trialling',
			/paywall\.open_statuses: trialling is none of .*did you mean trialing\?/,
		],
		[
			'PAYWALL_OPEN_STATUSES_BY_SOURCE',
			'stripe: actve',
			/paywall\.open_statuses_by_source: actve is none of .*did you mean active\?/,
		],
	]) {
		for (const command of [['config', 'check'], ['serve'], ['plan', 'list']]) {
			const r = run(command, { env: { ...env, [`POSTERN_${name}`]: value } });
			assert.equal(r.code, 3, `${name}=${value} ${command}: ${r.stderr}`);
			assert.match(r.stderr, why);
		}
	}
});
