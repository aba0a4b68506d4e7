// Goal: somebody leaves a transaction open in the cluster. Every change is told to a gateway once, however many there are,
// its caches are not flushed, and what is taken back is taken back.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { makeAccount } from '../lib/accounts.mjs';
import { Api, metric } from '../lib/http.mjs';
import { adminUrl, newDatabase, sql } from '../lib/postgres.mjs';
import { sleep, startServer, until, within } from '../lib/server.mjs';

const BATCHES = 12,
	BATCH = 500; // 6,000: above what one look takes (4,096)
let server, url, idle;

before(async () => {
	url = newDatabase();
	server = await startServer({ settings: { POSTERN_DATABASE_URL: url } });
	// In another database of the cluster: transaction ids are the cluster's.
	idle = spawn('psql', ['-XqAt', adminUrl()], { stdio: ['pipe', 'pipe', 'inherit'] });
	idle.stdin.write('BEGIN;\nSELECT pg_current_xact_id();\n');
	await within('the open transaction', once(idle.stdout, 'data'));
});
after(async () => {
	idle.kill();
	await server.close();
});

const changes = () => metric(server, 'postern_feed_changes_total');
const flushes = () => metric(server, 'postern_feed_flushes_total');
const batch = (i) =>
	sql(
		url,
		`INSERT INTO change (id, tx, kind, key, made_at)
	SELECT substr(md5(concat(${i}, '-', n)), 1, 26), CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT), 'article', concat('none-', n),
		CAST(extract(epoch FROM now()) AS BIGINT) FROM generate_series(1, ${BATCH}) n; SELECT pg_notify('postern_change', '')`,
	);

test('6,000 changes beside an open transaction are told once each, without a flush', async () => {
	const reader = await makeAccount(server);
	const { json } = await new Api(server).post('/sessions', {
		email: reader.email,
		password: reader.password,
		name: 'app',
	});
	const api = new Api(server, json.token);
	assert.equal((await api.get('/account')).status, 200);
	await sleep(1000); // the changes of the set-up
	const before = { changes: await changes(), flushes: await flushes() };
	for (let i = 0; i < BATCHES; i++) {
		batch(i);
		await until(`batch ${i}`, async () => (await changes()) >= before.changes + (i + 1) * BATCH);
	}
	await sleep(1500); // six looks more
	assert.equal(await changes(), before.changes + BATCHES * BATCH);
	assert.equal(await flushes(), before.flushes);
	server.cliOk('account', 'disable', reader.email);
	await until('the session to end', async () => (await api.get('/account')).status === 401);
});
