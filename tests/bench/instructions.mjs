// Instructions for one request, by callgrind: of Postern and of the bare twin, for every hot route. The counter is set to zero
// when the server is warm and read after the requests, so start-up does not count, and the figure is the same on every run. Of a
// cold route each request asks for another article.
//
// Valgrind counts each byte that "rep stosb" sets as an instruction of its own, and libmicrohttpd clears 32 KiB of a connection
// after every request. So what memset does is shown apart from the rest: `code` is without it.
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { coldRoutes, hotRoutes } from './routes.mjs';
import { startPostern, startTwin } from './stage.mjs';
import { selfCosts } from './profile.mjs';
import { ask, folder, run, sleep, stop } from './tools.mjs';

const WARM = 10,
	COUNTED = 100;
const NO_CONTENT = { status: 204, pairs: [['Cache-Control', 'no-store']], body: Buffer.alloc(0) };

const wrap = (dir) => [
	'valgrind',
	'--quiet',
	'--tool=callgrind',
	`--callgrind-out-file=${dir}/callgrind`,
	'--separate-threads=no',
];

// One after the other over one kept connection, as a patient reader would.
async function repeat(port, target, headers, from, n) {
	const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
	for (let i = from; i < from + n; i++)
		await ask(port, { path: target instanceof Function ? target(i) : target, headers, agent });
	agent.destroy();
}

const control = (what, pid) => run(['callgrind_control', what, String(pid)]);

// The newest dump; callgrind numbers them.
function newest(dir) {
	const dumps = readdirSync(dir)
		.filter((f) => /^callgrind\.\d+$/.test(f))
		.sort((a, b) => a.split('.')[1] - b.split('.')[1]);
	return path.join(dir, dumps.at(-1));
}

// Threads still prepare statements a while after the server is ready; under valgrind a long while. Then all that is left is looks
// at the database now and then: some 200,000 instructions in half a second.
const QUIET = 400000,
	TRIES = 40;
async function settled(server, dir) {
	for (let i = 0, cost = Infinity; i < TRIES && cost > QUIET; i++) {
		control('-z', server.pid);
		await sleep(500);
		control('-d', server.pid);
		cost = selfCosts(newest(dir)).reduce((n, [, own]) => n + own, 0);
	}
}

// What the threads do anyway in such a time (the feed of changes, the reaper) is counted as well, and taken off.
async function count(server, dir, target, headers) {
	await repeat(server.port, target, headers, 1, WARM);
	control('-z', server.pid);
	const began = performance.now();
	await repeat(server.port, target, headers, 1 + WARM, COUNTED);
	const ms = performance.now() - began;
	control('-d', server.pid);
	const busy = new Map(selfCosts(newest(dir)));
	control('-z', server.pid);
	await sleep(ms);
	control('-d', server.pid);
	for (const [name, cost] of selfCosts(newest(dir))) busy.set(name, Math.max(0, (busy.get(name) ?? 0) - cost));
	const top = [...busy].map(([name, n]) => [name, Math.round(n / COUNTED)]).sort((x, y) => y[1] - x[1]);
	const sum = (list) => Math.round(list.reduce((n, [, cost]) => n + cost, 0) / COUNTED);
	return { all: sum([...busy]), code: sum([...busy].filter(([name]) => !/memset/.test(name))), top };
}

// `keep`: leave the dumps in this folder for callgrind_annotate.
export async function instructions({ keep, only } = {}) {
	if (keep) mkdirSync(keep, { recursive: true });
	const dir = keep ?? folder(),
		twinDir = folder(),
		out = [];
	for (const f of keep ? readdirSync(dir).filter((name) => name.startsWith('callgrind')) : [])
		rmSync(path.join(dir, f));
	const postern = await startPostern({
		accounts: 20,
		articles: 4 * (WARM + COUNTED) + 40,
		wrap: wrap(dir),
		core: null,
	});
	const all = [...(await hotRoutes(postern)).there, ...(await coldRoutes(postern)).there];
	const routes = all.filter((r) => !r.script && (!only || only.includes(r.id)));
	const twin = await startTwin([NO_CONTENT, ...routes.map((row) => row.answer)], { wrap: wrap(twinDir) });
	await settled(postern, dir);
	for (const [i, row] of routes.entries()) {
		const own = await count(postern, dir, row.path, row.headers);
		const bare = await count(twin, twinDir, `/${row.id === 'gate-check' ? 0 : i + 1}`, row.headers);
		out.push({ id: row.id, name: row.name, own, twin: bare });
	}
	await Promise.all([stop(postern.child), stop(twin.child)]);
	return out;
}
