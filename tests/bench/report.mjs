// The figures as a table on the terminal and as a page with plots.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import path from 'node:path';
import { bars, lines } from './plot.mjs';

const n0 = (v) => Math.round(v).toLocaleString('en');
const n1 = (v) => v.toFixed(1),
	n2 = (v) => v.toFixed(2),
	percent = (v) => `±${Math.round(v * 50)} %`;
const ms = (us) => (us < 1000 ? `${n0(us)} µs` : `${(us / 1000).toFixed(us < 10000 ? 2 : 1)} ms`);
const mib = (kib) => `${n1(kib / 1024)} MiB`;
const verdict = (ok) => (ok ? 'reached' : 'missed');

const version = (name, args = ['--version']) => {
	try {
		return execFileSync(name, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).split('\n')[0];
	} catch (e) {
		return String(e.stderr ?? e.stdout ?? '').split('\n')[0] || 'not there';
	}
};
const packaged = (name) => version('dpkg-query', ['-W', '-f', `${name} ${'${Version}'}`, name]);

export function machine() {
	const os = /PRETTY_NAME="(.*)"/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux';
	return [
		`${cpus().length} cores of ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB of memory, a virtual machine`,
		`${os}, Linux ${readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim()}`,
		`${version('gcc')}, ${packaged('libmicrohttpd12')}, ${packaged('nginx')}, ${packaged('wrk')}`,
	];
}

function table(head, rows) {
	return [
		`| ${head.join(' | ')} |`,
		`|${head.map((_, i) => (i ? '---:' : '---')).join('|')}|`,
		...rows.map((r) => `| ${r.join(' | ')} |`),
	].join('\n');
}

const throughputHead = [
	'row',
	'requests/s',
	'spread',
	'p50',
	'p99',
	'server µs',
	'bare library: requests/s',
	'µs',
	'ratio',
	'µs ratio',
];
const throughputRow = (r) => [
	r.name,
	n0(r.own.perSecond),
	percent(r.own.spread),
	ms(r.own.p50Us),
	ms(r.own.p99Us),
	n1(r.own.cpuUs),
	n0(r.twin.perSecond),
	n1(r.twin.cpuUs),
	n2(r.ratio),
	n2(r.cpuRatio),
];

function aims(t) {
	const row = (id) => t.rows.find((r) => r.id === id),
		full = row('article-full'),
		clicks = row('article-clicks'),
		file = row('nginx-file'),
		auth = row('nginx-auth');
	const out = t.rows
		.filter((r) => r.target)
		.map((r) => [
			`${r.name}: throughput to the bare library's`,
			`≥ ${n2(r.target)}`,
			n2(r.ratio),
			verdict(r.ratio >= r.target),
		]);
	out.push([
		"another fbclid each time: throughput to the whole article's",
		'≥ 0.90',
		n2(clicks.own.perSecond / full.own.perSecond),
		verdict(clicks.own.perSecond >= 0.9 * full.own.perSecond),
	]);
	out.push([
		"whole article: processor time to the bare library's",
		'≤ 1.20',
		n2(full.cpuRatio),
		verdict(full.cpuRatio <= 1.2),
	]);
	out.push([
		'whole article to nginx with the page as a public file',
		'> 1',
		n2(full.own.perSecond / file.own.perSecond),
		verdict(full.own.perSecond > file.own.perSecond),
	]);
	out.push([
		'whole article to nginx with auth_request',
		'≥ 2.5',
		n2(full.own.perSecond / auth.own.perSecond),
		verdict(full.own.perSecond >= 2.5 * auth.own.perSecond),
	]);
	return out;
}

function instructionsPart(list) {
	return list
		? [
				'## Instructions for one request',
				'',
				'Counted by callgrind, so the same on every run; `make test` compares them with tests/bench/budget.json. Valgrind counts every byte that `rep stosb` sets as',
				'an instruction, and libmicrohttpd clears 32 KiB after each request: *code* is without memset. The aim for a gated article is 1.35.',
				'',
				table(
					[
						'route',
						'Postern, all',
						'bare library, all',
						'ratio',
						'Postern, code',
						'bare library, code',
						'ratio',
					],
					list.map((r) => [
						r.name,
						n0(r.own.all),
						n0(r.twin.all),
						n2(r.own.all / r.twin.all),
						n0(r.own.code),
						n0(r.twin.code),
						n2(r.own.code / r.twin.code),
					]),
				),
				'',
			]
		: [];
}

function growthPart(list) {
	const first = list[0];
	return [
		'## Growth',
		'',
		'![Hot throughput by size of the database](bench/growth-hot.svg)',
		'![Latency of cold requests by size of the database](bench/growth-cold.svg)',
		'',
		table(
			[
				'accounts and sessions',
				'articles',
				'hot, requests/s',
				'to the smallest',
				'hot, server µs',
				'cold p50',
				'to the smallest',
				'cold p99',
			],
			list.map((g) => [
				n0(g.accounts),
				n0(g.articles),
				n0(g.hotPerSecond),
				n2(g.hotPerSecond / first.hotPerSecond),
				n1(g.hotCpuUs),
				ms(g.coldP50Us),
				n2(g.coldP50Us / first.coldP50Us),
				ms(g.coldP99Us),
			]),
		),
		'',
		"Hot: one subscriber and one article over 64 connections. Cold: one connection, each request another article and another reader, none of them in a cache of Postern's (the",
		'operating system may have the pages of the file).',
		'',
	];
}

function stormPart(s) {
	return [
		'## A log-in storm',
		'',
		`${s.clients} clients post log-ins without pause (three of four with the right password) while ${s.readers} connections read one article; nothing is pinned, so both`,
		'load generators and the server share the cores.',
		'',
		table(
			['', 'quiet', 'beside bare Argon2id', 'storm', 'storm to quiet', 'aim'],
			[
				[
					'article, requests/s',
					n0(s.quietPerSecond),
					n0(s.barePerSecond),
					n0(s.busyPerSecond),
					n2(s.busyPerSecond / s.quietPerSecond),
					'≥ 0.80',
				],
				[
					'article, p99',
					ms(s.quietP99Us),
					ms(s.bareP99Us),
					ms(s.busyP99Us),
					n2(s.busyP99Us / s.quietP99Us),
					'≤ 3',
				],
				['log-ins judged a second', '', '', n1(s.hashedPerSecond), '', ''],
				["share of the hashers' time that bare Argon2id needs alone", '', '', n2(s.hashShare), '', '≥ 0.90'],
				['the same, of what it needs beside the readers', '', '', n2(s.hashShareBeside), '', ''],
				['answered 503, for the queue was full', '', '', n0(s.refused), '', ''],
				['half of all answers to log-ins came within', '', '', ms(s.stormP50Us), '', ''],
				['half of 40 log-ins, one after the other, alone', ms(s.loginUs), '', '', '', ''],
				['the same beside three busy loops', ms(s.loginBesideUs), '', '', '', '≤ 150 ms'],
				[
					'resident memory',
					mib(s.idleKib),
					'',
					mib(s.rssKib),
					'',
					`≤ ${mib(s.ceilingKib)} (idle, and as printed at start-up: the hash lane, and each connection)`,
				],
			],
		),
		'',
		`Bare Argon2id (19 MiB, 2 passes) took ${ms(s.rawHashUs)} of processor time each on all cores at once, and ${ms(s.bareHashUs)} beside the`,
		"readers, at idle priority (Linux's SCHED_IDLE). What the articles lose beside it no program can keep that hashes as much.",
		'',
	];
}

function memoryPart(m) {
	return [
		'## Memory and start-up',
		'',
		table(
			['', 'measured', 'aim'],
			[
				['idle demo, resident', mib(m.demoKib), '≤ 24 MiB'],
				[`resident after start with ${n0(m.small.accounts)} sessions in the database`, mib(m.small.kib), ''],
				[`the same with ${n0(m.large.accounts)} sessions`, mib(m.large.kib), 'the same'],
				[`${n0(m.idle.open)} idle connections, each`, `${n0(m.idle.perConnection)} bytes`, ''],
				[
					'16 readers without and with them: article p99',
					`${ms(m.idle.alone.p99Us)}, ${ms(m.idle.beside.p99Us)}`,
					'the same',
				],
				['the same of the bare library', `${ms(m.idle.twin.alone.p99Us)}, ${ms(m.idle.twin.beside.p99Us)}`, ''],
				[
					'the longest of all, without and with them',
					`${ms(m.idle.alone.longestUs)}, ${ms(m.idle.beside.longestUs)}`,
					'',
				],
				[
					'the same of the bare library',
					`${ms(m.idle.twin.alone.longestUs)}, ${ms(m.idle.twin.beside.longestUs)}`,
					'',
				],
				[
					`start to ready, ${n0(m.small.accounts)} accounts, ${n0(m.small.articles)} articles`,
					`${n0(m.small.ms)} ms`,
					'',
				],
				[
					`start to ready, ${n0(m.large.accounts)} accounts, ${n0(m.large.articles)} articles`,
					`${n0(m.large.ms)} ms`,
					'< 200 ms',
				],
			],
		),
		'',
		'The 16 readers are tests/bench/readers.c, which counts each request once; wrk, which tells all other latencies here, adds samples for what it would have asked',
		'during a stall, so that one pause of the machine of 20 ms in two seconds becomes its p99. With many open sockets this machine pauses so, whoever holds them.',
		'',
	];
}

export function markdown(r) {
	const t = r.throughput;
	return [
		'# Measured speed',
		'',
		'<!-- Written by make bench. -->',
		'',
		`Taken on ${r.date} with \`make bench ROUNDS=${r.rounds} SECONDS_EACH=${r.seconds}\`: medians of ${r.rounds} rounds of ${r.seconds} s; in each round every row stands beside its`,
		"baseline, so a change of the machine's mood meets both. *Spread* is half of highest minus lowest, of the median. *µs* is the processor time",
		'of the server for one request as the scheduler counts it, all threads: where the load generator on the other core is the limit, it tells what throughput hides.',
		'',
		...machine().map((line) => `- ${line}`),
		'- Servers run on core 0 and wrk on core 1, one thread and 64 connections kept alive; Postern with its defaults (one event loop, log lines at level info).',
		'',
		'## Throughput',
		'',
		'![Processor time of one request](bench/cpu.svg)',
		'![Requests a second](bench/throughput.svg)',
		'',
		'Bars: Postern (or nginx). Pale: the bare library with the same bytes.',
		'',
		table(throughputHead, t.rows.map(throughputRow)),
		'',
		'*Bare library* is tests/bench/twin.c: libmicrohttpd with the same flags and threads, which answers the same bytes without looking at anything. nginx logs to a file,',
		"with one worker; its `auth_request` goes to the bare library's 204 over kept connections, and the processor time of both is counted.",
		'',
		...(t.missing.length ? [`Not measured, because the feature is not there: ${t.missing.join('; ')}.`, ''] : []),
		'### Beside the aims',
		'',
		table(['', 'aim', 'measured', ''], aims(t)),
		'',
		...instructionsPart(r.instructions),
		...growthPart(r.growth),
		...stormPart(r.storm),
		...memoryPart(r.memory),
		'## Again',
		'',
		'`make bench` takes these figures (about ten minutes on a quiet machine), `make bench ROUNDS=1 SECONDS_EACH=1` tries all of it in little and writes to',
		'`build/bench/`, `make bench-instructions` counts instructions, `tests/bench/soak SECONDS` looks for stalls under mixed load.',
		'',
	].join('\n');
}

export function write(r, file) {
	const plots = path.join(path.dirname(file), 'bench');
	mkdirSync(plots, { recursive: true });
	const rows = r.throughput.rows.map((row) => ({ row, twin: row.id.startsWith('nginx') ? undefined : row.twin }));
	writeFileSync(
		`${plots}/cpu.svg`,
		bars(
			'Processor time of the server for one request',
			rows.map(({ row, twin }) => ({ name: row.name, value: row.own.cpuUs, beside: twin?.cpuUs })),
			'µs',
		),
	);
	writeFileSync(
		`${plots}/throughput.svg`,
		bars(
			'Requests a second',
			rows.map(({ row, twin }) => ({
				name: row.name,
				value: row.own.perSecond,
				beside: twin?.perSecond,
				mark: row.target && row.target * row.twin.perSecond,
			})),
			'/s',
		),
	);
	writeFileSync(
		`${plots}/growth-hot.svg`,
		lines(
			'Hot requests, by size of the database',
			[{ name: 'requests/s', points: r.growth.map((g) => [g.accounts, g.hotPerSecond]) }],
			{ x: 'accounts and sessions', y: 'requests/s' },
		),
	);
	writeFileSync(
		`${plots}/growth-cold.svg`,
		lines(
			'Cold requests, by size of the database',
			[
				{ name: 'p50', points: r.growth.map((g) => [g.accounts, g.coldP50Us]) },
				{ name: 'p99', points: r.growth.map((g) => [g.accounts, g.coldP99Us]) },
			],
			{ x: 'accounts and sessions', y: 'µs' },
		),
	);
	writeFileSync(file, markdown(r));
}

export function print(t) {
	const all = [throughputHead, ...t.rows.map(throughputRow)];
	const widths = throughputHead.map((_, i) => Math.max(...all.map((r) => r[i].length)));
	for (const r of all)
		console.log(r.map((cell, i) => (i ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join('  '));
	if (t.missing.length) console.log(`not there yet: ${t.missing.join('; ')}`);
}
