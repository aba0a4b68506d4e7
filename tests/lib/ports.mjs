// Ports on the loopback for programs that are told which to take.
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import net from 'node:net';

// A port is ours for as long as this process lives: whoever holds it for datagrams on 127.0.0.2, which nobody else
// uses, may take it. It lies below those that the system gives to whoever asks for any, so nobody else comes by it
// between the choice and the use.
const [FIRST_PORT, PORTS] = [10240, 22000];
let nextPort = Math.floor(Math.random() * PORTS);

const hold = (port) =>
	new Promise((done) => {
		const s = dgram.createSocket('udp4');
		s.once('error', () => done(null));
		s.bind({ port, address: '127.0.0.2', exclusive: true }, () => done(s.unref()));
	});

const isUnused = (port) =>
	new Promise((done) => {
		const s = net.createServer();
		s.once('error', () => done(false));
		s.listen(port, () => s.close(() => done(true)));
	});

export async function freePort() {
	for (let tries = 0; tries < PORTS; tries++) {
		nextPort = (nextPort + 1) % PORTS;
		const port = FIRST_PORT + nextPort;
		const held = await hold(port);
		if (held && (await isUnused(port))) return port;
		held?.close();
	}
	return assert.fail('no port is free');
}

export async function freePorts(count) {
	const ports = [];
	while (ports.length < count) ports.push(await freePort());
	return ports;
}
