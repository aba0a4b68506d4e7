// What one, two and three gateways on PostgreSQL serve behind HAProxy, beside one on SQLite: pages from memory, readings of subscribers,
// log-ins, writes. Prints a table. Everything, the load generator too, shares this machine's cores: the figures are for comparing rows,
// and more gateways than cores show what a gateway costs, not how far it scales.
//     node tests/bench/cluster.mjs [ROUNDS [SECONDS]]
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { apiSession, makeAccount } from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { startServer, tempDir } from '../lib/server.mjs';
import { Cluster, SmtpMailbox } from '../chaos/cluster.mjs';

const [rounds = 3, seconds = 2] = process.argv.slice(2).map(Number);
const ACCOUNTS = 16,
	CONNECTIONS = 32,
	MINIMUM = { POSTERN_LOG_LEVEL: 'error' };
const run = promisify(execFile),
	dir = tempDir();

// wrk scripts: each request another account, so that rows of the database are not fought over.
function script(name, lines) {
	const file = path.join(dir, `${name}.lua`);
	writeFileSync(file, lines.join('\n'));
	return file;
}
const list = (values) => `local v = {${values.map((s) => JSON.stringify(s)).join(',')}}\nlocal i = 0\n`;
function scripts(readers) {
	const tokens = readers.map((r) => r.token),
		mails = readers.map((r) => r.email);
	return {
		'page from memory': [
			script('page', ['request = function() return wrk.format("GET", "/articles/open-door") end']),
		],
		'article, subscriber': [
			script('article', [
				list(tokens),
				'request = function() i = i % #v + 1 return wrk.format("GET", "/api/v1/articles/vault", {Authorization = "Bearer " .. v[i]}) end',
			]),
		],
		'log-in': [
			script('login', [
				list(mails),
				`request = function() i = i % #v + 1 return wrk.format("POST", "/api/v1/sessions", {["Content-Type"] = "application/json"}, '{"email":"' .. v[i] .. '","password":"${readers[0].password}"}') end`,
			]),
			8,
		],
		write: [
			script('write', [
				list(tokens),
				`local n = 0 request = function() i = i % #v + 1 n = n + 1 return wrk.format("PATCH", "/api/v1/account", {Authorization = "Bearer " .. v[i], ["Content-Type"] = "application/json"}, '{"name":"n' .. n .. '"}') end`,
			]),
		],
	};
}

async function wrk(port, [file, connections = CONNECTIONS]) {
	const { stdout } = await run('wrk', [
		'-t1',
		`-c${connections}`,
		`-d${seconds}s`,
		'-s',
		file,
		`http://127.0.0.1:${port}`,
	]);
	if (/Non-2xx/.test(stdout)) throw new Error(stdout);
	return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]);
}

async function makeReaders(server) {
	const readers = [];
	for (let i = 0; i < ACCOUNTS; i++) {
		const who = await makeAccount(server, { plan: 'digital' });
		readers.push({ ...who, token: (await apiSession(server, who)).token });
	}
	return readers;
}

async function measure(port, readers) {
	const row = {};
	for (const [name, what] of Object.entries(scripts(readers))) {
		const found = [];
		for (let i = 0; i < rounds; i++) found.push(await wrk(port, what));
		found.sort((a, b) => a - b);
		row[name] =
			`${Math.round(found[Math.floor(found.length / 2)])} (${Math.round(found[0])} to ${Math.round(found.at(-1))})`;
	}
	return row;
}

const table = {};
const sqlite = await startServer({ settings: { ...MINIMUM, POSTERN_SESSION_PER_ACCOUNT: '200' } });
importArticles(sqlite);
table['SQLite, 1 process, no balancer'] = await measure(sqlite.port, await makeReaders(sqlite));
await sqlite.close();
for (const count of [1, 2, 3]) {
	const c = await Cluster.start({ settings: { ...MINIMUM, POSTERN_SESSION_PER_ACCOUNT: '200' }, count });
	const first = c.gateways[0];
	importArticles(first);
	const readers = await makeReaders({
		port: c.port,
		mail: new SmtpMailbox(c.smtp),
		cliOk: (...args) => first.cliOk(...args),
	});
	if (count === 1) table['PostgreSQL, 1 gateway, no balancer'] = await measure(first.port, readers);
	table[`PostgreSQL, ${count} gateway${count > 1 ? 's' : ''} behind HAProxy`] = await measure(c.port, readers);
	await c.close();
}
const columns = Object.keys(Object.values(table)[0]);
console.log(`requests a second, median (lowest to highest) of ${rounds} rounds of ${seconds} s\n`);
console.log(`| | ${columns.join(' | ')} |\n|---|${'---|'.repeat(columns.length)}`);
for (const [name, row] of Object.entries(table)) console.log(`| ${name} | ${columns.map((c) => row[c]).join(' | ')} |`);
process.exit(0);
