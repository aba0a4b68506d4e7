// Goal: whoever is in trouble learns who to write to: on every page, on error pages, in every mail, and above all the reader of a
// disabled account; and a log-in that fails does not tell by it whether there is an account.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { grantPlan, makeAccount, newAddress, password } from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { Reader, request } from '../lib/http.mjs';
import { run, startServer, tempDir } from '../lib/server.mjs';

export const covers = ['GET /', 'POST /login', 'POST /reset', 'GET /gate/wall'];

const contact = 'ask+us%now@courier.example',
	href = 'mailto:ask%2Bus%25now@courier.example';
let server;
before(async () => {
	server = await startServer({ settings: { POSTERN_SITE_CONTACT: contact } });
	importArticles(server, [{ slug: 'vault', access: 'subscriber' }]);
});
after(() => server.close());

const linked = (a, what) => assert.ok(a.body.includes(`href="${href}"`), what);

test('every page has it in its footer, an error page and a failed log-in beside what went wrong', async () => {
	const r = new Reader(server);
	for (const page of ['/', '/articles/vault', '/login', '/register', '/reset']) linked(await r.get(page), page);
	const lost = await r.get('/nowhere');
	assert.ok(lost.body.includes(`write to us about this (<a href="${href}">${contact}</a>), include the code`));
});

test('a disabled account, an unknown and a wrong password are answered alike, with who to write to', async () => {
	const who = await makeAccount(server),
		gone = await makeAccount(server);
	server.cliOk('account', 'disable', gone.email);
	const bodies = [];
	for (const [email, pass] of [
		[gone.email, password],
		[newAddress(), password],
		[who.email, 'no-such-password-here'],
	]) {
		const a = await new Reader(server).logIn({ email, password: pass });
		assert.equal(a.status, 401);
		assert.ok(a.body.includes(`If you still cannot log in, write to <a href="${href}">${contact}</a>.`));
		bodies.push(a.body.replaceAll(email, 'x'));
	}
	assert.deepEqual(bodies[1], bodies[0]);
	assert.deepEqual(bodies[2], bodies[0]);
	await new Reader(server).post('/reset', { email: gone.email });
	const mail = await server.mail.take(gone.email, /is disabled/);
	assert.ok(mail.text.includes(`write to us:\n${contact}`), mail.text);
	assert.ok(mail.html.includes(`write to us: <a class="link" href="${href}"`), mail.html);
});

test('every mail ends with it', async () => {
	const email = newAddress(),
		owner = await makeAccount(server);
	grantPlan(server, owner.email, 'team', '--seats', '2');
	const r = new Reader(server);
	await r.post('/register', { email, password, name: 'Ada' });
	await r.post('/register', { email: owner.email, password, name: 'Ada' });
	await r.post('/reset', { email: owner.email });
	await r.post('/reset', { email: newAddress('nobody') });
	await r.logIn(owner);
	await r.post('/account/group/invite', { email });
	const mails = [
		[email, /confirm that this address/i],
		[owner.email, /already have an account/],
		[owner.email, /choose a new password for your account/i],
		[email, /group subscription/],
	];
	for (const [to, what] of mails) {
		const mail = await server.mail.take(to, what);
		assert.ok(mail.text.trimEnd().endsWith(`\nQuestions? Write to ${contact}`), mail.text);
		assert.ok(mail.html.includes(`Questions? Write to <a class="soft" href="${href}"`), mail.html);
	}
});

test('an address of a page, or none', async () => {
	const page = 'https://courier.example/contact?a=1&b=2',
		other = await startServer({ settings: { POSTERN_SITE_CONTACT: page } });
	try {
		const shown = page.replace('&', '&amp;');
		assert.ok((await request(other, 'GET', '/')).body.includes(`<li><a href="${shown}">Contact</a></li>`));
	} finally {
		await other.close();
	}
	const none = await startServer();
	try {
		assert.doesNotMatch((await request(none, 'GET', '/')).body, /Contact</);
		assert.doesNotMatch((await request(none, 'GET', '/nowhere')).body, /mailto|\(<a/);
		await new Reader(none).post('/register', { email: 'new@mail.example', password });
		assert.doesNotMatch((await none.mail.take('new@mail.example', /confirm/i)).text, /Questions/);
	} finally {
		await none.close();
	}
});

test('what is neither is refused, with what would be right', () => {
	for (const bad of [
		'desk',
		'desk@',
		'a@b@c.example',
		'http://courier.example/contact',
		'javascript:alert(1)',
		'https://courier.example/a b',
		'https://courier.example/"x',
		'Desk <desk@courier.example>',
		'mailto:desk@courier.example',
	]) {
		const r = run(['config', 'check'], { env: { POSTERN_SITE_CONTACT: bad }, cwd: tempDir() });
		assert.notEqual(r.code, 0, bad);
		assert.ok(r.stderr.includes(`site.contact = ${bad}: a mail address such as desk@news.example`), r.stderr);
	}
});
