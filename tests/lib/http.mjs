// HTTP as it is on the wire: nothing followed, nothing stored, nothing added. And a reader with a cookie jar on top.
import http from 'node:http';
import net from 'node:net';
import zlib from 'node:zlib';
import { answerFaults } from './openapi.mjs';
import { sleep, until } from './time.mjs';

const ANSWER_MS = 60000,
	LARGE_BYTES = 1 << 17,
	LOOK_MS = 300;

export const form = (fields) => new URLSearchParams(fields).toString();

function collect(res, done) {
	const parts = [];
	res.on('data', (p) => parts.push(p));
	res.on('error', () => {}); // a connection that is cut after the answer
	res.on('close', () => {
		const sent = Buffer.concat(parts);
		const unpack = { gzip: zlib.gunzipSync, br: zlib.brotliDecompressSync }[res.headers['content-encoding']];
		const bytes = sent.length && unpack ? unpack(sent) : sent;
		done({
			status: res.statusCode,
			headers: res.headers,
			raw: res.rawHeaders,
			bytes,
			sent,
			body: bytes.toString('utf8'),
			cookies: res.headers['set-cookie'] ?? [],
			get json() {
				return JSON.parse(bytes.toString('utf8'));
			},
		});
	});
}

// One exchange. `headers` may hold arrays for headers sent twice; `agent` keeps connections.
export function request(server, method, target, options) {
	const wait = server.caughtUp?.();
	return wait
		? wait.then(() => exchange(server, method, target, options))
		: exchange(server, method, target, options);
}

function exchange(server, method, target, { headers = {}, body, agent, port } = {}) {
	const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
	return new Promise((done, fail) => {
		let answered = false;
		const req = http.request({
			host: '127.0.0.1',
			port: port ?? server.port,
			method,
			path: target,
			agent: agent ?? false,
			headers: { ...length, ...headers },
			setHost: !('Host' in headers),
		});
		req.on('response', (res) => {
			answered = true;
			collect(res, (answer) => {
				server.transcript?.push({ method, target, answer });
				const faults = answerFaults(method, target, answer);
				if (faults.length)
					return fail(
						new Error(
							`${method} ${target}: ${answer.status}, not as in openapi.yaml: ${faults.join('; ')}`,
						),
					);
				return done(answer);
			});
		});
		req.on('error', (e) => answered || fail(Object.assign(e, { reused: req.reusedSocket })));
		req.setTimeout(ANSWER_MS, () => req.destroy(new Error(`no answer to ${method} ${target}`)));
		// A large body waits a moment for a refusal: an answer that comes before the body is read would be lost
		// with the connection, as node gives up a socket that it cannot write to.
		if (body === undefined || body.length < LARGE_BYTES) return req.end(body);
		req.flushHeaders();
		return setTimeout(() => (answered ? req.end() : req.end(body)), LOOK_MS);
	});
}

// Bytes as they stand, and all that comes back until the other side closes or is silent.
export function send(port, bytes, { quiet = 1500 } = {}) {
	return new Promise((done, fail) => {
		const socket = net.connect(port, '127.0.0.1');
		const parts = [];
		const end = () => {
			socket.destroy();
			done(Buffer.concat(parts).toString('latin1'));
		};
		socket.setTimeout(quiet, end);
		socket.on('connect', () => socket.write(Buffer.from(bytes, 'latin1')));
		socket.on('data', (p) => parts.push(p));
		socket.on('close', end);
		socket.on('error', (e) => (parts.length ? end() : e.code === 'ECONNRESET' ? end() : fail(e)));
	});
}

export const statusOf = (text) => Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);

// "name=value; Path=/; HttpOnly" as an object, attribute names in lower case.
export function cookieOf(line) {
	const [pair, ...rest] = line.split(/;\s*/);
	const at = pair.indexOf('=');
	const attributes = Object.fromEntries(
		rest.map((r) => {
			const [name, value] = r.split('=');
			return [name.toLowerCase(), value ?? true];
		}),
	);
	return { name: pair.slice(0, at), value: pair.slice(at + 1), ...attributes };
}

// A browser as far as the server can tell: cookies by path, and same-origin forms.
export class Reader {
	constructor(server, headers = {}) {
		this.server = server;
		this.headers = headers;
		this.jar = new Map();
	}

	cookieHeader(target) {
		const path = target.split('?')[0];
		return [...this.jar.values()]
			.filter((c) => path.startsWith(c.path))
			.map((c) => `${c.name}=${c.value}`)
			.join('; ');
	}

	async request(method, target, { headers = {}, body } = {}) {
		const cookie = this.cookieHeader(target);
		const answer = await request(this.server, method, target, {
			headers: { ...this.headers, ...(cookie ? { Cookie: cookie } : {}), ...headers },
			body,
		});
		for (const line of answer.cookies) {
			const c = cookieOf(line);
			if (c['max-age'] === '0') this.jar.delete(c.name);
			else this.jar.set(c.name, c);
		}
		return answer;
	}

	get(target, headers = {}) {
		return this.request('GET', target, { headers });
	}

	post(target, fields = {}, headers = {}) {
		return this.request('POST', target, {
			headers: {
				'Content-Type': 'application/x-www-form-urlencoded',
				'Sec-Fetch-Site': 'same-origin',
				...headers,
			},
			body: typeof fields === 'string' ? fields : form(fields),
		});
	}

	logIn(who, more = {}) {
		return this.post('/login', { email: who.email, password: who.password, ...more });
	}

	get session() {
		return (this.jar.get('postern') ?? this.jar.get('__Host-postern'))?.value;
	}
}

// The JSON half, with a token when there is one.
export class Api {
	constructor(server, token) {
		this.server = server;
		this.token = token;
	}

	request(method, target, body, headers = {}) {
		const bearer = this.token ? { Authorization: `Bearer ${this.token}` } : {};
		const typed = body === undefined ? {} : { 'Content-Type': 'application/json' };
		return request(this.server, method, `/api/v1${target}`, {
			headers: { ...bearer, ...typed, ...headers },
			body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
		});
	}

	get(target, headers) {
		return this.request('GET', target, undefined, headers);
	}
	post(target, body, headers) {
		return this.request('POST', target, body, headers);
	}
	put(target, body, headers) {
		return this.request('PUT', target, body, headers);
	}
	patch(target, body, headers) {
		return this.request('PATCH', target, body, headers);
	}
	delete(target, body, headers) {
		return this.request('DELETE', target, body, headers);
	}
}

// One value of the operations listener's /metrics.
export async function metric(server, name, labels = '') {
	const { body } = await request(server, 'GET', '/metrics', { port: server.opsPort });
	const line = body.split('\n').find((l) => l.startsWith(`${name}${labels} `));
	if (!line) throw new Error(`no metric ${name}${labels}`);
	return Number(line.split(' ')[1]);
}

// How many of the requests of `ask` were answered by the event loop, so from memory. A request is counted when its answer has been
// sent, which may be after the client has it: so the count is read until it stands still.
export async function inLoop(server, ask) {
	const count = () => metric(server, 'postern_http_request_duration_seconds_count', '{lane="loop"}');
	let last = -1,
		same = 0;
	const isStill = async () => {
		const now = await count();
		same = now === last ? same + 1 : 0;
		last = now;
		return same === 3;
	};
	const still = async () => {
		same = 0;
		await until('the count stands still', isStill);
		return last;
	};
	const before = await still();
	await ask();
	return (await still()) - before;
}

// Until the server has heard of all that was changed before: from here on memory forgets nothing by itself.
export async function settled(server) {
	await sleep(300);
	await until('what was changed before', async () => (await metric(server, 'postern_feed_age_seconds')) <= 0.25);
}
