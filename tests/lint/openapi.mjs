// docs/openapi.yaml is a valid OpenAPI 3.1 document by the rules that Redocly recommends and a few more: no unknown property, no
// value twice in a list, every example fits its schema.
import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { finding, finish } from './lib.mjs';

const API = 'docs/openapi.yaml';
const rules = {
	'no-unused-components': 'error',
	'no-invalid-media-type-examples': 'error',
	'no-invalid-parameter-examples': 'error',
	'no-invalid-schema-examples': 'error',
	'no-ambiguous-paths': 'error',
	'no-path-trailing-slash': 'error',
	'operation-operationId': 'error',
};

async function problems() {
	const { createConfig, getLineColLocation, lint } = createRequire(import.meta.url)('@redocly/openapi-core');
	const config = await createConfig({ extends: ['recommended'], rules });
	for (const { location, message, ruleId } of await lint({ ref: path.resolve(API), config }))
		finding(API, getLineColLocation(location[0]).start.line, `${message.split('\n')[0]} (${ruleId})`);
}

if (existsSync('tests/node_modules/@redocly/openapi-core')) await problems();
else finding(API, 1, 'cannot be checked: run `make tests/node_modules/.done` first');
finish('docs/openapi.yaml is valid');
