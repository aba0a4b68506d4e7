// What readers do that touches the database, each by one request or two, for measuring how long they wait: rights read anew, an article
// counted, a registration, a log-in, a gift given and redeemed, a seat invited and taken.
import assert from 'node:assert/strict';
import { apiSession, grantPlan, makeAccount, password } from './accounts.mjs';
import { Api, Reader } from './http.mjs';

const human = { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0' };
const READERS = 6,
	PAPERS = 40;
const paper = (i) => `paper-${i % PAPERS}`;

export function summary(list) {
	const sorted = [...list].sort((a, b) => a - b);
	return {
		count: sorted.length,
		refused: list.refused ?? 0,
		median: sorted[Math.floor(sorted.length / 2)] ?? NaN,
		p99: sorted[Math.floor(sorted.length * 0.99)] ?? NaN,
		longest: sorted.at(-1) ?? NaN,
	};
}

class Refused extends Error {}

async function timed(ask, ...wanted) {
	const began = performance.now();
	const answer = await ask();
	const ms = performance.now() - began;
	if (answer.status === 503) throw new Refused();
	assert.ok(wanted.includes(answer.status), `${answer.status} instead of ${wanted}: ${answer.body?.slice(0, 300)}`);
	return { ms, answer };
}

export class Operations {
	static names = [
		'article',
		'account page',
		'metered article',
		'registration',
		'log-in',
		'gift made',
		'gift redeemed',
		'seat invited',
		'seat taken',
	];
	static articles = [
		...Array.from({ length: PAPERS }, (_, i) => ({ slug: `paper-${i}`, access: 'subscriber' })),
		...Array.from({ length: PAPERS }, (_, i) => ({ slug: `counted-${i}`, access: 'metered' })),
	];

	static async prepare(server) {
		const ops = new Operations();
		ops.serial = 0;
		ops.people = [];
		for (let i = 0; i < READERS; i++) ops.people.push(await makeReader(server, `reader${i}`, 'digital'));
		ops.free = [];
		for (let i = 0; i < READERS; i++) ops.free.push(await makeReader(server, `free${i}`));
		// who logs in again and again ends older sessions of the account, and so nobody else's
		ops.callers = [await makeReader(server, 'caller0'), await makeReader(server, 'caller1')];
		ops.owner = await makeReader(server, 'owner', 'team', '--seats', '500');
		server.cliOk('meter', 'set', 'all', '--anonymous', '0', '--registered', '48');
		return ops.on(server);
	}

	// The same people on a server that was started anew.
	on(server) {
		const next = Object.assign(new Operations(), this);
		next.server = server;
		next.pages = new Map(); // a browser remembers where it was
		return next;
	}

	async repeat(name, times) {
		const list = [];
		for (let i = 0; i < times; i++) list.push(await this.one(name));
		return list;
	}

	one(name) {
		return this[name](this.serial++);
	}

	api(who) {
		return new Api(this.server, who.token);
	}

	// A browser that has logged in.
	async page(who) {
		if (!this.pages.has(who)) this.pages.set(who, await signedIn(this.server, who));
		return this.pages.get(who);
	}

	async article(i) {
		return (await timed(() => this.api(this.people[i % READERS]).get(`/articles/${paper(i * 7)}`), 200)).ms;
	}

	async 'account page'(i) {
		return (await timed(() => this.api(this.people[i % READERS]).get('/account'), 200)).ms;
	}

	async 'metered article'(i) {
		return (
			await timed(() => this.api(this.free[i % this.free.length]).get(`/articles/counted-${i % PAPERS}`), 200)
		).ms;
	}

	async registration(i) {
		return (
			await timed(
				() =>
					new Api(this.server).post('/accounts', {
						email: `new${i}-${process.pid}@ops.example`,
						password,
						name: 'New',
					}),
				202,
			)
		).ms;
	}

	async 'log-in'(i) {
		const who = this.callers[i % this.callers.length];
		return (
			await timed(() => new Api(this.server).post('/sessions', { email: who.email, password, name: 'more' }), 201)
		).ms;
	}

	async 'gift made'(i) {
		const { ms, answer } = await timed(
			() => this.api(this.people[i % READERS]).post('/gifts', { article: paper(i) }),
			200,
			201,
		);
		(this.links ??= []).push(new URL(answer.json.link).pathname);
		return ms;
	}

	async 'gift redeemed'(i) {
		if (!this.links?.length) await this['gift made'](i);
		const link = this.links.shift();
		return (await timed(() => new Reader(this.server, human).post(link), 303)).ms;
	}

	// An address that is asked again gets another link and no other seat, so that the group never is full.
	async 'seat invited'(i) {
		const page = await this.page(this.owner),
			email = `seat${i % 400}@ops.example`;
		const { ms, answer } = await timed(() => page.post('/account/group/invite', { email }), 303, 422);
		if (answer.status === 303) (this.invited ??= []).push(email);
		return ms;
	}

	async 'seat taken'(i) {
		for (let more = i; !this.invited?.length; more++) await this['seat invited'](more);
		const token = await this.server.mail.takeToken(this.invited.shift(), '/group/accept');
		const who = await this.page(this.people[i % READERS]);
		await who.get(`/group/accept?token=${token}`);
		// the second seat of one account in one group is refused, which asks the same
		return (await timed(() => who.post('/group/accept'), 303, 410)).ms;
	}
}

async function signedIn(server, who) {
	const r = new Reader(server);
	assert.equal((await r.logIn(who)).status, 303);
	return r;
}

async function makeReader(server, name, plan, ...more) {
	const who = await makeAccount(server, { email: `${name}@ops.example`, name });
	if (plan) grantPlan(server, who.email, plan, ...more);
	return { ...who, token: (await apiSession(server, who, 'ops')).token };
}

// What hashes a password comes once a second each: a core hashes two a second at normal priority (server.hash_per_second), and what is
// more waits by design for all that reads. The others come as fast as they are answered.
const PAUSE_MS = 20,
	HASH_PAUSE_MS = 1000;
const pauseOf = (name) => (name === 'registration' || name === 'log-in' ? HASH_PAUSE_MS : PAUSE_MS);

// Runs all of them side by side, each in a loop of its own, until `end` is over. How long each took, by name.
export async function beside(ops, names, end) {
	const took = Object.fromEntries(names.map((name) => [name, []]));
	let over = false;
	const loops = names.map(async (name) => {
		while (!over) {
			await ops.one(name).then(
				(ms) => took[name].push(ms),
				(e) => {
					if (!(e instanceof Refused)) throw e;
					took[name].refused = (took[name].refused ?? 0) + 1;
				},
			);
			await new Promise((done) => {
				setTimeout(done, pauseOf(name));
			});
		}
	});
	try {
		await end();
	} finally {
		over = true;
		await Promise.all(loops);
	}
	return took;
}
