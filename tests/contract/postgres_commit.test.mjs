// The answer to a COMMIT is lost. Whether it happened is looked up, never guessed: what was done is done once.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { newDatabase, sql } from '../lib/postgres.mjs';
import { runBeside, tempDir } from '../lib/server.mjs';

// Stands before the server's socket. `onCommit(n)` is asked at the n-th COMMIT of a writing transaction: 'behind'
// lets it through and cuts the line before the answer, 'before' cuts at once, 'for good' lets it through, cuts and
// takes no more connections, anything else does nothing.
class Line {
	constructor(url) {
		this.target = path.join(new URL(url.replace('@/', '@x/')).searchParams.get('host'), '.s.PGSQL.5432');
		this.dir = mkdtempSync(path.join(tmpdir(), 'postern-line-'));
		this.url = url.replace(/host=[^&]+/, `host=${this.dir}`);
		this.commits = 0;
		this.server = net.createServer((client) => this.serve(client));
	}

	listen(onCommit) {
		this.onCommit = onCommit;
		return new Promise((done) => this.server.listen(path.join(this.dir, '.s.PGSQL.5432'), done));
	}

	serve(client) {
		const back = net.connect(this.target);
		let muted = false,
			marked = false;
		const end = () => {
			client.destroy();
			back.destroy();
		};
		for (const s of [client, back]) s.on('error', end).on('close', end);
		back.on('data', (bytes) => {
			if (!muted) client.write(bytes);
		});
		client.on('data', (bytes) => {
			const text = bytes.toString('latin1');
			marked ||= text.includes('INSERT INTO tx_mark');
			const what = marked && text.includes('COMMIT\0') ? this.onCommit(++this.commits) : '';
			if (text.includes('COMMIT\0')) marked = false;
			if (what === 'before') return end();
			muted = what === 'behind' || what === 'for good';
			back.write(bytes);
			if (what === 'for good') this.server.close();
			if (muted) setTimeout(end, 100);
		});
	}

	close() {
		this.server.close();
		rmSync(this.dir, { recursive: true, force: true });
	}
}

const lines = [];
after(() => lines.forEach((l) => l.close()));
async function lineTo(url, onCommit) {
	const line = new Line(url);
	lines.push(line);
	await line.listen(onCommit);
	return line;
}

async function createAccount(line, email) {
	const dir = tempDir();
	const env = {
		POSTERN_DATABASE_URL: line.url,
		POSTERN_MAIL_TRANSPORT: `maildir:${dir}/mail`,
		POSTERN_MAIL_FROM: 'desk@courier.example',
	};
	return runBeside(['account', 'create', email, '--name', 'Ann'], { env });
}
const countOf = (url, email) => Number(sql(url, `SELECT count(*) FROM account WHERE email = '${email}'`));

test('cut behind the COMMIT: it happened, and is said to have', async () => {
	const url = newDatabase();
	const line = await lineTo(url, (n) => (n === 1 ? 'behind' : ''));
	const r = await createAccount(line, 'ann@mail.example');
	assert.equal(r.code, 0, r.stderr);
	assert.match(r.stderr, /event=db_commit_unknown .*found=committed/);
	assert.equal(line.commits, 2, "the account's and that of the look");
	assert.equal(countOf(url, 'ann@mail.example'), 1);
});

test('cut before the COMMIT: it did not happen, and is done again, once', async () => {
	const url = newDatabase();
	const line = await lineTo(url, (n) => (n === 1 ? 'before' : ''));
	const r = await createAccount(line, 'bea@mail.example');
	assert.equal(r.code, 0, r.stderr);
	assert.match(r.stderr, /event=db_commit_unknown .*found=not_committed/);
	assert.equal(countOf(url, 'bea@mail.example'), 1);
});

test('cut every time before the COMMIT: refused in the end, and nothing was done', async () => {
	const url = newDatabase();
	const line = await lineTo(url, (n) => (n % 2 ? 'before' : '')); // the looks in between go through
	const r = await createAccount(line, 'cleo@mail.example');
	assert.equal(r.code, 6, r.stderr);
	assert.equal(countOf(url, 'cleo@mail.example'), 0);
	assert.equal(line.commits, 10, 'five tries and five looks');
});

test('cut for good: nobody can tell, so nobody claims to', async () => {
	const url = newDatabase();
	const line = await lineTo(url, (n) => (n === 1 ? 'for good' : ''));
	const r = await createAccount(line, 'dora@mail.example');
	assert.equal(r.code, 6, r.stderr);
	assert.match(r.stderr, /level=error event=db_commit_unknown .*found=nothing/);
	assert.equal(countOf(url, 'dora@mail.example'), 1, 'as it happens, it happened');
});
