// Name servers on loopback: Debian's dnsmasq for what is regular, and one of our own that answers as no good server would.
import { spawn } from 'node:child_process';
import dgram from 'node:dgram';
import net from 'node:net';
import { freePort } from './ports.mjs';
import { until } from './time.mjs';

export const reverse4 = (ip) => `${ip.split('.').reverse().join('.')}.in-addr.arpa`;

// hosts: [name, address] both ways; names: [name, address] forward only; pointers: [address, name] back only.
export async function startDnsmasq({ hosts = [], names = [], pointers = [], domains = [] }) {
	const port = await freePort();
	const args = [
		'--keep-in-foreground',
		'--conf-file=/dev/null',
		'--pid-file=',
		'--no-resolv',
		'--no-hosts',
		'--no-poll',
		'--listen-address=127.0.0.1',
		'--bind-interfaces',
		`--port=${port}`,
		'--local-ttl=60',
		'--log-facility=-',
		...(process.getuid() === 0 ? ['--user=root'] : []),
		...['in-addr.arpa', 'ip6.arpa', 'example', ...domains].map((d) => `--local=/${d}/`),
		...hosts.map(([name, ip]) => `--host-record=${name},${ip}`),
		...names.map(([name, ip]) => `--address=/${name}/${ip}`),
		...pointers.map(([ip, name]) => `--ptr-record=${reverse4(ip)},${name}`),
	];
	const child = spawn('/usr/sbin/dnsmasq', args, { stdio: ['ignore', 'ignore', 'pipe'] });
	let said = '';
	child.stderr.setEncoding('utf8').on('data', (s) => {
		said += s;
	});
	const ended = new Promise((done) => child.on('close', done));
	await until('dnsmasq', () => {
		if (child.exitCode !== null) throw new Error(`dnsmasq: ${said}`);
		return /started/.test(said);
	});
	return {
		port,
		address: `127.0.0.1:${port}`,
		async stop() {
			child.kill('SIGTERM');
			await ended;
		},
	};
}

const TYPES = { A: 1, CNAME: 5, PTR: 12, AAAA: 28 };

function packName(name) {
	const parts = name
		.split('.')
		.filter(Boolean)
		.map((label) => {
			const bytes = Buffer.from(label, 'latin1');
			return Buffer.concat([Buffer.from([bytes.length]), bytes]);
		});
	return Buffer.concat([...parts, Buffer.from([0])]);
}

function packRecord([name, type, value]) {
	const data = Buffer.isBuffer(value)
		? value
		: type === 'A'
			? Buffer.from(value.split('.').map(Number))
			: packName(value);
	const head = Buffer.alloc(10);
	head.writeUInt16BE(TYPES[type], 0);
	head.writeUInt16BE(1, 2);
	head.writeUInt32BE(60, 4);
	head.writeUInt16BE(data.length, 8);
	return Buffer.concat([packName(name), head, data]);
}

function readQuestion(query) {
	const labels = [];
	let at = 12;
	while (query[at]) {
		labels.push(query.subarray(at + 1, at + 1 + query[at]).toString('latin1'));
		at += query[at] + 1;
	}
	return {
		name: labels.join('.').toLowerCase(),
		type: Object.keys(TYPES).find((t) => TYPES[t] === query.readUInt16BE(at + 1)),
		end: at + 5,
	};
}

// answer: {records, rcode, truncated, raw}; undefined: silence
function packAnswer(query, end, { records = [], rcode = 0, truncated = false, raw }) {
	if (raw) return Buffer.concat([query.subarray(0, 2), raw]);
	const head = Buffer.from(query.subarray(0, 12));
	head.writeUInt16BE(0x8180 | rcode | (truncated ? 0x200 : 0), 2);
	head.writeUInt16BE(1, 4);
	head.writeUInt16BE(truncated ? 0 : records.length, 6);
	head.writeUInt32BE(0, 8);
	return Buffer.concat([head, query.subarray(12, end), ...(truncated ? [] : records.map(packRecord))]);
}

// `ask({name, type, tcp})` says what to answer.
export async function startOdd(ask) {
	const udp = dgram.createSocket('udp4'),
		asked = [];
	const respond = (query, tcp) => {
		const q = readQuestion(query);
		asked.push(`${q.type} ${q.name}${tcp ? ' tcp' : ''}`);
		const answer = ask({ ...q, tcp });
		return answer && packAnswer(query, q.end, answer);
	};
	const sockets = new Set();
	udp.on('message', (query, from) => {
		const answer = respond(query, false);
		if (answer) udp.send(answer, from.port, from.address);
	});
	const tcp = net.createServer((socket) => {
		let got = Buffer.alloc(0);
		sockets.add(socket);
		socket.on('error', () => {});
		socket.on('data', (part) => {
			got = Buffer.concat([got, part]);
			while (got.length > 2 && got.length >= 2 + got.readUInt16BE(0)) {
				const length = got.readUInt16BE(0),
					answer = respond(got.subarray(2, 2 + length), true);
				got = got.subarray(2 + length);
				if (answer) {
					const head = Buffer.alloc(2);
					head.writeUInt16BE(answer.length, 0);
					socket.write(Buffer.concat([head, answer]));
				}
			}
		});
	});
	const port = await freePort();
	for (const bind of [(done) => tcp.listen(port, '127.0.0.1', done), (done) => udp.bind(port, '127.0.0.1', done)])
		await new Promise((done, fail) => {
			for (const socket of [tcp, udp]) socket.once('error', fail);
			bind(done);
		});
	return {
		address: `127.0.0.1:${port}`,
		asked,
		stop() {
			udp.close();
			tcp.close();
			sockets.forEach((s) => s.destroy());
		},
	};
}
