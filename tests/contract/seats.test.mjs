// Goal: the owner of a group invites by mail up to the number of seats; a link works once; who has a seat reads as the owner does,
// and no longer from the first request after it was taken away.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiSession, grantPlan, makeAccount, newAddress, password } from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { Reader } from '../lib/http.mjs';
import { linkOf } from '../lib/mailbox.mjs';
import { startServer } from '../lib/server.mjs';

export const covers = [
	'GET /account/group',
	'POST /account/group/invite',
	'POST /account/group/remove',
	'GET /group/accept',
	'POST /group/accept',
];

let server, owner, entitlement, page;
before(async () => {
	server = await startServer();
	importArticles(server, [{ slug: 'vault', access: 'subscriber' }]);
	owner = await makeAccount(server);
	entitlement = grantPlan(server, owner.email, 'team', '--seats', '3');
	page = new Reader(server);
	await page.logIn(owner);
});
after(() => server.close());

const grantOf = async (api) => (await api.get('/articles/vault')).json.decision.grant;
const invite = (email) => page.post('/account/group/invite', { email });
const token = (email) => server.mail.takeToken(email, '/group/accept');
const members = () => server.cliJson('seat', 'list', owner.email).members;

async function signedIn(who) {
	const r = new Reader(server);
	assert.equal((await r.logIn(who)).status, 303);
	return r;
}

async function accept(reader, t) {
	const moved = await reader.get(`/group/accept?token=${t}`);
	assert.equal(moved.status, 303);
	assert.equal(moved.headers.location, '/group/accept');
	return reader.post('/group/accept');
}

test('invited, accepted, reading; removed, not reading any more', async () => {
	const who = await makeAccount(server),
		api = await apiSession(server, who),
		reader = await signedIn(who);
	const address = newAddress('work'); // another mailbox than the account's
	assert.equal((await invite(address)).headers.location, '/account/group?done=invited');
	const mail = await server.mail.take(address, /group\/accept\?token=/);
	assert.ok(
		mail.text.includes(owner.email) && mail.html.includes(owner.email) && /7 days/.test(mail.text),
		mail.text,
	);
	const t = /token=(pst_[\w-]{43})/.exec(mail.text)[1];
	assert.equal(await grantOf(api), 'teaser');
	await reader.get(`/group/accept?token=${t}`);
	const shown = await reader.get('/group/accept');
	assert.equal(shown.status, 200);
	assert.ok(shown.body.includes(owner.email) && shown.body.includes(who.email) && !shown.body.includes(t));
	assert.equal(shown.headers['referrer-policy'], 'same-origin');
	assert.equal(await grantOf(api), 'teaser', 'looking spends nothing');
	assert.equal((await reader.post('/group/accept')).headers.location, '/account?done=seat');
	assert.equal(await grantOf(api), 'full');
	assert.match((await reader.get('/account')).body, /as a member of a group/);
	assert.equal((await api.get('/account')).json.account.entitlements[0].by_seat, true);
	const seat = members().find((m) => m.email === address);
	assert.equal(seat.state, 'member');
	assert.equal((await page.post('/account/group/remove', { seat_id: seat.id })).status, 303);
	assert.equal(await grantOf(api), 'teaser', 'the very next request');
	assert.equal(members().length, 0);
});

test('what becomes of the entitlement becomes of its members', async () => {
	const who = await makeAccount(server),
		api = await apiSession(server, who);
	await invite(who.email);
	assert.equal((await accept(await signedIn(who), await token(who.email))).status, 303);
	assert.equal(await grantOf(api), 'full');
	server.cliOk('entitlement', 'set-status', entitlement.id, 'unpaid');
	assert.equal(await grantOf(api), 'teaser');
	server.cliOk('entitlement', 'set-status', entitlement.id, 'active');
	assert.equal(await grantOf(api), 'full');
	server.cliOk('seat', 'remove', owner.email, members()[0].id);
	assert.equal(await grantOf(api), 'teaser');
});

test('invited, registered on one device, confirmed on another: the invitation waits there as well', async () => {
	const address = newAddress('invited'),
		laptop = new Reader(server),
		phone = new Reader(server),
		stranger = await signedIn(await makeAccount(server));
	await invite(address);
	const t = await token(address);
	await laptop.get(`/group/accept?token=${t}&return_to=/articles/vault`);
	const shown = await laptop.get('/group/accept?return_to=/articles/vault');
	assert.equal(shown.status, 200, shown.body);
	const way = /href="\/register\?return_to=([^"]*)"/.exec(shown.body)[1];
	const back = decodeURIComponent(way);
	assert.equal(back, '/group/accept?return_to=/articles/vault');
	await laptop.post('/register', { email: address, password, name: 'Ida', return_to: back });
	const link = new URL(linkOf(await server.mail.take(address, /\/verify\?token=/)));
	const moved = await phone.get(link.pathname + link.search);
	assert.equal((await phone.get(moved.headers.location)).status, 200);
	const done = await phone.post('/verify', { password, return_to: link.searchParams.get('return_to') });
	assert.deepEqual([done.status, done.headers.location], [303, back]);
	const offer = await phone.get(done.headers.location);
	assert.deepEqual([offer.status, offer.body.includes(owner.email)], [200, true]);
	const nothing = await stranger.get('/group/accept');
	assert.equal(nothing.status, 410);
	assert.match(nothing.body, /open the link in the mail with this browser/);
	assert.equal((await stranger.post('/group/accept')).status, 410, 'nor does a form without the link');
	assert.match((await new Reader(server).get('/group/accept')).body, /log in with the address that was invited/);
	const taken = await phone.post('/group/accept', { return_to: '/articles/vault' });
	assert.deepEqual([taken.status, taken.headers.location], [303, '/articles/vault']);
	assert.equal((await phone.get('/articles/vault')).headers['postern-decision'].split(';')[0], 'full');
	assert.equal((await laptop.get('/group/accept')).status, 410, 'the link is used');
	assert.equal((await phone.get('/group/accept')).status, 410);
	const own = members().find((m) => m.email === address);
	server.cliOk('seat', 'remove', owner.email, own.id);
});

test('a link works once, also for many at once, and a new one voids the old', async () => {
	const address = newAddress('pool');
	await invite(address);
	const first = await token(address);
	await invite(address);
	const second = await token(address);
	const readers = await Promise.all(Array.from({ length: 6 }, async () => signedIn(await makeAccount(server))));
	assert.equal((await accept(readers[0], first)).status, 410);
	const answers = await Promise.all(readers.map((r) => accept(r, second)));
	assert.deepEqual(answers.map((a) => a.status).sort(), [303, 410, 410, 410, 410, 410]);
	assert.equal(members().filter((m) => m.state === 'member').length, 1);
	assert.equal((await readers[0].get('/group/accept')).status, 410);
	server.cliOk('seat', 'remove', owner.email, members()[0].id);
});

test('no more than there are seats, also for many invitations at once', async () => {
	const answers = await Promise.all(Array.from({ length: 8 }, () => invite(newAddress('many'))));
	assert.deepEqual(answers.map((a) => a.status).sort(), [303, 303, 303, 422, 422, 422, 422, 422]);
	assert.equal(members().length, 3);
	assert.match((await invite(newAddress('more'))).body, /All seats are taken/);
	assert.equal(server.cli('seat', 'invite', owner.email, newAddress('cli')).code, 5);
	for (const m of members()) server.cliOk('seat', 'remove', owner.email, m.id);
	server.cliOk('seat', 'invite', owner.email, newAddress('cli'));
	server.cliOk('seat', 'remove', owner.email, members()[0].id);
});

test('what is refused, and for whom', async () => {
	assert.match((await invite('nobody')).body, /Enter a complete e-mail address other than your own/);
	assert.equal((await invite(owner.email.toUpperCase())).status, 422);
	const anonymous = new Reader(server),
		other = await makeAccount(server),
		otherPage = await signedIn(other);
	assert.equal((await anonymous.get('/account/group')).headers.location, '/login?return_to=%2Faccount%2Fgroup');
	assert.equal((await otherPage.get('/account/group')).status, 404, 'no group');
	assert.equal((await otherPage.post('/account/group/invite', { email: newAddress() })).status, 404);
	assert.equal((await anonymous.post('/group/accept')).status, 401, 'log in first');
	assert.equal(
		(await page.post('/account/group/invite', { email: newAddress() }, { 'Sec-Fetch-Site': 'cross-site' })).status,
		403,
	);
	await invite(other.email);
	const seat = members()[0],
		t = await token(other.email);
	assert.equal((await otherPage.post('/account/group/remove', { seat_id: seat.id })).status, 303);
	assert.equal(members().length, 1, 'only its owner removes a seat');
	assert.equal((await accept(page, t)).status, 410, 'the owner needs no seat');
	assert.equal((await accept(otherPage, t)).status, 303);
	const again = newAddress('again');
	await invite(again);
	assert.equal((await accept(otherPage, await token(again))).status, 410, 'one seat of a group is enough');
	assert.equal((await invite(other.email)).status, 422, 'has a seat');
	assert.match((await page.get('/account/group')).body, /1 is available/);
	assert.equal(server.cli('seat', 'list', other.email).code, 4);
	assert.equal(server.cli('seat', 'remove', other.email, seat.id).code, 4);
});

test('an owner who is shut out, or goes, takes the places along at once', async () => {
	for (const m of members()) server.cliOk('seat', 'remove', owner.email, m.id);
	const who = await makeAccount(server),
		reader = await signedIn(who);
	await invite(who.email);
	assert.equal((await accept(reader, await token(who.email))).status, 303);
	const full = async () => /kept-vault/.test((await reader.get('/articles/vault')).body);
	for (let i = 0; i < 3; i++) assert.ok(await full(), 'a member reads, and is kept in memory');
	server.cliOk('account', 'disable', owner.email);
	assert.ok(!(await full()), 'the owner is shut out');
	server.cliOk('account', 'enable', owner.email);
	assert.ok(await full(), 'and let in again');
	const other = await makeAccount(server);
	server.cliOk('entitlement', 'grant', other.email, 'team', '--seats', '2');
	server.cliOk('seat', 'remove', owner.email, members()[0].id);
	const otherPage = await signedIn(other);
	await otherPage.post('/account/group/invite', { email: who.email });
	assert.equal((await accept(reader, await token(who.email))).status, 303);
	for (let i = 0; i < 3; i++) assert.ok(await full());
	server.cliOk('account', 'delete', other.email, '--yes');
	assert.ok(!(await full()), 'the owner is gone');
	page = await signedIn(owner); // disabling ended the session
});

const day = (n) => new Date(Date.now() + n * 86400e3).toISOString().slice(0, 10);

test('a renewal that begins later keeps the members, and one that has begun lets them in', async () => {
	const head = await makeAccount(server),
		who = await makeAccount(server),
		reader = await signedIn(who),
		api = await apiSession(server, who);
	const old = server.cliJson('entitlement', 'grant', head.email, 'team', '--seats', '1', '--until', day(10));
	const headPage = await signedIn(head);
	await headPage.post('/account/group/invite', { email: who.email });
	assert.equal((await accept(reader, await token(who.email))).status, 303);
	server.cliOk('entitlement', 'grant', head.email, 'team', '--seats', '1', '--from', day(11), '--until', day(300));
	const group = server.cliJson('seat', 'list', head.email);
	assert.deepEqual(
		[group.entitlement_id, group.seats, group.members.length],
		[old.id, 1, 1],
		'nothing is another today',
	);
	assert.equal(await grantOf(api), 'full');
	server.cliOk('entitlement', 'set-status', old.id, 'unpaid');
	assert.equal(await grantOf(api), 'teaser', 'the old one does not count, the next has not begun');
	server.cliOk('entitlement', 'grant', head.email, 'team', '--seats', '1', '--from', day(-1), '--until', day(300));
	assert.equal(await grantOf(api), 'full', 'the very next request');
});

test('before logging in, the page of the link says whom to thank and keeps the link', async () => {
	for (const m of members()) server.cliOk('seat', 'remove', owner.email, m.id);
	const who = await makeAccount(server),
		reader = new Reader(server);
	await invite(who.email);
	await reader.get(`/group/accept?token=${await token(who.email)}`);
	const shown = await reader.get('/group/accept');
	assert.match(shown.body, /href="\/login\?return_to=%2Fgroup%2Faccept"/);
	await reader.logIn(who, { return_to: '/group/accept' });
	assert.equal((await reader.post('/group/accept')).headers.location, '/account?done=seat');
});
