// A reader in a university's network: the page says by whom he reads, and the whole article is there, without an account.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { calm, desktop, openBrowser, openWindow, phone, shoot, startDemo } from '../lib/browser.mjs';
import { run } from '../lib/server.mjs';

export const covers = ['GET /', 'GET /articles/{slug}'];

const story = '/articles/harbour-reopens',
	later = 'half wages for the second week';
let browser, server;
before(async () => {
	server = await startDemo();
	browser = await openBrowser();
	const env = { ...server.env, POSTERN_DATABASE_URL: `sqlite:${path.join(server.dir, 'demo', 'postern.db')}` };
	for (const args of [
		['add', 'harbour', '--title', 'Harbour University of Applied Sciences'],
		['range', 'add', 'harbour', '127.0.0.1'],
	])
		assert.equal(run(['institution', ...args], { env, cwd: server.dir }).code, 0, args.join(' '));
});
after(async () => {
	await browser?.close();
	await server?.close();
});

for (const [name, viewport] of [
	['phone', phone],
	['desktop', desktop],
]) {
	test(`the greeting, ${name}`, async () => {
		const { context, page } = await openWindow(browser, server, { viewport });
		for (const target of ['/', story]) {
			await page.goto(target);
			const greeting = page.locator('.access-by');
			assert.equal((await greeting.innerText()).trim(), 'Access by Harbour University of Applied Sciences');
			const box = await greeting.boundingBox();
			assert.ok(box.x >= 0 && box.x + box.width <= viewport.width && box.height < 80, JSON.stringify(box));
			assert.ok(
				await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth),
				'no sideways scrolling',
			);
			await shoot(page, `institution-${target === '/' ? 'front' : 'article'}-${name}`);
		}
		assert.ok((await page.locator('body').innerText()).includes(later));
		assert.equal(await page.locator('.paywall').count(), 0);
		assert.deepEqual(await context.cookies(), []);
		calm(page, server);
		await context.close();
	});
}
