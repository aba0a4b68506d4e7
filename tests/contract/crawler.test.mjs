// Crawlers: a name in the User-Agent opens nothing; an address that is listed, or has a name below the engine's domain that
// leads back to it, does. Crawlers for AI get what the newsroom has set, and are never counted as readers.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { addressesIn, importArticles } from '../lib/articles.mjs';
import { reverse4, startDnsmasq, startOdd } from '../lib/dns.mjs';
import { request } from '../lib/http.mjs';
import { root, sleep, startServer, within } from '../lib/server.mjs';

export const covers = ['GET /robots.txt'];

const googlebot =
	'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1; +http://www.google.com/bot.html) Chrome/W.X.Y.Z Safari/537.36';
const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';
const gptbot = 'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; GPTBot/1.2; +https://openai.com/gptbot';
const settings = (more) => ({
	POSTERN_SERVER_TRUSTED_PROXIES: '127.0.0.1',
	POSTERN_ARTICLE_TEASER_WORDS: '10',
	...more,
});
const ask = (server, ip, agent, target = '/articles/vault', method = 'GET') =>
	request(server, method, target, { headers: { 'X-Forwarded-For': ip, ...(agent ? { 'User-Agent': agent } : {}) } });
const addSearch = (server, name, suffix, agent) =>
	server.cliOk('crawler', 'add', name, '--class', 'search', '--suffix', suffix, '--agent', agent);
const decision = (r) => r.headers['postern-decision'];
function isFull(r) {
	assert.equal(r.body.includes('kept-vault-4'), /^full/.test(decision(r)), decision(r));
	return /^full; reason=crawler$/.test(decision(r));
}

let dns, server;
before(async () => {
	dns = await startDnsmasq({
		domains: ['googlebot.com', 'search.msn.com', 'evilgooglebot.com'],
		hosts: [
			['crawl-1.googlebot.com', '192.0.2.10'],
			['crawl-2.googlebot.com', '192.0.2.11'],
			['crawl-6.googlebot.com', '2001:db8:9::10'],
			['msnbot-1.search.msn.com', '192.0.2.20'],
			['crawl.evilgooglebot.com', '192.0.2.60'],
			['evilgooglebot.com', '192.0.2.61'],
			['crawl.googlebot.com.evil.example', '192.0.2.62'],
			['googlebot.com', '192.0.2.63'],
			['googlebot.com.evil.example', '192.0.2.64'],
			['late-1.googlebot.com', '192.0.2.90'],
		],
		names: [['other.googlebot.com', '192.0.2.70']],
		pointers: [
			['192.0.2.66', 'crawl-66.googlebot.com'],
			['192.0.2.67', 'other.googlebot.com'],
			['192.0.2.68', 'crawl-1.googlebot.com'],
		],
	});
	server = await startServer({ settings: settings({ POSTERN_CRAWLERS_RESOLVER: dns.address }) });
	importArticles(server);
	addSearch(server, 'googlebot', 'googlebot.com', 'Googlebot');
	addSearch(server, 'bingbot', 'search.msn.com, evil.invalid', 'bingbot');
	await ask(server, '203.0.113.1', firefox); // whatever is asked, the crawlers are known from then on
});
after(async () => {
	await server.close();
	await dns.stop();
});

test('a proved crawler reads in full at its first request, on pages and as JSON, and media', async () => {
	const first = await ask(server, '192.0.2.10', googlebot);
	assert.ok(isFull(first), decision(first));
	assert.deepEqual(first.cookies, []);
	assert.ok(isFull(await ask(server, '2001:db8:9::10', googlebot)));
	assert.ok(
		isFull(
			await ask(server, '192.0.2.20', 'Mozilla/5.0 (compatible; BingBot/2.0; +http://www.bing.com/bingbot.htm)'),
		),
	);
	const json = await ask(server, '192.0.2.11', googlebot, '/api/v1/articles/vault');
	assert.equal(json.status, 200);
	assert.equal(json.json.decision.reason, 'crawler');
	const inside = addressesIn(first.body, '/media/').find((a) => a.endsWith('inside.png'));
	assert.equal((await ask(server, '192.0.2.10', googlebot, inside)).status, 200);
	assert.equal((await ask(server, '192.0.2.10', firefox, inside)).status, 401);
	assert.match(server.stderr, /event=crawler_proof .*client=192\.0\.2\.10 proof=host host=crawl-1\.googlebot\.com/);
});

test('the address alone is no claim, and the claim is for one engine', async () => {
	for (const agent of [firefox, undefined, 'Googlebott/2.1', 'xGooglebot', 'bingbot/2.0'])
		assert.match(decision(await ask(server, '192.0.2.10', agent)), /^teaser/, agent);
	assert.match(decision(await ask(server, '192.0.2.20', googlebot)), /^teaser/);
});

test('a pointer without the way back, or to a look-alike, is a forgery', async () => {
	for (const ip of [
		'192.0.2.66',
		'192.0.2.67',
		'192.0.2.68',
		'192.0.2.60',
		'192.0.2.61',
		'192.0.2.62',
		'192.0.2.63',
		'192.0.2.64',
		'203.0.113.9',
		'2001:db8:9::11',
		'127.0.0.1',
	]) {
		const r = await ask(server, ip, googlebot);
		assert.match(decision(r), /^teaser; reason=subscriber_only/, ip);
		assert.ok(!r.body.includes('kept-vault'), ip);
	}
	assert.match(server.stderr, /event=crawler_proof .*client=192\.0\.2\.66 proof=none/);
});

// Every name of our own table, of search engines and of tools, in every dress.
const source = readFileSync(path.join(root, 'src/paywall/crawler/match.c'), 'utf8');
const ai = [.../crawler_ai_agents\[\] = \{([\s\S]*?)NULL/.exec(source)[1].matchAll(/"([^"]+)"/g)].map((m) => m[1]);
const search = [
	'Googlebot',
	'bingbot',
	'Googlebot-Image',
	'Googlebot-News',
	'AdsBot-Google',
	'Storebot-Google',
	'Google-InspectionTool',
	'Slurp',
	'YandexBot',
	'Baiduspider',
	'DuckDuckBot',
	'Applebot',
	'PetalBot',
	'SeznamBot',
	'Sogou web spider',
	'Exabot',
	'Qwantbot',
	'Mojeekbot',
	'archive.org_bot',
	'facebookexternalhit',
	'Twitterbot',
	'LinkedInBot',
	'Slackbot',
	'Discordbot',
	'WhatsApp',
	'TelegramBot',
	'AhrefsBot',
	'SemrushBot',
	'MJ12bot',
	'curl',
	'Wget',
];
const dress = [
	(n) => n,
	(n) => `${n}/2.1`,
	(n) => `Mozilla/5.0 (compatible; ${n}/2.1; +http://www.google.com/bot.html)`,
	(n) => n.toUpperCase(),
	(n) => n.toLowerCase(),
	(n) => `${firefox} ${n}/1.0`,
	(n) => `${n} Googlebot/2.1 bingbot/2.0`,
	(n) => `${googlebot} (${n})`,
	(n) => ` ${n} `,
	(n) => `${n},${n};${n}`,
	(n) => `"${n}"`,
	(n) => `${n}\t${n}/1`,
	(n) => `Googlebot/2.1 (host crawl-1.googlebot.com; ${n})`,
	(n) => `${n}${' '.repeat(600)}Googlebot/2.1`,
	(n) => `From: googlebot(at)googlebot.com ${n}`,
	(n) => `${n} 192.0.2.10`,
];

test('1,000 forged crawlers and bots open nothing', async () => {
	const agents = [...search, ...ai].flatMap((name) => dress.map((d) => d(name)));
	assert.ok(ai.length >= 30 && agents.length >= 1000, `${agents.length}`);
	for (let i = 0; i < agents.length; i += 20) {
		await Promise.all(
			agents.slice(i, i + 20).map(async (agent) => {
				const r = await ask(server, '203.0.113.9', agent);
				assert.equal(r.status, 200, agent);
				assert.match(decision(r), /^teaser/, agent);
				assert.ok(!r.body.includes('kept-vault'), agent);
			}),
		);
	}
});

test('headers that tell of a crawler are no proof', async () => {
	for (const [name, value] of [
		['From', 'googlebot(at)googlebot.com'],
		['X-Real-IP', '192.0.2.10'],
		['Forwarded', 'for=192.0.2.10'],
		['Postern-Crawler', 'googlebot'],
		['X-Crawler', 'googlebot'],
		['Host', 'crawl-1.googlebot.com'],
	]) {
		const r = await request(server, 'GET', '/articles/vault', {
			headers: { 'X-Forwarded-For': '203.0.113.9', 'User-Agent': googlebot, [name]: value },
		});
		assert.match(decision(r), /^teaser/, name);
	}
	const direct = await request(server, 'GET', '/articles/vault', {
		headers: { 'X-Forwarded-For': '192.0.2.10, 203.0.113.9', 'User-Agent': googlebot },
	});
	assert.match(decision(direct), /^teaser/);
});

test('a page that anonymous readers share is not what a crawler gets, nor the other way', async () => {
	for (let i = 0; i < 3; i++) {
		assert.match(decision(await ask(server, '203.0.113.50', firefox)), /^teaser/);
		assert.ok(isFull(await ask(server, '192.0.2.10', googlebot)));
	}
});

test('crawlers are removed and known again by command; the command checks an address', async () => {
	const check = server.cli('crawler', 'check', '192.0.2.10', '--json');
	assert.equal(check.code, 0, check.stderr);
	assert.deepEqual(
		JSON.parse(check.stdout).map((c) => [c.name, c.proved, c.dns]),
		[
			['bingbot', false, 'none'],
			['googlebot', true, 'host'],
		],
	);
	assert.match(server.cliOk('crawler', 'check', '192.0.2.10'), /googlebot .*proved .*crawl-1\.googlebot\.com/);
	assert.equal(server.cli('crawler', 'check', '203.0.113.9').code, 1);
	assert.equal(server.cli('crawler', 'check', 'googlebot').code, 2);
	assert.deepEqual(
		server.cliJson('crawler', 'list').map((c) => c.name),
		['bingbot', 'googlebot'],
	);
	assert.match(server.cliOk('crawler', 'list'), /search\.msn\.com, evil\.invalid/);
	server.cliOk('crawler', 'remove', 'googlebot');
	assert.match(decision(await ask(server, '192.0.2.10', googlebot)), /^teaser/);
	assert.equal(server.cli('crawler', 'remove', 'googlebot').code, 4);
	addSearch(server, 'googlebot', 'googlebot.com', 'Googlebot');
	await ask(server, '203.0.113.1', firefox);
	assert.ok(isFull(await ask(server, '192.0.2.10', googlebot)));
	const table = [
		[['bad name', '--class', 'search', '--agent', 'Goodbot'], /a-z, 0-9/],
		[['x', '--agent', 'Goodbot'], /--class/],
		[['x', '--class', 'seo', '--agent', 'Goodbot'], /--class/],
		[['x', '--class', 'search'], /--agent/],
		[['x', '--class', 'search', '--agent', 'Mozilla'], /none that browsers use/],
		[['x', '--class', 'search', '--agent', 'two words'], /one word/],
		[['x', '--class', 'search', '--agent', 'Goodbot', '--suffix', 'com'], /not a complete domain name/],
		[['x', '--class', 'search', '--agent', 'Goodbot', '--suffix', '*.good.example'], /not a complete domain name/],
		[['x', '--class', 'ai', '--agent', 'Goodbot', '--suffix', 'good.example'], /--class search/],
	];
	for (const [args, why] of table) {
		const r = server.cli('crawler', 'add', ...args);
		assert.equal(r.code, 2, args.join(' '));
		assert.match(r.stderr, why, args.join(' '));
	}
	assert.equal(server.cli('crawler', 'add', 'googlebot', '--class', 'search', '--agent', 'Googlebot').code, 5);
});

test('a published list proves, whole and refreshed; a bad one changes nothing', async () => {
	const file = path.join(server.dir, 'list.json');
	const load = (text, ...more) => {
		writeFileSync(file, typeof text === 'string' ? text : JSON.stringify(text));
		return server.cli('crawler', 'load', 'listed', file, ...more);
	};
	server.cliOk('crawler', 'add', 'listed', '--class', 'search', '--agent', 'Listedbot');
	const good = {
		creationTime: '2026-01-01T00:00:00',
		prefixes: [{ ipv4Prefix: '198.51.100.0/27' }, { ipv6Prefix: '2001:db8:4860::/64', service: 'x' }],
	};
	assert.equal(load(good).code, 0);
	for (const ip of ['198.51.100.5', '2001:db8:4860::99'])
		assert.ok(isFull(await ask(server, ip, 'Listedbot/1.0')), ip);
	for (const [ip, agent] of [
		['198.51.100.32', 'Listedbot/1.0'],
		['198.51.100.5', firefox],
		['198.51.100.5', googlebot],
	])
		assert.match(decision(await ask(server, ip, agent)), /^teaser/, ip);
	const table = [
		['{', /line 1/],
		['{}', /"prefixes" is missing or is not a list/],
		['{"prefixes":{}}', /not a list/],
		['{"prefixes":[]}', /empty/],
		['', /empty/],
		[{ prefixes: [{ ipv4Prefix: '198.51.100.0/27' }, {}] }, /prefixes\[1\]: has neither/],
		[{ prefixes: [{ ipv4Prefix: 5 }] }, /prefixes\[0\]\.ipv4Prefix/],
		[{ prefixes: [{ ipv4Prefix: '2001:db8::/64' }] }, /an IPv4 network is expected/],
		[{ prefixes: [{ ipv6Prefix: '198.51.100.0/27' }] }, /an IPv6 network/],
		[{ prefixes: [{ ipv4Prefix: '198.51.100.1/27' }] }, /did you mean/],
		[{ prefixes: [{ ipv4Prefix: '0.0.0.0/0' }] }, /whole internet/],
		[{ prefixes: [{ ipv4Prefix: '8.0.0.0/8' }] }, /--force/],
		['{"prefixes":[],"prefixes":[{"ipv4Prefix":"192.0.2.0/24"}]}', /duplicate/],
		['198.51.100.0/27\nnonsense\n', /line 2/],
	];
	for (const [text, why] of table) {
		const r = load(text);
		assert.equal(r.code, 1, JSON.stringify(text));
		assert.match(r.stderr, why);
		assert.match(r.stderr, /nothing was changed/);
		assert.ok(isFull(await ask(server, '198.51.100.5', 'Listedbot/1.0')), JSON.stringify(text));
	}
	assert.equal(load('# as lines\n198.51.100.64/27\n').code, 0);
	assert.match(decision(await ask(server, '198.51.100.5', 'Listedbot/1.0')), /^teaser/);
	assert.ok(isFull(await ask(server, '198.51.100.70', 'Listedbot/1.0')));
	assert.equal(server.cli('crawler', 'load', 'nobody', file).code, 4);
	assert.equal(server.cli('crawler', 'load', 'listed', '/no/such/file').code, 4);
});

test('what is proved is remembered; without a name server nothing more is', async () => {
	await dns.stop();
	try {
		assert.ok(isFull(await ask(server, '192.0.2.10', googlebot)));
		assert.match(decision(await ask(server, '192.0.2.90', googlebot)), /^teaser/);
	} finally {
		const again = await startDnsmasq({ domains: [] });
		dns.stop = again.stop;
	}
});

// ---- answers that no good server gives ----

test('several names, aliases, huge and cut answers are read; hostile ones prove nothing; silence is waited for only so long', async () => {
	const right = 'crawl.googlebot.com';
	const back = (ip) => ({ records: [[right, 'A', ip]] });
	const many = (n, name) => Array.from({ length: n }, (_, i) => [name, 'PTR', `host-${i}.other.example`]);
	const table = new Map([
		['10.0.0.1', { ptr: (q) => ({ records: [...many(3, q.name), [q.name, 'PTR', right]] }), full: true }],
		[
			'10.0.0.2',
			{
				ptr: (q) => ({
					records: [
						[q.name, 'CNAME', 'x.delegated.example'],
						['x.delegated.example', 'PTR', right],
					],
				}),
				full: true,
			},
		],
		[
			'10.0.0.3',
			{
				ptr: (q) => ({ records: [[q.name, 'PTR', right]] }),
				a: (ip) => ({
					records: [
						[right, 'CNAME', 'real.googlebot.com'],
						['real.googlebot.com', 'A', ip],
					],
				}),
				full: true,
			},
		],
		[
			'10.0.0.4',
			{
				ptr: (q) => ({ records: [[q.name, 'PTR', right]] }),
				a: (ip) => ({
					records: [...Array.from({ length: 20 }, (_, i) => [right, 'A', `10.9.9.${i}`]), [right, 'A', ip]],
				}),
				full: true,
			},
		],
		[
			'10.0.0.5',
			{
				ptr: (q) => (q.tcp ? { records: [...many(20, q.name), [q.name, 'PTR', right]] } : { truncated: true }),
				full: true,
			},
		],
		['10.0.0.6', { ptr: (q) => (q.tcp ? { records: many(900, q.name) } : { truncated: true }), full: false }],
		['10.0.0.7', { ptr: () => ({ rcode: 3 }), full: false }],
		['10.0.0.8', { ptr: () => ({ rcode: 2 }), full: false }],
		['10.0.0.9', { ptr: () => ({ records: [] }), full: false }],
		[
			'10.0.0.10',
			{
				ptr: (q) => ({
					records: [
						[
							q.name,
							'PTR',
							Buffer.concat([Buffer.from([15]), Buffer.from('x.googlebot.com'), Buffer.from([0])]),
						],
					],
				}),
				full: false,
			},
		],
		[
			'10.0.0.11',
			{
				ptr: (q) => ({
					records: [[q.name, 'PTR', Buffer.from('\x0ccrawl\x00evil--\x09googlebot\x03com\x00', 'latin1')]],
				}),
				full: false,
			},
		],
		[
			'10.0.0.12',
			{
				ptr: (q) => ({
					records: [
						[q.name, 'PTR', Buffer.from([0xc0, 0x0c])],
						[q.name, 'PTR', Buffer.from([0xc0, 0xff])],
					],
				}),
				full: false,
			},
		],
		['10.0.0.13', { ptr: () => ({ raw: Buffer.from('8180000100010000', 'hex') }), full: false }],
		['10.0.0.14', { ptr: (q) => ({ records: [[q.name, 'PTR', right]] }), a: () => ({ rcode: 3 }), full: false }],
		[
			'10.0.0.15',
			{
				ptr: (q) => ({ records: [[q.name, 'PTR', right]] }),
				a: () => ({ records: [[right, 'A', '10.9.9.9']] }),
				full: false,
			},
		],
		[
			'10.0.0.16',
			{
				ptr: (q) => ({
					records: [
						['9.9.9.10.in-addr.arpa', 'PTR', right],
						[q.name, 'PTR', 'x.other.example'],
					],
				}),
				full: false,
			},
		],
		['10.0.0.17', { ptr: (q) => ({ records: [[q.name, 'CNAME', q.name]] }), full: false }],
		['10.0.0.18', { ptr: () => undefined, full: false }],
		['10.0.0.19', { ptr: (q) => ({ records: [[q.name, 'PTR', right]] }), a: () => undefined, full: false }],
	]);
	let current;
	const odd = await startOdd((q) => {
		const [ip, row] = [...table].find(([address]) => q.name === reverse4(address)) ?? [];
		if (row) {
			current = ip;
			return row.ptr(q);
		}
		const asked = table.get(current);
		return q.type === 'A' && asked ? (asked.a ?? back)(current) : { rcode: 3 };
	});
	const own = await startServer({
		settings: settings({ POSTERN_CRAWLERS_RESOLVER: odd.address, POSTERN_CRAWLERS_TIMEOUT_MS: '600' }),
	});
	try {
		importArticles(own);
		addSearch(own, 'googlebot', 'googlebot.com', 'Googlebot');
		await ask(own, '203.0.113.1', firefox);
		for (const [ip, row] of table) {
			const r = await within(`${ip}: a name server is given up on`, ask(own, ip, googlebot), 20000);
			assert.equal(isFull(r), row.full, `${ip} ${decision(r)}`);
			if (!row.full) await sleep(ip === '10.0.0.18' || ip === '10.0.0.19' ? 1500 : 0);
		}
		assert.ok(odd.asked.length < 200, `${odd.asked.length} questions`);
		assert.ok(!odd.asked.some((q) => q.includes('other.example')), 'names that do not fit are not asked for');
		const before = odd.asked.length;
		for (let i = 0; i < 20; i++) await ask(own, '10.0.0.7', googlebot);
		assert.equal(odd.asked.length, before, 'a refusal is remembered');
		for (const agent of [firefox, gptbot, undefined]) await ask(own, '10.0.0.77', agent);
		assert.equal(odd.asked.length, before, 'nobody is looked up who claims nothing');
	} finally {
		await own.close();
		odd.stop();
	}
});

test('a flood of forgeries with a silent name server holds up nobody', async () => {
	const odd = await startOdd(() => undefined);
	const own = await startServer({
		settings: settings({ POSTERN_CRAWLERS_RESOLVER: odd.address, POSTERN_CRAWLERS_TIMEOUT_MS: '1500' }),
	});
	try {
		importArticles(own);
		addSearch(own, 'googlebot', 'googlebot.com', 'Googlebot');
		await ask(own, '203.0.113.1', firefox);
		const began = performance.now();
		const flood = Array.from({ length: 200 }, (_, i) => ask(own, `10.1.${i >> 4}.${i & 15}`, googlebot));
		const times = [];
		for (let i = 0; i < 30; i++) {
			const start = performance.now();
			assert.match(decision(await ask(own, '203.0.113.2', firefox)), /^teaser/);
			times.push(performance.now() - start);
			await sleep(20);
		}
		times.sort((a, b) => a - b);
		assert.ok(times[5] < 500, `${times.map((t) => t.toFixed(0))} ms: readers wait for the flood`);
		for (const r of await Promise.all(flood)) assert.match(decision(r), /^teaser/);
		// 80 are looked up at a time, each by two questions at most, and given up on after a second and a half
		const bound = 2 * 80 * Math.ceil((performance.now() - began) / 1500);
		assert.ok(odd.asked.length <= bound, `${odd.asked.length} questions, ${bound} at most`);
	} finally {
		await own.close();
		odd.stop();
	}
});

// ---- crawlers for AI ----

async function withPolicy(policy, fn, more = {}) {
	const own = await startServer({ settings: settings({ POSTERN_PAYWALL_AI_CRAWLERS: policy, ...more }) });
	try {
		importArticles(own, [
			{ slug: 'open-door', access: 'public', pictures: ['door.png'] },
			{ slug: 'vault', access: 'subscriber' },
			{ slug: 'taster', access: 'metered' },
		]);
		await fn(own);
	} finally {
		await own.close();
	}
}

test('AI policy "teaser": teasers of all, public too, and the text of none', () =>
	withPolicy('teaser', async (own) => {
		for (const slug of ['open-door', 'vault', 'taster']) {
			const r = await ask(own, '203.0.113.1', gptbot, `/articles/${slug}`);
			assert.equal(r.status, 200);
			assert.match(decision(r), /^teaser; reason=crawler_teaser/, slug);
			assert.ok(r.body.includes(`shown-${slug}`) && !r.body.includes(`kept-${slug}`), slug);
			assert.deepEqual(r.cookies, [], slug);
		}
		const robots = await ask(own, '203.0.113.1', gptbot, '/robots.txt');
		assert.equal(robots.status, 200);
		assert.match(robots.headers['content-type'], /^text\/plain/);
		assert.match(robots.body, /^User-agent: \*\n/);
		for (const closed of ['/account', '/api/', '/login', '/reset', '/register', '/gifts/', '/group/', '/verify'])
			assert.ok(robots.body.includes(`Disallow: ${closed}\n`), closed);
		assert.ok(!/GPTBot|Sitemap|License|Disallow: \/\n|Disallow: \/articles/.test(robots.body), robots.body);
	}));

test('AI policy "payment": 402 with an offer, for people and machines', () =>
	withPolicy(
		'payment',
		async (own) => {
			const licence = 'https://courier.example/licence.xml',
				link = `<${licence}>; rel="license"`;
			const page = await ask(own, '203.0.113.1', gptbot);
			assert.equal(page.status, 402);
			assert.match(decision(page), /^teaser; reason=crawler_payment/);
			assert.equal(page.headers.link, link);
			assert.ok(page.body.includes('shown-vault') && !page.body.includes('kept-vault'));
			const json = await ask(own, '203.0.113.1', gptbot, '/api/v1/articles/open-door');
			assert.equal(json.status, 402);
			assert.match(json.headers['content-type'], /^application\/problem\+json/);
			assert.equal(json.headers.link, link);
			assert.equal(json.headers['www-authenticate'], undefined);
			assert.deepEqual(json.json.licence, { href: licence, payment: 'required', type: 'crawl' });
			assert.equal(json.json.decision.reason, 'crawler_payment');
			assert.ok(!json.body.includes('kept-open-door'));
			assert.equal((await ask(own, '203.0.113.1', firefox)).status, 200);
			const robots = (await ask(own, '203.0.113.1', firefox, '/robots.txt')).body;
			assert.match(robots, /User-agent: GPTBot\n[\s\S]*Disallow: \/articles\/\n/);
			assert.ok(
				robots.includes(`\nLicense: ${licence}\n`) &&
					robots.includes('\nSitemap: https://courier.example/sitemap.xml\n'),
			);
		},
		{
			POSTERN_PAYWALL_LICENCE_URL: 'https://courier.example/licence.xml',
			POSTERN_SITE_SITEMAP: 'https://courier.example/sitemap.xml',
		},
	));

test('AI policy "block": 403 for pages, JSON and pictures, by name or by listed address', () =>
	withPolicy('block', async (own) => {
		const picture = addressesIn((await ask(own, '203.0.113.1', firefox, '/articles/open-door')).body, '/media/')[0];
		for (const target of ['/articles/open-door', '/articles/vault', '/api/v1/articles/open-door', picture]) {
			const r = await ask(own, '203.0.113.1', gptbot, target);
			assert.equal(r.status, 403, target);
			assert.ok(!/shown-|kept-/.test(r.body), target);
			assert.equal((await ask(own, '203.0.113.1', firefox, target)).status, 200, target);
		}
		assert.match((await ask(own, '203.0.113.1', gptbot, '/api/v1/articles/open-door')).json.detail, /AI/);
		own.cliOk('crawler', 'add', 'newbot', '--class', 'ai', '--agent', 'NewBot');
		assert.equal((await ask(own, '203.0.113.1', 'NewBot/0.1', '/articles/open-door')).status, 403);
		assert.equal((await ask(own, '203.0.113.1', 'RenewBot/0.1', '/articles/open-door')).status, 200);
		const file = path.join(own.dir, 'ai.json');
		writeFileSync(file, JSON.stringify({ prefixes: [{ ipv4Prefix: '198.51.100.0/28' }] }));
		own.cliOk('crawler', 'load', 'newbot', file);
		assert.equal((await ask(own, '198.51.100.3', firefox, '/articles/open-door')).status, 403);
		assert.equal((await ask(own, '198.51.100.16', firefox, '/articles/open-door')).status, 200);
		const robots = (await ask(own, '203.0.113.1', firefox, '/robots.txt')).body;
		for (const name of [...ai, 'NewBot']) assert.ok(robots.includes(`User-agent: ${name}\n`), name);
		assert.match(robots, /User-agent: NewBot\nDisallow: \/\n/);
	}));

test('AI policy "allow": what is public, and nothing that costs a reader one of his free ones', () =>
	withPolicy('allow', async (own) => {
		assert.match(decision(await ask(own, '203.0.113.1', gptbot, '/articles/open-door')), /^full; reason=public/);
		for (let i = 0; i < 3; i++) {
			const r = await ask(own, '203.0.113.1', gptbot, '/articles/taster');
			assert.match(decision(r), /^teaser; reason=crawler_teaser/);
			assert.deepEqual(r.cookies, []);
		}
		assert.match(decision(await ask(own, '203.0.113.1', gptbot, '/articles/vault')), /^teaser/);
	}));

test('settings that cannot be meant are refused', () => {
	for (const [name, value, why] of [
		['POSTERN_PAYWALL_LICENCE_URL', 'licence.xml', /paywall\.licence_url/],
		['POSTERN_SITE_SITEMAP', 'https://x.example/a b', /site\.sitemap/],
		['POSTERN_PAYWALL_LICENCE_URL', 'https://x.example/>; rel="evil"', /paywall\.licence_url/],
		['POSTERN_CRAWLERS_RESOLVER', 'not an address', /crawlers\.resolver/],
	]) {
		server.env[name] = value;
		const r = name.includes('RESOLVER')
			? server.cli('crawler', 'check', '192.0.2.1')
			: server.cli('config', 'check');
		delete server.env[name];
		assert.equal(r.code, 3, name);
		assert.match(r.stderr, why);
	}
});
