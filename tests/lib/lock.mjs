// Another program's transaction that holds a lock and does not end by itself: an administrator's, a copy, a forgotten session.
import { spawn } from 'node:child_process';
import { within } from './time.mjs';

// On SQLite the one lock of all writers; on PostgreSQL what `postgres` takes. Returned once it is held.
export async function holdLock(url, { postgres, sqlite = '' }) {
	const [program, args, begin] = url.startsWith('sqlite:')
		? ['sqlite3', ['-batch', '-cmd', '.timeout 20000', url.slice('sqlite:'.length)], `BEGIN IMMEDIATE; ${sqlite}`]
		: ['psql', ['-X', '-q', url], `BEGIN; ${postgres}`];
	const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
	const ended = new Promise((done) => {
		child.on('close', done);
	});
	child.stdin.write(`${begin} SELECT 'held';\n`);
	const held = new Promise((done, fail) => {
		child.stdout.setEncoding('utf8').on('data', (s) => s.includes('held') && done());
		child.on('exit', () => fail(new Error('the lock could not be taken')));
	});
	await within('the lock', held).catch((e) => {
		child.kill('SIGKILL');
		throw e;
	});
	// A test that fails before it lets go must not wait for ever: the lock ends with this process.
	const handles = [child, child.stdin, child.stdout];
	for (const handle of handles) handle.unref();
	return {
		end: () => {
			for (const handle of handles) handle.ref();
			child.stdin.end('ROLLBACK;\n');
			return ended;
		},
	};
}
