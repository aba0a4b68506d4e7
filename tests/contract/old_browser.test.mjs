// Browsers without Fetch Metadata (Safari and iOS before 16.4): all that tells where a form comes from is Origin, which such a
// browser writes by the referrer policy of the page that the form stands on (Fetch, "append a request Origin header").
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { grantPlan, makeAccount, newAddress, otherPassword, password, thirdPassword } from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { form, Reader, request } from '../lib/http.mjs';
import { linkOf } from '../lib/mailbox.mjs';
import { startServer } from '../lib/server.mjs';

export const covers = [
	'POST /login',
	'POST /logout',
	'POST /register',
	'POST /verify',
	'POST /reset',
	'POST /reset/confirm',
	'POST /account/password',
	'POST /account/sessions/end',
	'POST /account/sessions/end-others',
	'POST /articles/{slug}/gift',
	'GET /gifts/{token}',
	'POST /gifts/{token}',
	'POST /account/gifts/revoke',
	'POST /account/group/invite',
	'POST /account/group/remove',
	'POST /group/accept',
];

let server;
before(async () => {
	server = await startServer();
	importArticles(server);
});
after(() => server.close());

const safari =
	'Mozilla/5.0 (iPhone; CPU iPhone OS 15_8 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.6.6 Mobile/15E148 Safari/604.1';

class OldBrowser extends Reader {
	constructor() {
		super(server, { 'User-Agent': safari });
	}

	// Opens a page as a click does, along its redirects.
	async open(target) {
		let page = await this.get(target);
		for (let i = 0; page.status === 303 && i < 5; i++) page = await this.get((target = page.headers.location));
		this.page = page;
		this.address = target;
		return page;
	}

	// Sends the form with this action that stands on the open page, with the fields it has.
	async submit(action, fields = {}) {
		const forms = [...this.page.body.matchAll(/<form[^>]*method="post"[^>]*>[\s\S]*?<\/form>/g)].map((m) => m[0]);
		const own = forms.find((f) => (/action="([^"]*)"/.exec(f)?.[1] ?? this.address) === action);
		assert.ok(own, `${this.address} has a form for ${action}`);
		const hidden = Object.fromEntries(
			[...own.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)].map((m) => [
				m[1],
				m[2].replace(/&#x27;|&#39;/g, "'").replace(/&amp;/g, '&'),
			]),
		);
		const policy = this.page.headers['referrer-policy'];
		const answer = await this.request('POST', action, {
			headers: {
				'Content-Type': 'application/x-www-form-urlencoded',
				Origin: policy === 'no-referrer' ? 'null' : server.base,
			},
			body: form({ ...hidden, ...fields }),
		});
		assert.notEqual(answer.status, 403, `${action} from ${this.address} under ${policy}`);
		return answer;
	}
}
const mailed = async (address, match) => {
	const link = new URL(linkOf(await server.mail.take(address, match)));
	return link.pathname + link.search;
};

test('such a browser registers, confirms, logs in, changes and resets its password, and logs out', async () => {
	const b = new OldBrowser(),
		email = newAddress();
	await b.open('/register');
	assert.equal((await b.submit('/register', { email, password, name: 'Ada' })).status, 200);
	await b.open(await mailed(email, /\/verify\?token=/));
	assert.equal((await b.submit('/verify')).status, 303);
	await b.open('/account'); // signed in
	assert.equal((await b.submit('/logout')).status, 303);
	await b.open('/login');
	assert.equal((await b.submit('/login', { email, password: 'wrong' })).status, 401);
	assert.equal((await b.submit('/login', { email, password })).status, 303);
	await b.open('/account/password');
	assert.equal(
		(await b.submit('/account/password', { current_password: password, new_password: otherPassword })).status,
		303,
	);
	await b.open('/account/sessions');
	await new Reader(server).logIn({ email, password: otherPassword });
	await b.open('/account/sessions');
	assert.equal((await b.submit('/account/sessions/end')).status, 303);
	await b.open('/account/sessions');
	await new Reader(server).logIn({ email, password: otherPassword });
	await b.open('/account/sessions');
	assert.equal((await b.submit('/account/sessions/end-others')).status, 303);
	for (const page of ['/', '/articles/open-door', '/account', '/sections/city']) {
		await b.open(page);
		assert.equal((await b.submit('/logout')).status, 303, page);
		await b.open('/articles/vault'); // the dialog of an article
		assert.equal(
			(await b.submit('/login', { email, password: otherPassword })).headers.location,
			'/articles/vault#continue',
		);
	}
	await b.open('/reset');
	assert.equal((await b.submit('/reset', { email })).status, 200);
	await b.open(await mailed(email, /\/reset\/confirm\?token=/));
	assert.equal((await b.submit('/reset/confirm', { password: 'short' })).status, 422);
	assert.equal((await b.submit('/reset/confirm', { password: thirdPassword })).status, 303);
});

test('such a browser gives, takes and revokes a gift, and a seat', async () => {
	const owner = await makeAccount(server),
		b = new OldBrowser(),
		friend = new OldBrowser();
	grantPlan(server, owner.email, 'team', '--seats', '3');
	await b.logIn(owner);
	await b.open('/articles/vault');
	const made = await b.submit('/articles/vault/gift');
	const link = /\/gifts\/pst_[\w-]{43}/.exec(made.body)[0];
	await friend.open(link);
	assert.equal((await friend.submit(link)).headers.location, '/articles/vault');
	await b.open('/account/gifts');
	assert.equal((await b.submit('/account/gifts/revoke')).status, 303);
	await b.open('/account/group');
	const guest = await makeAccount(server);
	assert.equal((await b.submit('/account/group/invite', { email: guest.email })).status, 303);
	await friend.logIn(guest);
	await friend.open(await mailed(guest.email, /group\/accept\?token=/));
	assert.equal((await friend.submit('/group/accept')).headers.location, '/account?done=seat');
	await b.open('/account/group');
	assert.equal((await b.submit('/account/group/remove')).status, 303);
});

test('where the address holds a mailed token it is sent on to nobody, and no form stands there', async () => {
	for (const path of ['/verify', '/reset/confirm', '/group/accept']) {
		const token = `pst_${'A'.repeat(43)}`;
		for (const query of [`token=${token}`, `token=${token}&token=${token}`, `token=%zz&token=${token}`]) {
			const a = await request(server, 'GET', `${path}?${query}`);
			assert.equal(a.headers['referrer-policy'], 'no-referrer', `${path}?${query}`);
			assert.doesNotMatch(a.body, /method="post"/, path);
		}
	}
});

test('base_url in capitals, with its own port or a dot, is the origin that browsers send', async () => {
	for (const [written, sent, other] of [
		['HTTPS://News.Example:443/', 'https://news.example', 'https://news.example:8443'],
		['https://news.example.', 'https://news.example', 'http://news.example'],
		['http://LOCALHOST:80', 'http://localhost', 'https://localhost'],
	]) {
		const own = await startServer({ settings: { POSTERN_SERVER_BASE_URL: written } });
		try {
			const post = (Origin) =>
				request(own, 'POST', '/reset', {
					headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin },
					body: form({ email: newAddress() }),
				});
			for (const origin of [
				sent,
				`${sent}:${sent.startsWith('https') ? 443 : 80}`,
				sent.toUpperCase().replace('HTTP', 'http'),
			])
				assert.equal((await post(origin)).status, 200, `${written} ${origin}`);
			for (const origin of [
				other,
				'null',
				`${sent}/`,
				`${sent}.evil.example`,
				`${sent}@evil.example`,
				`x${sent}`,
			])
				assert.equal((await post(origin)).status, 403, `${written} ${origin}`);
			assert.match(
				(await request(own, 'GET', '/articles/none')).headers['strict-transport-security'] ?? 'none',
				sent.startsWith('https') ? /max-age/ : /none/,
			);
			assert.ok(own.cliOk('config', 'show').includes(sent));
			const who = await makeAccount(own);
			await new Reader(own).post('/reset', { email: who.email }, { Origin: sent });
			assert.ok(
				linkOf(await own.mail.take(who.email, /reset\/confirm/)).startsWith(`${sent}/reset/confirm?token=`),
			);
		} finally {
			await own.close();
		}
	}
});
