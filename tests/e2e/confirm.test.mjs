// Goal: a reader with two devices. Registers on one and confirms on the other with the right password, a wrong one and none; resets a
// password from an article; and a stranger who registered the address is left nothing. Each time the reader ends in the article.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { calm, heading, openBrowser, openWindow, phone, shoot, startDemo } from '../lib/browser.mjs';
import { Reader } from '../lib/http.mjs';
import { mailedLink } from '../lib/tour.mjs';

export const covers = ['GET /verify', 'POST /verify', 'GET /reset/confirm', 'POST /reset/confirm', 'POST /register'];

const article = '/articles/handball-derby', // for readers with an account
	password = 'seven-copper-lanterns-adrift',
	other = 'quiet-marzipan-turbine-forty';
const refused = [/status of (401|410|422)/];
let browser, server;
before(async () => {
	server = await startDemo();
	browser = await openBrowser();
});
after(async () => {
	await browser?.close();
	await server?.close();
});

const press = (page, name, role = 'button') =>
	Promise.all([page.waitForNavigation(), page.locator('main').getByRole(role, { name, exact: true }).click()]);
const field = (page, label) => page.locator('main').getByLabel(label, { exact: true });
const here = (page) => new URL(page.url()).pathname;

// On the laptop: from the wall of an article to "check your mail".
async function register(page, email) {
	await page.goto(article);
	await page.locator('main').getByRole('link', { name: 'Register' }).first().click();
	await page.waitForURL(/register/);
	await field(page, 'Name (optional)').fill('Ada Holm');
	await field(page, 'E-mail address').fill(email);
	await field(page, 'Password').fill(password);
	await press(page, 'Register');
	assert.equal(await heading(page), 'Check your mail');
	return mailedLink(server, email, '/verify?token=');
}

async function twoDevices(options, go) {
	const laptop = await openWindow(browser, server, options),
		mobile = await openWindow(browser, server, { viewport: phone, ...options });
	await go(laptop.page, mobile.page);
	for (const { page, context } of [laptop, mobile]) {
		calm(page, server, refused);
		await context.close();
	}
}

async function isReading(page) {
	assert.equal(here(page), article);
	assert.equal(await page.locator('main .paywall').count(), 0, 'the whole article');
	await page.goto('/account');
	assert.equal(here(page), '/account', 'signed in');
}

for (const javaScriptEnabled of [true, false]) {
	const how = javaScriptEnabled ? '' : ', without JavaScript';

	test(`registered on one device, confirmed on the other with a wrong and the right password${how}`, async () => {
		await twoDevices({ javaScriptEnabled }, async (laptop, mobile) => {
			const email = `right${javaScriptEnabled}@mail.example`;
			await mobile.goto(await register(laptop, email));
			assert.equal(here(mobile), '/verify');
			assert.ok(!mobile.url().includes('token'), 'no token in the address bar');
			assert.ok((await mobile.locator('main').innerText()).includes(email), 'the page names the address');
			await shoot(mobile, 'confirm-other-device');
			await field(mobile, 'Password').fill('not the one');
			await press(mobile, 'Confirm and log in');
			assert.match(await mobile.locator('main').innerText(), /This is not the password chosen at registration/);
			assert.equal(await field(mobile, 'Password').inputValue(), '');
			await field(mobile, 'Password').fill(password);
			await press(mobile, 'Confirm and log in');
			await isReading(mobile);
			assert.match(await mobile.locator('main').innerText(), /Ada Holm/);
			await laptop.goto(article);
			assert.ok((await laptop.locator('main .paywall').count()) > 0, 'the other device has still to log in');
		});
	});

	test(`confirmed on the other device without the password: a new one, and nothing of the old registration${how}`, async () => {
		await twoDevices({ javaScriptEnabled }, async (laptop, mobile) => {
			const email = `none${javaScriptEnabled}@mail.example`;
			await mobile.goto(await register(laptop, email));
			await press(mobile, 'Choose a new password', 'link');
			assert.equal(await heading(mobile), 'Choose a password');
			await field(mobile, 'New password').fill('password1');
			await press(mobile, 'Confirm and log in');
			assert.match(await mobile.locator('main').innerText(), /common passwords/);
			await field(mobile, 'New password').fill(other);
			await press(mobile, 'Confirm and log in');
			await isReading(mobile);
			assert.doesNotMatch(await mobile.locator('main').innerText(), /Ada Holm/);
			const r = new Reader(server);
			assert.equal((await r.logIn({ email, password })).status, 401);
			assert.equal((await r.logIn({ email, password: other })).status, 303);
		});
	});
}

test('in the browser that registered one button confirms and leads back to the article', async () => {
	await twoDevices({}, async (laptop, mobile) => {
		const link = await register(laptop, 'same@mail.example');
		await laptop.goto(link);
		assert.equal(await laptop.locator('main [type=password]').count(), 0);
		await press(laptop, 'Confirm my address');
		await isReading(laptop);
		await mobile.goto(link);
		assert.equal(await heading(mobile), 'This address is confirmed');
		await press(mobile, 'Log In', 'link');
		assert.equal(await field(mobile, 'E-mail address').inputValue(), 'same@mail.example');
		await field(mobile, 'Password').fill(password);
		await press(mobile, 'Log In');
		await isReading(mobile);
	});
});

test('an attacker registers the address and its owner confirms: the attacker is left nothing', async () => {
	await twoDevices({}, async (owner, attacker) => {
		const email = 'victim@mail.example',
			link = await register(attacker, email);
		await owner.goto(link);
		assert.doesNotMatch(await owner.locator('body').innerText(), /Ada Holm/, 'his name is not shown');
		await press(owner, 'Choose a new password', 'link');
		await field(owner, 'New password').fill(other);
		await press(owner, 'Confirm and log in');
		await isReading(owner);
		assert.doesNotMatch(await owner.locator('main').innerText(), /Ada Holm/, 'his name is gone');
		await attacker.goto('/account');
		assert.equal(here(attacker), '/login', 'he has no session');
		await field(attacker, 'E-mail address').fill(email);
		await field(attacker, 'Password').fill(password);
		await press(attacker, 'Log In');
		assert.match(await attacker.locator('main').innerText(), /Wrong e-mail address or password/);
		await attacker.goto('/verify');
		assert.equal(await heading(attacker), 'Open the link in the mail');
	});
});

test('Reset Password in an article, the link opened on the other device: back in the article, the address filled in', async () => {
	await twoDevices({}, async (laptop, mobile) => {
		const { email } = server.accounts.ben,
			wall = '/articles/harbour-reopens';
		await laptop.goto(wall);
		await laptop.locator('.account-nav').getByRole('link', { name: 'Reset Password' }).click();
		const dialog = laptop.getByRole('dialog', { name: 'Reset Password' });
		await dialog.getByLabel('E-mail address').fill(email);
		await Promise.all([laptop.waitForNavigation(), dialog.getByRole('button', { name: 'Send link' }).click()]);
		await mobile.goto('/reset/confirm');
		assert.equal(await heading(mobile), 'Open the link in the mail', 'before the link: what to do');
		await mobile.goto(await mailedLink(server, email, '/reset/confirm?token='));
		assert.ok((await mobile.locator('main').innerText()).includes(email));
		await field(mobile, 'New password').fill(other);
		await press(mobile, 'Set password');
		assert.equal(here(mobile), '/login');
		assert.ok(!mobile.url().includes(encodeURIComponent(email)) && !mobile.url().includes(email));
		assert.equal(await field(mobile, 'E-mail address').inputValue(), email);
		await field(mobile, 'Password').fill(other);
		await press(mobile, 'Log In');
		assert.equal(here(mobile), wall);
	});
});
