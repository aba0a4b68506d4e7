// idle PORT PATH COUNT: opens COUNT connections, has one answer on each, says how many are open, and holds them until it is ended.
import net from 'node:net';

const [port, path, count] = process.argv.slice(2);
const AT_ONCE = 200,
	held = [];

function connect() {
	return new Promise((done, fail) => {
		const socket = net.connect(Number(port), '127.0.0.1');
		socket.on('connect', () => socket.write(`GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`));
		socket.once('data', () => done(socket));
		socket.on('error', fail);
	});
}
while (held.length < count)
	held.push(...(await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - held.length) }, connect))));
console.log(held.filter((s) => !s.destroyed).length);
