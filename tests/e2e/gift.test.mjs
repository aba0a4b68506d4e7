// A subscriber gives an article away from its page; the link opens it in a second browser, with and without scripts, and stops
// after its redemptions. What the wall offers can be chosen without scripts and is told to whoever listens with them.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { calm, heading, openBrowser, openWindow, phone, shoot, startDemo } from '../lib/browser.mjs';
import { run } from '../lib/server.mjs';
import { logIn } from '../lib/tour.mjs';

export const covers = [
	'POST /articles/{slug}/gift',
	'GET /gifts/{token}',
	'POST /gifts/{token}',
	'GET /account/gifts',
	'POST /account/gifts/revoke',
];

const story = '/articles/harbour-reopens',
	other = '/articles/concert-hall-opening';
const later = 'half wages for the second week'; // a sentence far below the wall
let browser, server;
before(async () => {
	server = await startDemo({ POSTERN_GIFT_REDEMPTIONS: '2' });
	browser = await openBrowser();
	const env = {
		...server.env,
		POSTERN_DATABASE_URL: `sqlite:${path.join(server.dir, 'demo/postern.db')}`,
		POSTERN_MAIL_TRANSPORT: `maildir:${path.join(server.dir, 'demo/mail')}`,
	};
	const plans = [
		['digital', '--title', 'The Courier, digital', '--price', '€ 9 a month', '--href', '/buy/digital'],
		['culture', '--title', 'Culture', '--sections', 'culture', '--href', '/buy/culture'],
		['day', '--kind', 'day-pass', '--title', 'A day with the Courier', '--price', '€ 2', '--href', '/buy/day'],
	];
	for (const p of plans) assert.equal(run(['plan', 'set', ...p], { env, cwd: server.dir }).code, 0);
});
after(async () => {
	await browser?.close();
	await server?.close();
});

const isOpen = async (page) => (await page.locator('body').innerText()).includes(later);
const press = (page, name) =>
	Promise.all([page.waitForNavigation(), page.locator('main').getByRole('button', { name }).click()]);

async function give(page) {
	await page.goto(story);
	await press(page, 'Give this article to a friend');
	assert.equal(await heading(page), 'Your gift link');
	return page.getByLabel('Link').inputValue();
}

test('given on the page, opened in two other browsers, closed for the third, taken back', async () => {
	const giver = await openWindow(browser, server);
	await logIn(giver.context, server, server.accounts.ada);
	const link = await give(giver.page);
	await shoot(giver.page, 'gift-made-desktop');
	for (const options of [{ viewport: phone }, { javaScriptEnabled: false }]) {
		const { context, page } = await openWindow(browser, server, options);
		await page.goto(link);
		assert.equal(new URL(page.url()).pathname.startsWith('/gifts/'), true);
		assert.match(await heading(page), /Harbour reopens/);
		assert.equal(await isOpen(page), false, 'looking opens nothing');
		await shoot(page, options.viewport ? 'gift-phone' : 'gift-desktop');
		await page.goto(story);
		assert.equal(await isOpen(page), false);
		await page.goto(link);
		await press(page, 'Read the article');
		assert.equal(new URL(page.url()).pathname, story);
		assert.equal(await isOpen(page), true);
		await page.reload();
		assert.equal(await isOpen(page), true);
		await page.goto(other);
		assert.equal(await page.locator('.paywall').count(), 1, 'this article only');
		await page.goto(link);
		assert.equal(new URL(page.url()).pathname, story, 'the link leads straight to the article now');
		calm(page, server);
		await context.close();
	}
	const third = await openWindow(browser, server, { viewport: phone });
	await third.page.goto(link);
	assert.equal(await heading(third.page), 'This gift has been used');
	await shoot(third.page, 'gift-used-up-phone');
	calm(third.page, server, [/410/]);
	await giver.page.goto('/account/gifts');
	assert.match(await giver.page.locator('main').innerText(), /opened in 2 of 2 browsers/);
	await shoot(giver.page, 'gifts-desktop');
	await press(giver.page, /Take back/);
	assert.match(await giver.page.locator('main').innerText(), /taken back/);
	calm(giver.page, server);
	await third.context.close();
	await giver.context.close();
});

test('the link is copied with scripts; without them there is no such button, and links share it', async () => {
	for (const javaScriptEnabled of [true, false]) {
		const { context, page } = await openWindow(browser, server, { viewport: phone, javaScriptEnabled });
		if (javaScriptEnabled) await context.grantPermissions(['clipboard-read', 'clipboard-write']);
		await logIn(context, server, server.accounts.ada);
		await page.goto(other);
		await page.getByLabel('Show my name to the person who opens the link').check();
		await press(page, 'Give this article to a friend');
		const link = await page.getByLabel('Link').inputValue();
		const copy = page.locator('[data-copy]');
		assert.equal(await copy.isVisible(), javaScriptEnabled);
		if (javaScriptEnabled) {
			await copy.click();
			await page.getByRole('button', { name: 'Copied' }).waitFor();
			assert.equal(await page.evaluate(() => navigator.clipboard.readText()), link);
		}
		const mail = await page.getByRole('link', { name: 'E-mail' }).getAttribute('href');
		assert.ok(mail.startsWith('mailto:?subject=The%20Granary') && mail.includes(encodeURIComponent(link)), mail);
		assert.match(await page.locator('main').innerText(), /comes from Ada Holm\./);
		await page.goto('/account/gifts');
		await press(page, /Take back The Granary/);
		calm(page, server);
		await context.close();
	}
});

test('what was opened closes when it is taken back', async () => {
	const giver = await openWindow(browser, server),
		friend = await openWindow(browser, server);
	await logIn(giver.context, server, server.accounts.ada);
	await friend.page.goto(await give(giver.page));
	await press(friend.page, 'Read the article');
	assert.equal(await isOpen(friend.page), true);
	await giver.page.goto('/account/gifts');
	await press(giver.page, /Take back/);
	await friend.page.reload();
	assert.equal(await isOpen(friend.page), false);
	await giver.context.close();
	await friend.context.close();
});

test('offers are told when they come into view and when they are chosen, to the page alone', async () => {
	const { context, page } = await openWindow(browser, server);
	await page.addInitScript(() => {
		window.told = [];
		document.addEventListener('postern:offer', (e) => window.told.push(e.detail));
		document.addEventListener('click', (e) => e.target.closest('.plans a') && e.preventDefault());
	});
	await page.goto(story);
	await page.locator('.paywall').scrollIntoViewIfNeeded();
	await page.waitForFunction(() => window.told.length >= 3);
	await page.locator('.paywall [data-postern-offer="day_pass"]').click();
	await page.locator('.paywall [data-postern-offer="login"]').click();
	await page.getByRole('dialog', { name: 'Log In' }).waitFor();
	const told = (await page.evaluate(() => window.told)).map((d) => `${d.what} ${d.offer} ${d.plan} ${d.path}`).sort();
	assert.deepEqual(told, [
		`click day_pass day ${story}`,
		`click login  ${story}`,
		`show day_pass day ${story}`,
		`show login  ${story}`,
		`show subscribe digital ${story}`,
	]);
	calm(page, server);
	await context.close();
});

test('without scripts the offers are links, and the wall reads well', async () => {
	for (const [name, viewport] of [
		['phone', phone],
		['desktop', undefined],
	]) {
		const { context, page } = await openWindow(browser, server, {
			javaScriptEnabled: false,
			...(viewport ? { viewport } : {}),
		});
		await page.goto(story);
		const links = page.locator('.paywall [data-postern-offer]');
		assert.deepEqual(
			await links.evaluateAll((all) =>
				all.map((a) => [a.dataset.posternOffer, a.getAttribute('href').split('?')[0]]),
			),
			[
				['subscribe', '/buy/digital'],
				['day_pass', '/buy/day'],
				['login', '/login'],
			],
		);
		await shoot(page, `wall-offers-${name}`);
		await links.last().click();
		assert.equal(new URL(page.url()).pathname, '/login');
		calm(page, server);
		await context.close();
	}
});
