// tests/bench/size.mjs ENGINE ACCOUNTS[,ACCOUNTS…] [ROUNDS]: what an operation costs with so many accounts, and how long anybody waits
// while the housekeeping works off as many rows and articles are imported. ENGINE is sqlite or postgres. Prints a table, and JSON with --json.
import { rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
process.env.TEST_BIN ??= path.join(here, '../../build/release/postern');
const [engine, sizes, rounds = '40'] = process.argv.slice(2).filter((a) => a !== '--json');
if (!['sqlite', 'postgres'].includes(engine) || !/^\d+(,\d+)*$/.test(sizes ?? '')) {
	console.error('usage: tests/bench/size.mjs sqlite|postgres ACCOUNTS[,ACCOUNTS…] [ROUNDS] [--json]');
	process.exit(2);
}
process.env.TEST_ENGINE = engine;
const { Operations, beside, summary } = await import('../lib/operations.mjs');
const { fillLapsed, fillLiving } = await import('../lib/fill.mjs');
const { importArticles, writeArticles } = await import('../lib/articles.mjs');
const { databaseUrl, databaseSql, run, runBeside, startServer, tempDir, until } = await import('../lib/server.mjs');

const say = (text) => process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
const settings = { POSTERN_CACHE_FACTS_MIB: '1', POSTERN_GIFT_PER_MONTH: '1000', POSTERN_GIFT_REDEMPTIONS: '100' };

function bytesOf(url) {
	if (url.startsWith('sqlite:')) return statSync(url.slice('sqlite:'.length)).size;
	return Number(databaseSql(url, 'SELECT pg_database_size(current_database())'));
}

// As an operator imports an agency's files, one command after the other, until told to stop.
function importing(server) {
	let stopped = false,
		count = 0;
	const done = (async () => {
		while (!stopped) {
			const articles = Array.from({ length: 40 }, (_, i) => ({ slug: `import-${count + i}`, access: 'public' }));
			const r = await runBeside(
				['article', 'import', writeArticles(path.join(server.dir, `import-${count}`), articles)],
				{ env: server.env },
			);
			if (r.code !== 0) throw new Error(`article import ended with ${r.code}: ${r.stderr}`);
			count += articles.length;
		}
		return count;
	})();
	return {
		stop: () => {
			stopped = true;
			return done;
		},
	};
}

async function measure(accounts) {
	const dir = tempDir(),
		url = databaseUrl(dir),
		env = { POSTERN_DATABASE_URL: url };
	run(['db', 'migrate'], { env, cwd: dir });
	const first = await startServer({ dir, settings });
	importArticles(first, Operations.articles);
	await first.stop();
	let began = Date.now();
	fillLiving(url, accounts);
	say(
		`${engine}, ${accounts} accounts: filled in ${Math.round((Date.now() - began) / 1000)} s, ${Math.round(bytesOf(url) / 2 ** 20)} MiB`,
	);
	const quiet = await startServer({ dir, settings });
	const ops = await Operations.prepare(quiet);
	const alone = {};
	for (const name of Operations.names)
		alone[name] = summary(await ops.repeat(name, name === 'log-in' ? Math.min(5, rounds) : Number(rounds)));
	await quiet.stop();
	const lapsed = Math.min(accounts, 200000);
	fillLapsed(url, lapsed);
	say(`${lapsed} rows of each kind have lapsed`);
	began = Date.now();
	const busy = await startServer({ dir, settings });
	const imports = importing(busy);
	const work = ops.on(busy);
	const together = await beside(work, Operations.names, () =>
		until(
			'the housekeeping to end',
			() => busy.lines('housekeeping').some((l) => /step=meter_reads/.test(l)),
			1800000,
			200,
		),
	);
	const imported = await imports.stop();
	say(`housekeeping took ${Math.round((Date.now() - began) / 1000)} s beside ${imported} imported articles`);
	for (const line of busy.lines('housekeeping')) say(line.replace(/^.*event=/, ''));
	await busy.stop();
	const size = bytesOf(url);
	rmSync(dir, { recursive: true, force: true });
	return {
		engine,
		accounts,
		mib: Math.round(size / 2 ** 20),
		alone,
		together: Object.fromEntries(Object.entries(together).map(([k, v]) => [k, summary(v)])),
	};
}

const results = [];
for (const n of sizes.split(',').map(Number)) {
	results.push(await measure(n));
	say(JSON.stringify(results.at(-1))); // what has been measured is not lost with a later one
}
const ms = (v) => v.toFixed(1);
console.log(
	`| ${engine}: ms, median (longest) | ${results.map((r) => `${r.accounts} accounts, ${r.mib} MiB | beside housekeeping and imports`).join(' | ')} |`,
);
console.log(`|---|${results.map(() => '---|---|').join('')}`);
for (const name of Operations.names)
	console.log(
		`| ${name} | ${results.map((r) => [r.alone[name], r.together[name]].map((s) => `${ms(s.median)} (${ms(s.longest)})${s.refused ? `, ${s.refused} refused` : ''}`).join(' | ')).join(' | ')} |`,
	);
if (process.argv.includes('--json')) console.log(JSON.stringify(results));
process.exit(0);
