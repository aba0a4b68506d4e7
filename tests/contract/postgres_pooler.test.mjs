// PgBouncer between Postern and PostgreSQL: pooling sessions does no harm, pooling transactions is refused at the start.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeAccount } from '../lib/accounts.mjs';
import { Api } from '../lib/http.mjs';
import { PgBouncer } from '../lib/pgbouncer.mjs';
import { newDatabase, sql } from '../lib/postgres.mjs';
import { run, startServer, tempDir } from '../lib/server.mjs';

const poolers = {};
before(async () => {
	poolers.session = await PgBouncer.start('session');
	poolers.transaction = await PgBouncer.start('transaction');
	poolers.turns = await PgBouncer.start('transaction', 'server_round_robin = 1');
});
after(() => Object.values(poolers).forEach((p) => p.stop()));

const env = (url) => ({
	POSTERN_DATABASE_URL: url,
	POSTERN_MAIL_TRANSPORT: `maildir:${tempDir()}/mail`,
	POSTERN_OPS_LISTEN: '',
});

test("pooled sessions: two gateways serve, hear of each other's changes", async () => {
	const url = newDatabase();
	const settings = { POSTERN_DATABASE_URL: poolers.session.urlOf(url) };
	const servers = await Promise.all([1, 2].map(() => startServer({ settings })));
	try {
		const reader = await makeAccount(servers[0]);
		const api = new Api(servers[1]);
		const { status, json } = await api.post('/sessions', {
			email: reader.email,
			password: reader.password,
			name: 'app',
		});
		assert.equal(status, 201);
		const bearer = json.token;
		assert.equal((await new Api(servers[0], bearer).get('/account')).status, 200);
		assert.equal((await new Api(servers[0], bearer).delete('/sessions/current')).status, 204);
		for (const server of servers) await server.caughtUp();
		assert.equal((await new Api(servers[1], bearer).get('/account')).status, 401);
		const held = sql(
			url,
			"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'postern'",
		);
		assert.ok(Number(held) >= 4, `${held} connections: one for queries and one for changes of each`);
	} finally {
		await Promise.all(servers.map((s) => s.close()));
	}
});

for (const mode of ['transaction', 'turns'])
	test(`pooled transactions are refused by every command (${mode})`, () => {
		const url = poolers[mode].urlOf(newDatabase());
		for (const command of [['serve'], ['db', 'migrate'], ['account', 'list']]) {
			const r = run(command, { env: env(url) });
			assert.equal(r.code, 6, `${command}: ${r.stderr}`);
			assert.match(r.stderr, /gives each transaction another server connection; set pool_mode = session/);
		}
	});
