// Goal: a typing mistake on the command line opens and closes nothing: names that nobody knows are refused with the nearest one, --new means
// them, options are not given twice, and what is said after a change is what really holds.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { apiSession, makeAccount, makePlan } from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { databaseSql, root, startServer } from '../lib/server.mjs';

let server, who, api;
before(async () => {
	server = await startServer({
		settings: {
			POSTERN_GATE_SITES: 'https://blog.example',
			POSTERN_PAYWALL_OPEN_STATUSES_BY_SOURCE: 'shop: active',
		},
	});
	importArticles(server, [
		{ slug: 'vault', access: 'subscriber', section: 'Sport' },
		{ slug: 'old-vault', access: 'subscriber', section: 'Culture', front: { expires: '2025-06-01T00:00:00Z' } },
	]);
	who = await makeAccount(server);
	api = await apiSession(server, who);
	makePlan(server, 'sport-only');
});
after(() => server.close());

function refused(code, why, ...args) {
	const r = server.cli(...args);
	assert.equal(r.code, code, `${args.join(' ')}: ${r.stderr}`);
	assert.match(r.stderr, why, args.join(' '));
	assert.equal(r.stdout, '', args.join(' '));
}

test('an unknown name is refused with the nearest', async () => {
	for (const [code, why, ...args] of [
		[
			4,
			/no plan "sport-onyl"; did you mean "sport-only"\?.*--new/,
			'entitlement',
			'grant',
			who.email,
			'sport-onyl',
		],
		[
			4,
			/no source "shpo"; did you mean "shop"\?.*--new/,
			'entitlement',
			'grant',
			who.email,
			'sport-only',
			'--source',
			'shpo',
		],
		[
			2,
			/"actve" is not a valid status; did you mean active\?/,
			'entitlement',
			'grant',
			who.email,
			'sport-only',
			'--status',
			'actve',
		],
		[
			4,
			/no section "sprot"; did you mean "sport"\?.*--new/,
			'rules',
			'add',
			'--level',
			'public',
			'--section',
			'sprot',
		],
		[2, /"pubilc" is not a valid level; did you mean public\?/, 'rules', 'add', '--level', 'pubilc'],
		[4, /no section "sprot"; did you mean "sport"\?.*--new/, 'meter', 'set', 'sprot', '--section', 'sprot'],
		[2, /the slug of a section/, 'meter', 'set', 'sport', '--section', 'Sport News'],
		[
			4,
			/no section "cultur"; did you mean "culture"\?.*--new/,
			'plan',
			'set',
			'narrow',
			'--title',
			'x',
			'--sections',
			'sport,cultur',
		],
		[
			4,
			/no site "blgo.example"; did you mean "blog.example"\?.*--new/,
			'gate',
			'add',
			'/a',
			'public',
			'--site',
			'blgo.example',
		],
		[4, /no section "sprot"; did you mean "sport"\?.*--new/, 'gate', 'add', '/a', 'public', '--section', 'sprot'],
		[2, /no method "HAED"; did you mean "HEAD"\?.*--new/, 'gate', 'add', '/a', 'public', '--methods', 'GET HAED'],
		[2, /no method "GTE"; did you mean "GET"\?/, 'gate', 'test', `${server.origin}/a`, '--method', 'GTE'],
		[
			4,
			/no plan "sport-olny"; did you mean "sport-only"\?/,
			'institution',
			'add',
			'uni',
			'--title',
			'Uni',
			'--plan',
			'sport-olny',
		],
		[4, /no section "sprot"; did you mean "sport"\?/, 'article', 'list', '--section', 'sprot'],
		[
			2,
			/"subscribr" is not a valid access level; did you mean subscriber\?/,
			'article',
			'set-access',
			'vault',
			'subscribr',
		],
	])
		refused(code, why, ...args);
	assert.doesNotMatch(
		server.cli('institution', 'set', 'uni', '--plan', 'x').stderr,
		/--new/,
		'no option that the command does not have',
	);
	assert.deepEqual(server.cliJson('entitlement', 'list', who.email), []);
	assert.deepEqual(server.cliJson('gate', 'list'), []);
	assert.deepEqual(server.cliJson('rules', 'list').rules, []);
	assert.equal((await api.get('/articles/vault')).status, 402);
});

test('what is named and is not there: the nearest that is', () => {
	server.cliOk('institution', 'add', 'harbour-uni', '--title', 'Harbour University');
	server.cliOk('crawler', 'add', 'searcher', '--class', 'search', '--agent', 'Searcher');
	server.cliOk('key', 'create', 'wordpress');
	for (const [near, ...args] of [
		['sport-only', 'plan', 'remove', 'sprot-only'],
		['all', 'meter', 'remove', 'al'],
		['all', 'meter', 'reset', who.email, 'al'],
		['harbour-uni', 'institution', 'show', 'harbor-uni'],
		['harbour-uni', 'institution', 'set', 'harbor-uni', '--no-end'],
		['harbour-uni', 'institution', 'remove', 'harbor-uni', '--yes'],
		['searcher', 'crawler', 'remove', 'seracher'],
		['wordpress', 'key', 'rotate', 'wordpres'],
		['wordpress', 'key', 'revoke', 'wordpres'],
	])
		refused(4, new RegExp(`: not found; did you mean ${near}\\?`), ...args);
});

test('what was not found, and what was refused, is said with its kind and value', () => {
	refused(4, /account nobody@example\.org: not found/, 'entitlement', 'grant', 'nobody@example.org', 'sport-only');
	refused(4, /article no-such: not found/, 'entitlement', 'grant', who.email, 'sport-only', '--article', 'no-such');
	refused(4, /article no-such: not found/, 'explain', '--article', 'no-such');
	refused(4, /article no-such: not found/, 'article', 'show', 'no-such');
	refused(4, /article no-such: not found/, 'article', 'set-status', 'no-such', 'killed');
	refused(4, /article no-such: not found/, 'gift', 'create', 'no-such', '--by', 'desk');
	refused(
		2,
		/plan "Sport Only", source "comp": a name has only a-z/,
		'entitlement',
		'grant',
		who.email,
		'Sport Only',
	);
	refused(
		2,
		/the end, 2027-01-31, must come after the beginning, 2027-02-02 00:00Z/,
		'entitlement',
		'grant',
		who.email,
		'sport-only',
		'--from',
		'2027-02-02',
		'--until',
		'2027-01-31',
	);
});

test('--new says that it is meant, and then it is known', () => {
	server.cliOk('rules', 'add', '--level', 'subscriber', '--section', 'chess', '--new');
	server.cliOk('meter', 'set', 'chess', '--section', 'chess', '--anonymous', '1', '--registered', '1');
	server.cliOk('plan', 'set', 'bridge', '--title', 'Bridge', '--sections', 'bridge', '--new');
	server.cliOk('gate', 'add', '/bridge/**', 'subscriber', '--section', 'bridge');
	server.cliOk('gate', 'add', '/shop/**', 'public', '--site', 'shop.example', '--methods', 'GET BREW', '--new');
	assert.deepEqual(server.cliJson('article', 'list', '--section', 'chess'), []);
});

test('an option that takes a value is taken once', () => {
	refused(2, /--level is given twice/, 'rules', 'add', '--level', 'public', '--level', 'subscriber');
	refused(2, /--level is given twice/, 'rules', 'add', '--level=public', '--override', '--level=public');
	refused(
		2,
		/--until is given twice/,
		'entitlement',
		'grant',
		who.email,
		'sport-only',
		'--until',
		'2100-01-01',
		'--until',
		'2090-01-01',
	);
	refused(2, /--config is given twice/, 'config', 'show', '--config', 'a.ini', '--config', 'b.ini');
	assert.equal(server.cli('account', 'list', '--json', '--json').code, 0);
});

test('what an entitlement comes to is said', () => {
	const notes = (...args) => {
		const r = server.cli('entitlement', ...args);
		assert.equal(r.code, 0, r.stderr);
		return r.stderr;
	};
	const past = ['--from', '2001-01-01', '--until', '2001-02-01'];
	assert.equal(notes('grant', who.email, 'sport-only', '--until', '2100-01-01'), '');
	assert.match(notes('grant', who.email, 'sport-only'), /^note: it has no end\n$/);
	assert.match(notes('grant', who.email, 'sport-only', ...past), /its end is in the past: it opens nothing/);
	assert.match(
		notes('grant', who.email, 'sport-only', '--from', '2001-01-01', '--hours', '1', '--grace', '366'),
		/its end is in the past: it opens nothing/,
	);
	assert.match(
		notes('grant', who.email, 'sport-only', '--status', 'paused', '--until', '2100-01-01'),
		/^note: the status paused from the source comp does not let its reader in/,
	);
	assert.match(
		notes('grant', who.email, 'sport-only', '--status', 'trialing', '--source', 'shop', '--until', '2100-01-01'),
		/the status trialing from the source shop does not let its reader in/,
	);
	const day = server.cliJson('entitlement', 'grant', who.email, 'sport-only', '--until', '2100-01-01');
	assert.match(notes('set-status', day.id, 'unpaid'), /the status unpaid .* does not let its reader in/);
	assert.equal(notes('set-status', day.id, 'active'), '');
	const open = server.cliJson('entitlement', 'grant', who.email, 'sport-only');
	assert.match(
		notes('set-status', open.id, 'canceled'),
		/it has no end, although its status says that it is not renewed; set one with --until/,
	);
	for (const e of server.cliJson('entitlement', 'list', who.email)) server.cliOk('entitlement', 'revoke', e.id);
});

test('set-access says what holds, by which rule', async () => {
	assert.match(
		server.cliOk('article', 'set-access', 'vault', 'public'),
		/The access level of vault is now public\.\nIt is public by its own access level\./,
	);
	const rule = server.cliJson('rules', 'add', '--level', 'subscriber', '--section', 'sport', '--override');
	const r = server.cli('article', 'set-access', 'vault', 'public');
	assert.equal(r.code, 0);
	assert.match(r.stdout, new RegExp(`It is subscriber by the override rule 1 \\(section sport; ${rule.id}\\)`));
	assert.match(r.stderr, /an override replaces the article's own level/);
	assert.equal((await api.get('/articles/vault')).status, 402);
	server.cliOk('rules', 'remove', rule.id);
	assert.match(
		server.cliOk('article', 'set-access', 'vault', 'default'),
		/It is subscriber by the setting article\.default_access/,
	);
	server.cliOk('article', 'set-access', 'vault', 'subscriber');
	assert.match(
		server.cliOk('article', 'set-access', 'old-vault', 'public'),
		/Nobody may read it: The article has expired/,
	);
});

test('gate add warns of a rule that can never decide', () => {
	const add = (...args) => {
		const r = server.cli('gate', 'add', ...args);
		assert.equal(r.code, 0, r.stderr);
		return r.stderr;
	};
	assert.equal(add('/archive/**', 'subscriber'), '');
	assert.match(
		add('/archive/free/**', 'public', '--methods', 'POST'),
		/rule \d+ \(\/archive\/free\/\*\*\) can never decide, because rule \d+ \(\/archive\/\*\*\) comes first and matches the same paths with any method/,
	);
	assert.match(add('/archive', 'public', '--site', 'blog.example'), /can never decide/);
	assert.equal(add('/arch', 'public'), '');
	assert.match(
		add('/**', 'public', '--position', '1'),
		/\(\/archive\/\*\*\) can never decide, because rule 1 \(\/\*\*\)/,
	);
	for (const m of server.cliJson('meter', 'list')) server.cliOk('meter', 'remove', m.name);
	assert.match(
		add('/metered/**', 'metered', '--position', '1'),
		/no meter applies to it, so it is closed to all but subscribers/,
	);
});

test('a list goes on after its last address, however it is spelt', () => {
	for (const name of ['Zoe.A', 'zoe.b', 'ZOE.C', 'zoe.d', 'Zoe.E'])
		server.cliOk('account', 'create', `${name}@Mail.Example`);
	for (const cursor of [(a) => a.email, (a) => a.email.toUpperCase(), (a) => ` ${a.email} `, (a) => a.id]) {
		const seen = [];
		for (let after = []; seen.length < 50; ) {
			const page = server.cliJson('account', 'list', '--limit', '2', ...after);
			seen.push(...page.map((a) => a.email));
			if (page.length < 2) break;
			after = ['--after', cursor(page.at(-1))];
		}
		assert.deepEqual(seen, [...new Set(seen)], 'none twice');
		assert.equal(seen.filter((a) => /^zoe/i.test(a)).length, 5);
	}
	refused(2, /an address or the id of an account is expected/, 'account', 'list', '--after', 'zoe@');
	refused(4, /not found/, 'account', 'list', '--after', 'zoe');
});

test('the upgrade takes nothing from anybody: plans that are held are described', async () => {
	const file = readdirSync(`${root}schema/migrations`).find((f) => f.endsWith('_plan_of_entitlement.sql'));
	const grants = [['old', '--new'], ['single-old', '--new', '--article', 'vault'], ['gone', '--new'], ['sport-only']];
	const held = grants.map((args) => server.cliJson('entitlement', 'grant', who.email, ...args));
	for (const i of [2, 3]) server.cliOk('entitlement', 'revoke', held[i].id);
	const before = server.cliJson('plan', 'list');
	assert.equal((await api.get('/articles/vault')).status, 402);
	const upgrade = readFileSync(`${root}schema/migrations/${file}`, 'utf8').replace(/^--.*$/gm, '');
	databaseSql(server.env.POSTERN_DATABASE_URL, upgrade);
	const plans = server.cliJson('plan', 'list');
	assert.deepEqual(
		plans
			.filter((p) => !before.some((b) => b.name === p.name))
			.map(({ name, kind, sections, title, price, href }) => ({ name, kind, sections, title, price, href })),
		[
			{ name: 'old', kind: 'subscription', sections: [], title: 'old', price: '', href: '' },
			{ name: 'single-old', kind: 'article', sections: [], title: 'single-old', price: '', href: '' },
		],
	);
	assert.deepEqual(
		plans.filter((p) => before.some((b) => b.name === p.name)),
		before,
		'others are left alone',
	);
	server.cliOk('plan', 'set', 'old', '--price', '1'); // the change log was not told by hand
	assert.equal((await api.get('/articles/vault')).status, 200);
	databaseSql(server.env.POSTERN_DATABASE_URL, upgrade);
	assert.equal(server.cliJson('plan', 'list').length, plans.length, 'once more changes nothing');
});
