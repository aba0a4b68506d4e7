// Three gateways on one pair of PostgreSQL servers, behind HAProxy with the configuration that deploy/ has, and a mail server.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { Smtp } from '../lib/smtp.mjs';
import { freePorts, root, Server, sleep, tempDir, until } from '../lib/server.mjs';
import { Pair } from './postgres.mjs';

const names = ['a', 'b', 'c'];

export class Cluster {
	static async start({ settings = {}, count = 3 } = {}) {
		const c = new Cluster();
		try {
			return await c.open(settings, count);
		} catch (e) {
			await c.close().catch(() => {}); // what did come up
			throw e;
		}
	}

	async open(settings, count) {
		this.pair = await Pair.start();
		this.smtp = new Smtp({ tls: false });
		await this.smtp.listen();
		[this.port] = await freePorts(1);
		this.origin = `http://127.0.0.1:${this.port}`;
		this.gateways = [];
		for (const name of names.slice(0, count)) this.gateways.push(await this.makeGateway(name, settings));
		// All at once: one of them migrates, the others wait for it.
		await Promise.all(this.gateways.map((g) => g.start()));
		await this.startProxy();
		return this;
	}

	async makeGateway(name, settings) {
		const dir = tempDir();
		const g = new Server(
			dir,
			await freePorts(2),
			{
				POSTERN_DATABASE_URL: this.pair.url,
				POSTERN_SERVER_BASE_URL: this.origin,
				POSTERN_SERVER_TRUSTED_PROXIES: '127.0.0.1/32',
				POSTERN_SERVER_DRAIN_S: '2',
				POSTERN_MAIL_TRANSPORT: `smtp://127.0.0.1:${this.smtp.port}`,
				POSTERN_MAIL_STARTTLS: 'no',
				...settings,
			},
			['serve'],
		);
		g.name = name;
		return g;
	}

	async startProxy() {
		const env = { ...process.env, POSTERN_LISTEN: `127.0.0.1:${this.port}` };
		names.forEach((name, i) => {
			const g = this.gateways[i] ?? this.gateways[0];
			env[`POSTERN_${name.toUpperCase()}`] = `127.0.0.1:${g.port}`;
			env[`POSTERN_${name.toUpperCase()}_OPS`] = String(g.opsPort);
		});
		this.proxy = spawn('haproxy', ['-db', '-f', path.join(root, 'deploy/cluster/haproxy.cfg')], {
			env,
			stdio: ['ignore', 'pipe', 'pipe'],
		});
		this.proxyLog = '';
		for (const stream of [this.proxy.stdout, this.proxy.stderr])
			stream.setEncoding('utf8').on('data', (s) => {
				this.proxyLog += s;
			});
		let said;
		await until('HAProxy', () =>
			fetch(`${this.origin}/`).then(
				(r) => {
					said = r.status;
					return said === 200;
				},
				(e) => {
					said = e;
					return false;
				},
			),
		).catch((e) => {
			throw new Error(`${e.message}: ${said}\n${this.proxyLog}`);
		});
	}

	// A process that ends without a word, and comes back a moment later.
	async killAndRestart(g) {
		g.child.kill('SIGKILL');
		await g.ended;
		await sleep(50);
		await g.start();
	}

	// As an operator would: drained, stopped, started again.
	async restart(g) {
		g.child.kill('SIGTERM');
		g.exit = await g.ended;
		assert.deepEqual(g.exit, { code: 0, signal: null }, g.stderr.slice(-2000));
		await g.start();
	}

	async close() {
		this.proxy?.kill('SIGKILL');
		try {
			for (const g of this.gateways ?? []) await g.close();
		} finally {
			await this.smtp?.close();
			await this.pair?.stop();
		}
	}
}

// Numbers in words: how many, the middle, the slow end.
export function spread(values) {
	const v = [...values].sort((a, b) => a - b);
	const at = (q) => v[Math.min(v.length - 1, Math.floor(q * v.length))];
	return v.length
		? `${v.length} measured: median ${at(0.5)} ms, 95th of 100 ${at(0.95)} ms, longest ${v.at(-1)} ms`
		: 'none measured';
}

// What came to the mail server, read by whom it was for.
export class SmtpMailbox {
	constructor(smtp) {
		this.smtp = smtp;
		this.taken = new Set();
	}

	async takeToken(address, page, ms = 30000) {
		const link = new RegExp(`${page.replaceAll('/', '\\/')}\\?token=([A-Za-z0-9_-]+)`);
		const letter = await until(
			`a mail to ${address}`,
			() => this.smtp.to(address).find((m) => !this.taken.has(m.mail.messageId) && link.test(m.mail.text)),
			ms,
			30,
		);
		this.taken.add(letter.mail.messageId);
		return link.exec(letter.mail.text)[1];
	}
}

// Workers that go on until told to stop. What a worker throws fails the test, with all that went wrong before.
export class Load {
	constructor() {
		this.going = true;
		this.counts = {};
		this.workers = [];
		this.faults = [];
	}

	count(what) {
		this.counts[what] = (this.counts[what] ?? 0) + 1;
	}

	// Ends at the first fault, and is never left unheard.
	async loop(work) {
		try {
			while (this.going) await work();
		} catch (e) {
			this.going = false;
			this.faults.push(e.stack);
		}
	}

	add(copies, work) {
		for (let i = 0; i < copies; i++) this.workers.push(this.loop(() => work(i)));
	}

	async stop() {
		this.going = false;
		await Promise.all(this.workers);
		assert.deepEqual(this.faults, [], 'workers that saw a wrong answer');
		return this.counts;
	}
}
