// Goal: readers with many cookies of advertisers and consent tools are served; with too many they are told; nobody is hung up on.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { makeAccount } from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { Reader, request, send, statusOf } from '../lib/http.mjs';
import { freePort, startServer, tempDir, until } from '../lib/server.mjs';

let server, reader, front, frontPort;
before(async () => {
	server = await startServer();
	importArticles(server);
	reader = new Reader(server);
	await reader.logIn(await makeAccount(server, { plan: 'digital' }));
	const dir = tempDir();
	frontPort = await freePort();
	writeFileSync(
		`${dir}/nginx.conf`,
		`daemon off; master_process off; pid ${dir}/pid; error_log stderr error; events {}
		http { access_log off; client_body_temp_path ${dir}/t; proxy_temp_path ${dir}/t; fastcgi_temp_path ${dir}/t; uwsgi_temp_path ${dir}/t; scgi_temp_path ${dir}/t;
		upstream postern { server 127.0.0.1:${server.port}; keepalive 4; }
		server { listen 127.0.0.1:${frontPort}; large_client_header_buffers 8 128k;
			location / { proxy_pass http://postern; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host; } } }`,
	);
	front = spawn('/usr/sbin/nginx', ['-p', dir, '-e', 'stderr', '-c', `${dir}/nginx.conf`], { stdio: 'ignore' });
	await until('nginx', () =>
		request(server, 'GET', '/login', { port: frontPort }).then(
			(a) => a.status === 200,
			() => false,
		),
	);
});
after(async () => {
	front?.kill('SIGKILL');
	await server.close();
});

// What consent tools and advertisers leave behind, with ours in the middle.
function jar(bytes, count) {
	const each = Math.floor(bytes / count),
		foreign = (i) => `_ad${i}=`.padEnd(each - 2, '%2C');
	const half = count >> 1,
		all = Array.from({ length: count }, (_, i) => foreign(i));
	return [...all.slice(0, half), `postern=${reader.session}`, ...all.slice(half)].join('; ');
}
const account = (cookie, port) => request(server, 'GET', '/account', { headers: { Cookie: cookie }, port });

test('16 kB of cookies are served, whatever they are, directly and behind nginx', async () => {
	for (const port of [server.port, frontPort])
		for (const count of [2, 12, 60, 180, 400])
			for (const bytes of [7000, 7600, 8200, 12000, 16000]) {
				const a = await account(jar(bytes, count), port);
				assert.equal(a.status, 200, `${count} cookies, ${bytes} bytes, port ${port}: and signed in`);
			}
	for (const odd of [
		'a',
		'=',
		';;;',
		'a=b=c',
		'a="x;y"',
		'a={"b":1,"c":[2]}',
		'ä=ö',
		'a=\t',
		' ',
		',',
		'a b=c d',
		'"',
		'__Host-postern=x',
		'$Version=1',
		'a=b, c=d',
	])
		for (const cookie of [`${odd}; postern=${reader.session}`, `postern=${reader.session}; ${odd}`])
			assert.equal((await account(Buffer.from(cookie).toString('latin1'))).status, 200, odd);
	assert.equal(
		(await reader.post('/login', { email: 'x@mail.example', password: 'y' }, { Cookie: jar(16000, 100) })).status,
		401,
		'a form as well',
	);
});

test('with more there is a 431 that says what to do, and a line in the log; never a 502', async () => {
	for (const port of [server.port, frontPort])
		for (const bytes of [
			25000, 27000, 28500, 29000, 29500, 30000, 30500, 31000, 31500, 32000, 32500, 33000, 40000, 70000, 120000,
		]) {
			const before = server.stderr.length,
				a = await account(jar(bytes, 100), port);
			assert.equal(a.status, 431, `${bytes} bytes, port ${port}`);
			assert.match(a.body, bytes < 31000 ? /cookies/i : /too (many|big)/i, String(bytes));
			await until('a line', () => /status=431/.test(server.stderr.slice(before)));
		}
	const page = await account(jar(26000, 100));
	assert.match(page.body, /Delete the cookies of this site/);
	assert.match(page.headers['content-type'], /text\/html/);
	const lines = Array.from({ length: 101 }, (_, i) => `X-${i}: y\r\n`).join('');
	assert.equal(
		statusOf(await send(server.port, `GET /login HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${lines}\r\n`)),
		431,
	);
	assert.equal(
		(await request(server, 'GET', '/api/v1/articles', { headers: { 'X-Long': 'y'.repeat(25000) } })).json.code,
		'too_large',
	);
});
