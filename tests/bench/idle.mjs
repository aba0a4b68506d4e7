// idle PORT COUNT: opens COUNT connections, has one answer on each, says how many are open, and holds them until it is ended.
import net from 'node:net';

const [port, count] = process.argv.slice(2).map(Number);
const AT_ONCE = 200, held = [];

function connect() {
	return new Promise((done, fail) => {
		const socket = net.connect(port, '127.0.0.1');
		socket.on('connect', () => socket.write('GET /favicon.ico HTTP/1.1\r\nHost: bench\r\nIf-None-Match: *\r\n\r\n'));
		socket.once('data', () => done(socket));
		socket.on('error', fail);
	});
}
while (held.length < count)
	held.push(...await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - held.length) }, connect)));
console.log(held.filter((s) => !s.destroyed).length);
