// Accounts made as readers make them: register, read the mail, confirm.
import assert from 'node:assert/strict';
import { Api } from './http.mjs';

export const password = 'seven-copper-lanterns-adrift';
export const otherPassword = 'quiet-marzipan-turbine-forty';
export const thirdPassword = 'walnut-drizzle-heron-ninety';

let serial = 0;
export const newAddress = (name = 'reader') => `${name}${++serial}@mail.example`;

// What opens something is a plan that was described.
export function makePlan(server, name) {
	if (!JSON.parse(server.cliOk('plan', 'list', '--json')).some((p) => p.name === name))
		server.cliOk('plan', 'set', name, '--title', name);
}
export function grantPlan(server, email, plan, ...args) {
	makePlan(server, plan);
	return JSON.parse(server.cliOk('entitlement', 'grant', email, plan, ...args, '--json'));
}

export async function makeAccount(server, { email = newAddress(), name = 'Ada Holm', plan, pass = password } = {}) {
	const api = new Api(server);
	const asked = await api.post('/accounts', { email, password: pass, name });
	assert.equal(asked.status, 202, asked.body);
	const token = await server.mail.takeToken(email, '/verify');
	const done = await api.post('/email-verifications', { token });
	assert.equal(done.status, 204, done.body);
	if (plan) grantPlan(server, email, plan);
	return { email, name, password: pass };
}

export async function apiSession(server, who, name = 'test') {
	const r = await new Api(server).post('/sessions', { email: who.email, password: who.password, name });
	assert.equal(r.status, 201, r.body);
	const api = new Api(server, r.json.token);
	api.session = r.json.session;
	return api;
}

export async function resetToken(server, email) {
	const r = await new Api(server).post('/password-resets', { email });
	assert.equal(r.status, 202, r.body);
	return server.mail.takeToken(email, '/reset/confirm');
}
