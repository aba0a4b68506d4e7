// Goal: SIGHUP takes what can change while readers are served, refuses a configuration that is wrong in any part, says what was taken and what
// needs a restart, and ends nothing at any moment.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { importArticles } from '../lib/articles.mjs';
import { password } from '../lib/accounts.mjs';
import { Api } from '../lib/http.mjs';
import { root, sleep, Server, startServer, tempDir, until, freePorts } from '../lib/server.mjs';

// What a file is to say must not be said by the environment.
const free = { POSTERN_LIMITS_PAGE_BURST: undefined, POSTERN_LIMITS_PAGE_PER_MINUTE: undefined };

async function withFile(text, fn, settings = {}) {
	const dir = tempDir(),
		file = `${dir}/postern.ini`;
	writeFileSync(file, text);
	const server = await startServer({ dir, settings: { ...free, ...settings }, command: ['serve', '--config', file] });
	const write = (changed) => writeFileSync(file, changed);
	const reload = async (event) => {
		const seen = server.lines(event).length;
		server.child.kill('SIGHUP');
		await until(event, () => server.exited || server.lines(event).length > seen, 20000);
		assert.ok(!server.exited, 'SIGHUP ended the server');
		return server.lines(event).at(-1);
	};
	try {
		await fn({ server, dir, file, write, reload });
	} finally {
		await server.close();
	}
}
const front = (server) => fetch(`${server.origin}/`).then(async (r) => ({ status: r.status, body: await r.text() }));

test('limits and log level are taken, what needs a restart is named', async () => {
	await withFile(
		'[log]\nlevel = info\n[limits]\npage_burst = 2\npage_per_minute = 1\n',
		async ({ server, write, reload }) => {
			const statuses = async (n) => {
				const all = [];
				for (let i = 0; i < n; i++) all.push((await front(server)).status);
				return all;
			};
			assert.deepEqual(await statuses(3), [200, 200, 429]);
			write(
				'[log]\nlevel = error\n[limits]\npage_burst = 0\npage_per_minute = 0\n[server]\nwork_threads = 5\n[site]\ntagline = New\n',
			);
			const line = await reload('reloaded');
			assert.match(line, /level=warn .*taken="log\.level limits\.page_burst limits\.page_per_minute"/);
			assert.match(line, /needs_restart="server\.work_threads site\.tagline"/);
			assert.deepEqual(await statuses(5), Array(5).fill(200));
			assert.doesNotMatch((await front(server)).body, />New</, 'what needs a restart is not in force');
			const quiet = server.lines('request').length;
			await front(server);
			await sleep(100);
			assert.equal(server.lines('request').length, quiet, 'a line of level info is dropped');
			write('[log]\nlevel = info\n[limits]\npage_burst = 1\npage_per_minute = 1\n');
			assert.match(
				await reload('reloaded'),
				/level=info .*taken="log\.level limits\.page_burst limits\.page_per_minute" .*needs_restart=""/,
			);
			assert.deepEqual((await statuses(3)).slice(1), [429, 429]);
			assert.match(
				await reload('reloaded'),
				/taken="" theme="\(built in\)" needs_restart=""/,
				'once more changes nothing',
			);
		},
	);
});

test('a configuration that is wrong in any part changes nothing', async () => {
	const good = '[limits]\npage_burst = 0\npage_per_minute = 0\n';
	await withFile(good, async ({ server, dir, file, write, reload }) => {
		server.allowed.push(/event=reload_refused/);
		mkdirSync(`${dir}/theme/templates`, { recursive: true });
		writeFileSync(`${dir}/theme/templates/front.html`, '{{#open}}');
		mkdirSync(`${dir}/theme2/mail`, { recursive: true });
		writeFileSync(`${dir}/theme2/mail/reset.txt`, '{{#open}}');
		for (const [text, why] of [
			[
				'[log]\nlevel = error\n[limits]\npage_burst = many\n',
				/postern\.ini:4: limits\.page_burst = many: a whole number/,
			],
			[
				'[log]\nlevel = error\n[limits]\npage_burts = 1\n',
				/postern\.ini:4: limits\.page_burts is not a setting; did you mean limits\.page_burst\?/,
			],
			['[limits]\npage_burst = 1\npage_per_minute = 0\n', /either both are 0/],
			['[limits]\npage_burst = 1\npage_per_minute = 1\n[web]\ntheme = theme\n', /front\.html.*open/],
			['[limits]\npage_burst = 1\npage_per_minute = 1\n[web]\ntheme = theme2\n', /mail\/reset\.txt.*open/],
			[null, /the configuration file cannot be read/],
		]) {
			if (text === null) rmSync(file);
			else write(text);
			const line = await reload('reload_refused');
			assert.match(line, why);
			assert.match(line, /all settings are as before/);
			for (let i = 0; i < 3; i++) assert.equal((await front(server)).status, 200, 'the limits are as before');
		}
		assert.match(server.stderr, /event=request/, 'and so is the level of the log');
		write(good);
		assert.match(await reload('reloaded'), /taken=""/);
	});
});

test('a theme is taken: pages, style and mails; what browsers still have goes on', async () => {
	await withFile('', async ({ server, dir, write, reload }) => {
		importArticles(server, [{ slug: 'open', access: 'public' }]);
		const css = (body) => /href="(\/static\/[^"]+postern\.css)"/.exec(body)[1];
		const old = (await front(server)).body;
		for (const folder of ['templates', 'static', 'mail']) mkdirSync(`${dir}/theme/${folder}`, { recursive: true });
		writeFileSync(
			`${dir}/theme/templates/front.html`,
			`<p>themed</p>${readFileSync(`${root}web/templates/front.html`, 'utf8')}`,
		);
		writeFileSync(`${dir}/theme/static/postern.css`, 'body { color: teal }\n');
		writeFileSync(`${dir}/theme/mail/verify.subject.txt`, 'Themed welcome\n');
		write(`[web]\ntheme = ${dir}/theme\n`);
		assert.match(await reload('reloaded'), /taken=web\.theme theme=\S+\/theme /);
		const now = (await front(server)).body;
		assert.match(now, /<p>themed<\/p>/, 'also where the old page was kept in memory');
		assert.notEqual(css(now), css(old));
		assert.equal(await fetch(server.origin + css(now)).then((r) => r.text()), 'body { color: teal }\n');
		const before = await fetch(server.origin + css(old));
		assert.equal(before.status, 200);
		assert.doesNotMatch(await before.text(), /teal/);
		assert.equal(
			(await new Api(server).post('/accounts', { email: 'ada@mail.example', password, name: 'Ada' })).status,
			202,
		);
		assert.equal((await server.mail.take('ada@mail.example')).subject, 'Themed welcome');
		writeFileSync(`${dir}/theme/templates/front.html`, '<p>twice</p>');
		await reload('reloaded');
		assert.match((await front(server)).body, /<p>twice<\/p>/, 'files of the same theme are read again');
	});
});

test('at the start, twice in a row, under requests, and while it stops', async () => {
	const dir = tempDir(),
		file = `${dir}/postern.ini`;
	writeFileSync(file, '[server]\ndrain_s = 1\n');
	const server = new Server(dir, await freePorts(2), free, ['serve', '--config', file]);
	server.exited = false;
	server.spawn();
	await until('the process to be there', () => /event=/.test(server.stderr) || server.exited, 20000, 5);
	server.child.kill('SIGHUP');
	await until(
		'/health/ready',
		() =>
			fetch(`${server.ops}/health/ready`).then(
				(r) => r.status === 200,
				() => false,
			),
		30000,
	);
	let stop = false;
	const asking = Array.from({ length: 4 }, async () => {
		while (!stop) assert.equal((await front(server)).status, 200);
	});
	for (let i = 0; i < 10; i++) {
		server.child.kill('SIGHUP');
		server.child.kill('SIGHUP');
		await sleep(20);
	}
	await until('reloads', () => server.lines('reloaded').length >= 3, 20000);
	stop = true;
	await Promise.all(asking);
	server.child.kill('SIGTERM');
	await until('stopping', () => server.lines('stopping').length, 20000);
	const seen = server.lines('reloaded').length;
	server.child.kill('SIGHUP');
	await server.close(); // judges the exit
	assert.equal(server.lines('reloaded').length, seen);
});
