// Goal: SIGINT, SIGTERM and SIGHUP end a command promptly: it says what is done and what is not, the database is whole, and the same command once
// more does the rest.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { test } from 'node:test';
import { holdLock } from '../lib/lock.mjs';
import { binary, cleanEnv, databaseSql, databaseUrl, onPostgres, run, sleep, tempDir, until } from '../lib/server.mjs';

// A command that runs until `ready` says so, and then gets the signal.
async function interrupted(args, env, signal, ready) {
	const child = spawn(binary, args, { env: cleanEnv(env), stdio: ['ignore', 'pipe', 'pipe'] });
	const out = { stdout: '', stderr: '' };
	for (const name of ['stdout', 'stderr'])
		child[name].setEncoding('utf8').on('data', (s) => {
			out[name] += s;
		});
	const ended = new Promise((done) => {
		child.on('close', (code, by) => done({ code, by }));
	});
	await until('the command to be at it', () => child.exitCode !== null || ready(out, child), 60000, 1);
	child.kill(signal);
	return {
		...out,
		...(await ended),
		get stdout() {
			return out.stdout;
		},
		get stderr() {
			return out.stderr;
		},
	};
}

function newsroom() {
	const dir = tempDir(),
		env = { POSTERN_DATABASE_URL: databaseUrl(dir), POSTERN_MAIL_TRANSPORT: `maildir:${dir}/mail` };
	assert.equal(run(['db', 'migrate'], { env }).code, 0);
	return { dir, env };
}

test('an import keeps the files that are in, and goes on from there', async () => {
	const { dir, env } = newsroom(),
		all = 300;
	mkdirSync(`${dir}/in`);
	for (let i = 0; i < all; i++)
		writeFileSync(
			`${dir}/in/a-${i}.md`,
			`---\nheadline: Piece ${i}\npublished: 2025-03-01T06:00:00Z\n---\nSome words.\n`,
		);
	const r = await interrupted(['article', 'import', `${dir}/in`], env, 'SIGINT', (out) => /^new /m.test(out.stderr));
	assert.deepEqual([r.code, r.by], [130, null], r.stderr.slice(-2000));
	assert.match(
		r.stderr,
		/postern: ended by SIGINT: the files counted above are imported; run the same command again to import the rest\.\n$/,
	);
	const created = Number(/^\d+ files: (\d+) new/m.exec(r.stdout)[1]);
	assert.ok(created > 0 && created < all, `${created} files`);
	assert.equal(Number(databaseSql(env.POSTERN_DATABASE_URL, 'SELECT COUNT(*) FROM article')), created);
	const again = run(['article', 'import', `${dir}/in`], { env });
	assert.equal(again.code, 0);
	assert.match(
		again.stdout,
		new RegExp(`^${all} files: ${all - created} new, 0 updated, ${created} unchanged, 0 refused`),
	);
});

test('a copy keeps its batches, and goes on from there', {
	skip: onPostgres && 'postgres_copy has it between the engines',
}, async () => {
	const { dir, env } = newsroom(),
		there = `${dir}/there.db`;
	databaseSql(
		env.POSTERN_DATABASE_URL,
		"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO account (id, email, email_key, name, created_at, updated_at) SELECT 'a' || i, i || '@x.example', i || '@x.example', '', 1, 1 FROM n",
	);
	const count = () => {
		try {
			return Number(databaseSql(`sqlite:${there}`, 'SELECT COUNT(*) FROM account'));
		} catch {
			return 0;
		}
	};
	const args = ['db', 'copy', env.POSTERN_DATABASE_URL, `sqlite:${there}`];
	const r = await interrupted(args, {}, 'SIGTERM', () => count() > 0);
	assert.equal(r.code, 143, r.stderr);
	assert.match(
		r.stderr,
		/postern: ended by SIGTERM: finished batches are stored; run the same command again to continue\./,
	);
	assert.doesNotMatch(r.stderr, /level=error/);
	assert.ok(count() > 0, 'what was finished is there');
	const again = run([...args, '--progress']);
	assert.equal(again.code, 0, again.stderr);
	assert.match(again.stdout, /Copied. Both databases have the same content/);
});

// Whether the command has come so far that a thread of its own waits for the signal, which all others leave alone.
function catches(child, signal) {
	const mask = /^SigBlk:\s*([0-9a-f]+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? '0';
	return ((BigInt(`0x${mask}`) >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n;
}

// Commands that write wait for it.
const planLock = { postgres: 'LOCK TABLE plan IN ACCESS EXCLUSIVE MODE;' };

test('one that waits for a lock ends, and has changed nothing', async () => {
	const { env } = newsroom(),
		url = env.POSTERN_DATABASE_URL;
	const held = await holdLock(url, planLock);
	try {
		for (const [signal, code] of [
			['SIGHUP', 129],
			['SIGINT', 130],
		]) {
			const start = Date.now();
			const r = await interrupted(
				['plan', 'set', 'gold', '--title', 'Gold'],
				env,
				signal,
				(_, child) => Date.now() - start > 300 && catches(child, signal),
			);
			assert.equal(r.code, code, `${signal}: ${r.stderr}`);
			assert.match(r.stderr, new RegExp(`ended by ${signal}: what was not committed is undone`));
		}
	} finally {
		await held.end();
	}
	assert.equal(run(['plan', 'list'], { env }).stdout, '');
	assert.equal(run(['plan', 'set', 'gold', '--title', 'Gold'], { env }).code, 0);
});

// nohup does this to SIGHUP; a shell that runs a script does it to SIGINT of what stands before an "&".
test('signals that were set to be ignored stay ignored', async () => {
	const { env } = newsroom(),
		held = await holdLock(env.POSTERN_DATABASE_URL, planLock);
	const child = spawn('sh', ['-c', `trap '' HUP INT; exec "$0" plan set gold --title Gold`, binary], {
		env: cleanEnv(env),
		stdio: 'ignore',
	});
	const ended = new Promise((done) => {
		child.on('close', (code, by) => done({ code, by }));
	});
	try {
		// it has taken over from the shell, and blocks what it waits for
		await until(
			'the command to be at it',
			() => /^SigBlk:\s*0*[1-9a-f]/m.test(readFileSync(`/proc/${child.pid}/status`, 'utf8')),
			20000,
			5,
		);
		child.kill('SIGHUP');
		child.kill('SIGINT');
		await sleep(300);
	} finally {
		await held.end();
	}
	assert.deepEqual(await ended, { code: 0, by: null });
	assert.match(run(['plan', 'list'], { env }).stdout, /gold/);
});

test('a commit that is under way is waited for', {
	skip: !onPostgres && 'SQLite commits without another program',
}, async () => {
	const { env } = newsroom(),
		sql = (text) => databaseSql(env.POSTERN_DATABASE_URL, text);
	sql(`CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1); RETURN NULL; END';
		CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON plan DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()`);
	const commits = () =>
		sql(
			"SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND query = 'COMMIT' AND wait_event = 'PgSleep'",
		);
	const r = await interrupted(['plan', 'set', 'gold', '--title', 'Gold'], env, 'SIGINT', () => commits() === '1');
	assert.deepEqual([r.code, r.by], [0, null], r.stderr);
	assert.match(run(['plan', 'list'], { env }).stdout, /gold/);
});
