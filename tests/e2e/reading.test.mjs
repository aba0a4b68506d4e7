// An anonymous reader meets the wall, logs in from that very page, reads, logs out; forgets the password and gets a new one.
// Once with scripts and once without.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { calm, openBrowser, openWindow, phone, startDemo } from '../lib/browser.mjs';
import { request } from '../lib/http.mjs';
import { until } from '../lib/server.mjs';

export const covers = [
	'GET /',
	'GET /articles/{slug}',
	'GET /media/{id}/{name}',
	'GET /static/{version}/{name...}',
	'GET /login',
	'POST /login',
	'POST /logout',
	'GET /register',
	'POST /register',
	'GET /verify',
	'POST /verify',
	'GET /reset',
	'POST /reset',
	'GET /reset/confirm',
	'POST /reset/confirm',
	'GET /account',
	'GET /account/sessions',
	'GET /_dev/mailbox',
];

const story = '/articles/harbour-reopens';
const later = 'half wages for the second week'; // a sentence far below the wall
let browser, server;
before(async () => {
	server = await startDemo();
	browser = await openBrowser();
});
after(async () => {
	await browser?.close();
	await server?.close();
});

const isOpen = async (page) => (await page.locator('body').innerText()).includes(later);

async function fillIn(page, who, scope = page) {
	await scope.getByLabel('E-mail address').fill(who.email);
	await scope.getByLabel('Password', { exact: true }).fill(who.password);
	await Promise.all([page.waitForNavigation(), scope.getByRole('button', { name: 'Log In' }).click()]);
}

// The form to use: the dialog when scripts run, else the page behind the link.
async function open(page, name, scripts) {
	await page.locator('.paywall, .account-nav').getByRole('link', { name }).last().click();
	if (!scripts) {
		await page.waitForURL(name === 'Log In' ? '**/login?**' : '**/reset?**');
		return page.locator('main');
	}
	const dialog = page.getByRole('dialog', { name });
	await dialog.waitFor();
	assert.ok(new URL(page.url()).pathname === story, 'still on the article');
	return dialog;
}

const taken = new Set(); // an earlier test's mail to the same reader may be there before the new one

async function mailedLink(context, to, what) {
	const box = await context.newPage();
	const links = box.locator('article.mail', { hasText: to }).locator(`a[href*="${what}"]`);
	const link = await until('the mail, a moment after the answer', async () => {
		await box.goto('/_dev/mailbox');
		const found = await links.evaluateAll((all) => all.map((a) => a.getAttribute('href')));
		return found.find((href) => !taken.has(href));
	});
	taken.add(link);
	await box.close();
	return link;
}

async function logOut(page) {
	await Promise.all([page.waitForNavigation(), page.getByRole('button', { name: 'Log Out' }).click()]);
}

for (const scripts of [true, false]) {
	const name = scripts ? 'with scripts' : 'without scripts';
	const options = { javaScriptEnabled: scripts, viewport: scripts ? undefined : phone };

	test(`${name}: from the wall through log-in back into the whole article, and out`, async () => {
		const served = await request(server, 'GET', story);
		assert.ok(
			!served.body.includes(later) && served.body.includes('nobody’s idea of a celebrity'),
			'the bytes hold the teaser alone',
		);
		const { context, page } = await openWindow(browser, server, options);
		await page.goto(story);
		assert.ok(!(await isOpen(page)));
		assert.match(await page.locator('.paywall').innerText(), /for subscribers/);
		const form = await open(page, 'Log In', scripts);
		await form.getByLabel('E-mail address').fill(server.accounts.ada.email);
		await form.getByLabel('Password', { exact: true }).fill('wrong-wrong-wrong');
		await Promise.all([page.waitForNavigation(), form.getByRole('button', { name: 'Log In' }).click()]);
		assert.match(await page.locator('main').innerText(), /Wrong e-mail address or password/);
		assert.equal(
			await page.locator('main').getByLabel('E-mail address').inputValue(),
			server.accounts.ada.email,
			'the address need not be typed again',
		);
		await fillIn(page, server.accounts.ada, page.locator('main'));
		assert.equal(new URL(page.url()).pathname, story, 'back in the article');
		assert.ok(await isOpen(page));
		assert.equal(await page.locator('.paywall').count(), 0);
		assert.match(await page.locator('.account-nav').innerText(), /Your account/);
		await logOut(page);
		await page.goto(story);
		assert.ok(!(await isOpen(page)));
		calm(page, server, [/401/]);
		await context.close();
	});

	test(`${name}: a reader without a subscription is told what is missing`, async () => {
		const { context, page } = await openWindow(browser, server, options);
		await page.goto(story);
		await fillIn(page, server.accounts.ben, await open(page, 'Log In', scripts));
		assert.equal(new URL(page.url()).pathname, story);
		assert.ok(!(await isOpen(page)));
		assert.match(await page.locator('.paywall').innerText(), /no subscription[\s\S]*ben@courier\.example/);
		await page.goto('/articles/handball-derby');
		assert.equal(await page.locator('.paywall').count(), 0, 'registration opens this one');
		calm(page, server);
		await context.close();
	});

	test(`${name}: a forgotten password, asked for on the article, mailed, set, used; the old one and its sessions are dead`, async () => {
		const who = server.accounts.ada,
			other = await openWindow(browser, server, options);
		await other.page.goto('/login');
		await fillIn(other.page, who, other.page.locator('main'));
		const { context, page } = await openWindow(browser, server, options);
		await page.goto(story);
		const form = await open(page, 'Reset Password', scripts);
		await form.getByLabel('E-mail address').fill(who.email);
		await Promise.all([page.waitForNavigation(), form.getByRole('button').last().click()]);
		assert.match(await page.locator('main').innerText(), /mail/i);
		const link = await mailedLink(context, who.email, '/reset/confirm?token=');
		await page.goto(link);
		const bare = new URL(page.url());
		assert.equal(bare.pathname, '/reset/confirm');
		assert.ok(!bare.search.includes('token'), 'the token has left the address bar');
		assert.equal(bare.searchParams.get('return_to'), `${story}#continue`, 'and leads back to the wall');
		assert.ok(!(await page.content()).includes('pst_'));
		const fresh = `fresh-harbour-pilot-${scripts ? 'one' : 'two'}`;
		await page.getByLabel('New password', { exact: true }).fill('password1');
		await Promise.all([page.waitForNavigation(), page.getByRole('button', { name: 'Set password' }).click()]);
		assert.match(await page.locator('main').innerText(), /common/, 'a weak one is refused with a reason');
		await page.getByLabel('New password', { exact: true }).fill(fresh);
		await Promise.all([page.waitForNavigation(), page.getByRole('button', { name: 'Set password' }).click()]);
		assert.equal(new URL(page.url()).pathname, '/login');
		assert.match(await page.locator('main').innerText(), /new password is set/);
		await fillIn(page, who, page.locator('main'));
		assert.match(await page.locator('main').innerText(), /Wrong e-mail address or password/, 'the old password');
		await fillIn(page, { ...who, password: fresh }, page.locator('main'));
		await page.goto(story);
		assert.ok(await isOpen(page));
		await other.page.goto('/account');
		assert.equal(new URL(other.page.url()).pathname, '/login', 'the session from before');
		await page.goto(link);
		assert.match(await page.locator('h1').innerText(), /has been used/, 'the link is spent');
		who.password = fresh;
		calm(page, server, [/401/, /410/, /422/]);
		await context.close();
		await other.context.close();
	});

	test(`${name}: registering from the wall ends in the article`, async () => {
		const { context, page } = await openWindow(browser, server, options);
		const email = `new-${scripts}@mail.example`,
			target = '/articles/handball-derby',
			pass = 'tern-gravel-umbrella-six';
		await page.goto(target);
		await page.locator('.paywall').getByRole('link', { name: 'Register' }).click();
		await page.waitForURL('**/register?**');
		await page.getByLabel('E-mail address').fill(email);
		await page.getByLabel('Password', { exact: true }).fill(pass);
		await Promise.all([
			page.waitForNavigation(),
			page.locator('main').getByRole('button', { name: 'Register' }).click(),
		]);
		await page.goto(await mailedLink(context, email, '/verify?token='));
		await Promise.all([page.waitForNavigation(), page.getByRole('button', { name: 'Confirm my address' }).click()]);
		assert.equal(new URL(page.url()).pathname, target);
		assert.match(
			await page.locator('.account-nav').innerText(),
			/Your account/,
			'signed in by the link in this browser',
		);
		assert.equal(await page.locator('.paywall').count(), 0);
		calm(page, server);
		await context.close();
	});
}
