// What a larger database costs: hot requests (one article, one reader) and cold ones (never the same twice).
import { startPostern } from './stage.mjs';
import { folder, median, root, run, stop, wrk } from './tools.mjs';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const coldScript = path.join(root, 'tests/bench/cold.lua');

// A page that names its reader is not kept in memory, so that also with few articles every cold request is one.
function namingTheme(dir) {
	const masthead = readFileSync(path.join(root, 'web/templates/_masthead.html'), 'utf8');
	mkdirSync(`${dir}/theme/templates`, { recursive: true });
	writeFileSync(
		`${dir}/theme/templates/_masthead.html`,
		`${masthead}{{#reader}}<!-- {{reader.email}} -->{{/reader}}\n`,
	);
	return `${dir}/theme`;
}

// What is written when a database is filled goes to the disk first: it would be in the way of what is measured.
async function filled(accounts, articles) {
	const dir = folder();
	const postern = await startPostern({ dir, accounts, articles, env: { POSTERN_WEB_THEME: namingTheme(dir) } });
	const subset = `${dir}/some-tokens`;
	run(['sh', '-c', `shuf -n 50000 --random-source=${dir}/tokens ${dir}/tokens > ${subset}; sync`]);
	return {
		accounts,
		articles,
		dir,
		postern,
		subset,
		samples: [],
		hot: { path: '/articles/bench-0', headers: { Cookie: `postern=${postern.tokens[0]}` } },
	};
}

async function cold(size, seconds) {
	size.cold = await wrk(size.postern.port, {
		connections: 1,
		seconds: Math.max(1, Math.min(seconds, 2)),
		script: coldScript,
		args: [size.subset, size.articles, 1],
		pids: [size.postern.pid],
	});
	await stop(size.postern.child);
	size.postern = { ...(await startPostern({ dir: size.dir, seeded: true })), tokens: size.postern.tokens };
	await wrk(size.postern.port, { ...size.hot, seconds: 1 });
}

const row = ({ accounts, articles, samples, cold: c }) => ({
	accounts,
	articles,
	hotPerSecond: median(samples.map((s) => s.perSecond)),
	hotCpuUs: median(samples.map((s) => s.cpuUs)),
	coldP50Us: c.p50Us,
	coldP99Us: c.p99Us,
	coldCpuUs: c.cpuUs,
});

// All are there at once, and take turns: a change of the machine's mood meets each of them.
export async function growth({ sizes, rounds, seconds, say }) {
	const all = [];
	for (const [accounts, articles] of sizes) {
		say(`growth: ${accounts} accounts and sessions, ${articles} articles`);
		all.push(await filled(accounts, articles));
	}
	for (const size of all) await cold(size, seconds);
	for (let i = 0; i < rounds; i++) {
		say(`growth: hot, round ${i + 1} of ${rounds}`);
		for (const size of all)
			size.samples.push(await wrk(size.postern.port, { ...size.hot, seconds, pids: [size.postern.pid] }));
	}
	for (const { postern, dir } of all) {
		await stop(postern.child);
		rmSync(dir, { recursive: true, force: true });
	}
	return all.map(row);
}
