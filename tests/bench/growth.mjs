// What a larger database costs: hot requests (one article, one reader) and cold ones (never the same twice).
import { startPostern } from './stage.mjs';
import { folder, median, root, run, stop, wrk } from './tools.mjs';
import { rmSync } from 'node:fs';
import path from 'node:path';

const coldScript = path.join(root, 'tests/bench/cold.lua');

async function one(accounts, articles, { rounds, seconds }) {
	const dir = folder();
	const postern = await startPostern({ dir, accounts, articles });
	const hot = { path: '/articles/bench-0', headers: { Cookie: `postern=${postern.tokens[0]}` } };
	const subset = `${dir}/some-tokens`;
	run(['sh', '-c', `shuf -n 50000 --random-source=${dir}/tokens ${dir}/tokens > ${subset}`]);
	const cold = await wrk(postern.port, { connections: 1, seconds: Math.max(1, Math.min(seconds, 2)), script: coldScript, args: [subset, articles, 1], pids: [postern.pid] });
	await wrk(postern.port, { ...hot, seconds: 1 });
	const samples = [];
	for (let i = 0; i < rounds; i++)
		samples.push(await wrk(postern.port, { ...hot, seconds, pids: [postern.pid] }));
	await stop(postern.child);
	rmSync(dir, { recursive: true, force: true });
	return { accounts, articles, hotPerSecond: median(samples.map((s) => s.perSecond)), hotCpuUs: median(samples.map((s) => s.cpuUs)), coldP50Us: cold.p50Us, coldP99Us: cold.p99Us, coldCpuUs: cold.cpuUs };
}

export async function growth({ sizes, rounds, seconds, say }) {
	const out = [];
	for (const [accounts, articles] of sizes) {
		say(`growth: ${accounts} accounts and sessions, ${articles} articles`);
		out.push(await one(accounts, articles, { rounds, seconds }));
	}
	return out;
}
