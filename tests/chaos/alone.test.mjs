// Goal: one server meets a log that nobody reads, a full disk, few descriptors, and its end under load. Readers read on.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { after, test } from 'node:test';
import { makeAccount } from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { Api, Reader, request } from '../lib/http.mjs';
import { holdLock } from '../lib/lock.mjs';
import { binary, cleanEnv, databaseSql, freePorts, Server, tempDir, until, within } from '../lib/server.mjs';

const servers = [];
after(() => Promise.all(servers.map((s) => s.close())));

// `limits`: what ulimit is told before the server starts.
class Limited extends Server {
	spawn() {
		const script = `${this.limits ? `ulimit ${this.limits}; ` : ''}exec "$0" "$@"`;
		this.child = spawn('sh', ['-c', script, binary, ...this.command], {
			env: cleanEnv(this.env),
			cwd: this.dir,
			stdio: ['ignore', 'ignore', 'pipe'],
		});
		this.ended = new Promise((done) => {
			this.child.on('close', (code, signal) => done({ code, signal }));
		});
		this.ended.then(() => {
			this.exited = true;
		});
		this.child.stderr.setEncoding('utf8').on('data', (s) => {
			this.stderr += s;
		});
	}
}

async function start({ settings = {}, dir = tempDir(), limits } = {}) {
	const server = new Limited(dir, await freePorts(2), settings, ['serve']);
	server.limits = limits;
	servers.push(server);
	server.spawn();
	await until('the operations listener', () => {
		if (server.exited) throw new Error(`postern ended at the start: ${server.stderr}`);
		return request(server, 'GET', '/health/live', { port: server.opsPort }).then(
			() => true,
			() => false,
		);
	});
	return server;
}

const ready = async (server) => (await request(server, 'GET', '/health/ready', { port: server.opsPort })).status;
async function metric(server, name) {
	const { body } = await request(server, 'GET', '/metrics', { port: server.opsPort });
	return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(body)?.[1]);
}

// Many requests down one connection, without waiting for an answer before the next. Resolves to how many were answered.
function pipelined(server, count) {
	const head = `GET /articles/open-door HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n`;
	return new Promise((done, fail) => {
		const socket = net.connect(server.port, '127.0.0.1', () =>
			socket.write(`${`${head}\r\n`.repeat(count - 1)}${head}Connection: close\r\n\r\n`),
		);
		let answers = 0;
		socket.setEncoding('latin1').on('data', (s) => {
			answers += s.split('HTTP/1.1 200').length - 1;
		});
		socket.on('close', () => done(answers)).on('error', fail);
	});
}

test('nobody reads the log: readers are served, lines are counted, and it stops when told to', async () => {
	const server = await start({ settings: { POSTERN_LOG_FORMAT: 'json' } });
	importArticles(server);
	assert.equal((await request(server, 'GET', '/articles/open-door')).status, 200);
	server.child.stderr.pause();
	let served = 0;
	while (!(await metric(server, 'postern_log_dropped_total')) && served < 200000) {
		await Promise.all(Array.from({ length: 4 }, () => pipelined(server, 1000)));
		served += 4000;
	}
	assert.ok((await metric(server, 'postern_log_dropped_total')) > 0, `after ${served} requests`);
	assert.equal(await ready(server), 200);
	assert.equal((await request(server, 'GET', '/articles/open-door')).status, 200);
	server.child.stderr.resume();
	await until('the log tells', () => /"event":"log_dropped","lines":[1-9]/.test(server.stderr));
	server.child.stderr.pause();
	await until('a line that is dropped again', async () => {
		await pipelined(server, 1000);
		return metric(server, 'postern_log_dropped_total');
	});
	for (let i = 0; i < served; i += 4000) await Promise.all(Array.from({ length: 4 }, () => pipelined(server, 1000)));
	const stopped = new Promise((done) => {
		server.child.on('exit', (code, signal) => done({ code, signal }));
	});
	server.child.kill('SIGTERM');
	const late = setTimeout(() => server.child.kill('SIGKILL'), 30000);
	assert.deepEqual(await stopped, { code: 0, signal: null });
	clearTimeout(late);
	server.child.stderr.resume();
});

test('at 1,024 descriptors: more idle connections than that leave both listeners alive', async () => {
	const server = await start({ limits: '-n 1024', settings: { POSTERN_SERVER_TIMEOUT_S: '3' } });
	const lowered = /event=connections_lowered descriptors=1024 configured=10000 connections=(\d+)/.exec(server.stderr);
	assert.ok(lowered && Number(lowered[1]) > 500, server.stderr);
	const idle = Array.from({ length: 1200 }, () => net.connect(server.port, '127.0.0.1').on('error', () => {}));
	await until('as many as fit', async () => (await metric(server, 'postern_http_connections')) >= Number(lowered[1]));
	for (let i = 0; i < 5; i++) assert.equal(await ready(server), 200);
	assert.equal((await request(server, 'GET', '/')).status, 200, 'once idle ones have timed out');
	idle.forEach((s) => s.destroy());
	await until('all are gone', async () => (await metric(server, 'postern_http_connections')) < 10);
	assert.equal((await request(server, 'GET', '/')).status, 200);
	assert.doesNotMatch(server.stderr, /accept_failed/);
	server.child.kill('SIGHUP');
	await until('the configuration to be read again', () => /event=reloaded /.test(server.stderr));
	assert.match(server.stderr, /event=reloaded .*needs_restart=""/, 'nobody has changed server.connections');
});

test('a low soft limit is raised', async () => {
	const server = await start({ limits: '-Sn 64', settings: { POSTERN_SERVER_CONNECTIONS: '500' } });
	const hard = Number(spawnSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).stdout) || Infinity;
	assert.match(
		readFileSync(`/proc/${server.child.pid}/limits`, 'utf8'),
		hard === Infinity ? /^Max open files\s+unlimited/m : new RegExp(`^Max open files\\s+${hard}\\s`, 'm'),
	);
	assert.doesNotMatch(server.stderr, /connections_lowered/);
});

// Asks again and again until the server is gone. Who is connected gets an answer; who is not is refused by the system. A connection
// that was kept idle may be closed at the moment at which it is used again (RFC 9112 section 9.6): that request was not taken.
async function customer(server, tally, agent, i) {
	for (let n = 0; ; n++) {
		const r = await request(server, 'GET', `/api/v1/articles?q=w${i}x${n}`, { agent }).catch((e) => e);
		if (r.code === 'ECONNRESET' && r.reused) continue;
		const what = r.status ?? r.code ?? String(r);
		tally[what] = (tally[what] ?? 0) + 1;
		if (what === 'ECONNREFUSED') return;
	}
}

// A file system of its own, small enough to be filled; null where we may not mount one.
function smallDisk() {
	const dir = tempDir();
	const r = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', dir], { encoding: 'utf8' });
	if (r.status !== 0) return { why: `no file system can be mounted: ${r.error ?? r.stderr}` };
	after(() => spawnSync('umount', ['-l', dir]));
	return { dir };
}

function fill(dir) {
	const filled = spawnSync('dd', ['if=/dev/zero', `of=${dir}/fill`, 'bs=4096'], { encoding: 'utf8' });
	assert.match(filled.stderr, /No space left/);
}

const idleSince = (server, seconds) =>
	databaseSql(server.env.POSTERN_DATABASE_URL, `UPDATE session SET last_seen_at = last_seen_at - ${seconds}`);
const url = (dir) => `sqlite:${dir}/postern.db`;

test('a full disk: who is signed in reads on, whoever wants to write is told so, and readiness says it', async (t) => {
	const { dir, why } = smallDisk();
	if (why) return t.skip(why);
	const settings = { POSTERN_DATABASE_URL: url(dir), POSTERN_SESSION_READING_AT_ONCE: '2' };
	let server = await start({ settings });
	importArticles(server);
	const who = await makeAccount(server, { plan: 'digital' });
	const readers = await Promise.all(
		[1, 2, 3].map(async () => {
			const r = new Reader(server);
			await r.logIn(who);
			return r;
		}),
	);
	await server.stop();
	idleSince(server, 3600); // so that the next request would note when the session was used
	server = await start({ settings, dir: server.dir });
	fill(dir);
	server.allowed.push(/event=db_failed/);
	for (const r of readers) {
		r.server = server;
		const page = await r.get('/articles/vault');
		assert.equal(page.status, 200, page.body);
		assert.match(page.body, /kept-vault/);
		assert.equal((await r.get('/account')).status, 200);
	}
	const down = await request(server, 'GET', '/health/ready', { port: server.opsPort });
	assert.deepEqual([down.status, down.body], [503, 'the database cannot be written: unavailable\n']);
	assert.equal((await request(server, 'GET', '/health/live', { port: server.opsPort })).status, 200);
	const refused = await new Api(server).post('/sessions', {
		email: who.email,
		password: who.password,
		name: 'one more',
	});
	assert.equal(refused.status, 503, refused.body);
	assert.ok(Number(refused.headers['retry-after']) > 0);
	await until('it is told', () => server.lines('notes_failed').length === 1);
	rmSync(path.join(dir, 'fill'));
	await until('ready by itself', async () => (await ready(server)) === 200);
	await until('notes again', () => server.lines('notes_written').length === 1, 20000);
});

test('a lock that is held: who is signed in reads on at once', async () => {
	let server = await start({ settings: {} });
	importArticles(server);
	const who = await makeAccount(server, { plan: 'digital' }),
		reader = new Reader(server);
	await reader.logIn(who);
	await server.stop();
	idleSince(server, 3600);
	server = await start({ settings: { POSTERN_SERVER_WORK_THREADS: '1' }, dir: server.dir });
	reader.server = server;
	const lock = await holdLock(server.env.POSTERN_DATABASE_URL, {});
	const page = await reader.get('/articles/vault');
	assert.equal(page.status, 200, page.body);
	assert.equal((await reader.get('/account')).status, 200);
	assert.equal(server.lines('db_failed').length, 0, 'nobody has waited until the lock was given up on');
	assert.match(
		(await request(server, 'GET', '/health/ready', { port: server.opsPort })).body,
		/does not answer to a write|cannot be written: busy/,
	);
	await lock.end();
	await until('ready by itself', async () => (await ready(server)) === 200, 20000);
	server.allowed.push(/event=db_failed/);
});

test('a damaged file: readiness says so', async () => {
	const server = await start({ settings: {} });
	importArticles(server);
	assert.equal(await ready(server), 200);
	server.allowed.push(/event=(db|feed|session|housekeeping)/);
	const file = openSync(path.join(server.dir, 'postern.db'), 'r+');
	databaseSql(server.env.POSTERN_DATABASE_URL, 'PRAGMA wal_checkpoint(TRUNCATE)');
	const { size } = fstatSync(file);
	writeSync(file, Buffer.alloc(size - 4096, 0x5a), 0, size - 4096, 4096);
	closeSync(file);
	const down = await until('unready', async () => {
		const r = await request(server, 'GET', '/health/ready', { port: server.opsPort });
		return r.status === 503 && r;
	});
	assert.match(down.body, /^the database (cannot be (written|read): corrupt|is damaged)/);
	assert.equal((await request(server, 'GET', '/health/live', { port: server.opsPort })).status, 200);
});

test('told to stop under load: every request that was taken is answered, and none with 503', async () => {
	for (let round = 0; round < 3; round++) {
		const server = await start({
			settings: { POSTERN_SERVER_LOOP_THREADS: '2', POSTERN_SERVER_WORK_THREADS: '2' },
		});
		importArticles(server);
		const tally = {},
			agents = Array.from({ length: 12 }, () => new http.Agent({ keepAlive: true, maxSockets: 1 }));
		const customers = Array.from({ length: 24 }, (_, i) => customer(server, tally, agents[i], i));
		await until('load', () => tally[200] > 200);
		server.child.kill('SIGTERM');
		await within('the last customer', Promise.all(customers));
		assert.deepEqual(await within('the end', server.ended), { code: 0, signal: null });
		assert.deepEqual(Object.keys(tally).sort(), ['200', 'ECONNREFUSED'], JSON.stringify(tally));
	}
});
