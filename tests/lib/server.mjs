// Starts the program under test as an operator would: settings by environment, a folder of its own, free ports.
// What it writes to standard error is kept; a sanitizer's report, an unexpected error line or a bad exit fails the test.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Mailbox } from './mailbox.mjs';
import { freePorts } from './ports.mjs';
import { emptyDatabase, newDatabase, sql as psql } from './postgres.mjs';
import { until } from './time.mjs';

export { freePort, freePorts } from './ports.mjs';
export { beforeMoment, obeyed, quickOnce, sleep, until, within } from './time.mjs';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const binary = path.resolve(root, process.env.TEST_BIN ?? 'build/debug/postern');

const START_MS = 60000,
	STOP_MS = 60000;
const alarm = /AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:/;

const folders = [];
process.on('exit', () => folders.forEach((dir) => rmSync(dir, { recursive: true, force: true })));
export function tempDir() {
	folders.push(mkdtempSync(path.join(tmpdir(), 'postern-test-')));
	return folders.at(-1);
}

// The environment of whoever runs the tests must not change what is tested.
export function cleanEnv(settings = {}) {
	const env = {};
	for (const [name, value] of Object.entries(process.env))
		if (!/^(POSTERN_|PG)/.test(name) && !/^(http|https|all)_proxy$/i.test(name)) env[name] = value;
	return { ...env, ...settings };
}

// No limits, so that a test of something else is not held up by them.
export const unlimited = Object.fromEntries(
	['PAGE', 'LOGIN', 'MAIL', 'WRITE'].flatMap((c) => [
		[`POSTERN_LIMITS_${c}_BURST`, '0'],
		[`POSTERN_LIMITS_${c}_PER_MINUTE`, '0'],
	]),
);

// Runs one command to its end. Nothing of it may wake a sanitizer.
export function run(args, { env = {}, cwd = tmpdir(), bin = binary, input, ms = 60000 } = {}) {
	const r = spawnSync(bin, args, {
		env: cleanEnv(env),
		cwd,
		input,
		encoding: 'utf8',
		timeout: ms,
		killSignal: 'SIGKILL',
	});
	assert.equal(r.error, undefined, `postern ${args.join(' ')}: ${r.error}\n${r.stderr}`);
	assert.doesNotMatch(r.stderr, alarm, `postern ${args.join(' ')}`);
	return { code: r.status, stdout: r.stdout, stderr: r.stderr };
}

// The same without holding up this process, which may itself be what the command talks to.
export async function runBeside(args, { env = {}, cwd = tmpdir(), ms = 60000 } = {}) {
	const child = spawn(binary, args, { env: cleanEnv(env), cwd, stdio: ['ignore', 'pipe', 'pipe'] });
	const out = { stdout: '', stderr: '' };
	for (const name of ['stdout', 'stderr'])
		child[name].setEncoding('utf8').on('data', (s) => {
			out[name] += s;
		});
	const late = setTimeout(() => child.kill('SIGKILL'), ms);
	const { code } = await whenExits(child);
	clearTimeout(late);
	assert.doesNotMatch(out.stderr, alarm, `postern ${args.join(' ')}`);
	return { code, ...out };
}

function whenExits(child) {
	return new Promise((done) => {
		child.on('close', (code, signal) => done({ code, signal }));
		child.on('error', (e) => done({ code: e.message, signal: null })); // could not even be started
	});
}

export const onPostgres = process.env.TEST_ENGINE === 'postgres';
const databases = new Map();
// One database for each folder, on the engine under test: a server that starts again in its folder finds it there.
export function databaseUrl(dir) {
	if (!onPostgres) return `sqlite:${dir}/postern.db`;
	if (!databases.has(dir)) databases.set(dir, newDatabase());
	return databases.get(dir);
}

// For tests that begin before the first migration.
export const emptyDatabaseUrl = (dir) => (onPostgres ? emptyDatabase() : `sqlite:${dir}/empty.db`);

// What a statement returns, columns between bars: for what no command of the program shows. Waits for a server that writes.
export function databaseSql(url, text) {
	if (!url.startsWith('sqlite:')) return psql(url, text);
	const r = spawnSync('sqlite3', ['-cmd', '.timeout 5000', url.slice('sqlite:'.length), text], { encoding: 'utf8' });
	assert.equal(r.status, 0, `sqlite3: ${r.error ?? ''} ${r.stderr}`);
	return r.stdout.trim();
}

export class Server {
	constructor(dir, ports, settings, command) {
		this.dir = dir;
		this.port = ports[0];
		this.opsPort = ports[1];
		this.origin = `http://127.0.0.1:${this.port}`;
		this.ops = `http://127.0.0.1:${this.opsPort}`;
		this.command = command;
		this.stderr = '';
		this.stdout = '';
		this.allowed = []; // expressions for lines of level=error that a test provokes
		this.changedAt = 0; // by the command line; see caughtUp
		this.transcript = []; // all that clients of this harness were told
		this.env = {
			POSTERN_SERVER_LISTEN: `127.0.0.1:${this.port}`,
			POSTERN_SERVER_BASE_URL: this.origin,
			POSTERN_OPS_LISTEN: `127.0.0.1:${this.opsPort}`,
			POSTERN_DATABASE_URL: databaseUrl(dir),
			POSTERN_MAIL_TRANSPORT: `maildir:${dir}/mail`,
			POSTERN_MAIL_FROM: 'desk@courier.example',
			POSTERN_MAIL_PER_MAILBOX_HOUR: '1000',
			POSTERN_SITE_NAME: 'The Test Courier',
			POSTERN_ARTICLE_TEASER_WORDS: '10',
			POSTERN_SERVER_CONNECTIONS_PER_ADDRESS: '2000',
			POSTERN_SERVER_HASH_QUEUE: '1000',
			POSTERN_LIMITS_FAILURES_FREE: '100',
			...unlimited,
			...settings,
		};
		this.base = this.env.POSTERN_SERVER_BASE_URL;
		const maildir = /^maildir:(.*)/.exec(this.env.POSTERN_MAIL_TRANSPORT)?.[1];
		this.mail = new Mailbox(maildir ?? path.join(dir, 'mail'));
	}

	spawn() {
		this.child = spawn(binary, this.command, {
			env: cleanEnv(this.env),
			cwd: this.dir,
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		this.ended = whenExits(this.child);
		this.ended.then(() => {
			this.exited = true;
		});
		this.child.stderr.setEncoding('utf8').on('data', (s) => {
			this.stderr += s;
		});
		this.child.stdout.setEncoding('utf8').on('data', (s) => {
			this.stdout += s;
		});
	}

	async start() {
		this.exited = false;
		this.spawn();
		await until(
			'/health/ready',
			async () => {
				if (this.exited) throw new Error(`postern ended at the start: ${this.stderr}`);
				return fetch(`${this.ops}/health/ready`).then(
					(r) => r.status === 200,
					() => false,
				);
			},
			START_MS,
		);
	}

	// Stops as systemd would, and judges what was left behind.
	async stop() {
		if (this.child) {
			this.child.kill('SIGTERM'); // one that ended by itself is judged as well
			const late = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
			this.exit = await this.ended;
			clearTimeout(late);
		}
		this.judge();
		return this.exit;
	}

	judge() {
		assert.doesNotMatch(this.stderr, alarm, this.stderr.slice(-8000));
		const errors = this.stderr
			.split('\n')
			.filter((line) => /(^| )level=error|"level":"error"/.test(line) && !this.allowed.some((r) => r.test(line)));
		assert.deepEqual(errors, [], 'lines of level error');
		if (this.exit) assert.deepEqual(this.exit, { code: 0, signal: null }, `the exit\n${this.stderr.slice(-4000)}`);
	}

	// Ends everything, and the folder with it. For after().
	async close() {
		try {
			await this.stop();
		} finally {
			rmSync(this.dir, { recursive: true, force: true });
		}
	}

	// The command line beside the running server, with the same settings.
	cli(...args) {
		const r = run(args, { env: this.env, cwd: this.dir });
		if (this.child && !this.exited) this.changedAt = performance.now();
		return r;
	}

	// The server obeys the command line within a second. The next request waits until it does, unless a test asks
	// for more (`impatient`). Null when there is nothing to wait for.
	caughtUp() {
		if (!this.changedAt || this.impatient || this.exited) return null;
		this.catching ??= this.catchUp(this.changedAt).finally(() => {
			this.catching = null;
		});
		return this.catching;
	}

	async catchUp(since) {
		await until(
			'the feed of changes',
			async () => {
				const asked = performance.now();
				const text = await fetch(`${this.ops}/metrics`).then(
					(r) => r.text(),
					() => '',
				);
				const age = /^postern_feed_age_seconds (\S+)$/m.exec(text);
				return !age || asked - since > Number(age[1]) * 1000 + 1;
			},
			10000,
			5,
		);
		if (this.changedAt === since) this.changedAt = 0;
	}

	cliOk(...args) {
		const r = this.cli(...args);
		assert.equal(r.code, 0, `postern ${args.join(' ')}: ${r.stderr}`);
		return r.stdout;
	}

	cliJson(...args) {
		return JSON.parse(this.cliOk(...args, '--json'));
	}

	lines(event) {
		return this.stderr.split('\n').filter((line) => line.includes(`event=${event} `));
	}
}

export async function startServer({ settings = {}, dir = tempDir(), command = ['serve'] } = {}) {
	const server = new Server(dir, await freePorts(2), settings, command);
	try {
		await server.start();
		return server;
	} catch (e) {
		server.child.kill('SIGKILL');
		throw new Error(`${e.message}\n${server.stderr}`);
	}
}
