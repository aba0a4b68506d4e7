// A client whose types are generated from docs/openapi.yaml compiles in TypeScript's strictest mode and runs against the server; and
// the document itself is what the checks of every other test say it is.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import openapiTS, { astToString } from 'openapi-typescript';
import { makeAccount } from '../lib/accounts.mjs';
import { importArticles, shelf } from '../lib/articles.mjs';
import { request } from '../lib/http.mjs';
import { answerFaults } from '../lib/openapi.mjs';
import { root, startServer } from '../lib/server.mjs';

export const covers = ['GET /api/v1/openapi.yaml', 'GET /api/v1/articles', 'POST /api/v1/sessions'];

const run = promisify(execFile);
let server, who, dir;
before(async () => {
	server = await startServer();
	importArticles(server);
	who = await makeAccount(server, { plan: 'digital' });
	mkdirSync(path.join(root, 'build'), { recursive: true });
	dir = mkdtempSync(path.join(root, 'build/client-'));
});
after(async () => {
	rmSync(dir, { recursive: true, force: true });
	await server.close();
});

const options = {
	strict: true,
	noUncheckedIndexedAccess: true,
	exactOptionalPropertyTypes: true,
	target: 'es2022',
	module: 'nodenext',
	skipLibCheck: true,
	types: [],
	lib: ['es2023', 'dom'],
};

test('a generated client compiles and reads', async () => {
	const types = astToString(await openapiTS(new URL(`file://${root}docs/openapi.yaml`)));
	writeFileSync(path.join(dir, 'types.ts'), types);
	copyFileSync(path.join(root, 'tests/data/client/client.ts'), path.join(dir, 'client.ts'));
	writeFileSync(path.join(dir, 'node.d.ts'), 'declare const process: { argv: string[] };\n');
	writeFileSync(path.join(dir, 'package.json'), '{ "type": "module" }\n');
	writeFileSync(path.join(dir, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['*.ts'] }));
	symlinkSync(path.join(root, 'tests/node_modules'), path.join(dir, 'node_modules'));
	await run(path.join(root, 'tests/node_modules/.bin/tsc'), ['-p', dir]).catch((e) => assert.fail(e.stdout));
	const { stdout } = await run(process.execPath, ['client.js', server.origin, who.email, who.password, 'vault'], {
		cwd: dir,
	});
	const said = JSON.parse(stdout);
	assert.equal(said.headline, shelf.find((a) => a.slug === 'vault').headline ?? said.headline);
	assert.ok(said.body > 100, stdout);
	assert.equal(said.refused, 'invalid_token');
	assert.equal(new Set(said.slugs).size, said.slugs.length);
	assert.ok(said.slugs.includes('vault') && said.slugs.includes('open-door'));
});

test('the running program hands out the document that it was built with', async () => {
	const a = await request(server, 'GET', '/api/v1/openapi.yaml');
	assert.equal(a.status, 200);
	assert.equal(a.headers['content-type'], 'application/yaml');
	assert.equal(a.body, readFileSync(path.join(root, 'docs/openapi.yaml'), 'utf8'));
	const again = await request(server, 'GET', '/api/v1/openapi.yaml', {
		headers: { 'If-None-Match': a.headers.etag },
	});
	assert.equal(again.status, 304);
	assert.equal(again.body, '');
	const packed = await request(server, 'GET', '/api/v1/openapi.yaml', { headers: { 'Accept-Encoding': 'gzip' } });
	assert.equal(packed.headers['content-encoding'], 'gzip');
	assert.ok(packed.sent.length < a.sent.length / 2);
});

test('an answer that is not as described is found', () => {
	const answer = (status, type, body, headers = {}) => ({
		status,
		headers: { 'content-type': type, ...headers },
		bytes: Buffer.from(body),
		body,
	});
	const problem = {
		type: 'urn:postern:error:x',
		title: 'x',
		status: 404,
		detail: 'x',
		code: 'not_found',
		request_id: 'a'.repeat(26),
	};
	const json = (o) => JSON.stringify(o);
	const faulty = [
		answer(299, 'application/json', '{}'),
		answer(200, 'text/html', '<p>'),
		answer(200, 'application/json', '{}'),
		answer(200, 'application/json', json({ sessions: [], more: 1 })),
		answer(200, 'application/json', json({ sessions: [{ id: 'x' }] })),
		answer(200, 'application/json', json({ sessions: [] }), { 'x-secret': '1' }),
		answer(404, 'application/problem+json', json({ ...problem, code: 'nowhere' })),
		answer(404, 'application/problem+json', json({ ...problem, hint: 'x' })),
	];
	for (const a of faulty)
		assert.notDeepEqual(answerFaults('GET', '/api/v1/sessions', a), [], `${a.status} ${a.body}`);
	const fine = [
		answer(200, 'application/json; charset=utf-8', json({ sessions: [] }), { 'content-length': '15' }),
		answer(404, 'application/problem+json', json(problem)),
	];
	for (const a of fine) assert.deepEqual(answerFaults('GET', '/api/v1/sessions', a), []);
});
