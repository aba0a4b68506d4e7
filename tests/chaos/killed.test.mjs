// Goal: gateways die at random, twenty times, and a reader notices no more than a request to try again. Every mail that was promised
// arrives once (the same Message-ID counts as once), and no single-use token is spent twice.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeAccount } from '../lib/accounts.mjs';
import { Api } from '../lib/http.mjs';
import { sleep, until } from '../lib/server.mjs';
import { Cluster, Load, SmtpMailbox } from './cluster.mjs';

const KILLS = Number(process.env.CHAOS_KILLS ?? 20),
	READERS = 3;
let cluster, everywhere;

before(async () => {
	// A claim that its owner took to the grave is free again soon.
	cluster = await Cluster.start({ settings: { POSTERN_MAIL_TIMEOUT_S: '2' } });
	everywhere = {
		port: cluster.port,
		mail: new SmtpMailbox(cluster.smtp),
		cliOk: (...args) => cluster.gateways[0].cliOk(...args),
	};
});
after(() => cluster.close());

const broken = (e) => ({ status: 0, body: String(e) });

const link = /\/reset\/confirm\?token=([A-Za-z0-9_-]+)/;

// Asks for a link; what was answered with 202 is owed a mail.
async function ask(load, who) {
	const r = await new Api(everywhere).post('/password-resets', { email: who.email }).catch(broken);
	assert.ok([202, 503, 502, 0].includes(r.status), `${r.status} ${r.body}`);
	if (r.status === 202) who.promised++;
	load.count(r.status === 202 ? 'resets promised' : 'resets refused');
}

// The newest link not tried yet, for a moment: a mail whose sender was killed comes when its claim has lapsed.
async function newest(who) {
	for (let i = 0; i < 20; i++) {
		const token = cluster.smtp
			.to(who.email)
			.map((m) => link.exec(m.mail.text)?.[1])
			.filter(Boolean)
			.at(-1);
		if (token && !who.tried.has(token)) return token;
		await sleep(25);
	}
	return null;
}

// Tried through all gateways at once. 204 is an acknowledged spending; a broken answer may have been one.
async function reader(load, who) {
	await ask(load, who);
	const token = await newest(who);
	if (!token) return load.count('links late');
	who.tried.add(token);
	const password = `copper-lantern-${who.tried.size}-adrift`;
	const answers = await Promise.all(
		cluster.gateways.map((g) => new Api(g).post('/password-resets/confirm', { token, password }).catch(broken)),
	);
	const spent = answers.filter((a) => a.status === 204).length;
	assert.ok(spent <= 1, `a token was spent ${spent} times`);
	assert.ok(
		answers.every((a) => [204, 410, 503, 0].includes(a.status)),
		answers.map((a) => `${a.status} ${a.body}`).join('\n'),
	);
	return load.count(spent ? 'tokens spent' : 'tokens void or lost');
}

test(`${KILLS} gateways killed at random: mails arrive once, tokens are spent once`, async (t) => {
	const readers = [];
	for (let i = 0; i < READERS; i++)
		readers.push({ ...(await makeAccount(everywhere)), promised: 0, tried: new Set() });
	const already = new Set(cluster.smtp.mails.map((m) => m.mail.messageId));
	const load = new Load();
	t.after(() => load.stop());
	load.add(READERS, (i) => reader(load, readers[i]));
	for (let i = 0; i < KILLS; i++) {
		await sleep(100 + Math.random() * 400);
		await cluster.killAndRestart(cluster.gateways[Math.floor(Math.random() * cluster.gateways.length)]);
	}
	const counts = await load.stop();
	const resets = () => cluster.smtp.mails.filter((m) => !already.has(m.mail.messageId) && link.test(m.mail.text));
	const distinct = () => new Set(resets().map((m) => m.mail.messageId)).size;
	// A mail whose link was replaced or used before its turn came is not sent any more.
	const dead = "error LIKE 'not sent: its link%'";
	const outbox = async (what) =>
		Number(await cluster.pair.primary.sql(`SELECT count(*) FROM outbox WHERE ${what}`, 'postern'));
	const left = () => outbox(`sent_at IS NULL AND (error IS NULL OR NOT ${dead})`);
	const settled = async () =>
		(await left()) === 0 && distinct() + (await outbox(`kind = 'reset' AND ${dead}`)) >= owed;
	const owed = readers.reduce((n, r) => n + r.promised, 0);
	await until('every promised mail', settled, 120000, 200).catch((e) => {
		throw new Error(
			`${e.message}: ${distinct()} of ${owed}; ${cluster.gateways[0].cliOk('mail', 'list', '--limit', '20')}`,
		);
	});
	await sleep(3000); // what comes too much would come now
	counts['same Message-ID again'] = resets().length - distinct();
	assert.ok(counts['tokens spent'] >= 5, 'enough of them to speak of');
	t.diagnostic(JSON.stringify({ ...counts, owed, arrived: distinct() }));
	// A request whose answer was lost may have queued its mail all the same: that is not one too many of a promised one.
	assert.ok(distinct() <= owed + (counts['resets refused'] ?? 0), `${distinct()} mails for ${owed} promises`);
	const tokens = resets().map((m) => [m.mail.messageId, link.exec(m.mail.text)[1]]);
	assert.equal(new Set(tokens.map(([, token]) => token)).size, distinct(), 'one token for one Message-ID');
	assert.equal(await left(), 0, 'nothing is left in the outbox');
});
