// Chromium as a reader has it, beside `postern run-demo`. Every request, message and error of a page is kept.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { freePorts, root, Server, tempDir, unlimited, until } from './server.mjs';

export const phone = { width: 390, height: 844 };
export const desktop = { width: 1280, height: 900 };
const shots = path.join(root, 'build/screenshots');

const flags = [
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
];

export const openBrowser = () => chromium.launch({ executablePath: '/usr/bin/chromium', args: flags });

// The demo paper, with the passwords that it shows at its first start.
export async function startDemo(settings = {}) {
	const dir = tempDir();
	const server = new Server(dir, await freePorts(2), {}, ['run-demo', '--dir', path.join(dir, 'demo')]);
	server.env = {
		POSTERN_SERVER_LISTEN: server.env.POSTERN_SERVER_LISTEN,
		POSTERN_SERVER_BASE_URL: server.origin,
		POSTERN_OPS_LISTEN: server.env.POSTERN_OPS_LISTEN,
		...unlimited,
		...settings,
	};
	await server.start();
	await until('the banner', () => /Stop with Ctrl-C/.test(server.stdout));
	server.accounts = Object.fromEntries(
		[...server.stdout.matchAll(/^ {4}(\S+@\S+) +(\S+) +/gm)].map((m) => [
			m[1].split('@')[0],
			{ email: m[1], password: m[2] },
		]),
	);
	assert.deepEqual(Object.keys(server.accounts), ['ada', 'ben']);
	return server;
}

// A reader's window. `watch` collects what a page did; `calm` demands that nothing of it was wrong.
export async function openWindow(browser, server, options = {}) {
	const context = await browser.newContext({ viewport: desktop, baseURL: server.origin, ...options });
	context.setDefaultTimeout(15000);
	const page = await context.newPage();
	const seen = { requests: [], complaints: [] };
	page.on('request', (r) => seen.requests.push(r.url()));
	page.on('pageerror', (e) => seen.complaints.push(`error: ${e.message}`));
	// Aborted is what was still loading when the reader went on.
	page.on(
		'requestfailed',
		(r) =>
			r.failure()?.errorText !== 'net::ERR_ABORTED' &&
			seen.complaints.push(`failed: ${r.url()} ${r.failure()?.errorText}`),
	);
	page.on('console', (m) => ['error', 'warning'].includes(m.type()) && seen.complaints.push(`console: ${m.text()}`));
	// The bytes of the page as served, before any script touched them.
	page.on('response', (r) => {
		if (r.request().isNavigationRequest() && (r.status() < 300 || r.status() > 399))
			(page.served = r.text()).catch(() => {}); // a window may close before anybody asks
	});
	page.seen = seen;
	return { context, page };
}

// A refused log-in is an answer of 401, and Chromium notes it as an error; that alone is expected.
export function calm(page, server, expected = []) {
	const odd = page.seen.complaints.filter((c) => !expected.some((e) => e.test(c)));
	assert.deepEqual(odd, [], 'complaints of the browser');
	const elsewhere = page.seen.requests.filter((u) => !u.startsWith(`${server.origin}/`) && !u.startsWith('data:'));
	assert.deepEqual(elsewhere, [], 'requests to other origins');
}

export async function shoot(page, name) {
	mkdirSync(shots, { recursive: true });
	await page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: true });
}

export const heading = (page) => page.locator('h1').first().innerText();
