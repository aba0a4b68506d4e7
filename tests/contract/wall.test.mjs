// Goal: the wall says what is the case, to whoever stands before it, and one of its buttons stands out, whatever is on sale.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiSession, makeAccount } from '../lib/accounts.mjs';
import { importArticles } from '../lib/articles.mjs';
import { Reader } from '../lib/http.mjs';
import { startServer } from '../lib/server.mjs';

export const covers = ['GET /articles/{slug}', 'GET /account', 'GET /gifts/{token}'];

const human = { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0' };
const free = Array.from({ length: 8 }, (_, n) => ({ slug: `free-${n}`, access: 'metered' }));
const plans = {
	digital: ['--title', 'The digital paper', '--position', '2', '--recommended', 'yes', '--price', '€ 9 a month'],
	day: ['--kind', 'day-pass', '--title', 'One day', '--position', '1', '--price', '€ 2'],
	city: ['--title', 'City only', '--sections', 'city', '--position', '3'],
};
let server;
before(async () => {
	server = await startServer({
		settings: { POSTERN_SITE_TIMEZONE: 'Europe/Berlin', POSTERN_SITE_CONTACT: 'help@courier.example' },
	});
	importArticles(server, [{ slug: 'vault', access: 'subscriber', section: 'City' }, ...free]);
	for (const [name, args] of Object.entries(plans))
		server.cliOk('plan', 'add', name, ...args, '--href', `/buy/${name}`);
});
after(() => server.close());

const text = (html) =>
	html
		.replace(/<[^>]+>/g, ' ')
		.replace(/\s+/g, ' ')
		.replace(/ ([.,])/g, '$1');
const section = (html, name) => new RegExp(`<section class="${name}"[\\s\\S]*?</section>`).exec(html)?.[0] ?? '';
const wallOf = async (reader, slug = 'vault') => {
	const a = await reader.get(`/articles/${slug}`);
	assert.equal(a.status, 200);
	return section(a.body, 'paywall');
};
// Links and buttons that are filled: class "button" and nothing else.
const filled = (html) =>
	[...html.matchAll(/<(?:a|button) class="button"[^>]*>/g)].map((m) => /href="([^"?]+)/.exec(m[0])?.[1]);

async function onSale(names) {
	for (const name of Object.keys(plans))
		server.cliOk('plan', 'set', name, '--on-sale', names.includes(name) ? 'yes' : 'no');
}
async function signedIn(...grants) {
	const who = await makeAccount(server);
	for (const [status, ...args] of grants) {
		const e = server.cliJson('entitlement', 'grant', who.email, 'digital', '--from', '2026-01-01', ...args);
		if (status) server.cliOk('entitlement', 'set-status', e.id, status);
	}
	const reader = new Reader(server, human);
	await reader.logIn(who);
	reader.who = who;
	return reader;
}
async function exhausted() {
	const reader = new Reader(server, human);
	for (let n = 0; n < 6; n++) await reader.get(`/articles/free-${n}`);
	return reader;
}
async function given() {
	const { link } = server.cliJson('gift', 'create', 'vault', '--by', 'Desk');
	const reader = new Reader(server, human);
	assert.equal((await reader.post(new URL(link).pathname)).status, 303);
	return reader;
}

// What each says, and which button is filled with three plans, one plan (that of the lapsed reader is off sale) and none.
const states = [
	{
		name: 'a stranger',
		reader: async () => new Reader(server, human),
		says: [/Subscribe to read the rest/, /Already a subscriber\? Log In/],
		closed: [/This article is for subscribers Log in to read the rest\./, / Log In /],
		filled: ['/buy/digital', '/buy/day', '/login'],
	},
	{
		name: 'a stranger with the free ones read',
		slug: 'free-6',
		reader: exhausted,
		says: [/You have read your 6 free articles this month/, /A free account gives you 10/, /starts again on/],
		filled: ['/buy/digital', '/buy/day', '/register'],
	},
	{
		name: 'registered',
		reader: () => signedIn(),
		says: [/Subscribe to read the rest/, /This account has no subscription that covers this article/],
		closed: [/This article is for subscribers/, /This account has no subscription that covers this article/],
		filled: ['/buy/digital', '/buy/day', '/account'],
	},
	{
		name: 'lapsed',
		reader: () => signedIn([null, '--until', '2026-02-28']),
		says: [/Your subscription has ended/, /The digital paper ended on 28 February/],
		filled: ['/buy/digital', '/buy/day', '/account'],
		act: ['Renew', null, null],
	},
	{
		name: 'unpaid',
		reader: () => signedIn(['unpaid']),
		says: [/Your payment is due/, /The last payment for The digital paper failed/],
		filled: ['/buy/digital', '/buy/digital', '/buy/digital'],
		act: ['Pay', 'Pay', 'Pay'],
	},
	{
		name: 'unpaid, and over',
		reader: () => signedIn(['past_due', '--until', '2026-02-28']),
		says: [/Your payment is due/, /failed\. It ended on 28 February/],
		filled: ['/buy/digital', '/buy/digital', '/buy/digital'],
		act: ['Pay', 'Pay', 'Pay'],
	},
	{
		name: 'paused',
		reader: () => signedIn(['paused', '--until', '2099-12-31']),
		says: [/Your subscription is paused/, /The digital paper is paused\. It ends on 31 December 2099/],
		filled: ['/buy/digital', '/buy/digital', '/buy/digital'],
		act: ['Resume', 'Resume', 'Resume'],
	},
];

for (const [i, names] of [Object.keys(plans), ['day'], []].entries()) {
	test(`one filled button and true words, with ${names.length} plans on sale`, async () => {
		await onSale(names);
		for (const s of states) {
			const reader = await s.reader();
			const html = await wallOf(reader, s.slug);
			const says = names.length ? s.says : (s.closed ?? s.says);
			for (const words of says) assert.match(text(html), words, s.name);
			if (!names.length) assert.doesNotMatch(text(html), /Subscribe /, `${s.name}: nothing is sold`);
			assert.deepEqual(filled(html), [s.filled[i]], `${s.name}: the filled button`);
			const offers = names.filter((n) => n !== 'digital' || !s.act?.[i]);
			assert.equal((html.match(/class="plan[ "]/g) ?? []).length, offers.length, `${s.name}: offers`);
			if (s.act?.[i])
				assert.match(html, new RegExp(`>${s.act[i]}<span class="unseen">: The digital paper`), s.name);
			assert.doesNotMatch(text(html), /\bdigital\b(?! paper)/, `${s.name}: the plan's title, not its name`);
		}
	});
	test(`counts and gifts, with ${names.length} plans on sale`, async () => {
		await onSale(names);
		const counting = (await new Reader(server, human).get('/articles/free-0')).body;
		assert.equal(section(counting, 'paywall'), '');
		const line = text(/<p class="meter"[\s\S]*?<\/p>/.exec(counting)[0]);
		assert.match(
			line,
			names.length ? /5 of 6 free articles left this month\. Subscribe Log In/ : /this month\. Log In/,
		);
		const gift = (await (await given()).get('/articles/vault')).body;
		assert.match(text(gift), /The Test Courier gave you this article/);
		assert.equal(section(gift, 'paywall'), '');
		assert.deepEqual(
			filled(section(gift, 'offer-after')),
			names.length ? [i === 0 ? '/buy/digital' : '/buy/day'] : [],
		);
	});
}

test('the account page says the same, and what to do', async () => {
	await onSale(Object.keys(plans));
	const rows = [
		[[null, '--until', '2026-02-28'], /The digital paper ended on 28 February/, />Renew</],
		[['unpaid'], /The last payment for The digital paper failed/, />Pay</],
		[['paused', '--until', '2099-12-31'], /The digital paper is paused\. It ends on 31 December 2099/, />Resume</],
		[[null, '--until', '2099-12-31'], /The digital paper until 31 December 2099/, null],
		[['canceled', '--until', '2099-12-31'], /until 31 December 2099, complimentary, will not be renewed/, null],
	];
	for (const [grant, says, act] of rows) {
		const page = (await (await signedIn(grant)).get('/account')).body;
		const main = /<main[\s\S]*<\/main>/.exec(page)[0];
		assert.match(text(main), says);
		if (act) assert.match(main.replaceAll(/<span class="unseen">[^<]*<\/span>/g, ''), act);
		assert.equal(filled(main).length, act ? 1 : 0, String(says));
		assert.equal(/href="\/subscribe"/.test(main), Boolean(act), 'who has one is offered none');
	}
	const renewed = await signedIn([null, '--until', '2026-02-28'], [null, '--until', '2099-12-31']);
	assert.doesNotMatch((await renewed.get('/account')).body, / ended on /, 'what was renewed is no news');
});

test('in the days of grace the account names the last of them, and a day pass of long ago is no news', async () => {
	const day = 86400e3,
		iso = (t) => new Date(t).toISOString().slice(0, 10);
	const ended = Date.now() - 3 * day;
	const grace = await signedIn([null, '--until', iso(ended), '--grace', '10']);
	const last = new Date(ended + 10 * day).toLocaleDateString('en-GB', {
		day: 'numeric',
		month: 'long',
		timeZone: 'UTC',
	});
	assert.match(text((await grace.get('/account')).body), new RegExp(`The digital paper until ${last}`));
	const pass = async (from) => {
		const reader = await signedIn();
		server.cliJson('entitlement', 'grant', reader.who.email, 'day', '--from', from, '--hours', '24');
		return text(await wallOf(reader));
	};
	assert.match(await pass(iso(Date.now() - 3 * day)), /Your day pass has ended.*One day ended on.*Buy again/);
	assert.match(await pass(iso(Date.now() - 30 * day)), /Subscribe to read the rest/);
});

test('where nothing sells it, an unpaid reader is told whom to write to', async () => {
	server.cliOk('plan', 'set', 'quiet', '--title', 'The quiet paper');
	const reader = await signedIn();
	const e = server.cliJson('entitlement', 'grant', reader.who.email, 'quiet');
	server.cliOk('entitlement', 'set-status', e.id, 'unpaid');
	const html = await wallOf(reader);
	assert.match(text(html), /The last payment for The quiet paper failed\. Write to help@courier\.example/);
	assert.deepEqual(filled(html), ['/buy/digital']);
	server.cliOk('plan', 'remove', 'quiet', '--yes');
});

test('nothing of one reader is on the page of another', async () => {
	const lapsed = await signedIn([null, '--until', '2026-02-28']);
	const plain = await signedIn();
	for (let n = 0; n < 2; n++) {
		assert.match(await wallOf(lapsed), /28 February/);
		assert.doesNotMatch(await wallOf(plain), /28 February/);
		assert.doesNotMatch(await wallOf(new Reader(server, human)), /28 February/);
	}
});

test('a subscriber is named only when he says so, and with his name of today', async () => {
	const giver = await signedIn([null]);
	const api = await apiSession(server, giver.who);
	const told = async (named) => {
		const made = await api.post('/gifts', { article: 'vault', named });
		assert.equal(made.json.gift.named, named, made.body);
		const friend = new Reader(server, human),
			path = new URL(made.json.link).pathname;
		const look = (await friend.get(path)).body;
		await friend.post(path);
		const read = (await friend.get('/articles/vault')).body;
		return [text(look), text(read), friend];
	};
	const [look, read, friend] = await told(false);
	assert.match(look, /A subscriber gives you this article/);
	assert.match(read, /A subscriber gave you this article/);
	assert.doesNotMatch(look + read, /Ada Holm/);
	const [named, readNamed] = await told(true);
	assert.match(named, /Ada Holm gives you this article/);
	assert.match(readNamed, /Ada Holm gave you this article/);
	assert.match(text((await friend.get('/articles/vault')).body), /Ada Holm gave/, 'the newest choice, for each link');
	const form = await giver.post('/articles/vault/gift', {});
	assert.match(text(form.body), /comes from a subscriber, but not your name/);
	assert.match(text((await giver.post('/articles/vault/gift', { named: '1' })).body), /comes from Ada Holm\./);
	assert.match((await giver.get('/account/gifts')).body, /Headline of vault<\/a>[\s\S]*with your name/);
	assert.doesNotMatch((await new Reader(server, human).get('/articles/vault')).body, /Ada Holm/);
});

test('a gift that is used up leads to what is sold', async () => {
	const { link } = server.cliJson('gift', 'create', 'vault', '--by', 'Desk', '--redemptions', '1');
	const path = new URL(link).pathname;
	await new Reader(server, human).post(path);
	const late = await new Reader(server, human).get(path);
	assert.equal(late.status, 410);
	assert.deepEqual(filled(/<main[\s\S]*<\/main>/.exec(late.body)[0]), ['/subscribe']);
	await onSale([]);
	const none = await new Reader(server, human).get(path);
	assert.deepEqual(filled(/<main[\s\S]*<\/main>/.exec(none.body)[0]), []);
	await onSale(Object.keys(plans));
});

test('a ceiling and a revoked key are called what they are, hot and cold', async () => {
	const own = await startServer({ settings: { POSTERN_METER_PREFIX_CEILING: '4' } });
	try {
		importArticles(own, free);
		const old = new Reader(own, human);
		await old.get('/articles/free-0');
		for (let n = 1; n < 4; n++) await new Reader(own, human).get(`/articles/free-${n}`);
		for (let n = 0; n < 3; n++) {
			const html = await new Reader(own, human).get('/articles/free-7');
			assert.match(html.headers['postern-decision'], /^teaser; reason=meter_exhausted/);
			assert.match(text(html.body), /This network has no free articles left today/);
			assert.match(text(html.body), /With a free account, you can read 10 articles now/);
			assert.doesNotMatch(html.body, /You have read your/);
		}
		own.cliOk('meter', 'rotate-key', '--revoke');
		for (let n = 0; n < 3; n++) {
			const html = text((await old.get('/articles/free-7')).body);
			assert.match(html, /We cannot count your free articles/);
			assert.match(html, /With a free account, you can read 10 articles now/);
			assert.doesNotMatch(html, /You have read your|on this network/);
		}
	} finally {
		await own.close();
	}
});
