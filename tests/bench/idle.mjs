// idle PORT PATH COUNT: opens COUNT connections, has one answer on each, says how many are open, and holds them until it is ended.
import net from 'node:net';

const [port, path, count] = process.argv.slice(2);
const AT_ONCE = 200,
	ANSWER_MS = 30000,
	held = [];

function connect() {
	return new Promise((done, fail) => {
		const socket = net.connect(Number(port), '127.0.0.1');
		socket.on('connect', () => socket.write(`GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`));
		socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error(`no answer within ${ANSWER_MS} ms`)));
		socket.once('data', () => done(socket.setTimeout(0)));
		socket.on('error', fail);
		socket.on('close', () => fail(new Error('closed before the answer')));
	});
}
while (held.length < count)
	held.push(...(await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - held.length) }, connect))));
console.log(held.filter((s) => !s.destroyed).length);
