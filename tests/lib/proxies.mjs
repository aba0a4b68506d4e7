// The real nginx and Caddy with the files of deploy/, in front of a folder of files or of an echo; and what must hold
// behind either.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { apiSession, makeAccount } from './accounts.mjs';
import { ambiguous, protectedRules, townLibrary } from './gate.mjs';
import { Reader, request, send, statusOf } from './http.mjs';
import { freePorts, root, startServer, tempDir, until } from './server.mjs';

const replaced = (text, pairs) =>
	pairs.reduce((t, [from, to]) => {
		assert.ok(t.includes(from), `deploy/ has no "${from}" any more`);
		return t.replaceAll(from, to);
	}, text);
const deployed = (name) => readFileSync(path.join(root, 'deploy', name), 'utf8');

// What stands after CHANGE in the files, and for the echo the lines that they say to uncomment.
const configurations = {
	nginx(p) {
		const identity = path.join(p.dir, 'postern-identity.conf');
		writeFileSync(identity, deployed('nginx/postern-identity.conf'));
		let text = replaced(deployed('nginx/postern.conf'), [
			['server 127.0.0.1:8080;', `server 127.0.0.1:${p.server.port};`],
			['listen 127.0.0.1:8081;', `listen 127.0.0.1:${p.port};`],
			['server_name localhost;', 'server_name 127.0.0.1;'],
			['root /srv/site;', `root ${p.site};`],
		]);
		if (p.backend)
			text = replaced(text, [
				['# proxy_pass http://127.0.0.1:3000;', `proxy_pass http://127.0.0.1:${p.backend};`],
				['# include /etc/nginx/postern-identity.conf;', `include ${identity};`],
				['try_files $uri $uri/index.html =404;', ''],
			]);
		const file = path.join(p.dir, 'nginx.conf');
		writeFileSync(
			file,
			`daemon off;\nmaster_process off;\npid ${p.dir}/nginx.pid;\nerror_log stderr info;\nevents {}\nhttp {\naccess_log off;\ndefault_type text/html;\n` +
				['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
					.map((n) => `${n}_temp_path ${p.dir}/tmp_${n};\n`)
					.join('') +
				`${text}\n}\n`,
		);
		return ['/usr/sbin/nginx', ['-p', p.dir, '-c', file]];
	},
	caddy(p) {
		let text = replaced(deployed('caddy/Caddyfile'), [
			['127.0.0.1:8080', `127.0.0.1:${p.server.port}`],
			['http://localhost:8082', `http://127.0.0.1:${p.port}`],
			['root * /srv/site', `root * ${p.site}`],
		]);
		if (p.backend) text = replaced(text, [['\t\tfile_server\n', `\t\treverse_proxy 127.0.0.1:${p.backend}\n`]]);
		const file = path.join(p.dir, 'Caddyfile');
		writeFileSync(file, `{\n\tadmin off\n\tauto_https off\n}\n${text}`);
		return ['/usr/bin/caddy', ['run', '--adapter', 'caddyfile', '--config', file]];
	},
};

const pages = {
	'index.html': 'front of the site',
	'open/news.html': 'open-text',
	'paid/story.html': 'kept-paid-story',
	'paid/index.html': 'kept-paid-index',
	'members/a.html': 'kept-members-a',
	'locked/x.html': 'kept-locked-x',
	'style.css': 'body{}',
};
const meteredPages = Array.from({ length: 12 }, (_, i) => `story-${i + 1}`);

function writeSite(dir) {
	for (const [name, text] of Object.entries(pages)) {
		mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
		writeFileSync(path.join(dir, name), text);
	}
	for (const name of meteredPages) {
		mkdirSync(path.join(dir, 'articles', name), { recursive: true });
		writeFileSync(path.join(dir, 'articles', name, 'index.html'), `kept-metered-${name}`);
		writeFileSync(path.join(dir, 'articles', name, 'photo.jpg'), `photo-${name}`);
	}
}

// What arrives at the server behind, as it arrived.
async function openEcho() {
	const echo = http.createServer((req, res) => res.end(JSON.stringify({ url: req.url, raw: req.rawHeaders })));
	await new Promise((done) => echo.listen(0, '127.0.0.1', done));
	return echo;
}

async function launch(p) {
	const [command, args] = configurations[p.kind](p);
	p.child = spawn(command, args, {
		stdio: ['ignore', 'pipe', 'pipe'],
		env: { ...process.env, HOME: p.dir, XDG_DATA_HOME: p.dir, XDG_CONFIG_HOME: p.dir },
	});
	p.log = '';
	for (const stream of [p.child.stdout, p.child.stderr])
		stream.setEncoding('utf8').on('data', (s) => {
			p.log += s;
		});
	p.ended = new Promise((done) =>
		p.child.on('close', done).on('error', (e) => {
			p.log += e.message;
			done();
		}),
	);
	await until(
		p.kind,
		() =>
			request(p, 'GET', '/').then(
				() => true,
				() => p.child.exitCode !== null && assert.fail(p.log),
			),
		15000,
	).catch((e) => {
		p.child.kill('SIGKILL');
		throw new Error(`${e.message}\n${p.log}`);
	});
}

export async function openProxy(kind, server, { backend } = {}) {
	const dir = tempDir(),
		p = { kind, server, dir, site: path.join(dir, 'site'), port: server.env.PROXY_PORTS[backend ? 1 : 0], backend };
	writeSite(p.site);
	await launch(p);
	p.close = async () => {
		p.child.kill('SIGTERM');
		await p.ended;
	};
	return p;
}

// Postern with the proxies' addresses as its sites; two, since one has files behind it and one an echo.
async function openServer() {
	const ports = await freePorts(2);
	const server = await startServer({
		settings: {
			POSTERN_SERVER_TRUSTED_PROXIES: '127.0.0.1',
			POSTERN_SERVER_BASE_URL: `http://127.0.0.1:${ports[0]}`,
			POSTERN_GATE_SITES: `http://127.0.0.1:${ports[1]}`,
		},
	});
	server.env.PROXY_PORTS = ports;
	protectedRules(server);
	server.cliOk('gate', 'add', '/', 'public');
	server.cliOk('gate', 'add', '/*.css', 'public');
	server.cliOk('gate', 'add', '/articles/*/**', 'metered');
	return server;
}

const page = { Accept: 'text/html,*/*', 'Sec-Fetch-Mode': 'navigate' };
const program = { Accept: 'application/json' };
const secret = /kept-/;

export function proxyTests(kind, open) {
	let server, files, echo, echoed, free, paid;
	const get = (target, headers = {}, at = files) => request(at, 'GET', target, { headers });
	const session = async (who) => {
		const r = new Reader(files);
		assert.equal((await r.logIn(who)).status, 303, 'log-in through the proxy');
		return `postern=${r.session}`;
	};
	before(async () => {
		server = await openServer();
		free = await makeAccount(server);
		paid = await makeAccount(server, { name: 'Zoë Holm', plan: 'digital' });
		files = await open(kind, server);
		echo = await openEcho();
		echoed = await open(kind, server, { backend: echo.address().port });
		free.cookie = await session(free);
		paid.cookie = await session(paid);
	});
	after(async () => {
		await files?.close();
		await echoed?.close();
		echo?.close();
		await server?.close();
	});

	test('what is public passes, what is not does not', async () => {
		for (const target of ['/', '/open/news.html', '/style.css'])
			assert.equal((await get(target)).status, 200, target);
		assert.match((await get('/open/news.html')).body, /open-text/);
		for (const [target, who] of [
			['/members/a.html', free],
			['/members/a.html', paid],
			['/paid/story.html', paid],
			['/paid/', paid],
		]) {
			const a = await get(target, { ...page, Cookie: who.cookie });
			assert.equal(a.status, 200, `${target} ${a.body}`);
			assert.match(a.body, secret);
			assert.equal(a.headers['cache-control'], 'private, no-store');
			assert.match(a.headers['postern-decision'], /^full; reason=/);
		}
		for (const [target, cookie] of [
			['/members/a.html', ''],
			['/paid/story.html', ''],
			['/paid/story.html', free.cookie],
			['/locked/x.html', paid.cookie],
			['/nowhere', paid.cookie],
			['/postern-gate', paid.cookie],
			['/gate/wall', paid.cookie],
			['/gate/auth-request', ''],
			['/articles/', ''],
		]) {
			for (const headers of [page, program, {}]) {
				const a = await get(target, { ...headers, ...(cookie ? { Cookie: cookie } : {}) });
				assert.ok(a.status >= 300, `${target} ${a.status}`);
				assert.doesNotMatch(a.body, secret);
			}
		}
	});

	test('a navigation leads to log-in and back to the page that was asked for', async () => {
		const r = new Reader(files, page);
		const away = await r.get('/paid/story.html?from=mail&day=1%20May');
		assert.equal(away.status, 302);
		const to = new URL(away.headers.location);
		assert.equal(to.origin, `http://127.0.0.1:${files.port}`);
		const form = await r.get(to.pathname + to.search);
		assert.equal(form.status, 200);
		const back = /name="return_to" value="([^"]+)"/.exec(form.body)[1].replaceAll('&amp;', '&');
		const done = await r.logIn(paid, { return_to: back });
		assert.equal(done.status, 303);
		assert.equal(done.headers.location, '/paid/story.html?from=mail&day=1%20May');
		assert.match((await r.get(done.headers.location)).body, secret);
		const css = /href="(\/static\/[^"]+\.css)"/.exec(form.body)[1];
		assert.equal((await get(css)).status, 200, 'the styles of the log-in page');
	});

	test('a program is told 401, a reader without rights sees a wall', async () => {
		const a = await get('/paid/story.html', program);
		assert.equal(a.status, 401);
		assert.equal(a.headers.location, undefined);
		assert.equal(
			(await get('/paid/story.html', { 'X-Requested-With': 'XMLHttpRequest', Accept: '*/*' })).status,
			401,
		);
		const wall = await get('/paid/story.html', { ...page, Cookie: free.cookie });
		assert.equal(wall.status, 402);
		assert.match(wall.body, /for subscribers/);
		assert.ok(wall.body.includes(free.email));
		const b = await get('/paid/story.html', { ...program, Cookie: free.cookie });
		assert.equal(b.status, 402);
		assert.equal(b.json.code, 'payment_required');
		const api = await apiSession(server, paid);
		assert.match(
			(await get('/paid/story.html', { ...program, Authorization: `Bearer ${api.token}` })).body,
			secret,
		);
	});

	test('the meter counts pages, its cookie travels, and at its end the wall stands', async () => {
		const r = new Reader(files, page);
		assert.equal((await r.get('/articles/story-1/photo.jpg')).status, 200);
		assert.equal(r.jar.size, 0, 'a picture costs nothing');
		for (const name of meteredPages.slice(0, 6)) {
			const a = await r.get(`/articles/${name}/`);
			assert.equal(a.status, 200);
			assert.ok(a.body.includes(`kept-metered-${name}`));
			assert.equal(
				a.cookies.filter((c) => c.startsWith('postern-meter=')).length,
				1,
				'the cookie came with the page',
			);
			assert.match(a.cookies[0], /HttpOnly/);
		}
		const again = await r.get('/articles/story-1/index.html');
		assert.equal(again.status, 200);
		assert.deepEqual(again.cookies, []);
		assert.equal(again.raw.filter((n) => n.toLowerCase() === 'set-cookie').length, 0, 'no empty cookie either');
		const spent = await r.get('/articles/story-7/');
		assert.equal(spent.status, 302, 'log-in may open more');
		assert.equal((await r.get('/articles/story-7/', program)).status, 401);
		assert.equal((await r.logIn(free)).status, 303);
		for (const name of meteredPages.slice(6, 10))
			assert.equal(
				(await r.get(`/articles/${name}/`)).status,
				200,
				'an account has four more, and the count goes on',
			);
		const wall = await r.get('/articles/story-11/');
		assert.equal(wall.status, 402);
		assert.doesNotMatch(wall.body, secret);
	});

	test('an institution is known by the address that the proxy saw, not by one that a client claims', async () => {
		townLibrary(server, '127.0.0.77');
		const from = (localAddress, headers = {}) =>
			new Promise((done, fail) => {
				http.get(
					{
						host: '127.0.0.1',
						port: files.port,
						path: '/paid/story.html',
						localAddress,
						headers: { ...page, ...headers },
					},
					(res) => {
						res.resume().on('end', () => done(res.statusCode));
					},
				).on('error', fail);
			});
		assert.equal(await from('127.0.0.77'), 200);
		assert.equal(await from('127.0.0.78'), 302);
		for (const name of ['X-Forwarded-For', 'X-Real-IP', 'Forwarded', 'X-Client-IP', 'True-Client-IP'])
			assert.equal(
				await from('127.0.0.78', { [name]: name === 'Forwarded' ? 'for=127.0.0.77' : '127.0.0.77' }),
				302,
				name,
			);
	});

	test('no spelling of a closed address opens it', async () => {
		for (const target of [
			...ambiguous('/paid/story.html'),
			'/PAID/story.html',
			'/paid/story.html?x=/open/news.html',
			'/open/news.html/../../paid/story.html',
			'/login/../paid/story.html',
			'/login%2f..%2fpaid/story.html',
			'/static/../paid/story.html',
			'/account/..;/paid/story.html',
			'/account/%2e%2e/paid/story.html',
		]) {
			for (const accept of ['text/html', 'application/json']) {
				const head = `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1:${files.port}\r\nAccept: ${accept}\r\nConnection: close\r\n\r\n`;
				const answer = await send(files.port, Buffer.from(head, 'utf8').toString('latin1'), { quiet: 400 });
				assert.doesNotMatch(answer, secret, target);
				assert.ok(statusOf(answer) === 0 || statusOf(answer) >= 300, `${target}: ${statusOf(answer)}`);
			}
		}
	});

	test('no trick with the host or the request line opens it', async () => {
		const lines = [
			`GET http://127.0.0.1:${files.port}/paid/story.html HTTP/1.1\r\nHost: evil.example`,
			'GET /paid/story.html HTTP/1.1\r\nHost: evil.example',
			`GET /paid/story.html HTTP/1.1\r\nHost: 127.0.0.1:${files.port}\r\nHost: evil.example`,
			'GET /paid/story.html HTTP/1.0',
			`GET http://evil.example/paid/story.html HTTP/1.1\r\nHost: 127.0.0.1:${files.port}`,
			`OPTIONS /paid/story.html HTTP/1.1\r\nHost: 127.0.0.1:${files.port}`,
			`PROPFIND /paid/story.html HTTP/1.1\r\nHost: 127.0.0.1:${files.port}`,
			`get /paid/story.html HTTP/1.1\r\nHost: 127.0.0.1:${files.port}`,
		];
		for (const headers of [
			'X-Original-URL: http://127.0.0.1/open/news.html',
			'X-Original-Method: HEAD',
			'X-Forwarded-Uri: /open/news.html',
			'X-Forwarded-Host: blog.example',
			'X-Forwarded-Method: HEAD',
			'X-Rewrite-URL: /open/news.html',
			'X-HTTP-Method-Override: HEAD',
			'Purpose: prefetch',
			'X-Forwarded-Prefix: /open',
			'User-Agent: Googlebot/2.1',
			'X-Original-URL : /open/news.html',
			'X-Forwarded-For: x',
			' X-Original-URL: /open',
			'Connection: X-Forwarded-Uri, X-Original-URL, X-Forwarded-For',
			'Transfer-Encoding: chunked',
		])
			lines.push(`GET /paid/story.html HTTP/1.1\r\nHost: 127.0.0.1:${files.port}\r\n${headers}`);
		for (const line of lines) {
			const answer = await send(files.port, `${line}\r\nConnection: close\r\n\r\n`, { quiet: 600 });
			assert.doesNotMatch(answer, secret, line);
			// Caddy has an empty 200 for hosts that it does not serve
			assert.ok(
				statusOf(answer) === 0 || statusOf(answer) >= 300 || /content-length: 0\r\n/i.test(answer),
				`${line}: ${answer.slice(0, 200)}`,
			);
		}
	});

	test('the server behind is told who reads by the gate alone', async () => {
		const claims = [
			['Remote-User', 'root'],
			['remote-user', 'root2'],
			['Remote-Email', 'root@evil.example'],
			['Remote-Groups', 'digital'],
			['Remote-Name', 'Root'],
			['Remote_User', 'root'],
			['Remote.User', 'root'],
			['REMOTE_USER', 'root'],
			['Postern-Decision', 'full; reason=entitled'],
			['Postern_Decision', 'full'],
		];
		const raw = async (headers, target = '/open/news.html') => {
			const text = [
				`GET ${target} HTTP/1.1`,
				`Host: 127.0.0.1:${echoed.port}`,
				...headers.map(([n, v]) => `${n}: ${v}`),
				'Connection: close',
				'',
				'',
			].join('\r\n');
			const answer = await send(echoed.port, text, { quiet: 1500 });
			assert.equal(statusOf(answer), 200, answer);
			const list = JSON.parse(/\{"url".*\}/.exec(answer)[0]).raw,
				seen = {};
			for (let i = 0; i < list.length; i += 2)
				(seen[list[i].toLowerCase().replace(/[_.]/g, '-')] ??= []).push(list[i + 1]);
			return seen;
		};
		const own = ['remote-user', 'remote-email', 'remote-name', 'remote-groups'];
		for (const headers of [claims, [...claims, ...claims], []]) {
			const seen = await raw(headers);
			for (const name of own) assert.deepEqual(seen[name] ?? [''], [''], `${name} of an anonymous reader`);
			assert.deepEqual(seen['postern-decision'], ['full; reason=public']);
		}
		for (const headers of [claims, []]) {
			const seen = await raw([...headers, ['Cookie', paid.cookie]], '/paid/story.html');
			assert.deepEqual(seen['remote-email'], [paid.email]);
			assert.match(seen['remote-user'][0], /^[a-z2-7]{26}$/);
			assert.deepEqual(seen['remote-user'].length, 1);
			assert.deepEqual(seen['remote-name'], ['Zo%C3%AB Holm']);
			assert.deepEqual(seen['remote-groups'], ['digital']);
		}
		// A header named in Connection is dropped on the way: the server behind must not take a reader for an anonymous reader, or worse.
		const text = `GET /paid/story.html HTTP/1.1\r\nHost: 127.0.0.1:${echoed.port}\r\nCookie: ${paid.cookie}\r\nConnection: close, Remote-User, Remote-Email\r\n\r\n`;
		const answer = await send(echoed.port, text, { quiet: 1500 });
		assert.ok(statusOf(answer) === 400 || answer.includes(paid.email), answer);
	});

	test('without Postern nothing passes, not even what is public', async () => {
		const other = await openServer(),
			alone = await open(kind, other);
		try {
			assert.equal((await get('/open/news.html', {}, alone)).status, 200);
			await other.stop();
			for (const target of ['/', '/open/news.html', '/paid/story.html', '/style.css', '/locked/x.html']) {
				const a = await get(target, page, alone);
				assert.ok(a.status >= 500, `${target}: ${a.status}`);
				assert.doesNotMatch(a.body, /kept-|open-text|front of|body\{/);
			}
		} finally {
			await alone.close();
			await other.close();
		}
	});
}
