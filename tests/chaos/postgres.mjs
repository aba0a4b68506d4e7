// PostgreSQL as a pair: a primary and a standby that every commit waits for, so that what was acknowledged is on both.
// Nothing listens on the network; each node has a socket in its own folder.
import { execFile, execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, chownSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { tempDir, until } from '../lib/server.mjs';

const run = promisify(execFile);
const PORT = 5432; // names the socket; no port is opened

function binaries() {
	for (const version of readdirSync('/usr/lib/postgresql').sort((a, b) => b - a))
		return `/usr/lib/postgresql/${version}/bin`;
	throw new Error('PostgreSQL is not installed: deploy/deps test');
}
const bin = binaries();

// PostgreSQL refuses to run as root.
const asRoot = process.getuid() === 0;
const ids = asRoot
	? [Number(execFileSync('id', ['-u', 'postgres'])), Number(execFileSync('id', ['-g', 'postgres']))]
	: null;
const command = (program, args) =>
	asRoot
		? ['setpriv', ['--reuid=postgres', '--regid=postgres', '--clear-groups', path.join(bin, program), ...args]]
		: [path.join(bin, program), args];
const pg = (program, ...args) => run(...command(program, args), { cwd: '/', timeout: 60000 });

class Node {
	constructor(name) {
		this.name = name;
		this.dir = tempDir();
		chmodSync(this.dir, 0o755);
		if (ids) chownSync(this.dir, ...ids);
		this.data = path.join(this.dir, 'data');
	}

	// `options` are given on the command line, so that a copy of the data does not inherit them.
	async start(options = {}) {
		const words = Object.entries(options)
			.map(([k, v]) => `-c ${k}='${v}'`)
			.join(' ');
		await pg('pg_ctl', '-D', this.data, '-l', path.join(this.dir, 'log'), '-w', '-s', '-o', words, 'start');
	}

	// As a machine that loses power: nobody is told, nothing is finished.
	async kill() {
		await pg('pg_ctl', '-D', this.data, '-m', 'immediate', '-W', '-s', 'stop');
	}

	async promote() {
		await pg('pg_ctl', '-D', this.data, '-w', '-s', 'promote');
	}

	async sql(text, database = 'postgres') {
		const { stdout } = await pg(
			'psql',
			'-h',
			this.dir,
			'-p',
			String(PORT),
			'-U',
			'postgres',
			'-d',
			database,
			'-AtqX',
			'-v',
			'ON_ERROR_STOP=1',
			'-c',
			text,
		);
		return stdout.trim();
	}
}

const settings = (dir) => `
listen_addresses = ''
unix_socket_directories = '${dir}'
port = ${PORT}
wal_level = replica
max_wal_senders = 5
max_connections = 200
shared_buffers = 64MB
fsync = off             # the machine does not fail, only its processes do
full_page_writes = off
wal_receiver_timeout = 5s
`;

export class Pair {
	static async start() {
		const pair = new Pair();
		await pair.makePrimary();
		await pair.makeStandby();
		return pair;
	}

	async makePrimary() {
		this.primary = new Node('first');
		const { data, dir } = this.primary;
		await pg('initdb', '-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync');
		appendFileSync(path.join(data, 'postgresql.conf'), settings(dir));
		await this.primary.start();
		await this.primary.sql('CREATE DATABASE postern');
	}

	async makeStandby() {
		this.standby = new Node('second');
		const { data, dir } = this.standby;
		await pg(
			'pg_basebackup',
			'-h',
			this.primary.dir,
			'-p',
			String(PORT),
			'-U',
			'postgres',
			'-D',
			data,
			'-R',
			'-X',
			'stream',
			'-c',
			'fast',
			'--no-sync',
		);
		appendFileSync(path.join(data, 'postgresql.conf'), settings(dir));
		await this.standby.start();
		await this.primary.sql("ALTER SYSTEM SET synchronous_standby_names = '*'");
		await this.primary.sql('SELECT pg_reload_conf()');
		const waitedFor = "SELECT count(*) FROM pg_stat_replication WHERE sync_state <> 'async'";
		await until('the standby', async () => (await this.primary.sql(waitedFor)) !== '0');
	}

	// One URL for both: libpq takes the one that accepts writes.
	get url() {
		const hosts = [this.primary, this.standby].map((n) => encodeURIComponent(n.dir)).join(',');
		return `postgres://postgres@${hosts}/postern?target_session_attrs=read-write&connect_timeout=2`;
	}

	async failOver() {
		await this.primary.kill();
		await this.standby.promote();
	}

	async stop() {
		await Promise.allSettled([this.primary.kill(), this.standby.kill()]);
	}
}
