// Goal: a theme carries a brand. Its files are served under addresses with a hash, found by name in templates and by relative address in
// styles, allowed by the policy and by nothing else; what is wrong with a theme is told by file and line before readers see it.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { makeAccount } from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { request } from '../lib/http.mjs';
import { root, run, startServer, tempDir } from '../lib/server.mjs';

const example = `${root}docs/example-theme`;
function themeOf(files) {
	const dir = tempDir();
	for (const [name, bytes] of Object.entries(files)) {
		mkdirSync(path.dirname(`${dir}/${name}`), { recursive: true });
		writeFileSync(`${dir}/${name}`, bytes);
	}
	return dir;
}
const check = (dir, ...more) => run(['theme', 'check', dir, ...more], { cwd: tempDir() });
function faultsOf(dir) {
	const r = check(dir);
	assert.equal(r.code, 1, r.stderr);
	return r.stdout
		.trimEnd()
		.split('\n')
		.map((line) => line.replace(`${dir}/`, ''));
}
const policyOf = (a) =>
	Object.fromEntries(
		a.headers['content-security-policy'].split('; ').map((d) => [d.split(' ')[0], d.split(' ').slice(1).join(' ')]),
	);

test('the built-in templates and the example name only what is there', () => {
	for (const dir of [tempDir(), example]) {
		const r = check(dir);
		assert.deepEqual([r.code, r.stdout], [0, `${dir} is valid.\n`]);
	}
	assert.deepEqual(JSON.parse(check(example, '--json').stdout), []);
	assert.equal(run(['theme', 'check'], { cwd: tempDir() }).code, 2);
	assert.match(check('/no/such/theme').stderr, /there is no such folder/);
	const r = run(['theme', 'check'], { cwd: tempDir(), env: { POSTERN_WEB_THEME: example } });
	assert.equal(r.stdout, `${example} is valid.\n`);
});

test('every key of the list is in the reference for theme authors', () => {
	const reference = readFileSync(`${root}docs/templates.md`, 'utf8');
	const words = new Set(reference.match(/[a-z_]+/g));
	const missing = readFileSync(`${root}web/keys.txt`, 'utf8')
		.split('\n')
		.filter((line) => line && !line.startsWith('#'))
		.flatMap((line) => line.replace(/^\S+: /, '').split(' '))
		.filter((key) => !key.startsWith('+'))
		.map((key) => key.split(':')[0])
		.filter((key) => !words.has(key) && !words.has(key.replace(/_iso$/, '')));
	assert.deepEqual(missing, []);
});

test('mistakes in templates are told with file, line and the nearest name', () => {
	const dir = themeOf({
		'templates/front.html':
			'{{> heda}}\n{{site.nam}}\n{{#lead}}{{headlin}}{{#image}}{{src}}{{alt}}{{/image}}{{/lead}}\n',
		'templates/section.html': '{{#cards}}\n{{headline}}\n',
		'templates/_nameplate.html': '<p>\n{{asset.logo.svg}}{{asset.logo.png}}{{asset.ghost.svg}}</p>\n',
		'templates/_card.html': '{{headline}}{{page.titel}}{{.}}{{> mine}}\n',
		'templates/_mine.html': '{{byline}}{{bylin}}\n',
		'templates/_unused.html': 'never seen\n',
		'templates/artikel.html': 'x\n',
		'templates/latin.txt': 'x\n',
		'mail/reset.txt': '{{name}}\n{{lnik}}\n',
		'static/logo.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
		'tempaltes/front.html': 'x',
		'README.md': 'notes',
		'templates/.swp': 'editors leave these',
	});
	const faults = faultsOf(dir);
	for (const wanted of [
		/^templates\/front\.html:1: there is no partial "heda"; did you mean head\?$/,
		/^templates\/front\.html:2: there is no key "site\.nam"; did you mean site\.name\?$/,
		/^templates\/front\.html:3: there is no key "headlin"; did you mean headline\?$/,
		/^templates\/section\.html:1: this section is not closed: cards$/,
		/^templates\/_nameplate\.html:2: there is no key "asset\.logo\.png"/,
		/^templates\/_nameplate\.html:2: there is no key "asset\.ghost\.svg"/,
		/^templates\/_card\.html:1: there is no key "page\.titel"; did you mean page\.title\?$/,
		/^templates\/_mine\.html:1: there is no key "bylin"; did you mean byline\?$/,
		/^templates\/_unused\.html: no template uses this partial$/,
		/^templates\/artikel\.html: no page or mail uses a file of this name; did you mean article\.html\?$/,
		/^templates\/latin\.txt: no page or mail uses a file of this name$/,
		/^mail\/reset\.txt:2: there is no key "lnik"; did you mean link\?$/,
		/^tempaltes: unknown folder or file; .*did you mean templates\?$/,
	])
		assert.equal(faults.filter((f) => wanted.test(f)).length, 1, `${wanted}\n${faults.join('\n')}`);
	assert.equal(faults.length, 13, faults.join('\n'));
	assert.equal(JSON.parse(check(dir, '--json').stdout).length, 13);
});

const bad = {
	'logo.psd': ['x', /logo\.psd: files of this type are not served; use css, js/],
	'two words.css': ['x', /two words\.css: use letters, digits/],
	'a..b.css': ['x', /a\.\.b\.css: use letters/],
	'latin.css': [Buffer.from('a{content:"\xe9"}', 'latin1'), /latin\.css: the file is not UTF-8 text/],
	'large.png': [Buffer.alloc((4 << 20) + 1), /large\.png: the file is larger than 4 MiB/],
	'1/2/3/4/5/6/7/8/9/deep.css': ['x', /folders are more than 8 deep/],
	'link.css': [null, /link\.css: the link leads out of static\/; copy the file/],
	'out/passwd.txt': [null, /out: the link leads out of static\//],
};
test('static files that cannot be served are refused by name, all of them told', () => {
	const all = themeOf({ 'static/good.css': 'b{}', 'logo/x': '' });
	for (const [name, [bytes, why]] of Object.entries(bad)) {
		const dir = themeOf({ 'static/good.css': 'b{}' });
		for (const to of [dir, all]) {
			mkdirSync(path.dirname(`${to}/static/${name}`), { recursive: true });
			if (bytes !== null) writeFileSync(`${to}/static/${name}`, bytes);
			else if (name === 'link.css') symlinkSync('/etc/hostname', `${to}/static/link.css`);
			else symlinkSync('/etc', `${to}/static/etc.css`);
		}
		if (name.startsWith('out/')) continue;
		assert.match(faultsOf(dir).join('\n'), why);
		const start = run(['config', 'check'], { cwd: tempDir(), env: { POSTERN_WEB_THEME: dir } });
		assert.equal(start.code, 3, name);
		assert.match(start.stderr, why);
	}
	const faults = faultsOf(all);
	assert.ok(faults.length >= 9, faults.join('\n'));
	assert.match(faults.join('\n'), /static\/etc\.css: the link leads out/);
	const twice = themeOf({ 'static/logo/min.svg': '<svg/>', 'static/logo.min.svg': '<svg/>' });
	assert.match(faultsOf(twice).join('\n'), /another file has the same name in templates/);
	const linked = themeOf({ 'static/a.css': 'b{}' });
	symlinkSync('a.css', `${linked}/static/b.css`);
	assert.equal(check(linked).code, 0, 'a link to a file of the same folder is fine');
});

test('files of a theme: by name in templates, by relative address in styles, for ever under their hash', async () => {
	const font = Buffer.from('wOF2 not really a font');
	const theme = themeOf({
		'templates/_nameplate.html':
			'<img class="logo" src="{{asset.img.logo.svg}}" alt=""><i>{{asset.app.min.js}}</i><b>{{asset.postern.css}}</b>\n',
		'static/img/logo.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
		'static/fonts/Serif-400.woff2': font,
		'static/brand.css': '@font-face { font-family: B; src: url("fonts/Serif-400.woff2") }\n'.repeat(40),
		'static/app.min.js': '1;\n',
		'static/site.webmanifest': '{}',
		'static/.DS_Store': 'left alone',
	});
	const server = await startServer({ settings: { POSTERN_WEB_THEME: theme } });
	try {
		importArticles(server, [{ slug: 'open', access: 'public' }]);
		const front = await request(server, 'GET', '/');
		const logo = /class="logo" src="(\/static\/[0-9a-f]{16}\/img\/logo\.svg)"/.exec(front.body)[1];
		const base = logo.replace('img/logo.svg', '');
		assert.ok(front.body.includes(`<i>${base}app.min.js</i><b>${base}postern.css</b>`));
		assert.ok(front.body.includes(`<link rel="stylesheet" href="${base}postern.css">`));
		const font_at = new URL('fonts/Serif-400.woff2', `http://x${base}brand.css`).pathname;
		for (const [target, type, bytes] of [
			[logo, 'image/svg+xml'],
			[font_at, 'font/woff2', font],
			[`${base}brand.css`, 'text/css; charset=utf-8'],
			[`${base}app.min.js`, 'text/javascript; charset=utf-8'],
			[`${base}site.webmanifest`, 'application/manifest+json'],
		]) {
			const a = await request(server, 'GET', target);
			assert.deepEqual([a.status, a.headers['content-type']], [200, type], target);
			assert.match(a.headers['cache-control'], /max-age=31536000, immutable/);
			assert.equal(a.headers['x-content-type-options'], 'nosniff');
			if (bytes) assert.deepEqual(a.bytes, bytes);
			const again = await request(server, 'GET', target, { headers: { 'If-None-Match': a.headers.etag } });
			assert.equal(again.status, 304);
		}
		const small = await request(server, 'GET', `${base}brand.css`, { headers: { 'Accept-Encoding': 'br' } });
		assert.equal(small.headers['content-encoding'], 'br');
		for (const missing of ['.DS_Store', 'fonts', 'fonts/', 'img/logo.svg/', 'nothing.css', 'IMG/logo.svg'])
			assert.equal((await request(server, 'GET', base + missing)).status, 404, missing);
		for (const target of ['/', '/login', '/articles/open', '/no/such/page']) {
			const policy = policyOf(await request(server, 'GET', target));
			assert.equal(policy['font-src'], "'self'", target);
			assert.equal(policy['manifest-src'], "'self'");
			assert.equal(policy['connect-src'], "'self'");
			assert.equal(policy['script-src'], "'self'");
			assert.equal(policy['default-src'], "'none'");
		}
	} finally {
		await server.close();
	}
});

test('the policy allows nothing that is not there', async () => {
	const server = await startServer({ settings: { POSTERN_WEB_THEME: themeOf({ 'static/brand.css': 'b{}' }) } });
	try {
		const policy = policyOf(await request(server, 'GET', '/'));
		for (const what of ['font-src', 'manifest-src', 'connect-src']) assert.equal(policy[what], undefined, what);
	} finally {
		await server.close();
	}
});

test('the footer names imprint, privacy and terms, on pages and in mails', async () => {
	const refused = (env, why) => {
		const r = run(['config', 'check'], { cwd: tempDir(), env });
		assert.equal(r.code, 3);
		assert.match(r.stderr, why);
	};
	for (const value of [
		'http://plain.example/',
		'javascript:alert(1)',
		'//other.example',
		'imprint',
		'/a b',
		'https://',
		'/"x',
	])
		refused(
			{ POSTERN_SITE_IMPRINT_URL: value },
			/site\.imprint_url = .*an address such as https:\/\/news\.example/,
		);
	const server = await startServer({
		settings: {
			POSTERN_SITE_IMPRINT_URL: '/articles/imprint',
			POSTERN_SITE_PRIVACY_URL: 'https://law.example/privacy?site=1&x=2',
			POSTERN_SITE_TERMS_URL: 'https://law.example/terms',
		},
	});
	try {
		const { body } = await request(server, 'GET', '/login');
		assert.match(body, /<li><a href="\/articles\/imprint">Imprint<\/a><\/li>/);
		assert.match(body, /<li><a href="https:\/\/law\.example\/privacy\?site=1&amp;x=2">Privacy<\/a><\/li>/);
		assert.match(body, /<li><a href="https:\/\/law\.example\/terms">Terms of use<\/a><\/li>/);
		const who = await makeAccount(server);
		await request(server, 'POST', '/reset', {
			headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: server.origin },
			body: `email=${encodeURIComponent(who.email)}`,
		});
		const mail = await server.mail.take(who.email);
		assert.match(
			mail.text,
			new RegExp(
				`\\nImprint: ${server.origin}/articles/imprint\\nPrivacy: https://law\\.example/privacy\\?site=1&x=2$`,
			),
		);
		assert.match(mail.html, /href="https:\/\/law\.example\/privacy\?site=1&amp;x=2"[^>]*>Privacy</);
	} finally {
		await server.close();
	}
});
