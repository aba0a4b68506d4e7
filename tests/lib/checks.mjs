// What every answer must have, whoever asked and whatever came of it.
import assert from 'node:assert/strict';

const pageCsp =
	"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; " +
	"base-uri 'none'; object-src 'none'; frame-ancestors 'none'";

const dataCsp = "default-src 'none'; frame-ancestors 'none'";

function pageHeaders(h, what, csp) {
	assert.equal(h['content-security-policy'], csp, `${what}: Content-Security-Policy`);
	assert.equal(h['x-frame-options'], 'DENY', what);
	assert.equal(h['cross-origin-opener-policy'], 'same-origin', what);
	assert.match(h['referrer-policy'] ?? '', /^(strict-origin-when-cross-origin|same-origin|no-referrer)$/, what);
	assert.match(h['permissions-policy'] ?? '', /camera=\(\).*geolocation=\(\)/, what);
}

// Data for programs has none of what only a browser that shows a page obeys.
function dataHeaders(h, what) {
	assert.equal(h['content-security-policy'], dataCsp, `${what}: Content-Security-Policy`);
	for (const name of ['x-frame-options', 'cross-origin-opener-policy', 'referrer-policy', 'permissions-policy'])
		assert.equal(h[name], undefined, `${what}: ${name}`);
}

export function secure(answer, what, { https = false, csp = pageCsp } = {}) {
	const h = answer.headers;
	if (h['content-security-policy'] === dataCsp) dataHeaders(h, what);
	else pageHeaders(h, what, csp);
	assert.equal(h['x-content-type-options'], 'nosniff', what);
	assert.equal(h['cross-origin-resource-policy'], 'same-origin', what);
	assert.match(h['x-request-id'] ?? '', /^[a-z2-7]{26}$/, what);
	assert.ok(h['cache-control'], `${what}: Cache-Control`);
	assert.equal(h['strict-transport-security'], https ? 'max-age=31536000' : undefined, what);
	assert.equal(h.server, undefined, `${what}: no Server header`);
	if (answer.bytes.length > 0)
		assert.match(
			h['content-type'] ?? '',
			/^(text\/(html|plain|css|javascript); charset=utf-8|application\/(problem\+)?json|image\/[a-z+]+)/,
			what,
		);
	for (const name of new Set(answer.raw.filter((_, i) => i % 2 === 0).map((n) => n.toLowerCase())))
		if (name !== 'set-cookie')
			assert.equal(
				answer.raw.filter((n, i) => i % 2 === 0 && n.toLowerCase() === name).length,
				1,
				`${what}: ${name} once`,
			);
}

export function unstored(answer, what) {
	assert.equal(answer.headers['cache-control'], 'no-store', `${what}: Cache-Control`);
}

// RFC 9457, with the members that docs promise.
export function problem(answer, status, code, what = '') {
	assert.equal(answer.status, status, `${what} ${answer.body}`);
	assert.match(answer.headers['content-type'] ?? '', /^application\/problem\+json/, what);
	const doc = answer.json;
	assert.equal(doc.status, status, what);
	assert.equal(doc.code, code, `${what} ${answer.body}`);
	assert.equal(doc.type, `urn:postern:error:${code}`, what);
	assert.equal(typeof doc.title, 'string', what);
	assert.ok(doc.detail.length > 5, what);
	assert.equal(doc.request_id, answer.headers['x-request-id'], what);
	unstored(answer, what);
	return doc;
}

// What a page says, with the instant of each time behind it in parentheses.
export const pageText = (page) =>
	page.body
		.replace(/<time datetime="([^"]*)"[^>]*>([^<]*)<\/time>/g, '$2 ($1)')
		.replace(/<br>/g, ' ')
		.replace(/<[^>]+>/g, '')
		.replace(/\s+/g, ' ');
export const pageSays = (page, words) =>
	assert.ok(pageText(page).includes(words), `"${words}" is not in: ${pageText(page).slice(0, 2000)}`);

export const fieldCodes = (doc) => Object.fromEntries((doc.errors ?? []).map((e) => [e.field, e.code]));

// What must not differ between two answers that have to be alike. Length follows the body.
export function face(answer, hide = []) {
	const headers = { ...answer.headers };
	for (const name of ['date', 'x-request-id']) delete headers[name];
	if (headers['set-cookie'])
		headers['set-cookie'] = headers['set-cookie'].map((c) => c.replace(/pst_[A-Za-z0-9_-]{43}/, 'TOKEN'));
	let body = answer.body.replaceAll(answer.headers['x-request-id'], 'ID');
	for (const text of hide) body = body.replaceAll(text, 'HIDDEN').replaceAll(encodeURIComponent(text), 'HIDDEN');
	if (hide.length) delete headers['content-length'];
	return { status: answer.status, headers, body };
}
