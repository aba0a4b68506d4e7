// Goal: a mailed link opened in another browser than the one that asked for it: to confirm an address with the password of the
// registration or with a new one, and to reset a password. The reader is told what happened, keeps what is his, is signed in where
// he should be, and lands where he wanted to go; a stranger's registration leaves the stranger nothing.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeAccount, newAddress, otherPassword, password, thirdPassword } from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { problem, secure } from '../lib/checks.mjs';
import { Api, cookieOf, Reader } from '../lib/http.mjs';
import { linkOf } from '../lib/mailbox.mjs';
import { databaseSql, startServer } from '../lib/server.mjs';

export const covers = [
	'GET /verify',
	'POST /verify',
	'POST /register',
	'POST /reset',
	'GET /reset/confirm',
	'POST /reset/confirm',
	'GET /login',
	'POST /api/v1/email-verifications',
	'POST /api/v1/accounts',
	'POST /api/v1/password-resets',
];

const article = '/articles/members-room';
let server, api;
before(async () => {
	server = await startServer({ settings: { POSTERN_LIMITS_FAILURES_FREE: '5' } });
	importArticles(server, [
		{ slug: 'members-room', access: 'registered' },
		{ slug: 'open-door', access: 'public' },
	]);
	api = new Api(server);
});
after(() => server.close());

// Opens the link of the newest mail, as a reader does: by its address, and on to where it leads.
async function open(reader, email, page) {
	const link = new URL(linkOf(await server.mail.take(email, new RegExp(`${page}\\?token=`))));
	const moved = await reader.get(link.pathname + link.search);
	assert.equal(moved.status, 303);
	const shown = await reader.get(moved.headers.location);
	secure(shown, page);
	return shown;
}
async function register(more = {}) {
	const email = newAddress(),
		laptop = new Reader(server),
		phone = new Reader(server);
	const asked = await laptop.post('/register', { email, password, name: 'Ada', return_to: article, ...more });
	assert.equal(asked.status, 200);
	return { email, laptop, phone, shown: await open(phone, email, '/verify') };
}
const backOf = (a) => /name="return_to" value="([^"]*)"/.exec(a.body)[1];
const titleOf = (a) => /<h1>([^<]*)/.exec(a.body)[1];
async function mailKinds(email) {
	const rows = JSON.parse(server.cliOk('mail', 'list', '--json'));
	return rows.filter((m) => m.to === email).map((m) => m.kind);
}

test('on another device the password of the registration keeps everything', async () => {
	const { email, phone, shown } = await register();
	assert.equal(shown.status, 200);
	assert.ok(shown.body.includes(`<strong>${email}</strong>`), 'the page names the address');
	assert.match(shown.body, /registration was not made in this browser/);
	assert.ok(!shown.body.includes('Ada'), 'a name that anybody may have typed is not shown');
	assert.equal(backOf(shown), article);
	const wrong = await phone.post('/verify', { password: otherPassword, return_to: backOf(shown) });
	assert.equal(wrong.status, 422);
	assert.match(wrong.body, /This is not the password chosen at registration/);
	assert.ok(!wrong.body.includes(otherPassword));
	assert.equal(backOf(wrong), article);
	assert.ok(!phone.session);
	const done = await phone.post('/verify', { password, return_to: backOf(wrong), remember: '1' });
	assert.deepEqual([done.status, done.headers.location], [303, article]);
	const session = done.cookies.map(cookieOf).find((c) => c.name === 'postern');
	assert.equal(session['max-age'], String(30 * 86400), 'signed in, and stays so');
	assert.equal((await phone.get(article)).headers['postern-decision'].split(';')[0], 'full');
	assert.match((await phone.get('/account')).body, /Ada/);
	assert.equal((await new Reader(server).logIn({ email, password })).status, 303);
	assert.deepEqual(await mailKinds(email), ['verify'], 'and nobody is alarmed');
	const again = await phone.get('/verify');
	assert.deepEqual([again.status, titleOf(again)], [410, 'Open the link in the mail']);
});

test('who does not know the password chooses a new one, and nothing of the registration is left', async () => {
	const { email, laptop, phone, shown } = await register();
	const way = /href="(\/verify\?[^"]*new=1)"/.exec(shown.body)[1].replaceAll('&amp;', '&');
	const asked = await phone.get(way);
	assert.equal(titleOf(asked), 'Choose a password');
	assert.ok(asked.body.includes(`<strong>${email}</strong>`));
	for (const weak of ['', 'short', 'password1']) {
		const refused = await phone.post('/verify', { new_password: weak, return_to: backOf(asked) });
		assert.equal(refused.status, 422, weak);
		assert.equal(titleOf(refused), 'Choose a password');
		assert.match(refused.body, /class="field-error"/);
	}
	const done = await phone.post('/verify', { new_password: otherPassword, return_to: backOf(asked) });
	assert.deepEqual([done.status, done.headers.location], [303, article]);
	const account = await phone.get('/account');
	assert.equal(account.status, 200);
	assert.ok(!account.body.includes('Ada'));
	assert.equal((await laptop.logIn({ email, password })).status, 401);
	assert.equal((await laptop.get('/account')).status, 303, 'the browser that registered has nothing');
	assert.equal((await laptop.logIn({ email, password: otherPassword })).status, 303);
	assert.deepEqual(await mailKinds(email), ['verify'], 'a first password is no alarm');
});

test('registered again in another browser, the newest mail goes with the newest registration', async () => {
	const { email, laptop, phone } = await register();
	const tablet = new Reader(server);
	await tablet.post('/register', { email, password: otherPassword, name: 'Ada Holm', return_to: article });
	assert.match((await open(laptop, email, '/verify')).body, /enter the password/);
	const replaced = await phone.get('/verify');
	assert.deepEqual([replaced.status, titleOf(replaced)], [410, 'There is a newer link']);
	assert.equal((await laptop.post('/verify', { password })).status, 422, 'that of the first time');
	assert.equal((await laptop.post('/verify', { password: otherPassword })).status, 303);
	assert.match((await laptop.get('/account')).body, /Ada Holm/);
});

test('in the browser that registered a button is enough, and from the front page one is told there', async () => {
	const email = newAddress(),
		r = new Reader(server);
	await r.post('/register', { email, password, name: 'Ada' });
	const shown = await open(r, email, '/verify');
	assert.doesNotMatch(shown.body, /type="password"/);
	assert.ok(shown.body.includes(email));
	const done = await r.post('/verify');
	assert.deepEqual([done.status, done.headers.location], [303, '/?done=verified']);
	assert.match((await r.get('/?done=verified')).body, /Your address is confirmed, and you are logged in/);
	assert.doesNotMatch((await new Reader(server).get('/?done=verified')).body, /confirmed/, 'said when it is so');
});

test('the session that a browser had ends when it confirms another address', async () => {
	const before = await makeAccount(server),
		{ phone } = await register();
	await phone.logIn(before);
	const old = phone.session;
	assert.equal((await phone.post('/verify', { password })).status, 303);
	assert.notEqual(phone.session, old);
	assert.equal((await new Api(server, old).get('/account')).status, 401);
});

test('guesses at the password are counted for the link; a new one may be chosen all the while', async () => {
	const { email, phone } = await register();
	for (let i = 0; i < 5; i++) assert.equal((await phone.post('/verify', { password: 'wrong' })).status, 422);
	// The wait begins with a second, which a busy machine may take for the next request.
	databaseSql(server.env.POSTERN_DATABASE_URL, 'UPDATE failure SET next_at = last_at + 1800 WHERE next_at > last_at');
	const limited = await phone.post('/verify', { password, return_to: article });
	assert.equal(limited.status, 429);
	assert.ok(Number(limited.headers['retry-after']) > 0);
	assert.match(limited.body, /Too many failed attempts\. Try again in .*, or choose a new password\./);
	assert.equal(backOf(limited), article);
	problem(
		await api.post('/email-verifications', { token: phone.jar.get('postern-verify').value, password }),
		429,
		'limited',
	);
	assert.equal((await phone.post('/verify', { new_password: thirdPassword })).status, 303);
	assert.equal((await new Reader(server).logIn({ email, password: thirdPassword })).status, 303);
});

test('an app cannot vouch for what was registered on a page', async () => {
	const { email, laptop, phone } = await register();
	const { value: token } = phone.jar.get('postern-verify');
	problem(await api.post('/email-verifications', { token }), 403, 'wrong_password');
	assert.equal((await laptop.logIn({ email, password })).status, 401, 'nothing is confirmed');
	assert.equal((await api.post('/email-verifications', { token, new_password: otherPassword })).status, 204);
	assert.equal((await laptop.logIn({ email, password })).status, 401, 'what was registered is gone');
});

// Another site may lead the browser to a link of its own while the reader has our page open.
test('a form acts for the address that its page named, or shows what the link of now is for', async () => {
	const mine = await register(),
		theirs = await register();
	const { phone } = mine,
		own = phone.jar.get('postern-verify');
	assert.ok(mine.shown.body.includes(`name="for" value="${mine.email}"`));
	phone.jar.set('postern-verify', theirs.phone.jar.get('postern-verify'));
	for (const fields of [{ password }, { new_password: thirdPassword }, {}]) {
		const a = await phone.post('/verify', { for: mine.email, ...fields });
		assert.equal(a.status, 409, JSON.stringify(fields));
		assert.match(a.body, /has opened another link since/);
		assert.ok(a.body.includes(theirs.email) && !a.body.includes(mine.email));
		assert.equal(phone.session, undefined);
	}
	assert.equal((await new Reader(server).logIn({ email: theirs.email, password: thirdPassword })).status, 401);
	phone.jar.set('postern-verify', own);
	assert.equal((await phone.post('/verify', { for: mine.email, password })).status, 303);
});

test('a new password is set for the account that the page named', async () => {
	const [mine, theirs] = [await makeAccount(server), await makeAccount(server)];
	const phone = new Reader(server);
	for (const who of [mine, theirs]) {
		await phone.post('/reset', { email: who.email });
		await open(phone, who.email, '/reset/confirm');
	}
	const a = await phone.post('/reset/confirm', { for: mine.email, password: thirdPassword });
	assert.equal(a.status, 422);
	assert.match(a.body, /has opened another link since/);
	assert.ok(a.body.includes(theirs.email));
	for (const who of [mine, theirs])
		assert.equal((await new Reader(server).logIn({ email: who.email, password: who.password })).status, 303);
	assert.equal((await phone.post('/reset/confirm', { for: theirs.email, password: thirdPassword })).status, 303);
});

test('an app: the token alone vouches, a password is held to, a new one replaces the registration', async () => {
	const begun = async () => {
		const email = newAddress();
		assert.equal((await api.post('/accounts', { email, password, name: 'Ada', return_to: article })).status, 202);
		const link = new URL(linkOf(await server.mail.take(email, /token=/)));
		assert.equal(link.searchParams.get('return_to'), article);
		return { email, token: link.searchParams.get('token') };
	};
	const first = await begun();
	problem(
		await api.post('/email-verifications', { token: first.token, password: otherPassword }),
		403,
		'wrong_password',
	);
	problem(await api.post('/email-verifications', { token: first.token, password: '' }), 403, 'wrong_password');
	const both = { token: first.token, password, new_password: otherPassword };
	problem(await api.post('/email-verifications', both), 422, 'invalid_fields');
	assert.equal((await api.post('/email-verifications', { token: first.token, password })).status, 204);
	problem(await api.post('/email-verifications', { token: first.token, password }), 410, 'spent');
	const named = await api.post('/sessions', { email: first.email, password });
	assert.deepEqual([named.status, named.json.account.name], [201, 'Ada']);

	const second = await begun();
	const weak = await api.post('/email-verifications', { token: second.token, new_password: 'password1' });
	problem(weak, 422, 'weak_password');
	assert.equal(weak.json.errors[0].field, 'new_password');
	const anew = { token: second.token, new_password: otherPassword, remember_device: true };
	const known = await api.post('/email-verifications', anew);
	assert.equal(known.status, 200);
	assert.match(known.json.device_token, /^pst_/);
	assert.equal((await api.post('/sessions', { email: second.email, password })).status, 401);
	const nameless = await api.post('/sessions', { email: second.email, password: otherPassword });
	assert.deepEqual([nameless.status, nameless.json.account.name], [201, '']);
	for (const target of ['/accounts', '/password-resets']) {
		const body = { email: newAddress(), return_to: '//evil.example' };
		const bad = await api.post(target, target === '/accounts' ? { ...body, password } : body);
		problem(bad, 422, 'invalid_fields');
		assert.equal(bad.json.errors[0].field, 'return_to');
	}
});

test('a reset asked for in an article ends in it, the address filled in at the log-in and in no address bar', async () => {
	const who = await makeAccount(server),
		laptop = new Reader(server),
		phone = new Reader(server);
	await laptop.post('/reset', { email: who.email, return_to: article });
	const shown = await open(phone, who.email, '/reset/confirm');
	assert.ok(shown.body.includes(`<strong>${who.email}</strong>`), 'the page names the address');
	assert.equal(backOf(shown), article);
	const weak = await phone.post('/reset/confirm', { password: 'short', return_to: article });
	assert.deepEqual([weak.status, backOf(weak)], [422, article]);
	const done = await phone.post('/reset/confirm', { password: otherPassword, return_to: backOf(weak) });
	assert.equal(done.headers.location, `/login?return_to=${encodeURIComponent(article)}&done=reset`);
	assert.ok(!phone.session, 'and not logged in by it');
	const login = await phone.get(done.headers.location);
	assert.match(login.body, /Your new password is set/);
	assert.match(login.body, new RegExp(`name="email" value="${who.email}"`));
	const back = backOf(login);
	assert.equal(
		(await phone.logIn({ ...who, password: otherPassword }, { return_to: back })).headers.location,
		article,
	);
	assert.doesNotMatch((await new Reader(server).get(done.headers.location)).body, new RegExp(who.email));
	assert.deepEqual(
		(await mailKinds(who.email)).filter((k) => k === 'password_changed').length,
		1,
		'its owner is told',
	);
});

test('who registers with an address that has an account is led back from that mail, too', async () => {
	const who = await makeAccount(server);
	await new Reader(server).post('/register', { email: who.email, password, name: 'x', return_to: article });
	const mail = await server.mail.take(who.email, /already have an account/);
	const way = encodeURIComponent(article);
	assert.ok(mail.text.includes(`${server.base}/login?return_to=${way}`), mail.text);
	assert.ok(mail.html.includes(`${server.base}/reset?return_to=${way}`), mail.html);
});

test('a page without its link says what to do; one whose link was used, replaced or is too old says which', async () => {
	for (const page of ['/verify', '/reset/confirm']) {
		const bare = await new Reader(server).get(page);
		assert.deepEqual([bare.status, titleOf(bare)], [410, 'Open the link in the mail'], page);
		assert.match(bare.body, /open the link in the mail with this browser/);
		assert.doesNotMatch(bare.body, /been used/);
		assert.match(bare.body, page === '/verify' ? /href="\/register"/ : /action="\/reset"/, 'and offers a new one');
		const cut = new Reader(server);
		await cut.get(`${page}?token=pst_cut`);
		assert.equal(titleOf(await cut.get(page)), 'Open the link in the mail', 'a part of a link');
	}
	const who = await makeAccount(server),
		r = new Reader(server),
		other = new Reader(server);
	await r.post('/reset', { email: who.email });
	await open(other, who.email, '/reset/confirm');
	await r.post('/reset', { email: who.email, return_to: article });
	await open(r, who.email, '/reset/confirm');
	const replaced = await other.get('/reset/confirm');
	assert.deepEqual([replaced.status, titleOf(replaced)], [410, 'There is a newer link']);
	databaseSql(server.env.POSTERN_DATABASE_URL, 'UPDATE mail_token SET expires_at = created_at WHERE used_at IS NULL');
	const expired = await r.get('/reset/confirm?return_to=/articles/members-room');
	assert.deepEqual([expired.status, titleOf(expired)], [410, 'This link has expired']);
	assert.match(expired.body, /It worked for 30 minutes/);
	assert.match(expired.body, new RegExp(`name="email" value="${who.email}"`), 'the address need not be typed');
	assert.equal(backOf(expired), article);
	const { phone } = await register();
	const twin = new Reader(server);
	twin.jar.set('postern-verify', phone.jar.get('postern-verify'));
	assert.equal((await phone.post('/verify', { password })).status, 303);
	const used = await twin.get(`/verify?return_to=${article}`);
	assert.deepEqual([used.status, titleOf(used)], [410, 'This address is confirmed']);
	assert.match(used.body, /href="\/login\?return_to=/);
});
