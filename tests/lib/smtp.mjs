// A mail server on the loopback, with STARTTLS under a certificate of its own and log-in by password.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

export function certificate(dir, host = 'localhost') {
	const [key, cert] = [path.join(dir, `${host}.key`), path.join(dir, `${host}.pem`)];
	const r = spawnSync(
		'openssl',
		[
			'req',
			'-x509',
			'-newkey',
			'rsa:2048',
			'-nodes',
			'-days',
			'2',
			'-keyout',
			key,
			'-out',
			cert,
			'-subj',
			`/CN=${host}`,
			'-addext',
			`subjectAltName=DNS:${host}`,
			'-addext',
			'basicConstraints=critical,CA:TRUE',
		],
		{ encoding: 'utf8' },
	);
	if (r.status !== 0) throw new Error(`openssl: ${r.stderr}`);
	return { key: readFileSync(key), cert: readFileSync(cert), file: cert };
}

export class Smtp {
	constructor(options) {
		this.options = options;
		this.mails = [];
		this.refuse = () => null; // address → an Error with responseCode, or null
		this.sessions = 0;
	}

	async listen(port = 0) {
		const self = this,
			{ user, password, cert, tls = true } = this.options;
		this.server = new SMTPServer({
			...(tls ? { key: cert.key, cert: cert.cert } : { disabledCommands: ['STARTTLS', 'AUTH'] }),
			authOptional: !user,
			authMethods: ['PLAIN', 'LOGIN'],
			logger: false,
			onConnect(session, done) {
				self.sessions++;
				done();
			},
			onAuth(auth, session, done) {
				const ok = session.secure && auth.username === user && auth.password === password;
				done(ok ? null : Object.assign(new Error('no'), { responseCode: 535 }), ok ? { user } : undefined);
			},
			onRcptTo(address, session, done) {
				done(self.refuse(address.address));
			},
			onData(stream, session, done) {
				simpleParser(stream).then((mail) => {
					self.mails.push({ mail, envelope: session.envelope, secure: session.secure, user: session.user });
					done();
				}, done);
			},
		});
		await new Promise((done, fail) => {
			this.server.once('error', fail); // the port is taken
			this.server.listen(port, '127.0.0.1', done);
		});
		this.server.removeAllListeners('error').on('error', () => {}); // a client that gives up
		this.port = this.server.server.address().port;
		return this;
	}

	close() {
		return new Promise((done) => this.server.close(done));
	}

	to(address) {
		return this.mails.filter((m) => m.envelope.rcptTo.some((r) => r.address === address));
	}
}
