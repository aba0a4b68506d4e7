// Goal: whatever is asked of any route of the table, by any kind of reader, in any manner: no paragraph and no picture that this
// reader is not granted is anywhere in the answers, their headers, the mails or the log. The routes are read from the program's
// own table, so a new one is swept without anybody thinking of it.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { apiSession, grantPlan, makeAccount, password } from '../lib/accounts.mjs';
import { counted, importArticles, markdown, png } from '../lib/articles.mjs';
import { townLibrary } from '../lib/gate.mjs';
import { form, Reader, request } from '../lib/http.mjs';
import { root, startServer } from '../lib/server.mjs';

const human = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';
const libraryAddress = '198.51.100.7',
	proxied = { 'X-Forwarded-For': '203.0.113.9' };

// Each picture has bytes of its own, which its first letter seeds.
const shelf = [
	{ slug: 'open-piece', access: 'public', pictures: ['a.png', 'b.png'] },
	{ slug: 'members-piece', access: 'registered', pictures: ['c.png', 'd.png'] },
	{ slug: 'counted-piece', access: 'metered', pictures: ['e.png', 'f.png'] },
	{ slug: 'vault-piece', access: 'subscriber', section: 'City', pictures: ['g.png', 'h.png'] },
	{ slug: 'culture-piece', access: 'subscriber', section: 'Culture', pictures: ['i.png', 'j.png'] },
	{ slug: 'ruled-piece', access: 'default', section: 'City', tags: 'harbour', pictures: ['k.png', 'l.png'] },
	{
		slug: 'embargoed-piece',
		access: 'public',
		pictures: ['m.png', 'n.png'],
		ends: { embargo: '2100-01-01T00:00:00Z' },
	},
	{ slug: 'withheld-piece', access: 'public', pictures: ['o.png', 'p.png'], ends: { status: 'withheld' } },
	{
		slug: 'expired-piece',
		access: 'registered',
		pictures: ['q.png', 'r.png'],
		ends: { expires: '2025-06-01T00:00:00Z' },
	},
];
// Articles of one block: what a reader has of them on all surfaces together is counted, word by word.
const boundedSlugs = ['list', 'table', 'paragraph'].map((shape) => `bounded-${shape}`),
	BOUND = { words: 200, share: 0.3 };
const hidden = shelf.filter((a) => a.ends).map((a) => a.slug),
	shown = shelf.filter((a) => !a.ends).map((a) => a.slug);
const everything = shown;

let server, media, gift, seat, readers;

// The rows of the table, with the methods that a row for any method is tried with.
function routes() {
	const text = readFileSync(path.join(root, 'src/app/routes.c'), 'utf8').replace(/\/\*[\s\S]*?\*\//g, ''),
		list = [];
	for (const table of text.matchAll(/struct route (\w+)_routes\[\] = \{([\s\S]*?)\n\};/g))
		for (const row of table[2].matchAll(/\{ METHOD_(\w+),\s*"([^"]+)"/g))
			for (const method of row[1] === 'ANY' ? ['GET', 'POST'] : [row[1]])
				list.push({ face: table[1], method, pattern: row[2] });
	assert.ok(list.length > 50, 'the table can be read');
	return list;
}

const token = `pst_${'A'.repeat(43)}`;
const slugs = [...shelf.map((a) => a.slug), ...boundedSlugs, 'nothing-piece'];
const fills = () => ({
	slug: slugs,
	section: ['city', 'culture', 'nowhere'],
	token: [gift, token, 'x'],
	path: slugs.map((s) => `articles/${s}`),
	version: [/\/static\/(\w+)\//.exec(readers[0].front)[1]],
	id: ['x'],
	name: ['postern.css', 'postern.js', 'none.css'],
});

// Every way to fill the parts in braces; one that nobody has taught this test fails it.
function targets(pattern) {
	if (pattern === '/media/{id}/{name}') return media;
	let list = [pattern];
	for (const [whole, part] of pattern.matchAll(/\{(\w+)(?:\.\.\.)?\}/g)) {
		const values = fills()[part];
		assert.ok(values, `teach the leak sweep what to put for ${whole} in ${pattern}`);
		list = list.flatMap((t) => values.map((v) => t.replace(whole, v)));
	}
	return list;
}

// ---- what must not be there ----

const bytesOf = (name) => png(name.charCodeAt(0));
// What only this picture has: its compressed rows with their checksums.
const core = (name) => bytesOf(name).subarray(bytesOf(name).indexOf('IDAT'), bytesOf(name).indexOf('IEND'));
const cores = shelf.map((a) => ({ slug: a.slug, lead: core(a.pictures[0]), inside: core(a.pictures[1]) }));
const count = { answers: 0, granted: 0, pictures: 0 };

// Every word is as long as the others, so that a share of them is one of the characters.
const had = new Map();
function sweepBound(text, reader, what) {
	for (const [word, slug] of text.matchAll(/c0unt-([a-z-]+)-\d{4}/g)) {
		const key = `${reader} ${slug}`;
		had.set(key, (had.get(key) ?? new Set()).add(word));
		assert.ok(had.get(key).size <= BOUND.words * BOUND.share, `${what}: more of ${slug} than the bound`);
	}
}

function sweep(answer, granted, what, reader) {
	count.answers++;
	const text = answer.body + JSON.stringify(answer.raw ?? '');
	if (!granted.includes('vault-piece')) sweepBound(text, reader, what);
	for (const [, slug] of text.matchAll(/kept-([a-z-]+)-\d/g)) {
		assert.ok(granted.includes(slug), `${what}: text of ${slug}`);
		count.granted++;
	}
	for (const slug of hidden) assert.ok(!text.includes(`shown-${slug}`), `${what}: teaser of ${slug}`);
	for (const c of cores) {
		if (granted.includes(c.slug) && answer.bytes.includes(c.inside)) count.pictures++;
		assert.ok(granted.includes(c.slug) || !answer.bytes.includes(c.inside), `${what}: picture in ${c.slug}`);
		assert.ok(!hidden.includes(c.slug) || !answer.bytes.includes(c.lead), `${what}: picture of ${c.slug}`);
	}
	assert.ok(answer.status !== 500 && answer.status !== 0, `${what}: ${answer.status}`);
}

// ---- how it is asked ----

const manners = [
	{},
	{ Range: 'bytes=0-99999' },
	{ Range: 'bytes=-400' },
	{ 'If-None-Match': '"x"' },
	{ 'Accept-Encoding': 'gzip' },
	{ Accept: 'application/json' },
	{ Accept: 'text/markdown' },
	{ 'Sec-Purpose': 'prefetch' },
];
const queries = [
	'',
	'?full=1&print=1',
	'?q=kept',
	'?q=bounded-list-1199',
	'?article=vault-piece&reader=x',
	'?return_to=/articles/vault-piece',
	'?before=9999999999',
];

async function ask(reader, route, target, method, more = {}, body) {
	const gate =
		route.face === 'gate'
			? {
					'X-Original-URL': `${server.origin}/articles/vault-piece`,
					'X-Original-Method': 'GET',
					'X-Forwarded-Method': 'GET',
					'X-Forwarded-Proto': 'http',
					'X-Forwarded-Host': `127.0.0.1:${server.port}`,
					'X-Forwarded-Uri': '/articles/vault-piece',
				}
			: {};
	const cookie = reader.jar?.cookieHeader(target.split('?')[0]);
	const headers = {
		'User-Agent': human,
		...proxied,
		...reader.headers,
		...gate,
		...(cookie ? { Cookie: cookie } : {}),
		...(route.face === 'api' && reader.bearer ? { Authorization: `Bearer ${reader.bearer}` } : {}),
		...more,
	};
	const answer = await request(server, method, target, {
		headers,
		body,
		port: route.face === 'ops' ? server.opsPort : undefined,
	});
	sweep(answer, reader.granted, `${reader.name}: ${method} ${target} ${JSON.stringify(more)}`, reader.name);
	return answer;
}

before(async () => {
	server = await startServer({
		settings: {
			POSTERN_SERVER_TRUSTED_PROXIES: '127.0.0.1',
			POSTERN_SERVER_DEVELOPMENT: 'yes',
			POSTERN_GIFT_REDEMPTIONS: '1000',
		},
	});
	const dir = path.join(server.dir, 'articles');
	importArticles(server, shelf);
	for (const slug of boundedSlugs) {
		writeFileSync(path.join(dir, `${slug}.md`), counted(slug, slug.slice('bounded-'.length), 'subscriber'));
		writeFileSync(path.join(dir, `${slug}.png`), png(1));
	}
	server.cliOk('article', 'import', dir);
	server.cliOk('rules', 'add', '--level', 'subscriber', '--tag', 'harbour', '--section', 'city');
	server.cliOk('meter', 'set', 'all', '--anonymous', '0', '--registered', '1');
	server.cliOk('plan', 'set', 'culture', '--title', 'Culture', '--sections', 'culture', '--href', '/subscribe');
	townLibrary(server, libraryAddress);
	await makeReaders();
	// Addresses of pictures, of those too that will be hidden: knowing one must not help.
	const full = await apiSession(server, readers.find((r) => r.name === 'subscriber').who);
	media = ['/media/x/a.png'];
	for (const slug of shelf.map((a) => a.slug)) {
		const hrefs = (await full.get(`/articles/${slug}`)).json.article.images.map((i) => i.href);
		assert.equal(hrefs.length, 2, slug);
		media.push(...hrefs, hrefs[0].replace(/[^/]+$/, 'b.png'));
	}
	for (const a of shelf.filter((x) => x.ends))
		writeFileSync(path.join(dir, `${a.slug}.md`), markdown({ ...a, front: a.ends }));
	server.cliOk('article', 'import', dir);
});
after(() => server.close());

async function jarOf(who) {
	const jar = new Reader(server, { 'User-Agent': human, ...proxied });
	if (who) assert.equal((await jar.logIn(who)).status, 303);
	return jar;
}

async function account(name, granted, grant = () => {}) {
	const who = await makeAccount(server);
	await grant(who);
	return { name, who, granted, jar: await jarOf(who), bearer: (await apiSession(server, who)).token };
}

async function makeReaders() {
	const grant =
		(plan, ...args) =>
		(who) =>
			grantPlan(server, who.email, plan, ...args);
	const link = () => new URL(server.cliJson('gift', 'create', 'vault-piece', '--by', 'Desk').link).pathname;
	const friend = { name: 'friend', granted: ['open-piece', 'vault-piece'], jar: await jarOf() };
	gift = link().split('/').at(-1);
	assert.equal((await friend.jar.post(`/gifts/${gift}`)).status, 303);
	const member = await account('member of a group', everything);
	const owner = await account('owner of a group', everything, grant('team', '--seats', '2'));
	server.cliOk('seat', 'invite', owner.who.email, member.who.email);
	seat = await server.mail.takeToken(member.who.email, '/group/accept');
	await member.jar.get(`/group/accept?token=${seat}`);
	assert.equal((await member.jar.post('/group/accept')).status, 303);
	readers = [
		{ name: 'anonymous', granted: ['open-piece'], jar: await jarOf() },
		{
			name: 'forged search crawler',
			granted: ['open-piece'],
			headers: {
				'User-Agent': 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
				'X-Forwarded-For': '66.249.66.1',
			},
		},
		{
			name: 'AI crawler',
			granted: ['open-piece'],
			headers: { 'User-Agent': 'Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)' },
		},
		{
			name: 'program with forged credentials',
			granted: ['open-piece'],
			bearer: token,
			headers: {
				Cookie: `postern=${token}; postern-gift=${token}; postern-meter=x`,
				'Remote-User': 'ada',
				'Remote-Groups': 'digital',
				'Postern-Decision': 'full',
			},
		},
		{ name: 'institution', granted: everything, headers: { 'X-Forwarded-For': libraryAddress } },
		friend,
		owner,
		member,
		await account('registered', ['open-piece', 'members-piece', 'counted-piece']),
		await account('subscriber', everything, grant('digital')),
		await account(
			'subscriber of one section',
			['open-piece', 'members-piece', 'counted-piece', 'culture-piece'],
			grant('culture'),
		),
		await account('former subscriber', ['open-piece', 'members-piece', 'counted-piece'], (who) =>
			server.cliOk('entitlement', 'revoke', grant('digital')(who).id),
		),
		await account(
			'paused subscriber',
			['open-piece', 'members-piece', 'counted-piece'],
			grant('digital', '--status', 'paused'),
		),
		{
			name: 'server with a key',
			granted: ['open-piece'],
			bearer: server.cliJson('key', 'create', 'shop', '--scopes', 'access explain').key,
		},
	];
	readers[0].front = (await readers[0].jar.get('/')).body;
}

test('each reader is granted what this test believes, so that the sweep means something', async () => {
	for (const reader of readers.filter((r) => r.jar || r.headers?.['X-Forwarded-For'] === libraryAddress)) {
		for (const slug of shown) {
			const a = await ask(reader, { face: 'page' }, `/articles/${slug}`, 'GET');
			for (const line of a.cookies.filter(() => reader.jar)) {
				const [pair] = line.split(';'),
					at = pair.indexOf('=');
				reader.jar.jar.set(pair.slice(0, at), {
					name: pair.slice(0, at),
					value: pair.slice(at + 1),
					path: '/',
				});
			}
			assert.equal(a.body.includes(`kept-${slug}-4`), reader.granted.includes(slug), `${reader.name}: ${slug}`);
		}
	}
});

test('every route that is read, by every reader, in every manner', async () => {
	for (const route of routes().filter((r) => r.method === 'GET')) {
		for (const target of targets(route.pattern)) {
			await Promise.all(
				readers.map(async (reader) => {
					for (const more of manners) await ask(reader, route, target, 'GET', more);
					await ask(reader, route, target, 'HEAD');
					await ask(reader, route, target, 'HEAD', { Range: 'bytes=0-99' });
					for (const query of target.includes('{') ? [] : queries.slice(1))
						await ask(reader, route, target + query, 'GET');
				}),
			);
		}
	}
	assert.ok(
		count.granted > 1000 && count.pictures > 100,
		`granted text was seen ${count.granted} times, pictures ${count.pictures}`,
	);
});

test('on all surfaces together nobody had more of an article of one block than the bound', () => {
	for (const slug of boundedSlugs) {
		const words = had.get(`anonymous ${slug}`);
		assert.ok(words?.size > 5, `${slug}: an anonymous reader had ${words?.size ?? 0} words`);
		assert.ok(
			![...words].some((w) => Number(w.slice(-4)) >= 1000 + BOUND.words * BOUND.share),
			`${slug}: what is behind the bound`,
		);
	}
});

test('the edges of routes: other methods, spellings, extensions', async () => {
	for (const route of routes().filter((r) => r.method === 'GET')) {
		for (const target of targets(route.pattern)) {
			await Promise.all(
				[readers[0], readers[8]].map(async (reader) => {
					for (const spelling of [
						`${target}/`,
						`${target}.json`,
						`${target}.md`,
						`${target}%00`,
						`/.${target}`,
						`/${target}`,
						`${target}?token=${gift}`,
						target.toUpperCase(),
					])
						await ask(reader, route, spelling, 'GET');
					for (const method of ['OPTIONS', 'PUT', 'PATCH', 'TRACE', 'PROPFIND'])
						await ask(reader, route, target, method);
				}),
			);
		}
	}
});

// Last, because sessions end and gifts are opened here; what is granted can only become less, but for the vault by its gift.
test('every route that changes something, with bodies of every kind', async () => {
	const fields = {
		article: 'vault-piece',
		email: 'x@mail.example',
		password,
		token: gift,
		gift_id: 'x',
		seat_id: 'x',
		session_id: 'x',
		return_to: '/articles/vault-piece',
		current_password: 'wrong',
		new_password: 'x',
		name: 'x',
	};
	const json = { 'Content-Type': 'application/json' },
		typed = { 'Content-Type': 'application/x-www-form-urlencoded', 'Sec-Fetch-Site': 'same-origin' };
	const bodies = [
		[typed, form(fields)],
		[typed, ''],
		[json, JSON.stringify({ article: 'vault-piece' })],
		[json, JSON.stringify({ url: `${server.origin}/articles/vault-piece` })],
		[json, '{'],
		[{ 'Content-Type': 'text/plain' }, 'x'],
		...shelf.map((a) => [json, JSON.stringify({ article: a.slug, ip: libraryAddress })]),
	];
	const late = (r) => /logout|sessions|account$|password/.test(r.pattern);
	const list = routes().filter((r) => r.method !== 'GET');
	for (const route of [...list.filter((r) => !late(r)), ...list.filter(late)])
		for (const target of targets(route.pattern))
			await Promise.all(
				readers.map(async (reader) => {
					for (const [more, body] of bodies) await ask(reader, route, target, route.method, more, body);
				}),
			);
});

test('neither mails, nor the log, nor metrics hold any text', async () => {
	const letters = readdirSync(path.join(server.dir, 'mail/new'));
	assert.ok(letters.length > 5);
	for (const name of letters) {
		const raw = readFileSync(path.join(server.dir, 'mail/new', name), 'latin1').replace(/=\r?\n/g, '');
		assert.doesNotMatch(raw, /kept-|shown-/, name);
	}
	assert.doesNotMatch(server.stderr, /kept-|shown-/);
	assert.doesNotMatch(
		(await request(server, 'GET', '/metrics', { port: server.opsPort })).body,
		/kept-|shown-|piece/,
	);
	assert.ok(count.answers > 5000, `${count.answers} answers were swept`);
});
