// The servers of a bench: Postern on a database of its own, the bare twin, nginx.
import { execFile as execFileWithCallback } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../lib/ports.mjs';
import { ask, cores, folder, root, run, start, untilReady } from './tools.mjs';

export const execFile = promisify(execFileWithCallback);
export const binary = path.resolve(root, process.env.BENCH_BIN ?? 'build/release/postern');
const seeder = path.join(root, 'build/bench/seed'),
	twinBinary = path.join(root, 'build/bench/twin');
export const PASSWORD = 'bench-lantern-adrift';
export const emailOf = (i) => `reader-${i}@bench.example`;

// Production's defaults, but for limits that one client at one address would meet at once.
function settings(dir, port, ops, more) {
	const env = {
		POSTERN_SERVER_LISTEN: `127.0.0.1:${port}`,
		POSTERN_SERVER_BASE_URL: `http://127.0.0.1:${port}`,
		POSTERN_OPS_LISTEN: `127.0.0.1:${ops}`,
		POSTERN_DATABASE_URL: `sqlite:${dir}/postern.db`,
		POSTERN_MAIL_TRANSPORT: `maildir:${dir}/mail`,
		POSTERN_SITE_NAME: 'The Harbour Courier',
		POSTERN_SERVER_CONNECTIONS: '20000',
		POSTERN_SERVER_CONNECTIONS_PER_ADDRESS: '20000',
		POSTERN_SERVER_TRUSTED_PROXIES: '127.0.0.1', // who asks the gate
	};
	for (const name of ['PAGE', 'LOGIN', 'MAIL', 'WRITE', 'GATE'])
		env[`POSTERN_LIMITS_${name}_BURST`] = env[`POSTERN_LIMITS_${name}_PER_MINUTE`] = '0';
	return { ...env, ...more };
}

export function seedDatabase(dir, accounts, articles) {
	run([binary, 'db', 'migrate'], { env: { POSTERN_DATABASE_URL: `sqlite:${dir}/postern.db` }, cwd: dir });
	run([binary, 'gate', 'add', '/articles/*', 'subscriber'], {
		env: { POSTERN_DATABASE_URL: `sqlite:${dir}/postern.db` },
		cwd: dir,
	});
	run([seeder, `${dir}/postern.db`, String(accounts), String(articles), `${dir}/tokens`]);
	return readFileSync(`${dir}/tokens`, 'utf8').trim().split('\n');
}

// Processor time of bare Argon2id on all cores at once, as the hash lane works: they share the memory's bandwidth. `idle`: at the
// priority of Linux's SCHED_IDLE, as Postern hashes what is above its budget.
export async function hashUsTogether(seconds, { idle = false } = {}) {
	const [program, ...before] = idle ? ['chrt', '-i', '0', seeder] : [seeder];
	const all = await Promise.all(
		Array.from({ length: cores }, () => execFile(program, [...before, 'hash', String(seconds), '19456', '2'])),
	);
	return all.reduce((sum, { stdout }) => sum + Number(stdout), 0) / cores;
}

export async function startPostern({
	dir = folder(),
	accounts = 1000,
	articles = 100,
	env = {},
	wrap = [],
	core,
	seeded = false,
} = {}) {
	const tokens = seeded ? [] : seedDatabase(dir, accounts, articles);
	const port = await freePort(),
		ops = await freePort();
	const child = start([...wrap, binary, 'serve'], {
		env: settings(dir, port, ops, env),
		log: `${dir}/log`,
		...(core === undefined ? {} : { core }),
	});
	await untilReady(ops, { path: '/health/ready' }, child).catch((e) => {
		throw new Error(`${e.message}\n${readFileSync(`${dir}/log`, 'utf8').slice(-2000)}`);
	});
	return { dir, port, ops, child, pid: child.pid, tokens };
}

// What libmicrohttpd adds by itself to every answer.
const OWN = ['date', 'connection', 'content-length'];

// The answers that the twin shall repeat, as files.
export async function startTwin(answers, { dir = folder(), threads = 1, wrap = [] } = {}) {
	const files = answers.map((answer, i) => {
		const head = answer.pairs.filter(([name]) => !OWN.includes(name.toLowerCase()));
		writeFileSync(
			`${dir}/${i}`,
			Buffer.concat([
				Buffer.from(`${answer.status}\n${head.map(([n, v]) => `${n}: ${v}\n`).join('')}\n`, 'latin1'),
				answer.body,
			]),
		);
		return `${dir}/${i}`;
	});
	const port = await freePort();
	const child = start([...wrap, twinBinary, String(port), String(threads), ...files], { log: `${dir}/log` });
	await untilReady(port, { path: '/0' }, child);
	return { port, child, pid: child.pid };
}

const nginxConf = (dir, port, auth) => `
daemon off; master_process off; worker_processes 1; pid ${dir}/pid; error_log ${dir}/error.log;
events { worker_connections 20000; }
http {
	access_log ${dir}/access.log; default_type text/html; sendfile on; tcp_nopush on; keepalive_requests 1000000000;
	client_body_temp_path ${dir}/t; proxy_temp_path ${dir}/t; fastcgi_temp_path ${dir}/t; uwsgi_temp_path ${dir}/t; scgi_temp_path ${dir}/t;
	upstream gate { server 127.0.0.1:${auth}; keepalive 64; keepalive_requests 1000000000; }
	server {
		listen 127.0.0.1:${port}; root ${dir}/www;
		location /public { try_files /page.html =404; }
		location /gated { auth_request /_auth; try_files /page.html =404; }
		location = /_auth { internal; proxy_pass http://gate/0; proxy_http_version 1.1; proxy_set_header Connection "";
			proxy_pass_request_body off; proxy_set_header Content-Length ""; }
	}
}`;

// nginx with a page as a file: public, and behind auth_request to the twin, whose answer 0 is a 204.
export async function startNginx(page, authPort) {
	const dir = folder(),
		port = await freePort();
	mkdirSync(`${dir}/www`);
	writeFileSync(`${dir}/www/page.html`, page);
	writeFileSync(`${dir}/conf`, nginxConf(dir, port, authPort));
	const child = start(['nginx', '-p', dir, '-e', `${dir}/error.log`, '-c', `${dir}/conf`], { log: `${dir}/log` });
	await untilReady(port, { path: '/public' }, child);
	return { port, child, pid: child.pid };
}

// The reader's own cookie for a meter after it has opened one article, as a browser keeps it.
export async function meterCookie(port) {
	const answer = await ask(port, { path: '/articles/bench-1' });
	const cookies = (answer.headers['set-cookie'] ?? []).map((line) => line.split(';')[0]);
	return cookies.length ? cookies.join('; ') : null;
}
