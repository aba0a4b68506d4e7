// What every page must have: no fault that axe or the HTML checker knows, little weight, nothing from elsewhere.
// Leaves a picture of each in build/screenshots.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { HtmlValidate } from 'html-validate';
import { calm, desktop, openBrowser, openWindow, phone, shoot, startDemo } from '../lib/browser.mjs';
import { Reader } from '../lib/http.mjs';
import { logIn, mailedLink, tour } from '../lib/tour.mjs';

export const covers = [
	'GET /',
	'GET /sections/{section}',
	'GET /articles/{slug}',
	'GET /media/{id}/{name}',
	'GET /static/{version}/{name...}',
	'GET /login',
	'GET /register',
	'GET /verify',
	'GET /reset',
	'GET /reset/confirm',
	'GET /account',
	'GET /account/password',
	'POST /account/password',
	'GET /account/sessions',
	'GET /_dev/mailbox',
];

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const expected = [/status of (400|401|404|410|422|429)/]; // pages that say so are part of the tour
const PAGE_BYTES = 60000,
	LOGIN_BYTES = 14000,
	SCRIPT_BYTES = 5000;
let browser, server;
before(async () => {
	server = await startDemo();
	browser = await openBrowser();
});
after(async () => {
	await browser?.close();
	await server?.close();
});

async function faultsOf(page, name) {
	await page.evaluate(axeSource);
	const { violations } = await page.evaluate(() =>
		globalThis.axe.run(document, {
			resultTypes: ['violations'],
			runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
		}),
	);
	return violations.map(
		(v) =>
			`${name}: ${v.id}: ${v.help}: ${v.nodes
				.slice(0, 3)
				.map((n) => `${n.target} ${n.failureSummary.split('\n')[1] ?? ''}`)
				.join(' | ')}`,
	);
}

for (const [width, viewport] of Object.entries({ phone, desktop })) {
	for (const colorScheme of ['light', 'dark']) {
		test(`axe finds nothing on any page: ${width}, ${colorScheme}`, async () => {
			const faults = [],
				sideways = [];
			const pages = await tour(
				browser,
				server,
				{ viewport, colorScheme, bypassCSP: true },
				async (page, name) => {
					await page.waitForLoadState();
					await shoot(page, `${name}-${width}-${colorScheme}`);
					faults.push(...(await faultsOf(page, name)));
					const wide = await page.evaluate(
						() => document.documentElement.scrollWidth - document.documentElement.clientWidth,
					);
					if (wide > 0) sideways.push(`${name} by ${wide} px`);
				},
			);
			assert.deepEqual(faults, []);
			assert.deepEqual(sideways, [], 'pages that scroll sideways');
			pages.forEach((p) => calm(p, server, expected));
		});
	}
}

test('axe finds nothing in the open dialogs, in both schemes', async () => {
	for (const colorScheme of ['light', 'dark']) {
		const { context, page } = await openWindow(browser, server, { colorScheme, bypassCSP: true, viewport: phone });
		for (const name of ['Log In', 'Reset Password']) {
			await page.goto('/articles/harbour-reopens');
			await page.locator('.account-nav').getByRole('link', { name }).click();
			await page.getByRole('dialog', { name }).waitFor();
			await shoot(page, `dialog-${name.replace(' ', '-').toLowerCase()}-${colorScheme}`);
			assert.deepEqual(await faultsOf(page, name), []);
		}
		await context.close();
	}
});

test('the HTML of every page is valid', async () => {
	const checker = new HtmlValidate({
		extends: ['html-validate:standard', 'html-validate:document'],
		rules: {
			'void-style': 'off',
			'no-trailing-whitespace': 'off',
			'long-title': 'off',
			'require-sri': 'off', // own origin only
			'no-redundant-role': 'error',
			'no-implicit-button-type': 'error',
		},
	});
	const faults = [];
	await tour(browser, server, {}, async (page, name) => {
		const report = await checker.validateString(await page.served, `${name}.html`);
		faults.push(
			...report.results.flatMap((r) =>
				r.messages.filter((m) => m.severity === 2).map((m) => `${name}:${m.line}: ${m.ruleId}: ${m.message}`),
			),
		);
	});
	assert.deepEqual([...new Set(faults)], []);
});

test('pages are light: 60 kB without pictures, log-in 14 kB, all script 5 kB', async () => {
	const reader = new Reader(server, { 'Accept-Encoding': 'gzip' }),
		anonymous = new Reader(server, { 'Accept-Encoding': 'gzip' });
	await reader.logIn(server.accounts.ada);
	const front = await anonymous.get('/');
	const files = [...front.body.matchAll(/(?:href|src)="(\/static\/[^"]+)"/g)].map((m) => m[1]);
	const weight = (a) => a.sent.length + a.raw.join('').length + 2 * a.raw.length;
	let assets = 0,
		script = 0;
	for (const f of new Set(files)) {
		const a = await anonymous.get(f);
		assets += weight(a);
		if (f.endsWith('.js')) script += a.bytes.length;
	}
	assert.ok(script > 0 && script < SCRIPT_BYTES, `script ${script}`);
	for (const r of [anonymous, reader]) {
		for (const target of [
			'/',
			'/sections/city',
			'/articles/harbour-reopens',
			'/articles/ferry-fares',
			'/login',
			'/register',
			'/reset',
			'/account',
			'/account/sessions',
			'/account/password',
			'/no/such',
		]) {
			const a = await r.get(target),
				whole = weight(a) + assets;
			assert.ok(whole < PAGE_BYTES, `${target}: ${whole}`);
			assert.ok(target !== '/login' || whole < LOGIN_BYTES, `log-in: ${whole}`);
		}
	}
});

test('no page loads anything from elsewhere or says so in its markup', async () => {
	await tour(browser, server, {}, async (page, name) => {
		const foreign = await page.evaluate(
			(own) =>
				[...document.querySelectorAll('[src],link[href],form[action]')]
					.map((e) => e.src || e.href || e.action)
					.filter((u) => u && !String(u).startsWith(own)),
			server.origin,
		);
		assert.deepEqual(foreign, [], name);
		const inline = await page.evaluate(() => document.querySelectorAll('style,[style],script:not([src])').length);
		assert.equal(inline, 0, name);
	}).then((pages) => pages.forEach((p) => calm(p, server, expected)));
});

test('what password managers and screen readers need is there', async () => {
	const { page, context } = await openWindow(browser, server, { javaScriptEnabled: false });
	const wants = {
		'/login': { email: 'username', password: 'current-password' },
		'/register': { email: 'username', password: 'new-password', name: 'name' },
		'/reset': { email: 'username' },
	};
	const check = async (target, fields) => {
		await page.goto(target);
		for (const [field, value] of Object.entries(fields))
			assert.equal(
				await page.locator(`main [name="${field}"]`).getAttribute('autocomplete'),
				value,
				`${target} ${field}`,
			);
	};
	for (const [target, fields] of Object.entries(wants)) await check(target, fields);
	await check(await mailedLink(server, server.accounts.ben.email, '/reset/confirm?token='), {
		password: 'new-password',
	});
	await logIn(context, server, server.accounts.ada);
	await check('/account/password', { current_password: 'current-password', new_password: 'new-password' });
	await context.close();
});
