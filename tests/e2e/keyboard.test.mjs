// With the keyboard alone: into the dialog, out of it, back to where one was, and in.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { calm, desktop, openBrowser, openWindow, phone, startDemo } from '../lib/browser.mjs';

export const covers = ['GET /articles/{slug}', 'GET /login', 'POST /login', 'POST /logout'];

const story = '/articles/harbour-reopens';
let browser, server;
before(async () => {
	server = await startDemo();
	browser = await openBrowser();
});
after(async () => {
	await browser?.close();
	await server?.close();
});

const focus = (page) =>
	page.evaluate(() => {
		const e = document.activeElement;
		return {
			tag: e.tagName,
			id: e.id,
			name: e.name ?? '',
			type: e.type ?? '',
			text: (e.textContent ?? '').trim(),
			inside: e.closest('dialog')?.id ?? '',
		};
	});

async function tabTo(page, found, most = 60) {
	for (let i = 0; i < most; i++) {
		await page.keyboard.press('Tab');
		const at = await focus(page);
		if (found(at)) return at;
	}
	return assert.fail('not reached with Tab');
}

for (const [width, viewport] of Object.entries({ phone, desktop })) {
	test(`${width}: Tab, Enter, Escape and back, then in`, async () => {
		const { context, page } = await openWindow(browser, server, { viewport });
		await page.goto(story);
		await page.keyboard.press('Tab');
		assert.match((await focus(page)).text, /^Skip to/, 'the first stop leads past the masthead');
		await tabTo(page, (at) => at.text === 'Log In' && at.tag === 'A');
		await page.keyboard.press('Enter');
		await page.getByRole('dialog', { name: 'Log In' }).waitFor();
		assert.deepEqual((({ name, inside }) => ({ name, inside }))(await focus(page)), {
			name: 'email',
			inside: 'signin-dialog',
		});
		for (let i = 0; i < 12; i++) {
			await page.keyboard.press('Tab');
			const at = await focus(page);
			assert.ok(
				at.inside === 'signin-dialog' || at.tag === 'BODY',
				`focus stays inside, not ${at.tag} ${at.text}`,
			);
		}
		await page.keyboard.press('Escape');
		assert.equal(await page.getByRole('dialog').count(), 0);
		assert.equal((await focus(page)).text, 'Log In', 'back on the link');

		await page.keyboard.press('Enter');
		await page.getByRole('dialog', { name: 'Log In' }).waitFor();
		await page.keyboard.type('ada@courier.example');
		await tabTo(page, (at) => at.text === 'Reset Password', 10);
		await page.keyboard.press('Enter');
		await page.getByRole('dialog', { name: 'Reset Password' }).waitFor();
		assert.equal(
			await page.locator('#reset-dialog [name=email]').inputValue(),
			'ada@courier.example',
			'what was typed comes along',
		);
		await page.keyboard.press('Escape');
		assert.equal(await page.getByRole('dialog').count(), 0);

		await page.locator('.account-nav').getByRole('link', { name: 'Log In' }).focus();
		await page.keyboard.press('Enter');
		await page.getByRole('dialog', { name: 'Log In' }).waitFor();
		if ((await focus(page)).name === 'email') {
			await page.keyboard.press('Control+A');
			await page.keyboard.type('ada@courier.example');
			await page.keyboard.press('Tab');
		}
		assert.equal((await focus(page)).name, 'password');
		await page.keyboard.type(server.accounts.ada.password);
		await page.keyboard.press('Tab');
		assert.match((await focus(page)).text, /^Show$/);
		await page.keyboard.press('Enter');
		assert.equal(await page.locator('#signin-dialog [name=password]').getAttribute('type'), 'text');
		await page.keyboard.press('Tab');
		await page.keyboard.press('Space');
		assert.ok(await page.locator('#signin-dialog [name=remember]').isChecked());
		await tabTo(page, (at) => at.type === 'submit' && at.text === 'Log In', 3);
		await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
		assert.equal(new URL(page.url()).pathname, story);
		assert.equal(await page.locator('.paywall').count(), 0);
		const kept = (await context.cookies()).find((c) => c.name === 'postern');
		assert.ok(kept.expires > Date.now() / 1000 + 29 * 86400, 'kept signed in');
		await tabTo(page, (at) => at.text === 'Log Out');
		await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
		assert.match(await page.locator('body').innerText(), /You are logged out/);
		calm(page, server);
		await context.close();
	});
}

test('what has the focus can be seen, on every stop of the page', async () => {
	for (const colorScheme of ['light', 'dark']) {
		const { context, page } = await openWindow(browser, server, { colorScheme });
		for (const target of [story, '/login']) {
			await page.goto(target);
			for (let i = 0; i < 25; i++) {
				await page.keyboard.press('Tab');
				const seen = await page.evaluate(() => {
					const e = document.activeElement,
						box = e.getBoundingClientRect();
					const ringed = (x) =>
						((s) => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0)(getComputedStyle(x));
					return {
						what: `${e.tagName} ${e.textContent.trim().slice(0, 30)}`,
						body: e === document.body,
						size: box.width * box.height,
						ring:
							ringed(e) ||
							[...document.querySelectorAll('.card, .lead')].some((c) => c.contains(e) && ringed(c)),
					}; // a card is one link
				});
				assert.ok(seen.body || (seen.ring && seen.size > 0), `${target}: ${seen.what}`);
			}
		}
		await context.close();
	}
});

test('a press beside the dialog closes it; a second press of the button does not send twice', async () => {
	const { context, page } = await openWindow(browser, server, {});
	await page.goto(story);
	await page.locator('.account-nav').getByRole('link', { name: 'Log In' }).click();
	await page.getByRole('dialog', { name: 'Log In' }).waitFor();
	await page.mouse.click(5, 400);
	assert.equal(await page.getByRole('dialog').count(), 0);
	await page.goto('/login');
	let posts = 0;
	page.on('request', (r) => {
		posts += r.method() === 'POST';
	});
	await page.locator('main').getByLabel('E-mail address').fill('ada@courier.example');
	await page.locator('main').getByLabel('Password', { exact: true }).fill(server.accounts.ada.password);
	await Promise.all([
		page.waitForURL((u) => u.pathname !== '/login'),
		page.locator('main').getByRole('button', { name: 'Log In' }).dblclick(),
	]);
	assert.equal(posts, 1);
	await context.close();
});
