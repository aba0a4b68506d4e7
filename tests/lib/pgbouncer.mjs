// PgBouncer in front of the cluster for tests, on a socket in a folder of its own.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { adminUrl } from './postgres.mjs';
import { tempDir, until } from './server.mjs';

const idOf = (flag) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);

export class PgBouncer {
	// PgBouncer refuses to run as root, as PostgreSQL does.
	static async start(mode, more = '') {
		const b = new PgBouncer();
		b.dir = tempDir();
		const file = path.join(b.dir, 'pgbouncer.ini');
		writeFileSync(
			file,
			`[databases]\n* = host=${/[?&]host=([^&]+)/.exec(adminUrl())[1]} user=postgres\n[pgbouncer]\n` +
				`listen_addr =\nlisten_port = 6432\nunix_socket_dir = ${b.dir}\nauth_type = any\npool_mode = ${mode}\ndefault_pool_size = 40\n${more}\n`,
		);
		const command = ['pgbouncer', file];
		if (process.getuid() === 0) {
			chmodSync(b.dir, 0o755);
			chownSync(b.dir, idOf('-u'), idOf('-g'));
			command.unshift('setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups');
		}
		b.child = spawn(command[0], command.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] });
		b.log = '';
		b.child.stderr.setEncoding('utf8').on('data', (s) => {
			b.log += s;
		});
		await until('PgBouncer', () => {
			if (b.child.exitCode !== null) throw new Error(`pgbouncer ended: ${b.log}`);
			return existsSync(path.join(b.dir, '.s.PGSQL.6432'));
		});
		return b;
	}

	// The same database by way of the pooler.
	urlOf(url) {
		return url.replace(/\?.*/, `?host=${this.dir}&port=6432`);
	}

	stop() {
		this.child.kill('SIGKILL');
	}
}
