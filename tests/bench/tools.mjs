// What every bench needs: processes on a core of their own, their processor time, and wrk.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import http from 'node:http';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const cores = cpus().length;
export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// Servers on core 0, what asks them on core 1: neither takes the other's time. With one core there is no choice.
const SERVER_CORE = '0';
export const CLIENT_CORE = '1';
export const pinned = (core, argv) => (cores > 1 && core !== null ? ['taskset', '-c', core, ...argv] : argv);

const folders = [],
	children = new Set();
function sweep() {
	for (const child of children) child.kill('SIGKILL');
	folders.forEach((dir) => rmSync(dir, { recursive: true, force: true }));
}
process.on('exit', sweep);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

export function folder() {
	folders.push(mkdtempSync(path.join(tmpdir(), 'postern-bench-')));
	return folders.at(-1);
}

// Nobody's settings but ours.
function environment(settings) {
	const own = Object.entries(process.env).filter(([name]) => !name.startsWith('POSTERN_'));
	return { ...Object.fromEntries(own), ...settings };
}

// Runs to its end; its output.
export function run(argv, { env = {}, cwd } = {}) {
	const r = spawnSync(argv[0], argv.slice(1), { env: environment(env), cwd, encoding: 'utf8', maxBuffer: 1 << 28 });
	if (r.status !== 0) throw new Error(`${argv.join(' ')}: ${r.error ?? r.status}\n${r.stdout}${r.stderr}`);
	return r.stdout;
}

// A server of whatever kind. `log`: a file for what it writes. taskset becomes what it starts, so the pid is the server's.
export function start(argv, { env = {}, log, core = SERVER_CORE } = {}) {
	const out = log ? openSync(log, 'a') : 'ignore';
	const [name, ...args] = pinned(core, argv);
	const child = spawn(name, args, { env: environment(env), stdio: ['ignore', out, out] });
	children.add(child);
	child.ended = new Promise((done) => {
		child.on('error', done);
		child.on('exit', done);
	}).then(() => children.delete(child));
	return child;
}

export async function stop(child, ms = 15000) {
	child.kill('SIGTERM');
	const late = setTimeout(() => child.kill('SIGKILL'), ms);
	await child.ended;
	clearTimeout(late);
}

// One exchange; headers as [[name, value]] in the order they came.
export function ask(port, { path: target = '/', headers = {}, method = 'GET', body, agent } = {}) {
	return new Promise((done, fail) => {
		const req = http.request({ host: '127.0.0.1', port, path: target, method, headers, agent }, (res) => {
			const parts = [];
			res.on('data', (p) => parts.push(p));
			res.on('end', () => {
				const pairs = [];
				for (let i = 0; i < res.rawHeaders.length; i += 2)
					pairs.push([res.rawHeaders[i], res.rawHeaders[i + 1]]);
				done({ status: res.statusCode, headers: res.headers, pairs, body: Buffer.concat(parts) });
			});
		});
		req.on('error', fail);
		req.end(body);
	});
}

export async function untilReady(port, options, child, ms = 60000) {
	const end = Date.now() + ms;
	let over = false;
	child?.ended.then(() => {
		over = true;
	});
	for (;;) {
		const answer = await ask(port, options).catch(() => null);
		if (answer) return answer;
		if (over || Date.now() > end) throw new Error(`nothing answers on port ${port}`);
		await sleep(20);
	}
}

export const tasks = (pid) => readdirSync(`/proc/${pid}/task`);
// What a server has started: Postern hashes passwords in two processes of its own.
export const started = (pid) =>
	tasks(pid).flatMap((task) =>
		readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
	);

function ownCpuUs(pid) {
	let ns = 0;
	for (const task of tasks(pid)) {
		try {
			ns += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
		} catch {
			// the thread ended meanwhile
		}
	}
	return ns / 1000;
}

// Microseconds that a server has had a processor, all threads: those that live now, in nanoseconds by the scheduler.
export const cpuUs = (pid) => [pid, ...started(pid)].reduce((sum, one) => sum + ownCpuUs(one), 0);

const kib = (file, name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(file, 'utf8'))[1]);

// Resident: of the server all, of what it has started what they do not share with it.
export function rssKib(pid) {
	const more = started(pid).map(
		(one) => kib(`/proc/${one}/smaps_rollup`, 'Private_Clean') + kib(`/proc/${one}/smaps_rollup`, 'Private_Dirty'),
	);
	return more.reduce((sum, one) => sum + one, kib(`/proc/${pid}/status`, 'VmRSS'));
}

const MICROS = { us: 1, ms: 1e3, s: 1e6, m: 6e7 };
const micros = (text) => {
	const [, n, unit] = /^([\d.]+)(us|ms|s|m)$/.exec(text);
	return Number(n) * MICROS[unit];
};

export function parseWrk(text) {
	const count = (name) => Number(new RegExp(`${name}:? (\\d+)`).exec(text)?.[1] ?? 0);
	const percentile = (p) => micros(new RegExp(`^ +${p}% +(\\S+)`, 'm').exec(text)[1]);
	const sockets = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text);
	return {
		requests: Number(/(\d+) requests in/.exec(text)[1]),
		perSecond: Number(/Requests\/sec: +([\d.]+)/.exec(text)[1]),
		p50Us: percentile(50),
		p99Us: percentile(99),
		maxUs: micros(/^ +Latency +\S+ +\S+ +(\S+)/m.exec(text)[1]),
		bad: count('Non-2xx or 3xx responses'),
		socketErrors: sockets ? sockets.slice(1).reduce((sum, n) => sum + Number(n), 0) : 0,
		text,
	};
}

// wrk against a port, beside which the processor time of `pids` is taken. `script`: Lua with its arguments.
export function wrk(
	port,
	{
		path: target = '/',
		headers = {},
		connections = 64,
		seconds = 3,
		pids = [],
		script,
		args = [],
		core = CLIENT_CORE,
	} = {},
) {
	const argv = ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '--timeout', '20s'];
	for (const [name, value] of Object.entries(headers)) argv.push('-H', `${name}: ${value}`);
	if (script) argv.push('-s', script);
	argv.push(`http://127.0.0.1:${port}${target}`, ...(args.length ? ['--', ...args] : []));
	return new Promise((done, fail) => {
		const [name, ...rest] = pinned(core, argv);
		const before = pids.map(cpuUs);
		const child = spawn(name, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
		children.add(child);
		let text = '';
		child.stdout.setEncoding('utf8').on('data', (s) => {
			text += s;
		});
		child.on('error', fail);
		child.on('close', (code) => {
			children.delete(child);
			if (code !== 0) return fail(new Error(`${argv.join(' ')}: ${code}\n${text}`));
			const spent = pids.map((pid, i) => cpuUs(pid) - before[i]).reduce((sum, us) => sum + us, 0);
			const out = parseWrk(text);
			return done({ ...out, cpuUs: pids.length ? spent / out.requests : null });
		});
	});
}

export const median = (list) => [...list].sort((a, b) => a - b)[Math.floor((list.length - 1) / 2)];
export const spread = (list) => (Math.max(...list) - Math.min(...list)) / median(list);
