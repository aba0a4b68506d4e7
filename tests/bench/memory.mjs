// Memory and start-up: idle, with sessions it does not use, with connections that do nothing; and how soon it serves.
import { execFileSync, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { binary, freePort, seedDatabase, startPostern } from './stage.mjs';
import { ask, folder, median, root, rssKib, sleep, start, stop, untilReady, wrk } from './tools.mjs';

// Holds connections open in a process of its own and says "open" once each had an answer.
async function idlers(port, count) {
	const child = spawn(process.execPath, [path.join(root, 'tests/bench/idle.mjs'), String(port), String(count)], { stdio: ['pipe', 'pipe', 'inherit'] });
	const open = await new Promise((done, fail) => {
		child.stdout.once('data', (s) => done(Number(s)));
		child.once('exit', (code) => fail(new Error(`the idle connections ended: ${code}`)));
	});
	return { child, open };
}

export async function demoRssKib() {
	const dir = folder(), port = await freePort(), ops = await freePort();
	const child = start([binary, 'run-demo', '--dir', `${dir}/demo`], {
		log: `${dir}/log`, env: { POSTERN_SERVER_LISTEN: `127.0.0.1:${port}`, POSTERN_OPS_LISTEN: `127.0.0.1:${ops}` },
	});
	await untilReady(port, { path: '/articles/harbour-reopens' }, child);
	for (const target of ['/', '/login', '/static/none'])
		await ask(port, { path: target });
	await sleep(300);
	const kib = rssKib(child.pid);
	await stop(child);
	return kib;
}

async function idleConnections(count, { rounds, seconds }) {
	const postern = await startPostern({ env: { POSTERN_SERVER_TIMEOUT_S: '600' } });
	const hot = { path: '/articles/bench-0', headers: { Cookie: `postern=${postern.tokens[0]}` } };
	const sample = async () => {
		const runs = [];
		for (let i = 0; i < rounds; i++)
			runs.push(await wrk(postern.port, { ...hot, seconds, connections: 16 }));
		return { p99Us: median(runs.map((r) => r.p99Us)), perSecond: median(runs.map((r) => r.perSecond)) };
	};
	const alone = await sample(), before = rssKib(postern.pid);
	const { child, open } = await idlers(postern.port, count);
	const after = rssKib(postern.pid), beside = await sample();
	child.kill();
	await stop(postern.child);
	return { open, perConnection: ((after - before) * 1024) / open, alone, beside };
}

// From the start of the program until it takes a request.
async function startMs(dir) {
	const port = await freePort(), ops = await freePort(), began = performance.now();
	const env = { POSTERN_SERVER_LISTEN: `127.0.0.1:${port}`, POSTERN_OPS_LISTEN: `127.0.0.1:${ops}`,
		POSTERN_DATABASE_URL: `sqlite:${dir}/postern.db`, POSTERN_MAIL_TRANSPORT: `maildir:${dir}/mail` };
	const child = start([binary, 'serve'], { env, log: `${dir}/log`, core: null });
	for (;;) {
		const answer = await ask(ops, { path: '/health/ready' }).catch(() => null);
		if (answer?.status === 200)
			break;
		await sleep(1);
	}
	const ms = performance.now() - began, kib = rssKib(child.pid);
	await stop(child);
	return { ms, kib };
}

async function starts(accounts, articles, rounds) {
	const dir = folder();
	seedDatabase(dir, accounts, articles);
	const runs = [];
	for (let i = 0; i < rounds; i++)
		runs.push(await startMs(dir));
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

export const openFilesMax = () => Number(execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).replace('unlimited', '1000000'));
