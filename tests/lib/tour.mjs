// Every page of the demo paper, each in each of its states: [name, how to get there]. Used for what all pages must have.
import assert from 'node:assert/strict';
import { Reader, request } from './http.mjs';
import { openWindow } from './browser.mjs';
import { until } from './server.mjs';

// A mail is queued a moment after the answer.
export async function mailedLink(server, to, what) {
	const mail = await until(`a mail to ${to} with ${what}`, async () => {
		const { body } = await request(server, 'GET', '/_dev/mailbox');
		return body.split('<article class="mail">').find((m) => m.includes(to) && m.includes(what));
	});
	return /href="([^"]+token=[^"]+)"/.exec(mail)[1].replaceAll('&amp;', '&');
}

export async function logIn(context, server, who) {
	const r = new Reader(server),
		a = await r.logIn(who);
	assert.equal(a.status, 303, 'log-in');
	await context.addCookies(
		[...r.jar.values()].map((c) => ({
			name: c.name,
			value: c.value,
			url: server.origin,
			httpOnly: true,
			sameSite: 'Lax',
		})),
	);
}

async function send(page, target, fields, button) {
	await page.goto(target);
	for (const [label, value] of Object.entries(fields))
		await page.locator('main').getByLabel(label, { exact: true }).fill(value);
	await Promise.all([
		page.waitForNavigation(),
		page.locator('main').getByRole('button', { name: button, exact: true }).click(),
	]);
}

const to = (target) => (page) => page.goto(target);

// With the cookie of a session that is over.
async function ended(page) {
	const url = new URL(page.url()).origin;
	await page.context().addCookies([{ name: 'postern', value: `pst_${'A'.repeat(43)}`, url }]);
	await page.goto('/login');
	assert.match(await page.locator('.notice').innerText(), /You were logged out/);
}

// Without its Refresh, since whoever looks at it may take longer than it stays.
async function wait(page) {
	const stay = async (route) => {
		const response = await route.fetch({ maxRedirects: 0 });
		const { refresh, ...headers } = response.headers();
		await route.fulfill({ response, headers });
	};
	await page.route('**/login', stay);
	const wrong = { 'E-mail address': 'wait@mail.example', Password: 'wrong' };
	for (let i = 0; i < 12 && (await page.locator('.countdown').count()) === 0; i++)
		await send(page, '/login', wrong, 'Log In');
	assert.equal(await page.locator('.countdown').count(), 1);
	await page.unroute('**/login', stay);
}

let tours = 0;
function anonymousPages(server) {
	tours++; // a mailbox has its share of mails
	const own = `tour${tours}@mail.example`,
		far = `far${tours}@mail.example`;
	const reset = async (page) =>
		page.goto(await mailedLink(server, server.accounts.ben.email, '/reset/confirm?token='));
	return [
		['front', to('/')],
		['section', to('/sections/city')],
		['article-public', to('/articles/ferry-fares')],
		['article-registered-wall', to('/articles/handball-derby')],
		['article-wall', to('/articles/harbour-reopens')],
		['article-wall-plans', to('/articles/concert-hall-opening')],
		['article-metered', to('/articles/night-bakery')],
		['subscribe', to('/subscribe')],
		['login', to('/login?return_to=/articles/harbour-reopens')],
		['login-ended', ended],
		['login-error', (p) => send(p, '/login', { 'E-mail address': 'x@mail.example', Password: 'wrong' }, 'Log In')],
		['login-wait', wait],
		['register', to('/register')],
		[
			'register-error',
			(p) => send(p, '/register', { 'E-mail address': 'x@mail.example', Password: 'password1' }, 'Register'),
		],
		[
			'register-sent',
			(p) => send(p, '/register', { 'E-mail address': own, Password: 'tern-gravel-umbrella-six' }, 'Register'),
		],
		['verify', async (p) => p.goto(await mailedLink(server, own, '/verify?token='))],
		['verify-missing', to('/verify?token=x')],
		[
			'verify-other-device',
			async (p) => {
				await new Reader(server).post('/register', {
					email: far,
					password: 'tern-gravel-umbrella-six',
				});
				await p.goto(await mailedLink(server, far, '/verify?token='));
			},
		],
		['verify-error', (p) => send(p, '/verify', { Password: 'not the one' }, 'Confirm and log in')],
		['verify-choose', to('/verify?new=1')],
		['verify-choose-error', (p) => send(p, '/verify?new=1', { 'New password': 'password1' }, 'Confirm and log in')],
		['reset', to('/reset')],
		['reset-sent', (p) => send(p, '/reset', { 'E-mail address': server.accounts.ben.email }, 'Send link')],
		['reset-confirm', reset],
		[
			'reset-confirm-error',
			async (p) => {
				await reset(p);
				await p.getByLabel('New password', { exact: true }).fill('password1');
				await Promise.all([p.waitForNavigation(), p.getByRole('button', { name: 'Set password' }).click()]);
			},
		],
		['reset-confirm-missing', to('/reset/confirm?token=x')],
		['not-found', to('/no/such/page')],
		['gone', to('/articles/storm-warning-expired')],
		['bad-request', to('/%2e%2e/x')],
		['mailbox', to('/_dev/mailbox')],
	];
}

function readerPages() {
	return [
		['article-full', to('/articles/harbour-reopens')],
		['front-signed-in', to('/')],
		['account', to('/account')],
		['subscribe-reader', to('/subscribe')],
		[
			'gift-made',
			async (p) => {
				await p.goto('/articles/concert-hall-opening');
				await Promise.all([
					p.waitForNavigation(),
					p.locator('main').getByRole('button', { name: 'Give this article to a friend' }).click(),
				]);
			},
		],
		['gifts', to('/account/gifts')],
		['password', to('/account/password')],
		[
			'password-error',
			(p) =>
				send(
					p,
					'/account/password',
					{ 'Current password': 'wrong-password', 'New password': 'password1' },
					'Change password',
				),
		],
		['sessions', to('/account/sessions')],
		[
			'logout-notice',
			(p) => Promise.all([p.waitForNavigation(), p.getByRole('button', { name: 'Log Out' }).first().click()]),
		],
	];
}

// Walks the whole tour in windows of these options, and hands each page to `look`.
export async function tour(browser, server, options, look) {
	const anonymous = await openWindow(browser, server, options),
		reader = await openWindow(browser, server, options);
	await logIn(reader.context, server, server.accounts.ada);
	await logIn((await openWindow(browser, server)).context, server, server.accounts.ada); // a second session to list
	for (const [{ page }, pages] of [
		[anonymous, anonymousPages(server)],
		[reader, readerPages(server)],
	]) {
		for (const [name, go] of pages) {
			await go(page);
			await look(page, name);
		}
	}
	await anonymous.context.close();
	await reader.context.close();
	return [anonymous.page, reader.page];
}
