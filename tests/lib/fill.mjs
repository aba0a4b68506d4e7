// Fills a database as the years do: accounts with sessions, entitlements, groups, gifts and readings, by the engine's own tool. Ids are
// spread as the program's random ones are, so that the pages of an index are met as they would be. Nothing of it survives a crash.
import { spawnSync } from 'node:child_process';

const DAY = 86400;

const engines = {
	sqlite: {
		id: (i = 'i') => `printf('%08x%018d', (${i} * 2654435761) % 4294967296, ${i})`,
		hash: (what) => `sha3('${what}' || i, 256)`,
		range: (n) => `(SELECT value AS i FROM generate_series(1, ${n}))`,
	},
	postgres: {
		id: (i = 'i') =>
			`lpad(to_hex((${i}::bigint * 2654435761) % 4294967296), 8, '0') || lpad((${i})::text, 18, '0')`,
		hash: (what) => `sha256(('${what}' || i)::bytea)`,
		range: (n) => `generate_series(1, ${n}) AS i`,
	},
};

// What lives, for `n` accounts.
function living(e, n, now) {
	const some = (part) => Math.max(1, Math.floor(n / part));
	const owner = e.id(`i % ${some(1000)} + 800000001`);
	return [
		`INSERT INTO plan (name, kind, sections, title, price, href, created_at) VALUES ('digital', 'subscription', '', 'Digital', '', '', 1), ('team', 'subscription', '', 'Team', '', '', 1) ON CONFLICT (name) DO NOTHING`,
		`INSERT INTO account (id, email, email_key, name, password_hash, created_at, updated_at, verified_at) SELECT ${e.id()}, 'filled' || i || '@paper.example', 'filled' || i || '@paper.example', 'Filled', '$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$ZmlsbGVkZmlsbGVkZmlsbGVkZmlsbGVkZmlsbGVkZmk', ${now} - i % 9999, ${now} - i % 9999, ${now} - i % 9999 FROM ${e.range(n)}`,
		`INSERT INTO session (id, token_hash, account_id, name, remember, created_at, last_seen_at, idle_s, expires_at) SELECT ${e.id()}, ${e.hash('s')}, ${e.id()}, 'filled', 1, ${now} - i % 9999, ${now} - i % 9999, 1209600, ${now} + ${30 * DAY} - i % 9999 FROM ${e.range(n)}`,
		`INSERT INTO device_mark (token_hash, account_id, created_at, last_seen_at) SELECT ${e.hash('d')}, ${e.id()}, ${now} - i % 9999, ${now} - i % 9999 FROM ${e.range(n)}`,
		`INSERT INTO entitlement (id, account_id, plan, source, starts_at, created_at) SELECT ${e.id()}, ${e.id('i * 2')}, 'digital', 'shop', ${now} - i % 9999, ${now} - i % 9999 FROM ${e.range(some(2))}`,
		`INSERT INTO entitlement (id, account_id, plan, source, starts_at, created_at, seats) SELECT ${e.id('i + 800000000')}, ${e.id()}, 'team', 'shop', ${now} - 9999, ${now} - 9999, 100 FROM ${e.range(some(1000))}`,
		`INSERT INTO seat (id, entitlement_id, email, email_key, account_id, invited_at, expires_at, accepted_at) SELECT ${e.id()}, ${owner}, 'm' || i, 'm' || i, ${e.id()}, ${now} - i % 999, ${now}, ${now} - i % 99 FROM ${e.range(some(20))}`,
		`INSERT INTO meter_read (account_id, meter, began_at, tag, article_id, read_at) SELECT ${e.id()}, 'all', ${now} - 1000, 't' || i, '', ${now} - i % 999 FROM ${e.range(n)}`,
		`INSERT INTO gift (id, article_id, account_id, made_by, created_at, expires_at, redemptions, redemptions_max) SELECT ${e.id()}, (SELECT MIN(id) FROM article), ${e.id()}, '', ${now} - i % 9999, ${now} + ${5 * DAY}, 1, 5 FROM ${e.range(some(10))}`,
		`INSERT INTO gift_token (token_hash, gift_id, created_at) SELECT ${e.hash('t')}, ${e.id()}, ${now} FROM ${e.range(some(10))}`,
		`INSERT INTO gift_visitor (secret_hash, gift_id, redeemed_at) SELECT ${e.hash('v')}, ${e.id()}, ${now} FROM ${e.range(some(10))}`,
		`INSERT INTO failure (key_hash, failures, last_at, next_at) SELECT ${e.hash('f')}, 1, ${now} - i % 999, 0 FROM ${e.range(some(50))}`,
		`INSERT INTO outbox (id, kind, to_address, to_key, message_id, subject, body_text, body_html, created_at, next_at, attempts, sent_at) SELECT ${e.id()}, 'verify', 'm' || i, 'm' || i, 'm' || i, '', '', '', ${now} - i % 9999, 1, 1, ${now} FROM ${e.range(some(10))}`,
	];
}

// What has lapsed, `n` of each: work for the housekeeping.
function lapsed(e, n, now) {
	const old = now - 500 * DAY,
		some = (part) => Math.max(1, Math.floor(n / part));
	return [
		`INSERT INTO failure (key_hash, failures, last_at, next_at) SELECT ${e.hash('lf')}, 1, ${old} + i % 999, 0 FROM ${e.range(n)}`,
		`INSERT INTO session (id, token_hash, account_id, name, remember, created_at, last_seen_at, idle_s, expires_at) SELECT ${e.id('i + 500000000')}, ${e.hash('ls')}, (SELECT MIN(id) FROM account), 'lapsed', 1, ${old}, ${old}, 1209600, ${old} + i % 9999 FROM ${e.range(n)}`,
		`INSERT INTO meter_read (account_id, meter, began_at, tag, article_id, read_at) SELECT (SELECT MIN(id) FROM account), 'all', ${old} + i % 99, 'l' || i, '', ${old} FROM ${e.range(n)}`,
		`INSERT INTO mail_token (token_hash, account_id, purpose, created_at, expires_at) SELECT ${e.hash('lm')}, (SELECT MIN(id) FROM account), 'reset', ${old}, ${old} + i % 999 FROM ${e.range(n)}`,
		`INSERT INTO change (id, tx, kind, key, made_at) SELECT ${e.id('i + 500000000')}, 0, 'entitlement', ${e.id()}, ${old} + i % 999 FROM ${e.range(n)}`,
		`INSERT INTO account (id, email, email_key, name, created_at, updated_at) SELECT ${e.id('i + 500000000')}, 'lapsed' || i || '@paper.example', 'lapsed' || i || '@paper.example', '', ${old} + i % 999, ${old} + i % 999 FROM ${e.range(some(40))}`,
		`INSERT INTO gift (id, article_id, account_id, made_by, created_at, expires_at, redemptions, redemptions_max) SELECT ${e.id('i + 500000000')}, (SELECT MIN(id) FROM article), NULL, 'Desk', ${old}, ${old} + i % 999, 1, 5 FROM ${e.range(some(10))}`,
		`INSERT INTO gift_token (token_hash, gift_id, created_at) SELECT ${e.hash('lt')}, ${e.id('i + 500000000')}, ${old} FROM ${e.range(some(10))}`,
		`INSERT INTO gift_visitor (secret_hash, gift_id, redeemed_at) SELECT ${e.hash('lv')}, ${e.id('i + 500000000')}, ${old} FROM ${e.range(some(10))}`,
		`INSERT INTO outbox (id, kind, to_address, to_key, message_id, subject, body_text, body_html, created_at, next_at, attempts, sent_at) SELECT ${e.id('i + 500000000')}, 'verify', 'l' || i, 'l' || i, 'l' || i, '', '', '', ${old} + i % 9999, 1, 1, ${old} FROM ${e.range(some(4))}`,
	];
}

function tool(command, args, input) {
	const r = spawnSync(command, args, { encoding: 'utf8', input, maxBuffer: 1 << 26 });
	if (r.status !== 0) throw new Error(`${command}: ${r.error ?? ''} ${r.stderr}`);
}

function run(url, statements) {
	const text = statements.join(';\n');
	if (url.startsWith('sqlite:'))
		tool(
			'sqlite3',
			['-batch', '-bail', url.slice('sqlite:'.length)],
			`PRAGMA synchronous = OFF; PRAGMA cache_size = -2000000; BEGIN;\n${text};\nCOMMIT; PRAGMA wal_checkpoint(TRUNCATE);`,
		);
	else
		tool(
			'psql',
			['-X', '-q', '-v', 'ON_ERROR_STOP=1', url],
			`SET synchronous_commit = off; SET session_replication_role = replica;\n${text};\nVACUUM ANALYZE;`,
		);
}

const engineOf = (url) => engines[url.startsWith('sqlite:') ? 'sqlite' : 'postgres'];
const nowS = () => Math.floor(Date.now() / 1000);

// A migrated database with an article in it, that no server has open.
export function fillLiving(url, accounts) {
	run(url, living(engineOf(url), accounts, nowS()));
}
export function fillLapsed(url, rows) {
	run(url, lapsed(engineOf(url), rows, nowS()));
}
