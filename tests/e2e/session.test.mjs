// Two devices of one reader: a session that is ended on the second while the first one fills in a form; the way back from a log-in
// at the wall; and a log-in that has to wait, without scripts.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { calm, desktop, openBrowser, openWindow, phone, shoot, startDemo } from '../lib/browser.mjs';
import { run } from '../lib/server.mjs';

export const covers = [
	'GET /login',
	'POST /login',
	'POST /logout',
	'GET /account/password',
	'POST /account/password',
	'GET /account/sessions',
	'POST /account/sessions/end-others',
	'GET /account/group',
	'POST /account/group/invite',
	'GET /account/gifts',
	'POST /account/gifts/revoke',
	'POST /articles/{slug}/gift',
];

const story = '/articles/harbour-reopens';
let browser, server;
before(async () => {
	server = await startDemo({ POSTERN_LIMITS_FAILURES_FREE: '2' });
	browser = await openBrowser();
	const env = { ...server.env, POSTERN_DATABASE_URL: `sqlite:${path.join(server.dir, 'demo', 'postern.db')}` };
	const plan = JSON.parse(run(['plan', 'list', '--json'], { env, cwd: server.dir }).stdout)[0].name;
	const r = run(['entitlement', 'grant', server.accounts.ada.email, plan, '--seats', '3'], { env, cwd: server.dir });
	assert.equal(r.code, 0, r.stderr);
});
after(async () => {
	await browser?.close();
	await server?.close();
});

const press = (page, name, scope = page.locator('main')) =>
	Promise.all([page.waitForNavigation(), scope.getByRole('button', { name, exact: true }).first().click()]);

async function fillIn(page, who, scope = page.locator('main')) {
	await scope.getByLabel('E-mail address').fill(who.email);
	await scope.getByLabel('Password', { exact: true }).fill(who.password);
	await press(page, 'Log In', scope);
}

async function signedIn(options) {
	const w = await openWindow(browser, server, options);
	await w.page.goto('/login');
	await fillIn(w.page, server.accounts.ada);
	return w;
}

// As the reader does it on the other device.
async function endTheOthers() {
	const { context, page } = await signedIn();
	await page.goto('/account/sessions');
	await press(page, 'Log out everywhere else');
	assert.match(await page.locator('.notice').innerText(), /All other devices were logged out/);
	await context.close();
}

const friend = 'friend@mail.example';
const forms = [
	[
		'/account/password',
		async (page) => {
			await page.getByLabel('Current password', { exact: true }).fill(server.accounts.ada.password);
			await page.getByLabel('New password', { exact: true }).fill('quiet-marzipan-turbine-forty');
		},
		'Change password',
	],
	['/account/group', (page) => page.getByLabel('E-mail address').fill(friend), 'Send invitation'],
	['/account/sessions', () => {}, 'Log out everywhere else'],
	['/account/gifts', () => {}, /^Take back/],
	[story, () => {}, 'Give this article to a friend'],
];

for (const scripts of [true, false]) {
	const name = scripts ? 'with scripts' : 'without scripts',
		size = scripts ? 'desktop' : 'phone',
		options = { javaScriptEnabled: scripts, viewport: scripts ? desktop : phone };

	test(`${name}: a session ended during each form: told, logged in on that very page, back at the form`, async () => {
		const giver = await signedIn();
		await giver.page.goto(story);
		await press(giver.page, 'Give this article to a friend'); // something to take back
		await giver.context.close();
		for (const [target, fill, button] of forms) {
			const other = await signedIn(options), // a session more, so that there is one to end
				{ context, page } = await signedIn(options);
			await page.goto(target);
			await fill(page);
			await endTheOthers();
			await press(page, button);
			assert.match(
				await page.locator('.notice').innerText(),
				/logged out before the form was sent, so nothing was changed/,
			);
			if (target === '/account/group') await shoot(page, `session-ended-form-${size}`);
			await fillIn(page, server.accounts.ada);
			assert.equal(new URL(page.url()).pathname, target, button);
			assert.equal(await page.locator('.notice, .alert').count(), 0, 'told once');
			if (target === '/account/group') {
				assert.equal(await page.getByLabel('E-mail address').inputValue(), friend);
				await shoot(page, `session-ended-typed-${size}`);
			}
			for (const field of await page.locator('main [type=password]').all())
				assert.equal(await field.inputValue(), '', 'no password is kept');
			calm(page, server, [/401/]);
			await context.close();
			await other.context.close();
		}
	});

	test(`${name}: a reload after the end says that one was logged out, and a log-in leads on from there`, async () => {
		const { context, page } = await signedIn(options);
		await page.goto(story);
		await endTheOthers();
		await page.reload();
		assert.match(await page.locator('.notice').innerText(), /You were logged out/);
		await shoot(page, `session-ended-article-${size}`);
		await page.reload();
		assert.equal(await page.locator('.notice').count(), 0, 'once');
		const away = await signedIn(options);
		await away.page.goto('/account');
		await endTheOthers();
		await away.page.getByRole('link', { name: 'Change your password' }).click();
		await away.page.waitForURL('**/login?**');
		assert.match(await away.page.locator('.notice').innerText(), /You were logged out/);
		await shoot(away.page, `session-ended-login-${size}`);
		await fillIn(away.page, server.accounts.ada);
		assert.equal(new URL(away.page.url()).pathname, '/account/password');
		calm(page, server);
		await context.close();
		await away.context.close();
	});

	test(`${name}: who logs in at the wall goes on reading where it stood`, async () => {
		const { context, page } = await openWindow(browser, server, options);
		await page.goto(story);
		const known = (await page.locator('.text').innerText()).trim().split(/\s+/).slice(-12, -2).join(' ');
		await page.locator('.paywall').getByRole('link', { name: 'Log In' }).first().click();
		const scope = scripts ? page.getByRole('dialog', { name: 'Log In' }) : page.locator('main');
		if (!scripts) await page.waitForURL('**/login?**');
		await fillIn(page, server.accounts.ada, scope);
		assert.equal(page.url(), `${server.origin}${story}#continue`);
		const where = await page.evaluate((words) => {
			const at = document.getElementById('continue'),
				near = [at.previousElementSibling, at].map((e) => e.innerText.replace(/\s+/g, ' ')).join(' ');
			return {
				top: at.getBoundingClientRect().top,
				known: near.includes(words),
				moved: window.scrollY,
				tag: at.tagName,
			};
		}, known);
		assert.ok(where.top >= 0 && where.top < 60 && where.moved > 0, JSON.stringify(where));
		assert.ok(where.known, `the last words of the teaser stand there: ${known}`);
		await page.screenshot({ path: `build/screenshots/continue-${size}.png` });
		calm(page, server);
		await context.close();
	});

	test(`${name}: too many attempts: the page counts down and goes back to the form, which works`, async () => {
		const { context, page } = await openWindow(browser, server, options);
		const who = { email: `waits-${scripts}@mail.example`, password: 'wrong-wrong-wrong' };
		await page.goto(`/login?return_to=${encodeURIComponent(story)}`);
		await page.locator('main').getByLabel('Keep me logged in').check();
		for (let i = 0; i < 8 && (await page.locator('.countdown').count()) === 0; i++) await fillIn(page, who);
		const { text, runs } = await page.evaluate(() => ({
			text: document.querySelector('h1').innerText,
			runs: document.getAnimations().map((a) => [a.animationName, a.effect.getTiming().duration, a.playState]),
		}));
		assert.match(text, /^Try again in \d+ seconds?$/);
		assert.deepEqual(runs, [['pass', 3600000, 'running']], 'one second less each second, by the style sheet');
		await shoot(page, `wait-${size}`);
		await page.waitForURL((url) => url.pathname === '/login' && url.search !== '');
		assert.equal(await page.locator('main').getByLabel('E-mail address').inputValue(), who.email);
		assert.ok(await page.locator('main').getByLabel('Keep me logged in').isChecked());
		assert.equal(await page.locator('main').getByLabel('Password', { exact: true }).inputValue(), '');
		await fillIn(page, server.accounts.ada);
		assert.equal(new URL(page.url()).pathname, story);
		calm(page, server, [/401/, /429/]);
		await context.close();
	});
}
