// Institutions: who comes from their network, or has a confirmed address in their domain, reads without an account; nobody
// else does, and nothing a browser sends or keeps makes him one of theirs.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { apiSession, makeAccount } from '../lib/accounts.mjs';
import { addressesIn, importArticles } from '../lib/articles.mjs';
import { Api, Reader, request, settled } from '../lib/http.mjs';
import { startServer } from '../lib/server.mjs';
import { processorMs } from '../lib/time.mjs';

let server, direct;
before(async () => {
	server = await startServer({
		settings: { POSTERN_SERVER_TRUSTED_PROXIES: '127.0.0.1', POSTERN_ARTICLE_TEASER_WORDS: '10' },
	});
	importArticles(server);
	server.cliOk('institution', 'add', 'harbour', '--title', 'Harbour <University> & Friends');
	server.cliOk(
		'institution',
		'range',
		'add',
		'harbour',
		'192.0.2.0/24',
		'2001:db8:7::/48',
		'198.51.100.9 - 198.51.100.20',
	);
	server.cliOk('institution', 'domain', 'add', 'harbour', 'Harbour.Example');
	direct = await startServer();
	importArticles(direct);
	direct.cliOk('institution', 'add', 'harbour', '--title', 'Harbour University');
	direct.cliOk('institution', 'range', 'add', 'harbour', '192.0.2.0/24');
});
after(() => Promise.all([server.close(), direct.close()]));

const from = (ip, target = '/articles/vault', on = server, headers = {}) =>
	request(on, 'GET', target, { headers: { 'X-Forwarded-For': ip, ...headers } });
const isFull = (r) =>
	r.status === 200 &&
	/^full; reason=institution$/.test(r.headers['postern-decision'] ?? '') &&
	r.body.includes('kept-vault-4');

test('addresses of the network read, on every surface; the neighbours do not', async () => {
	for (const ip of [
		'192.0.2.0',
		'192.0.2.255',
		'::ffff:192.0.2.7',
		'2001:db8:7:ffff::1',
		'198.51.100.9',
		'198.51.100.20',
		'203.0.113.5, 192.0.2.7',
		'192.0.2.7, 127.0.0.1',
	])
		assert.ok(isFull(await from(ip)), ip);
	for (const ip of [
		'192.0.1.255',
		'192.0.3.0',
		'2001:db8:8::',
		'198.51.100.8',
		'198.51.100.21',
		'192.0.2.7, 203.0.113.5',
		'::192.0.2.7',
		'127.0.0.1',
	]) {
		const r = await from(ip);
		assert.match(r.headers['postern-decision'], /^teaser/, ip);
		assert.ok(!r.body.includes('kept-vault'), ip);
	}
	const json = await request(server, 'GET', '/api/v1/articles/vault', {
		headers: { 'X-Forwarded-For': '192.0.2.7' },
	});
	assert.equal(json.status, 200);
	assert.equal(json.json.decision.reason, 'institution');
	assert.equal(json.json.decision.institution, 'Harbour <University> & Friends');
	assert.ok(json.json.article.body_html.includes('kept-vault-4'));
	const page = await from('192.0.2.7'),
		inside = addressesIn(page.body, '/media/').find((a) => a.endsWith('inside.png'));
	assert.equal((await from('192.0.2.7', inside)).status, 200);
	assert.equal((await from('203.0.113.7', inside)).status, 401);
});

test('it is asked before the registration wall', async () => {
	const r = await from('192.0.2.7', '/articles/members-room');
	assert.match(r.headers['postern-decision'], /^full; reason=institution/);
	assert.match(
		(await from('203.0.113.7', '/articles/members-room')).headers['postern-decision'],
		/reason=login_required/,
	);
});

test('a header from who is no proxy of ours makes nobody a reader of theirs', async () => {
	for (const headers of [
		{ 'X-Forwarded-For': '192.0.2.7' },
		{ Forwarded: 'for=192.0.2.7' },
		{ 'X-Real-IP': '192.0.2.7' },
		{ 'X-Client-IP': '192.0.2.7' },
		{ 'True-Client-IP': '192.0.2.7' },
		{ 'CF-Connecting-IP': '192.0.2.7' },
		{ 'X-Forwarded-For': ['192.0.2.7', '192.0.2.8'] },
		{ Via: '1.1 192.0.2.7' },
	]) {
		const r = await request(direct, 'GET', '/articles/vault', { headers });
		assert.match(r.headers['postern-decision'], /^teaser/, JSON.stringify(headers));
		assert.ok(!r.body.includes('kept-vault') && !r.body.includes('Access by'), JSON.stringify(headers));
	}
	for (const headers of [{ Forwarded: 'for=192.0.2.7' }, { 'X-Real-IP': '192.0.2.7' }])
		assert.ok(!isFull(await from('203.0.113.7', '/articles/vault', server, headers)), JSON.stringify(headers));
});

test('an address that cannot be read opens nothing, though the proxy itself stands in a range', async () => {
	server.cliOk('institution', 'range', 'add', 'harbour', '127.0.0.1');
	try {
		await settled(server);
		assert.ok(isFull(await request(server, 'GET', '/articles/vault')), 'asked by the proxy for itself');
		for (const chain of ['192.0.2.7 harbour', 'unknown', '192.0.2.7, unix:', '192.0.2.7,', '_hidden'])
			for (const r of [
				await from(chain, '/articles/vault'),
				await request(server, 'GET', '/api/v1/articles/vault', { headers: { 'X-Forwarded-For': chain } }),
			]) {
				assert.match(r.headers['postern-decision'], /^teaser/, chain);
				assert.ok(!r.body.includes('kept-vault'), chain);
			}
		for (const chain of ['192.0.2.7:51822', '"192.0.2.7"', 'unknown, 192.0.2.7:1'])
			assert.ok(isFull(await from(chain, '/articles/vault')), chain);
	} finally {
		server.cliOk('institution', 'range', 'remove', 'harbour', '127.0.0.1');
		await settled(server);
	}
});

test('nothing is kept: the same browser at home is an anonymous reader', async () => {
	const reader = new Reader(server);
	const there = await reader.get('/articles/vault', { 'X-Forwarded-For': '192.0.2.7' });
	assert.ok(isFull(there));
	assert.deepEqual(there.cookies, []);
	assert.match(there.headers['cache-control'], /no-store|private/);
	const home = await reader.get('/articles/vault', { 'X-Forwarded-For': '203.0.113.7' });
	assert.match(home.headers['postern-decision'], /^teaser/);
	for (const cookie of ['institution=harbour', 'postern-institution=harbour', 'postern=harbour'])
		assert.match(
			(await from('203.0.113.7', '/articles/vault', server, { Cookie: cookie })).headers['postern-decision'],
			/^teaser/,
		);
});

test('pages greet with the name, escaped; others see none', async () => {
	for (const target of ['/', '/sections/city', '/articles/vault', '/articles/open-door']) {
		const r = await from('192.0.2.7', target);
		assert.ok(r.body.includes('Access by <strong>Harbour &lt;University&gt; &amp; Friends</strong>'), target);
		assert.ok(!(await from('203.0.113.7', target)).body.includes('Access by'), target);
	}
});

test('a confirmed address in the very domain reads from anywhere; a look-alike does not', async () => {
	const table = [
		['ada@harbour.example', true],
		['ada@HARBOUR.example', true],
		['ada@mail.harbour.example', false],
		['ada@evilharbour.example', false],
		['ada@harbour.example.evil.example', false],
		['harbour.example@evil.example', false],
	];
	let n = 0;
	for (const [email, open] of table) {
		const who = await makeAccount(server, { email: email.replace('ada', `ada${++n}`) });
		const api = await apiSession(server, who);
		const r = await api.get('/articles/vault', { 'X-Forwarded-For': '203.0.113.7' });
		assert.equal(r.json.decision.reason, open ? 'institution' : 'no_entitlement', email);
		const reader = new Reader(server, { 'X-Forwarded-For': '203.0.113.7' });
		await reader.logIn(who);
		assert.equal((await reader.get('/')).body.includes('Access by'), open, email);
	}
});

test('an address that is claimed and not confirmed is worth nothing', async () => {
	const asked = await new Api(server).post('/accounts', {
		email: 'mallory@harbour.example',
		password: 'seven-copper-lanterns-adrift',
		name: 'M',
	});
	assert.equal(asked.status, 202);
	const r = await new Api(server).post('/sessions', {
		email: 'mallory@harbour.example',
		password: 'seven-copper-lanterns-adrift',
	});
	assert.equal(r.status, 401);
});

test('a contract ends, begins anew, and goes; the next request obeys each time', async () => {
	server.cliOk('institution', 'add', 'club', '--title', 'The Club', '--from', '2020-01-01');
	server.cliOk('institution', 'range', 'add', 'club', '203.0.113.64/26');
	const reason = async () => /reason=(\w+)/.exec((await from('203.0.113.70')).headers['postern-decision'])[1];
	assert.equal(await reason(), 'institution');
	server.cliOk('institution', 'set', 'club', '--until', '2021-01-31');
	assert.equal(await reason(), 'subscriber_only');
	assert.ok(!(await from('203.0.113.70', '/')).body.includes('Access by'));
	server.cliOk('institution', 'set', 'club', '--no-end');
	assert.equal(await reason(), 'institution');
	server.cliOk('institution', 'set', 'club', '--from', '2100-01-01');
	assert.equal(await reason(), 'subscriber_only');
	server.cliOk('institution', 'set', 'club', '--from', '2020-01-01');
	server.cliOk('institution', 'range', 'remove', 'club', '203.0.113.64/26');
	assert.equal(await reason(), 'subscriber_only');
	server.cliOk('institution', 'range', 'add', 'club', '203.0.113.64-203.0.113.127');
	assert.equal(await reason(), 'institution');
	assert.equal(server.cli('institution', 'remove', 'club').code, 2);
	server.cliOk('institution', 'remove', 'club', '--yes');
	assert.equal(await reason(), 'subscriber_only');
	assert.equal(server.cli('institution', 'show', 'club').code, 4);
});

test('what is mistyped is refused with file, line and reason, and nothing of it is taken', () => {
	const file = path.join(server.dir, 'ranges.txt');
	server.cliOk('institution', 'add', 'college', '--title', 'A College');
	const count = () => server.cliJson('institution', 'show', 'college').ranges.length;
	const table = [
		['10.1.0.0/abc', /a number of bits/],
		['10.1.0.1/24', /did you mean 10\.1\.0\.0\/24/],
		['0.0.0.0/0', /whole internet/],
		['::/0', /whole internet/],
		['10.1.0.9-10.1.0.1', /reversed/],
		['10.1.0', /not an IPv4 or IPv6 address/],
		['10.0.0.0/8', /--force/],
		['2001::/16', /--force/],
		['@college', /not a complete domain name/],
		['@gmail.com', /anybody can have an address there/],
		['10.1.0.0/24 Bad_Name', /not a valid institution name/],
	];
	for (const [line, why] of table) {
		writeFileSync(file, `# the college\n10.7.0.0/24\n\n${line}\n10.8.0.0/24\n`);
		const r = server.cli('institution', 'import', file, 'college');
		assert.equal(r.code, 1, line);
		assert.match(r.stderr, /refused +\S*ranges\.txt:4: /, line);
		assert.match(r.stderr, why);
		assert.match(r.stderr, /nothing was changed/);
		assert.equal(count(), 0, line);
		if (!line.startsWith('@') && !line.includes('Bad')) {
			const one = server.cli('institution', 'range', 'add', 'college', '10.7.0.0/24', line);
			assert.equal(one.code, 2, line);
			assert.match(one.stderr, why);
			assert.equal(count(), 0, line);
		}
	}
	writeFileSync(file, '10.7.0.0/24 college\n10.8.0.0/24 nobody\n');
	const unknown = server.cli('institution', 'import', file);
	assert.equal(unknown.code, 4);
	assert.match(unknown.stderr, /no institution "nobody"/);
	assert.equal(count(), 0);
	assert.equal(server.cli('institution', 'import', '/no/such/file').code, 4);
	assert.equal(server.cli('institution', 'range', 'grow', 'college', '10.0.0.0/24').code, 2);
	assert.equal(server.cli('institution', 'range', 'add', 'nobody', '10.0.0.0/24').code, 4);
	assert.equal(server.cli('institution', 'domain', 'add', 'college', 'harbour.example').code, 5);
	assert.equal(server.cli('institution', 'add', 'Bad Name', '--title', 'x').code, 2);
	assert.equal(server.cli('institution', 'add', 'untitled').code, 2);
	assert.equal(server.cli('institution', 'add', 'college', '--title', 'x').code, 5);
	assert.equal(server.cli('institution', 'add', 'planned', '--title', 'x', '--plan', 'no-such-plan').code, 4);
	assert.equal(
		server.cli('institution', 'add', 'late', '--title', 'x', '--from', '2026-01-02', '--until', '2026-01-01').code,
		2,
	);
	server.cliOk('institution', 'range', 'add', 'college', '10.0.0.0/8', '--force');
	assert.deepEqual(server.cliJson('institution', 'show', 'college').ranges, ['10.0.0.0/8']);
	server.cliOk('institution', 'remove', 'college', '--yes');
});

test('files: comments, names, replace; overlaps and our own proxies are pointed out; export', () => {
	const file = path.join(server.dir, 'list.txt');
	server.cliOk('institution', 'add', 'north', '--title', 'North');
	server.cliOk('institution', 'add', 'south', '--title', 'South', '--until', '2020-12-31', '--from', '2020-01-01');
	writeFileSync(
		file,
		'\ufeff# list\r\n172.16.1.1 - 172.16.1.6 north # reading room\r\n@north.example north\r\n172.16.2.0/24 south\r\n',
	);
	server.cliOk('institution', 'import', file);
	assert.deepEqual(server.cliJson('institution', 'show', 'north').domains, ['north.example']);
	const overlap = server.cli('institution', 'range', 'add', 'south', '172.16.1.0/29', '--json');
	assert.equal(overlap.code, 0);
	assert.match(overlap.stderr, /172\.16\.1\.0\/29 of south overlaps 172\.16\.1\.1-172\.16\.1\.6 of north/);
	assert.equal(JSON.parse(overlap.stdout).overlaps[0].other, 'north');
	assert.match(server.cli('institution', 'range', 'add', 'north', '127.0.0.1').stderr, /server\.trusted_proxies/);
	server.cliOk('institution', 'range', 'remove', 'north', '127.0.0.1');
	const lines = server.cliOk('institution', 'export').trim().split('\n');
	assert.ok(lines.includes('172.16.1.2/31 north') && lines.includes('192.0.2.0/24 harbour'), lines.join());
	assert.ok(!lines.some((l) => l.includes('south')), 'an ended contract');
	assert.match(server.cliOk('institution', 'export', '--nginx'), /^192\.0\.2\.0\/24 harbour;$/m);
	assert.ok(
		server
			.cliJson('institution', 'export')
			.some((n) => n.network === '2001:db8:7::/48' && n.institution === 'harbour'),
	);
	writeFileSync(file, '172.16.9.0/24\n');
	server.cliOk('institution', 'import', file, 'north', '--replace');
	const north = server.cliJson('institution', 'show', 'north');
	assert.deepEqual([north.ranges, north.domains], [['172.16.9.0/24'], []]);
	const list = server.cliJson('institution', 'list');
	assert.deepEqual(
		list.map((i) => i.name),
		['harbour', 'north', 'south'],
	);
	assert.equal(list[0].ranges, 3);
	assert.match(server.cliOk('institution', 'list'), /ended/);
	assert.match(server.cliOk('institution', 'show', 'harbour'), /@harbour\.example/);
});

test('thousands of ranges cost a reader nothing that he would notice', async () => {
	const file = path.join(server.dir, 'many.txt');
	server.cliOk('institution', 'add', 'many', '--title', 'Many');
	const lines = Array.from({ length: 8000 }, (_, i) => `100.${64 + (i >> 8)}.${i & 255}.0/25`).concat(
		Array.from({ length: 4000 }, (_, i) => `2001:db8:${(0x1000 + i).toString(16)}::/49`),
	);
	writeFileSync(file, lines.join('\n'));
	server.cliOk('institution', 'import', file, 'many');
	assert.ok(isFull(await from('100.70.9.5')));
	assert.ok(isFull(await from('2001:db8:1f00::5')));
	assert.ok(!isFull(await from('100.70.9.200')));
	const before = processorMs(server.child.pid);
	for (let i = 0; i < 200; i++) await from('203.0.113.7');
	const work = processorMs(server.child.pid) - before;
	assert.ok(work < 10000, `${work} ms of processor time`);
	server.cliOk('institution', 'remove', 'many', '--yes');
});

test('limits of requests: a campus behind one address has larger ones, and who is signed in has his own', async () => {
	const limits = {
		POSTERN_LIMITS_PAGE_BURST: '4',
		POSTERN_LIMITS_PAGE_PER_MINUTE: '1',
		POSTERN_LIMITS_INSTITUTION_FACTOR: '5',
	};
	const limited = await startServer({ settings: { POSTERN_SERVER_TRUSTED_PROXIES: '127.0.0.1', ...limits } });
	try {
		importArticles(limited);
		limited.cliOk('institution', 'add', 'harbour', '--title', 'Harbour University');
		limited.cliOk('institution', 'range', 'add', 'harbour', '192.0.2.0/24');
		const who = await makeAccount(limited),
			reader = new Reader(limited, { 'X-Forwarded-For': '203.0.113.7' });
		await reader.logIn(who);
		const upTo = async (ip) => {
			for (let n = 0; n < 100; n++) {
				const r = await from(ip, '/articles/open-door', limited);
				if (r.status === 429) return [n, r.headers['ratelimit-policy']];
				assert.equal(r.status, 200);
			}
			return [100];
		};
		const [outside, outsidePolicy] = await upTo('203.0.113.9'),
			[campus, campusPolicy] = await upTo('192.0.2.9');
		assert.ok(outside >= 4 && outside < 8, `${outside} from outside`);
		assert.ok(campus >= 4 + 5 * 4 && campus < 40, `${campus} from the campus`); // a slow machine gets some more
		assert.deepEqual([outsidePolicy, campusPolicy], ['"page";q=1;w=60', '"page";q=5;w=60']);
		await reader.get('/articles/open-door'); // in memory from here on
		await upTo('203.0.113.7');
		for (let i = 0; i < 3; i++)
			assert.equal((await reader.get('/articles/open-door')).status, 200, 'beside others at his address');
		assert.equal((await upTo('203.0.113.7'))[0] < 4, true);
		limited.cliOk('institution', 'range', 'add', 'harbour', '127.0.0.1'); // our proxy's, which stands for whom it does not name
		const [unnamed, unnamedPolicy] = await upTo('unknown');
		assert.ok(unnamed < 8, `${unnamed} without an address`);
		assert.equal(unnamedPolicy, '"page";q=1;w=60');
	} finally {
		await limited.close();
	}
});
