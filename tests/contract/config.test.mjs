// Settings: what is wrong is said with file, line, name, value and what would be right, and nothing starts.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { password } from '../lib/accounts.mjs';
import { Api, Reader } from '../lib/http.mjs';
import { run, startServer, tempDir } from '../lib/server.mjs';

export const covers = [];

const dir = tempDir();
const base = {
	POSTERN_DATABASE_URL: `sqlite:${dir}/x.db`,
	POSTERN_MAIL_TRANSPORT: `maildir:${dir}/mail`,
	POSTERN_OPS_LISTEN: '',
};
const file = (text) => {
	const name = path.join(dir, 'postern.ini');
	writeFileSync(name, text);
	return name;
};

test('a file’s mistakes are named with line, name, value and what is expected', () => {
	const table = [
		['[server]\nlisten = 127.0.0.1:1\nlisen = x\n', ':3', /server\.lisen.*did you mean server\.listen/],
		['[limits]\n\nfailures_free = many\n', ':3', /limits\.failures_free = many.*whole number from 1 to 100/],
		['[limits]\nfailures_free = 101\n', ':2', /limits\.failures_free = 101.*1 to 100/],
		['[server]\ndevelopment = perhaps\n', ':2', /server\.development = perhaps.*yes or no/],
		['[log]\nlevel = loud\n', ':2', /log\.level = loud.*debug info warn error/],
		['[password]\nmemory_kib = 1024\n', ':2', /password\.memory_kib = 1024.*19456/],
		['[mail]\npassword_file = /no/such/secret\n', ':2', /mail\.password_file = \/no\/such\/secret.*cannot be read/],
		['[site]\nname = A\nname = B\n', ':3', /site\.name is set twice/],
		['[site]\nnonsense\n', ':2', /name = value/],
		['[sit]\nname = A\n', ':2', /sit\.name.*did you mean site\.name/],
		[`[site]\nname = ${'x'.repeat(5000)}\n`, ':2', /longer than/],
	];
	for (const [text, line, words] of table) {
		const name = file(text);
		for (const command of ['serve', 'config check']) {
			const r = run([...command.split(' '), '--config', name], { env: base });
			assert.equal(r.code, 3, `${text.slice(0, 40)}: ${r.stderr}`);
			assert.ok(r.stderr.includes(name + line), r.stderr);
			assert.match(r.stderr, words);
		}
	}
});

test('what only the whole can tell is told as well', () => {
	const table = [
		[{ POSTERN_SERVER_BASE_URL: 'news.example' }, /server\.base_url = news\.example.*https:\/\/news\.example/],
		[{ POSTERN_SERVER_BASE_URL: 'https://zeitung-münchen.example' }, /server\.base_url.*xn--/],
		[{ POSTERN_SERVER_BASE_URL: 'https://news.example/paper' }, /without a path/],
		[{ POSTERN_SERVER_BASE_URL: 'javascript:alert(1)' }, /base_url/],
		[{ POSTERN_SERVER_BASE_URL: 'https://a@b' }, /base_url/],
		[{ POSTERN_SERVER_BASE_URL: 'https://news.example:0' }, /base_url/],
		[{ POSTERN_SERVER_BASE_URL: '' }, /base_url/],
		[{ POSTERN_SERVER_TRUSTED_PROXIES: '10.0.0.0/99' }, /trusted_proxies: 10\.0\.0\.0\/99/],
		[{ POSTERN_SERVER_TRUSTED_PROXIES: '0.0.0.0/0' }, /whole internet/],
		[{ POSTERN_SESSION_DAYS: '3' }, /session\.idle_days = 14 is more than session\.days = 3/],
		[{ POSTERN_PASSWORD_PASSES: '1' }, /47104/],
		[{ POSTERN_SITE_NAME: '' }, /site\.name is empty/],
		[{ POSTERN_SERVER_LISTN: 'x' }, /POSTERN_SERVER_LISTN.*did you mean POSTERN_SERVER_LISTEN/],
		[{ POSTERN_MAIL_PASSWORD_FILE: '/no/such' }, /mail\.password_file = \/no\/such/],
		[{ POSTERN_MAIL_TRANSPORT: 'smtp://mail.example', POSTERN_MAIL_STARTTLS: 'no' }, /clear/],
		[{ POSTERN_MAIL_TRANSPORT: 'http://x' }, /smtp:\/\/HOST/],
		[{ POSTERN_MAIL_TRANSPORT: 'smtp://user:secret-word@x' }, /user or password/],
		[{ POSTERN_MAIL_FROM: 'nobody' }, /nobody/],
		[{ POSTERN_MAIL_CA_FILE: '/no/such.pem' }, /\/no\/such\.pem/],
		[{ POSTERN_WEB_THEME: '/no/such/theme' }, /\/no\/such\/theme/],
		[{ POSTERN_SERVER_LISTEN: 'nonsense' }, /nonsense/],
		[{ POSTERN_SERVER_LISTEN: '127.0.0.1:99999' }, /99999/],
		[{ POSTERN_DATABASE_URL: 'postgres:x' }, /postgres/],
		[{ POSTERN_LIMITS_PAGE_BURST: '0' }, /page_burst|page_per_minute|burst/],
	];
	for (const [settings, words] of table) {
		let r;
		assert.doesNotThrow(
			() => {
				r = run(['serve'], { env: { ...base, POSTERN_SERVER_LISTEN: '127.0.0.1:0', ...settings }, ms: 5000 });
			},
			`${JSON.stringify(settings)} serves`,
		);
		assert.equal(r.code, 3, `${JSON.stringify(settings)}: ${r.code} ${r.stderr}`);
		assert.match(r.stderr, words);
		assert.ok(!r.stderr.includes('secret-word'));
	}
});

test('check says before the start what the start would say', () => {
	for (const settings of [
		{ POSTERN_SERVER_LISTEN: 'nonsense' },
		{ POSTERN_DATABASE_URL: 'postgres:x' },
		{ POSTERN_LIMITS_PAGE_BURST: '0' },
		{ POSTERN_MAIL_TRANSPORT: 'http://x' },
		{ POSTERN_WEB_THEME: '/no/such/theme' },
	]) {
		const r = run(['config', 'check'], { env: { ...base, ...settings } });
		assert.equal(r.code, 3, `${JSON.stringify(settings)}: ${r.stdout}`);
	}
	assert.equal(run(['config', 'check'], { env: base }).code, 0);
});

test('a missing file, the order of sources, and secrets that are not shown', () => {
	const missing = run(['serve', '--config', '/no/such.ini'], { env: base });
	assert.equal(missing.code, 3);
	assert.match(missing.stderr, /\/no\/such\.ini/);
	const secret = path.join(dir, 'secret');
	writeFileSync(secret, 'the-secret-word\n');
	const name = file(
		`; a comment\n[site]\nname = From the file\ntagline = Line: with = signs ; and this\n[mail]\nusername = u\npassword_file = ${secret}\n`,
	);
	const shown = run(['config', 'show', '--config', name], { env: { ...base, POSTERN_SITE_LANGUAGE: 'de' } });
	assert.equal(shown.code, 0, shown.stderr);
	assert.match(shown.stdout, /^name = From the file$/m);
	assert.match(shown.stdout, /^language = de$/m);
	assert.match(shown.stdout, /^password = \(set\)$/m);
	assert.ok(!shown.stdout.includes('the-secret-word'));
	assert.match(
		run(['config', 'show'], { env: { ...base, POSTERN_CONFIG: name, POSTERN_SITE_NAME: 'From the environment' } })
			.stdout,
		/^name = From the environment$/m,
	);
	const round = file(run(['config', 'sample']).stdout.replace(/^;(?!.*_file)/gm, ''));
	assert.equal(
		run(['config', 'check', '--config', round], { env: base }).code,
		0,
		'the sample holds the defaults, all of them valid',
	);
});

test('the operator’s list of words: its faults are named with path and line, and nothing starts', () => {
	const words = path.join(dir, 'words.txt');
	const table = [
		[path.join(dir, 'none.txt'), null, /words_file: \S*none\.txt is not there/],
		[words, Buffer.from('fine\n\xff\xfe\n', 'latin1'), /words_file: \S*words\.txt, line 2 is not UTF-8/],
		[words, `ab\ncd\n${'x'.repeat(193)}\n`, /line 3 is longer than 192 bytes; a word of common passwords a line/],
	];
	for (const [name, text, expected] of table) {
		if (text) writeFileSync(name, text);
		for (const command of ['serve', 'config check']) {
			const r = run(command.split(' '), { env: { ...base, POSTERN_PASSWORD_WORDS_FILE: name } });
			assert.equal(r.code, 3, r.stderr);
			assert.match(r.stderr, expected);
		}
	}
});

test('common passwords of other languages and the operator’s words are refused, at registration by form and API', async () => {
	const words = path.join(dir, 'own.txt');
	writeFileSync(words, '# of this paper\nKutterkurier\n');
	const server = await startServer({ settings: { POSTERN_PASSWORD_WORDS_FILE: words } });
	try {
		for (const pass of ['welkom01', 'Sonnenschein!', 'contraseña', 'Kutterkurier2026']) {
			const a = await new Api(server).post('/accounts', { email: 'ada@mail.example', password: pass });
			assert.deepEqual([a.status, a.json.errors[0].code], [422, 'common_password'], pass);
			const page = await new Reader(server).post('/register', {
				email: 'ada@mail.example',
				name: '',
				password: pass,
			});
			assert.equal(page.status, 422, pass);
			assert.match(page.body, /common passwords/);
		}
		assert.equal((await new Api(server).post('/accounts', { email: 'ada@mail.example', password })).status, 202);
	} finally {
		await server.close();
	}
});

test('a demo that cannot listen says what to do, and still shows its passwords, which are made once', async () => {
	const taken = net.createServer().listen(0, '127.0.0.1');
	await once(taken, 'listening');
	const demo = path.join(dir, 'demo');
	const r = run(['run-demo', '--dir', demo], {
		env: { POSTERN_SERVER_LISTEN: `127.0.0.1:${taken.address().port}`, POSTERN_OPS_LISTEN: '' },
	});
	taken.close();
	assert.equal(r.code, 6, r.stderr);
	assert.match(
		r.stderr,
		/cannot listen on 127\.0\.0\.1:\d+: Address already in use\. Stop the program that uses it, or choose another address \(server\.listen/,
	);
	assert.match(r.stdout, /^ {4}ada@courier\.example +\w{5}-\w{5}-\w{4} /m);
});
