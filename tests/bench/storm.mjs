// A log-in storm beside readers: 200 clients post log-ins without pause while 64 connections read an article. Nothing is pinned
// here, for the question is how one machine shares itself out.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { emailOf, hashUsTogether, PASSWORD, startPostern } from './stage.mjs';
import { ask, cores, cpuUs, median, root, rssKib, sleep, started, stop, wrk } from './tools.mjs';

const script = path.join(root, 'tests/bench/storm.lua');
const CLIENTS = 200,
	READERS = 64;

// In the process that does nothing else.
const hashCpuUs = (pid) => started(pid).reduce((sum, one) => sum + cpuUs(one), 0);

const statuses = (text) =>
	Object.fromEntries([...text.matchAll(/^status (\d+) (\d+)$/gm)].map((m) => [m[1], Number(m[2])]));

async function watchRss(pid, until) {
	let most = 0;
	while (!until.over) {
		most = Math.max(most, rssKib(pid));
		await sleep(50);
	}
	return most;
}

// Who waited when the clients left is still hashed.
async function emptied({ ops }) {
	while (!/^postern_lane_waiting\{lane="hash"\} 0$/m.test((await ask(ops, { path: '/metrics' })).body.toString()))
		await sleep(100);
}

// What the machine loses to Argon2id whoever calls it: the same readers beside a bare one at idle priority on each core.
async function besideBare(postern, hot, seconds) {
	const [bare, rawUs] = await Promise.all([
		wrk(postern.port, { ...hot, connections: READERS, seconds, core: null }),
		hashUsTogether(seconds, { idle: true }),
	]);
	return { ...bare, rawUs };
}

async function once(postern, hot, seconds, offset) {
	const quiet = await wrk(postern.port, { ...hot, connections: READERS, seconds, core: null });
	const bare = await besideBare(postern, hot, seconds);
	const until = { over: false },
		rss = watchRss(postern.pid, until);
	const before = hashCpuUs(postern.pid),
		all = cpuUs(postern.pid);
	const logins = wrk(postern.port, {
		path: '/api/v1/sessions',
		connections: CLIENTS,
		seconds: seconds + 1,
		script,
		args: [offset],
		core: null,
	});
	await sleep(500);
	const busy = await wrk(postern.port, { ...hot, connections: READERS, seconds, core: null });
	const storm = await logins;
	until.over = true;
	const hashSpent = hashCpuUs(postern.pid) - before;
	return {
		quiet,
		bare,
		busy,
		storm,
		hashSpent,
		spent: cpuUs(postern.pid) - all,
		answers: statuses(storm.text),
		rssKib: await rss,
	};
}

// Log-ins one after the other, in milliseconds each.
async function logins(postern, count) {
	const took = [];
	for (let i = 0; i < count; i++) {
		const body = JSON.stringify({ email: emailOf(i), password: PASSWORD }),
			begun = performance.now();
		const answer = await ask(postern.port, {
			path: '/api/v1/sessions',
			method: 'POST',
			headers: { 'Content-Type': 'application/json', 'Content-Length': body.length },
			body,
		});
		if (answer.status !== 201) throw new Error(`a log-in got ${answer.status}`);
		took.push(performance.now() - begun);
	}
	return took;
}

// What the machine does beside: loops that never rest, at normal priority.
async function besideLoops(postern, loops, count) {
	const busy = Array.from({ length: loops }, () => spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' }));
	try {
		await sleep(500);
		return await logins(postern, count);
	} finally {
		busy.forEach((child) => child.kill('SIGKILL'));
	}
}

export async function storm({ rounds, seconds, say }) {
	const postern = await startPostern({ core: null, env: { POSTERN_LIMITS_FAILURES_FREE: '100' } });
	const idleKib = rssKib(postern.pid);
	const printed = (name) =>
		Number(
			new RegExp(` ${name}=(\\d+)`).exec(
				/^.* event=memory .*$/m.exec(readFileSync(`${postern.dir}/log`, 'utf8'))[0],
			)[1],
		);
	const ceilingKib = idleKib + printed('hash_kib') + (CLIENTS + READERS) * printed('connection_kib');
	const hot = { path: '/articles/bench-0', headers: { Cookie: `postern=${postern.tokens[0]}` } };
	const raw = [await hashUsTogether(1)],
		runs = [];
	for (let i = 0; i < rounds; i++) {
		say(`log-in storm, round ${i + 1} of ${rounds}`);
		runs.push(await once(postern, hot, seconds, i * 97));
		await emptied(postern);
		raw.push(await hashUsTogether(1));
	}
	say('log-ins, one after the other, alone and beside three busy loops');
	const alone = median(await logins(postern, 40)),
		beside = median(await besideLoops(postern, 3, 40));
	await stop(postern.child);
	const rawUs = median(raw);
	const hashed = (r) => (r.answers[201] ?? 0) + (r.answers[401] ?? 0);
	const pick = (f) => median(runs.map(f));
	return {
		rawHashUs: rawUs,
		ceilingKib,
		idleKib,
		cores,
		clients: CLIENTS,
		readers: READERS,
		quietPerSecond: pick((r) => r.quiet.perSecond),
		barePerSecond: pick((r) => r.bare.perSecond),
		busyPerSecond: pick((r) => r.busy.perSecond),
		quietP99Us: pick((r) => r.quiet.p99Us),
		bareP99Us: pick((r) => r.bare.p99Us),
		busyP99Us: pick((r) => r.busy.p99Us),
		busyMaxUs: pick((r) => r.busy.maxUs),
		hashedPerSecond: pick((r) => hashed(r) / (r.storm.requests / r.storm.perSecond)),
		bareHashUs: pick((r) => r.bare.rawUs),
		hashShare: pick((r) => (hashed(r) * rawUs) / r.hashSpent),
		hashShareBeside: pick((r) => (hashed(r) * r.bare.rawUs) / r.hashSpent),
		refused: pick((r) => r.answers[503] ?? 0),
		stormP50Us: pick((r) => r.storm.p50Us),
		rssKib: Math.max(...runs.map((r) => r.rssKib)),
		loginUs: alone * 1000,
		loginBesideUs: beside * 1000,
		others: runs.reduce(
			(n, r) =>
				n +
				Object.entries(r.answers)
					.filter(([c]) => !['201', '401', '503'].includes(c))
					.reduce((s, [, k]) => s + k, 0),
			0,
		),
	};
}
