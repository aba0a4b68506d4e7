// Mail over SMTP: by TLS, with a password from a file, once each, and never in the reader's way.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { newAddress, otherPassword, password } from '../lib/accounts.mjs';
import { Api, Reader } from '../lib/http.mjs';
import { linkOf } from '../lib/mailbox.mjs';
import { databaseSql, freePort, runBeside, sleep, startServer, tempDir, until } from '../lib/server.mjs';
import { certificate, Smtp } from '../lib/smtp.mjs';

export const covers = ['POST /reset', 'POST /register', 'POST /api/v1/password-resets', 'POST /api/v1/accounts'];

const ARRIVES_MS = 30000;
const user = 'courier',
	secret = 'pÄss word=#;"';
let dir, cert, smtp, server;

const settings = (port, more = {}) => ({
	POSTERN_MAIL_TRANSPORT: `smtp://localhost:${port}`,
	POSTERN_MAIL_CA_FILE: cert.file,
	POSTERN_MAIL_USERNAME: user,
	POSTERN_MAIL_PASSWORD_FILE: path.join(dir, 'secret'),
	POSTERN_MAIL_TIMEOUT_S: '5',
	...more,
});

before(async () => {
	dir = tempDir();
	cert = certificate(dir);
	writeFileSync(path.join(dir, 'secret'), `${secret}\n`);
	smtp = await new Smtp({ cert, user, password: secret }).listen();
	server = await startServer({ settings: settings(smtp.port) });
});
after(async () => {
	await server.close();
	await smtp.close();
});

const arrives = (where, email, ms = ARRIVES_MS) => until(`a mail to ${email}`, () => where.to(email)[0], ms);
// Beside this process, in which the mail server is: it must not stand still meanwhile.
async function row(s, email) {
	const { stdout } = await runBeside(['mail', 'list', '--json'], { env: s.env, cwd: s.dir });
	return JSON.parse(stdout).find((m) => m.to === email);
}

test('a reset arrives over TLS, authenticated, whole in both its parts', async () => {
	const email = newAddress();
	server.cliOk('account', 'create', email, '--name', 'Zoë “Quotes” <b>');
	const first = await arrives(smtp, email);
	assert.deepEqual([first.secure, first.user], [true, user]);
	assert.equal(first.envelope.mailFrom.address, 'desk@courier.example');
	const choose = async (mailed, chosen) =>
		new Api(server).post('/password-resets/confirm', {
			token: new URL(linkOf(mailed)).searchParams.get('token'),
			password: chosen,
		});
	assert.equal((await choose(first.mail, otherPassword)).status, 204, 'a first password, which alarms nobody');
	assert.equal((await new Reader(server).post('/reset', { email })).status, 200);
	await until('the second mail', () => smtp.to(email).length === 2, ARRIVES_MS);
	const { mail } = smtp.to(email)[1];
	const link = linkOf(mail);
	assert.match(link, /^http:\/\/127\.0\.0\.1:\d+\/reset\/confirm\?token=pst_[A-Za-z0-9_-]{43}$/);
	assert.ok(mail.html.includes(`href="${link}"`));
	assert.ok(
		!mail.html.includes('<b>'.concat('</')) && !/<img|<script|https?:\/\/(?!127\.0\.0\.1)/.test(mail.html),
		'nothing from elsewhere',
	);
	assert.match(mail.messageId, /^<[a-z2-7]{26}@courier\.example>$/);
	assert.equal(mail.from.value[0].address, 'desk@courier.example');
	assert.equal(mail.from.value[0].name, 'The Test Courier');
	assert.deepEqual(
		mail.to.value.map((t) => t.address),
		[email],
	);
	assert.ok(mail.subject.length > 5);
	assert.match(mail.text, /30 minutes/);
	assert.ok(Math.abs(mail.date - Date.now()) < 60000);
	assert.notEqual(mail.messageId, first.mail.messageId);
	assert.match(String(mail.headers.get('auto-submitted')), /auto-generated/);
	assert.equal((await choose(mail, password)).status, 204);
	await until('the note of the change', () => smtp.to(email).length === 3, ARRIVES_MS);
	const note = smtp.to(email)[2].mail;
	assert.ok(!note.text.includes(password) && !/token=/.test(note.text));
});

test('every occasion has its letter', async () => {
	const email = newAddress(),
		api = new Api(server);
	await api.post('/accounts', { email, password });
	const verify = await arrives(smtp, email);
	assert.match(linkOf(verify.mail), /\/verify\?token=/);
	await api.post('/email-verifications', { token: new URL(linkOf(verify.mail)).searchParams.get('token') });
	await api.post('/accounts', { email, password });
	await until('"you have an account"', () => smtp.to(email).length === 2, ARRIVES_MS);
	assert.equal(linkOf(smtp.to(email)[1].mail), undefined, 'no token in it');
	const nobody = newAddress('nobody');
	await api.post('/password-resets', { email: nobody });
	assert.equal(linkOf((await arrives(smtp, nobody)).mail), undefined);
});

test('a recipient who is refused for good is noted as failed, and the others get theirs', async () => {
	const [bad, good] = [newAddress('bad'), newAddress('good')];
	smtp.refuse = (address) =>
		address === bad ? Object.assign(new Error(`no such user ${address}`), { responseCode: 550 }) : null;
	for (const email of [bad, good]) await new Api(server).post('/accounts', { email, password });
	await arrives(smtp, good);
	const noted = await until(
		'the failure',
		async () => {
			const r = await row(server, bad);
			return r?.state === 'failed' && r;
		},
		ARRIVES_MS,
	);
	assert.match(noted.error, /550/);
	assert.equal(smtp.to(bad).length, 0);
	assert.ok(!server.stderr.includes(bad), 'the log names no address');
	smtp.refuse = () => null;
	server.cliOk('mail', 'retry', noted.id);
	await arrives(smtp, bad);
	assert.equal(smtp.to(bad).length, 1);
});

test('a recipient who is put off is tried again, and holds nobody else up', async () => {
	const [slow, good] = [newAddress('slow'), newAddress('good')];
	smtp.refuse = (address) => (address === slow ? Object.assign(new Error('later'), { responseCode: 451 }) : null);
	for (const email of [slow, good]) await new Api(server).post('/accounts', { email, password });
	await arrives(smtp, good, 10000);
	await until('the delay', async () => (await row(server, slow))?.state === 'waiting', ARRIVES_MS);
	smtp.refuse = () => null;
	await arrives(smtp, slow);
	await until('the outbox to know', async () => (await row(server, slow)).state === 'sent');
	assert.equal(smtp.to(slow).length, 1);
});

test('while the mail server is down readers are answered at once, and the mail comes when it is up: once', async () => {
	const port = await freePort(),
		email = newAddress();
	const own = await startServer({ settings: settings(port) });
	let late;
	try {
		assert.equal((await new Reader(own).post('/reset', { email })).status, 200);
		await until('the first try', async () => (await row(own, email))?.attempts >= 1, ARRIVES_MS);
		late = await new Smtp({ cert, user, password: secret }).listen(port);
		await arrives(late, email, 60000);
		await until('the outbox to know', async () => (await row(own, email)).state === 'sent');
		await sleep(2000);
		assert.equal(late.to(email).length, 1);
		assert.ok(!/pst_/.test(own.cli('mail', 'list', '--json').stdout));
	} finally {
		own.allowed.push(/event=mail_/);
		await own.close();
		await late?.close();
	}
});

test('while the mail server is silent readers are answered before it is given up on', async () => {
	const port = await freePort(),
		email = newAddress();
	const open = new Set();
	const silent = net.createServer((socket) => {
		open.add(socket.on('error', () => {}));
		socket.on('close', () => open.delete(socket));
	});
	await new Promise((done) => silent.listen(port, '127.0.0.1', done));
	const own = await startServer({ settings: settings(port, { POSTERN_MAIL_TIMEOUT_S: '20' }) });
	own.allowed.push(/event=mail_/);
	try {
		await new Reader(own).post('/reset', { email });
		await until('a try', () => open.size > 0);
		const [first] = open;
		assert.equal((await new Reader(own).post('/reset', { email: newAddress() })).status, 200);
		assert.ok(open.has(first), 'the answer did not wait for the end of the try');
	} finally {
		for (const socket of open) socket.destroy();
		silent.close();
		await own.close();
	}
});

test('a letter waits through a restart, and `mail send` delivers without a server', async () => {
	const port = await freePort(),
		email = newAddress();
	const own = await startServer({ settings: settings(port) });
	own.allowed.push(/event=mail_/);
	await new Reader(own).post('/reset', { email });
	await own.stop();
	const late = await new Smtp({ cert, user, password: secret }).listen(port);
	try {
		await until(
			'the delivery',
			async () => {
				await runBeside(['mail', 'send'], { env: own.env });
				return late.to(email).length;
			},
			60000,
			1000,
		);
		assert.equal(late.to(email).length, 1);
		assert.equal((await row(own, email)).state, 'sent');
	} finally {
		await own.close();
		await late.close();
	}
});

test('`mail send` delivers although a request that waits cannot be worked on', async () => {
	const dir = tempDir(),
		own = await startServer({ dir, settings: { POSTERN_MAIL_TRANSPORT: `maildir:${dir}/mail` } }),
		email = newAddress();
	await own.stop();
	const put = (id, address, at) =>
		databaseSql(
			own.env.POSTERN_DATABASE_URL,
			`INSERT INTO account_request (id, kind, email, email_key, name, return_to, created_at) VALUES ('${id}', 'reset', '${address}', '${address}', '', '', ${at})`,
		);
	const now = Math.floor(Date.now() / 1000);
	put('spoilt', 'not an address', now - 2);
	put('sound', email, now - 1);
	const r = own.cli('mail', 'send');
	assert.deepEqual([r.code, r.stdout], [1, '1 sent, 0 postponed, 0 failed\n']);
	assert.match(r.stderr, /a registration or reset could not be processed \(internal\) and waits/);
	await own.mail.take(email, /no account|not.*account/i);
	await own.close();
});

test('without proof of who the server is nothing is sent: no TLS, a foreign certificate, a wrong name, a wrong password', async () => {
	const other = certificate(tempDir(), 'other.example'),
		foreign = certificate(tempDir());
	const table = [
		['no STARTTLS', { tls: false }, {}],
		['a foreign certificate', { cert: foreign }, {}],
		['another name', { cert: other }, { POSTERN_MAIL_CA_FILE: other.file }],
		['a wrong password', { cert, password: 'another' }, {}],
	];
	for (const [name, options, more] of table) {
		const odd = await new Smtp({ cert, user, password: secret, ...options }).listen();
		const own = await startServer({ settings: settings(odd.port, more) }),
			email = newAddress();
		own.allowed.push(/event=mail_/);
		try {
			await new Reader(own).post('/reset', { email });
			const noted = await until(
				`a try with ${name}`,
				async () => {
					const r = await row(own, email);
					return r?.attempts >= 1 && r.error && r;
				},
				ARRIVES_MS,
			);
			assert.equal(odd.mails.length, 0, name);
			assert.ok(odd.sessions >= 1, name);
			assert.ok(!noted.error.includes(secret) && !own.stderr.includes(secret), name);
		} finally {
			await own.close();
			await odd.close();
		}
	}
});
