// Memory and start-up: idle, with sessions it does not use, with connections that do nothing; and how soon it serves.
import { execFileSync, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { freePort } from '../lib/ports.mjs';
import { binary, execFile, seedDatabase, startPostern, startTwin } from './stage.mjs';
import { CLIENT_CORE, ask, folder, median, pinned, root, rssKib, sleep, start, stop, untilReady } from './tools.mjs';

// Holds connections open in a process of its own and says "open" once each had an answer.
async function idlers(port, { path: target }, count) {
	const child = spawn(
		process.execPath,
		[path.join(root, 'tests/bench/idle.mjs'), String(port), target, String(count)],
		{ stdio: ['pipe', 'pipe', 'inherit'] },
	);
	const open = await new Promise((done, fail) => {
		child.stdout.once('data', (s) => done(Number(s)));
		child.once('exit', (code) => fail(new Error(`the idle connections ended: ${code}`)));
	});
	return { child, open };
}

export async function demoRssKib() {
	const dir = folder(),
		port = await freePort(),
		ops = await freePort();
	const child = start([binary, 'run-demo', '--dir', `${dir}/demo`], {
		log: `${dir}/log`,
		env: { POSTERN_SERVER_LISTEN: `127.0.0.1:${port}`, POSTERN_OPS_LISTEN: `127.0.0.1:${ops}` },
	});
	await untilReady(port, { path: '/articles/harbour-reopens' }, child);
	for (const target of ['/', '/login', '/static/none']) await ask(port, { path: target });
	await sleep(300);
	const kib = rssKib(child.pid);
	await stop(child);
	return kib;
}

const READERS = 16;

async function readers(port, { path: target, headers }, seconds) {
	const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
	const [name, ...args] = pinned(
		CLIENT_CORE,
		[path.join(root, 'build/bench/readers'), port, READERS, seconds, target, ...lines].map(String),
	);
	return JSON.parse((await execFile(name, args)).stdout);
}

async function readersSummary(port, hot, { rounds, seconds }) {
	const runs = [];
	for (let i = 0; i < rounds; i++) runs.push(await readers(port, hot, seconds));
	return {
		perSecond: median(runs.map((r) => r.perSecond)),
		p50Us: median(runs.map((r) => r.p50Us)),
		p99Us: median(runs.map((r) => r.p99Us)),
		longestUs: Math.max(...runs.map((r) => r.longestUs)),
	};
}

// One server without and with idle connections.
async function besideIdle(server, hot, count, times) {
	const alone = await readersSummary(server.port, hot, times),
		before = rssKib(server.pid);
	const { child, open } = await idlers(server.port, hot, count);
	const after = rssKib(server.pid),
		beside = await readersSummary(server.port, hot, times);
	child.kill();
	return { open, perConnection: ((after - before) * 1024) / open, alone, beside };
}

// The bare library too: what the kernel and the machine do with so many sockets is felt by both.
async function idleConnections(count, times) {
	const postern = await startPostern({ env: { POSTERN_SERVER_TIMEOUT_S: '600' } });
	const hot = { path: '/articles/bench-0', headers: { Cookie: `postern=${postern.tokens[0]}` } };
	const twin = await startTwin([await ask(postern.port, hot)]);
	const own = await besideIdle(postern, hot, count, times);
	await stop(postern.child);
	const bare = await besideIdle(twin, { ...hot, path: '/0' }, count, times);
	await stop(twin.child);
	return { ...own, twin: bare };
}

// From the start of the program until it takes a request.
async function startMs(dir) {
	const port = await freePort(),
		ops = await freePort(),
		began = performance.now();
	const env = {
		POSTERN_SERVER_LISTEN: `127.0.0.1:${port}`,
		POSTERN_OPS_LISTEN: `127.0.0.1:${ops}`,
		POSTERN_DATABASE_URL: `sqlite:${dir}/postern.db`,
		POSTERN_MAIL_TRANSPORT: `maildir:${dir}/mail`,
	};
	const child = start([binary, 'serve'], { env, log: `${dir}/log`, core: null });
	for (;;) {
		const answer = await ask(ops, { path: '/health/ready' }).catch(() => null);
		if (answer?.status === 200) break;
		await sleep(1);
	}
	const ms = performance.now() - began,
		kib = rssKib(child.pid);
	await stop(child);
	return { ms, kib };
}

async function starts(accounts, articles, rounds) {
	const dir = folder();
	seedDatabase(dir, accounts, articles);
	const runs = [];
	for (let i = 0; i < rounds; i++) runs.push(await startMs(dir));
	rmSync(dir, { recursive: true, force: true });
	return { accounts, articles, ms: median(runs.map((r) => r.ms)), kib: median(runs.map((r) => r.kib)) };
}

export async function memory({ connections, large, rounds, seconds, say }) {
	say('memory: idle demo');
	const demoKib = await demoRssKib();
	say(`memory: ${connections} idle connections`);
	const idle = await idleConnections(connections, { rounds, seconds });
	say('start-up');
	return { demoKib, idle, small: await starts(1000, 100, rounds), large: await starts(...large, rounds) };
}

export const openFilesMax = () =>
	Number(execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).replace('unlimited', '1000000'));
