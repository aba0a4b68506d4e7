// Ports on the loopback for programs that are told which to take.
import assert from 'node:assert/strict';
import net from 'node:net';

// A port is ours for as long as this process lives: whoever holds it on 127.0.0.2 may use it on 127.0.0.1. It lies below
// those that the system gives to whoever asks for any, so nobody else comes by it between the choice and the use.
const [FIRST_PORT, PORTS] = [10240, 22000];
let nextPort = Math.floor(Math.random() * PORTS);

const listens = (port, host) =>
	new Promise((done) => {
		const s = net.createServer();
		s.once('error', () => done(null));
		s.listen(port, host, () => done(s.unref()));
	});

export async function freePort() {
	for (let tries = 0; tries < PORTS; tries++) {
		nextPort = (nextPort + 1) % PORTS;
		const port = FIRST_PORT + nextPort;
		const ours = await listens(port, '127.0.0.2');
		const unused = ours && (await listens(port, '127.0.0.1'));
		await new Promise((done) => (unused ? unused.close(done) : done()));
		if (unused) return port;
		ours?.close();
	}
	return assert.fail('no port is free');
}

export async function freePorts(count) {
	const ports = [];
	while (ports.length < count) ports.push(await freePort());
	return ports;
}
