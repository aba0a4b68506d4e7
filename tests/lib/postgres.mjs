// A PostgreSQL cluster for tests: the one that TEST_POSTGRES names, or one of our own that ends with this process.
// Each database begins as a copy of one that the program under test has migrated.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const tool = fileURLToPath(new URL('postgres', import.meta.url));

function must(command, args, options = {}) {
	const r = spawnSync(command, args, { encoding: 'utf8', timeout: 120000, ...options });
	assert.equal(r.status, 0, `${command} ${args.join(' ')}: ${r.error ?? ''} ${r.stderr}`);
	return (r.stdout ?? '').trim();
}

// A cluster with a folder of its own, which a test may stop and start.
export class Cluster {
	constructor() {
		this.dir = mkdtempSync(path.join(tmpdir(), 'postern-pg-'));
		this.start();
		process.on('exit', () => this.end());
	}

	start() {
		// The server inherits what it is given: a pipe would be held open by it.
		this.admin = must(tool, ['start', this.dir], { stdio: ['ignore', 'pipe', 'inherit'] });
		this.running = true;
	}

	stop() {
		must(tool, ['stop', this.dir], { stdio: ['ignore', 'ignore', 'inherit'] });
		this.running = false;
	}

	end() {
		if (this.running) this.stop();
		rmSync(this.dir, { recursive: true, force: true });
	}
}

let own;
export function adminUrl() {
	if (process.env.TEST_POSTGRES) return process.env.TEST_POSTGRES;
	own ??= new Cluster();
	return own.admin;
}

export const urlOf = (name, admin = adminUrl()) => admin.replace('/postgres?', `/${name}?`);

export function sql(url, text) {
	return must('psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', url, '-c', text]);
}

export function emptyDatabase(admin = adminUrl()) {
	const name = `t${randomBytes(8).toString('hex')}`;
	sql(admin, `CREATE DATABASE ${name}`);
	return urlOf(name, admin);
}

// The template is named for the program's bytes, so that another build has another. Programs that come at the same
// time wait for each other.
let template;
function migratedTemplate() {
	const binary = path.resolve(process.env.TEST_BIN ?? 'build/debug/postern');
	const name = `template_${createHash('sha256').update(readFileSync(binary)).digest('hex').slice(0, 24)}`;
	const make = `
		set -e
		if [ "$(psql -XqAt "$ADMIN" -c "SELECT count(*) FROM pg_database WHERE datname = '$NAME' AND datistemplate")" = 0 ]; then
			psql -Xq "$ADMIN" -c "DROP DATABASE IF EXISTS $NAME" -c "CREATE DATABASE $NAME"
			POSTERN_DATABASE_URL=$URL "$BIN" db migrate >&2
			psql -Xq "$ADMIN" -c "ALTER DATABASE $NAME WITH IS_TEMPLATE true"
		fi`;
	must('flock', [binary, 'bash', '-c', make], {
		cwd: tmpdir(),
		env: { ...process.env, ADMIN: adminUrl(), NAME: name, URL: urlOf(name), BIN: binary },
	});
	return name;
}

export function newDatabase() {
	template ??= migratedTemplate();
	const name = `t${randomBytes(8).toString('hex')}`;
	sql(adminUrl(), `CREATE DATABASE ${name} TEMPLATE ${template}`);
	return urlOf(name);
}
