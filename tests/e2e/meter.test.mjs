// Goal: the free articles count down in a browser, with scripts and without, the wall comes when they are read, and signing in
// goes on with the count instead of taking anything away.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { importArticles } from '../lib/articles.mjs';
import { calm, desktop, openBrowser, openWindow, phone, shoot, startDemo } from '../lib/browser.mjs';

export const covers = ['GET /articles/{slug}', 'GET /login', 'POST /login'];

const shelf = Array.from({ length: 12 }, (_, n) => ({
	slug: `free-${n}`,
	access: 'metered',
	published: '2026-01-02T06:00:00Z',
}));
let browser, server;
before(async () => {
	server = await startDemo({ POSTERN_ARTICLE_TEASER_WORDS: '10' });
	server.env.POSTERN_DATABASE_URL = `sqlite:${path.join(server.dir, 'demo/postern.db')}`;
	importArticles(server, shelf);
	browser = await openBrowser();
});
after(async () => {
	await browser?.close();
	await server?.close();
});

const isOpen = async (page, n) => (await page.locator('body').innerText()).includes(`kept-free-${n}-2`);
const line = async (page) => (await page.locator('.meter').innerText()).replace(/\s+/g, ' ');

async function countDown(page, scripts) {
	for (let n = 0; n < 5; n++) {
		await page.goto(`/articles/free-${n}`);
		assert.ok(await isOpen(page, n));
		assert.match(await line(page), new RegExp(`^${5 - n} of 6 free articles left this month\\. Subscribe Log In$`));
	}
	await shoot(page, `meter-count-${scripts ? 'desktop' : 'phone'}`);
	await page.goto('/articles/free-0');
	assert.match(await line(page), /^1 of 6/, 'reading again is free');
	await page.reload();
	assert.match(await line(page), /^1 of 6/);
	await page.goto('/articles/free-5');
	assert.match(await line(page), /^This is the last of your 6 free articles this month\./);
}

async function meetWall(page, scripts) {
	await page.goto('/articles/free-6');
	assert.ok(!(await isOpen(page, 6)));
	assert.ok(!(await page.served).includes('kept-free-6'), 'not in the bytes of the page either');
	assert.equal(await page.locator('.meter').count(), 0);
	assert.match(await page.locator('.paywall h2').innerText(), /^You have read your 6 free articles this month$/);
	assert.match(await page.locator('.paywall').innerText(), /The count starts again on \w+, 1 \w+ \d{4}\./);
	await shoot(page, `meter-wall-${scripts ? 'desktop' : 'phone'}`);
}

async function logInFromHere(page, who, scripts) {
	await page.locator('.paywall').getByRole('link', { name: 'Log In' }).first().click();
	const scope = scripts ? page.getByRole('dialog', { name: 'Log In' }) : page.locator('main');
	await scope.getByLabel('E-mail address').fill(who.email);
	await scope.getByLabel('Password', { exact: true }).fill(who.password);
	await Promise.all([page.waitForNavigation(), scope.getByRole('button', { name: 'Log In' }).click()]);
}

for (const scripts of [true, false]) {
	test(`an anonymous reader reads six, meets the wall and goes on with an account, ${scripts ? 'with' : 'without'} scripts`, async () => {
		const { context, page } = await openWindow(browser, server, {
			javaScriptEnabled: scripts,
			viewport: scripts ? desktop : phone,
		});
		if (!scripts) server.cliOk('meter', 'reset', server.accounts.ben.email);
		await countDown(page, scripts);
		await meetWall(page, scripts);
		await logInFromHere(page, server.accounts.ben, scripts);
		assert.equal(new URL(page.url()).pathname, '/articles/free-6');
		assert.ok(await isOpen(page, 6));
		assert.match(await line(page), /^3 of 10 free articles left this month\. Subscribe$/);
		const [kept] = (await context.cookies()).filter((c) => /meter/.test(c.name));
		assert.match(kept.value, /^~/, 'the account has the count now, and the browser keeps it for after a log-out');
		await page.goto('/articles/free-0');
		assert.ok(await isOpen(page, 0));
		assert.match(await line(page), /^3 of 10/);
		for (let n = 7; n < 10; n++) await page.goto(`/articles/free-${n}`);
		await page.goto('/articles/free-10');
		assert.match(await page.locator('.paywall h2').innerText(), /^You have read your 10 free articles this month$/);
		calm(page, server);
		await context.close();
	});
}

test('a metered story of the demo says what it costs', async () => {
	const { context, page } = await openWindow(browser, server, { viewport: phone });
	await page.goto('/articles/seagrass-returns');
	assert.match(await line(page), /^5 of 6 free articles left this month/);
	await shoot(page, 'meter-demo-phone');
	calm(page, server);
	await context.close();
});

test('the page may not read the cookie', async () => {
	const { context, page } = await openWindow(browser, server);
	await page.goto('/articles/free-0');
	assert.equal(await page.evaluate(() => document.cookie), '');
	const [kept] = (await context.cookies()).filter((c) => /meter/.test(c.name));
	assert.deepEqual({ httpOnly: kept.httpOnly, sameSite: kept.sameSite }, { httpOnly: true, sameSite: 'Lax' });
	await context.close();
});
