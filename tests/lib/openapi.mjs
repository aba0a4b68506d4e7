// Whether an answer is what docs/openapi.yaml says: its status, its type, the body with no member that is not described, and the
// headers that are ours. Every exchange of the tests under /api/v1 and on the operations listener goes through here (http.mjs).
import { readFileSync } from 'node:fs';
import path from 'node:path';
import Ajv from 'ajv/dist/2020.js';
import YAML from 'yaml';

const file = path.join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../../docs/openapi.yaml');

// Any request may be answered so, says the document's introduction.
const ANYWHERE = [400, 405, 408, 411, 413, 414, 417, 422, 429, 431, 500, 501, 503, 505];
// What HTTP itself and every answer of ours has.
const HEADERS_OF_ALL = new Set(
	(
		'date connection keep-alive transfer-encoding content-type content-length content-encoding content-language vary allow ' +
		'cache-control content-security-policy x-content-type-options referrer-policy permissions-policy x-request-id ' +
		'cross-origin-opener-policy cross-origin-resource-policy x-frame-options strict-transport-security cache-status'
	).split(' '),
);
const PROBLEM = 'application/problem+json';
const formats = {
	'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
	date: /^\d{4}-\d\d-\d\d$/,
	uri: /^[a-z][a-z0-9+.-]*:\S+$/,
	password: true,
};

const doc = YAML.parse(readFileSync(file, 'utf8'));
const resolve = (value) =>
	value?.$ref
		? value.$ref
				.slice(2)
				.split('/')
				.reduce((o, key) => o[key], doc)
		: value;

// ---- schemas without room for what is not described ----

const hasMembers = (schema) =>
	Boolean(schema.properties) || (schema.allOf ?? []).some((one) => hasMembers(resolve(one)));
const eachOf = (object, f) => Object.fromEntries(Object.entries(object).map(([key, value]) => [key, f(value)]));

// As it stands, but closed where values are: a schema that others extend (allOf) stays open itself.
function open(schema) {
	return {
		...schema,
		...(schema.properties && { properties: eachOf(schema.properties, closed) }),
		...(schema.items && { items: closed(schema.items) }),
		...(schema.allOf && { allOf: schema.allOf.map(open) }),
		...(schema.oneOf && { oneOf: schema.oneOf.map(closed) }),
		...(schema.anyOf && { anyOf: schema.anyOf.map(closed) }),
	};
}

function closed(schema) {
	const isClosed = hasMembers(resolve(schema)) && schema.additionalProperties === undefined;
	return { ...open(schema), ...(isClosed && { unevaluatedProperties: false }) };
}

const ajv = new Ajv({ strict: false, allErrors: true, formats });
ajv.addSchema({ $id: 'doc', components: { schemas: eachOf(doc.components.schemas, open) } });
const compiled = new Map();
const rebased = (schema) =>
	JSON.parse(JSON.stringify(schema, (key, value) => (key === '$ref' ? `doc${value}` : value)));

function faultsOf(schema, value) {
	if (!compiled.has(schema)) compiled.set(schema, ajv.compile(rebased(closed(schema))));
	const validate = compiled.get(schema);
	return validate(value)
		? []
		: validate.errors.map((e) => `${e.instancePath || 'it'} ${e.message} ${JSON.stringify(e.params)}`);
}

// ---- operations ----

const patterns = Object.entries(doc.paths).map(([template, item]) => ({
	item,
	pattern: new RegExp(`^${template.replace(/[.]/g, '\\.').replace(/\{[^}]+\}/g, '[^/]+')}$`),
	literal: !template.includes('{'),
}));
patterns.sort((a, b) => b.literal - a.literal);

function operationOf(method, target) {
	const found = patterns.find((one) => one.pattern.test(target.split('?')[0]));
	return found?.item[method === 'HEAD' ? 'get' : method.toLowerCase()];
}

// ---- answers ----

function bodyFaults(content, answer) {
	const type = (answer.headers['content-type'] ?? '').split(';')[0];
	if (!content) return answer.bytes.length ? [`has a body of ${type}, and none is described`] : [];
	if (!content[type]) return [`is of type "${type}", described are ${Object.keys(content).join(', ')}`];
	return faultsOf(content[type].schema, /json/.test(type) ? JSON.parse(answer.body) : answer.body);
}

function headerFaults(described, answer) {
	const known = new Set(Object.keys(described ?? {}).map((name) => name.toLowerCase()));
	return Object.keys(answer.headers)
		.filter((name) => !HEADERS_OF_ALL.has(name) && !known.has(name))
		.map((name) => `has the header ${name}, which is not described`);
}

const problemFaults = (target, answer) =>
	target.startsWith('/api/') && (answer.headers['content-type'] ?? '').startsWith(PROBLEM)
		? faultsOf(doc.components.schemas.Problem, JSON.parse(answer.body))
		: [];

// What is wrong with it, in words; empty when nothing is, and for addresses that the document does not know.
export function answerFaults(method, target, answer) {
	const operation = operationOf(method, target),
		response = resolve(operation?.responses[answer.status]),
		hasBody = method !== 'HEAD' && answer.status !== 304;
	if (!response) {
		const allowed = !operation || ANYWHERE.includes(answer.status) || answer.status === 404;
		if (!allowed) return [`the status ${answer.status} is not described`];
		return hasBody ? problemFaults(target, answer) : [];
	}
	const faults = headerFaults(response.headers, answer);
	return hasBody ? [...faults, ...bodyFaults(response.content, answer)] : faults;
}
