// Goal: a page fits its reader's screen, paper and colours: tables scroll inside themselves and by keyboard, no headline ends a line at a
// hyphen, nothing that wants a click is printed, and a theme's font, logo and script work under the policy that follows from them.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { calm, desktop, openBrowser, openWindow, startDemo } from '../lib/browser.mjs';
import { run, tempDir } from '../lib/server.mjs';
import { until } from '../lib/time.mjs';

const timetable = `---
headline: "Twenty-four-hour ferry timetable: an eleven-day closure ends for well-known cross-channel routes"
slug: timetable
section: City
access: public
---
A paragraph before the table.

| Departure | Route | Quay | Vessel | Tonnage | Arrival | Connection | Remarks |
|---|---|---|---|---|---|---|---|
| 06:00 | Sandhaven to Northshore | East Quay | Meridian Lark | 12,400 | 07:45 | Tram line 6 | Bicycles carried |

| Fare | Crowns |
|---|---|
| Adult | 14 |
`;
const narrow = { width: 320, height: 640 }; // 1280 px at 400 %
let browser, server;
before(async () => {
	server = await startDemo();
	browser = await openBrowser();
	const dir = tempDir();
	writeFileSync(`${dir}/timetable.md`, timetable);
	const r = run(['article', 'import', dir], {
		env: { POSTERN_DATABASE_URL: `sqlite:${server.dir}/demo/postern.db` },
	});
	assert.equal(r.code, 0, r.stderr);
});
after(async () => {
	await browser?.close();
	await server?.close();
});

test('tables scroll inside themselves at 320 px, by keyboard, each with a name of its own', async () => {
	const { context, page } = await openWindow(browser, server, { viewport: narrow });
	await page.goto('/articles/timetable');
	const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
	assert.equal(wide, 0, 'the page does not scroll sideways');
	const first = page.getByRole('region', { name: 'Table 1 of 2' });
	assert.equal(await page.getByRole('region', { name: 'Table 2 of 2' }).count(), 1);
	const room = await first.evaluate((e) => e.scrollWidth - e.clientWidth);
	assert.ok(room > 100, `the table is ${room} px wider than the screen`);
	await first.focus();
	assert.equal(await first.evaluate((e) => document.activeElement === e), true);
	await page.keyboard.press('ArrowRight');
	await until('the table to scroll', () => first.evaluate((e) => e.scrollLeft > 0));
	calm(page, server);
	await context.close();
});

test('no headline is broken at a hyphen where the word fits on a line', async () => {
	const { context, page } = await openWindow(browser, server, {});
	for (const width of [320, 390, 600, 768, 1024, 1280]) {
		await page.setViewportSize({ width, height: 900 });
		for (const target of ['/', '/sections/city', '/articles/timetable']) {
			await page.goto(target);
			const broken = await page.evaluate(() =>
				[...document.querySelectorAll('.whole')]
					.filter((e) => {
						const range = document.createRange();
						range.selectNodeContents(e);
						const lines = new Set([...range.getClientRects()].map((r) => Math.round(r.top))).size;
						e.style.whiteSpace = 'nowrap';
						const whole = range.getBoundingClientRect().width;
						e.style.whiteSpace = '';
						return lines > 1 && whole <= e.parentElement.parentElement.clientWidth;
					})
					.map((e) => e.textContent),
			);
			assert.deepEqual(broken, [], `${target} at ${width} px`);
		}
	}
	await context.close();
});

test('nothing interactive is printed', async () => {
	const { context, page } = await openWindow(browser, server, { viewport: desktop });
	await page.emulateMedia({ media: 'print' });
	for (const target of [
		'/',
		'/sections/city',
		'/articles/timetable',
		'/articles/harbour-reopens',
		'/login',
		'/register',
		'/reset',
		'/no/such',
	]) {
		await page.goto(target);
		const shown = await page.evaluate(() =>
			[...document.querySelectorAll('form, input, button, .button, nav, dialog, .foot, .strip')]
				.filter((e) => e.getClientRects().length > 0)
				.map((e) => e.outerHTML.slice(0, 80)),
		);
		assert.deepEqual(shown, [], target);
		assert.ok((await page.locator('h1, .lead h2').first().innerText()).length > 0, `${target} has its title`);
	}
	assert.ok((await page.pdf()).length > 1000);
	await context.close();
});

// WOFF 1.0 around the tables of a TrueType font, as they are (https://www.w3.org/TR/WOFF/).
function woff(ttf) {
	const tables = ttf.readUInt16BE(4);
	const head = Buffer.alloc(44 + 20 * tables);
	const parts = [head];
	let at = head.length;
	for (let i = 0; i < tables; i++) {
		const entry = ttf.subarray(12 + 16 * i, 28 + 16 * i);
		const from = entry.readUInt32BE(8),
			n = entry.readUInt32BE(12);
		entry.copy(head, 44 + 20 * i, 0, 4);
		[at, n, n, entry.readUInt32BE(4)].forEach((v, k) => head.writeUInt32BE(v, 48 + 20 * i + 4 * k));
		parts.push(ttf.subarray(from, from + n), Buffer.alloc((4 - (n % 4)) % 4));
		at += n + ((4 - (n % 4)) % 4);
	}
	head.write('wOFF', 0, 'latin1');
	ttf.copy(head, 4, 0, 4);
	head.writeUInt32BE(at, 8);
	head.writeUInt16BE(tables, 12);
	head.writeUInt32BE(at - head.length + 12 + 16 * tables, 16);
	return Buffer.concat(parts);
}

test("a theme's font, logo and script work, and the browser has nothing to complain of", async () => {
	const theme = tempDir();
	for (const dir of ['templates', 'static/fonts', 'static/img']) mkdirSync(`${theme}/${dir}`, { recursive: true });
	const write = (name, bytes) => writeFileSync(`${theme}/${name}`, bytes);
	write('static/fonts/brand.woff', woff(readFileSync('/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf')));
	write(
		'static/brand.css',
		'@font-face { font-family: Brand; src: url("fonts/brand.woff") format("woff") }\nbody { font-family: Brand }\n',
	);
	write(
		'static/img/logo.svg',
		'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" width="90" height="90"><path d="M0 0h9v9z"/></svg>',
	);
	write(
		'static/brand.js',
		'fetch("/api/v1/articles").then((r) => { document.documentElement.dataset.asked = r.status; });\n',
	);
	write(
		'templates/_nameplate.html',
		'<div class="nameplate"><a href="/"><img src="{{asset.img.logo.svg}}" alt="{{site.name}}" width="90" height="90"></a></div>\n',
	);
	write(
		'templates/_brand_head.html',
		'<link rel="stylesheet" href="{{asset.brand.css}}">\n<script src="{{asset.brand.js}}" defer></script>\n',
	);
	const branded = await startDemo({ POSTERN_WEB_THEME: theme });
	const { context, page } = await openWindow(browser, branded, {});
	try {
		await page.goto('/');
		await page.evaluate(() => document.fonts.load('1rem Brand'));
		assert.equal(await page.evaluate(() => [...document.fonts].map((f) => f.status).join()), 'loaded');
		assert.equal(await page.locator('.nameplate img').evaluate((e) => e.naturalWidth), 90);
		await until('the script to have asked', () =>
			page.evaluate(() => document.documentElement.dataset.asked === '200'),
		);
		calm(page, branded);
	} finally {
		await context.close();
		await branded.close();
	}
});
