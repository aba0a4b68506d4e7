// Goal: one server meets a log that nobody reads, a full disk, few descriptors, and its end under load. Readers read on.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { after, test } from 'node:test';
import { makeAccount } from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { Api, Reader, request } from '../lib/http.mjs';
import { binary, cleanEnv, databaseSql, freePorts, Server, tempDir, until } from '../lib/server.mjs';

const servers = [];
after(() => Promise.all(servers.map((s) => s.close())));

// `limits`: what ulimit is told before the server starts.
class Limited extends Server {
	spawn() {
		const script = `${this.limits ? `ulimit ${this.limits}; ` : ''}exec "$0" "$@"`;
		this.child = spawn('sh', ['-c', script, binary, ...this.command], { env: cleanEnv(this.env), cwd: this.dir, stdio: ['ignore', 'ignore', 'pipe'] });
		this.ended = new Promise((done) => { this.child.on('close', (code, signal) => done({ code, signal })); });
		this.ended.then(() => { this.exited = true; });
		this.child.stderr.setEncoding('utf8').on('data', (s) => { this.stderr += s; });
	}
}

async function start({ settings = {}, dir = tempDir(), limits } = {}) {
	const server = new Limited(dir, await freePorts(2), settings, ['serve']);
	server.limits = limits;
	servers.push(server);
	await server.start();
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
			socket.write(`${`${head}\r\n`.repeat(count - 1)}${head}Connection: close\r\n\r\n`));
		let answers = 0;
		socket.setEncoding('latin1').on('data', (s) => { answers += s.split('HTTP/1.1 200').length - 1; });
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
	assert.ok(await metric(server, 'postern_log_dropped_total') > 0, `after ${served} requests`);
	assert.equal(await ready(server), 200);
	assert.equal((await request(server, 'GET', '/articles/open-door')).status, 200);
	server.child.stderr.resume();
	await until('the log tells', () => /"event":"log_dropped","lines":[1-9]/.test(server.stderr));
	server.child.stderr.pause();
	while (await metric(server, 'postern_log_dropped_total') === 0)
		await pipelined(server, 1000);
	for (let i = 0; i < served; i += 4000)
		await Promise.all(Array.from({ length: 4 }, () => pipelined(server, 1000)));
	const stopped = new Promise((done) => { server.child.on('exit', (code, signal) => done({ code, signal })); });
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
	await until('as many as fit', async () => await metric(server, 'postern_http_connections') >= Number(lowered[1]));
	for (let i = 0; i < 5; i++)
		assert.equal(await ready(server), 200);
	assert.equal((await request(server, 'GET', '/')).status, 200, 'once idle ones have timed out');
	idle.forEach((s) => s.destroy());
	await until('all are gone', async () => await metric(server, 'postern_http_connections') < 10);
	assert.equal((await request(server, 'GET', '/')).status, 200);
	assert.doesNotMatch(server.stderr, /accept_failed/);
});

test('a low soft limit is raised', async () => {
	const server = await start({ limits: '-Sn 64', settings: { POSTERN_SERVER_CONNECTIONS: '500' } });
	const hard = Number(spawnSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).stdout) || Infinity;
	assert.match(readFileSync(`/proc/${server.child.pid}/limits`, 'utf8'), hard === Infinity ? /^Max open files\s+unlimited/m : new RegExp(`^Max open files\\s+${hard}\\s`, 'm'));
	assert.doesNotMatch(server.stderr, /connections_lowered/);
});

// Asks again and again until the server is gone. Who is connected gets an answer; who is not is refused by the system.
async function customer(server, tally, agent, i) {
	for (let n = 0; ; n++) {
		const r = await request(server, 'GET', `/api/v1/articles?q=w${i}x${n}`, { agent }).catch((e) => e);
		const what = r.status ?? r.code ?? String(r);
		tally[what] = (tally[what] ?? 0) + 1;
		if (what === 'ECONNREFUSED')
			return;
	}
}

test('told to stop under load: every request that was taken is answered, and none with 503', async () => {
	for (let round = 0; round < 3; round++) {
		const server = await start({ settings: { POSTERN_SERVER_LOOP_THREADS: '2', POSTERN_SERVER_WORK_THREADS: '2' } });
		importArticles(server);
		const tally = {}, agents = Array.from({ length: 12 }, () => new http.Agent({ keepAlive: true, maxSockets: 1 }));
		const customers = Array.from({ length: 24 }, (_, i) => customer(server, tally, agents[i], i));
		await until('load', () => tally[200] > 200);
		server.child.kill('SIGTERM');
		await Promise.all(customers);
		assert.deepEqual(await server.ended, { code: 0, signal: null });
		assert.deepEqual(Object.keys(tally).sort(), ['200', 'ECONNREFUSED'], JSON.stringify(tally));
	}
});
