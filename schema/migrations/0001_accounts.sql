-- Accounts, sessions, tokens. Times are seconds since 1970 UTC; ids are random text made by the program.

CREATE TABLE account (
	id TEXT PRIMARY KEY,
	email TEXT NOT NULL,              -- as the reader writes it
	email_key TEXT NOT NULL UNIQUE,   -- lower case: one mailbox, one account
	name TEXT NOT NULL,
	password_hash TEXT,               -- NULL: no password yet, set one by mail
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	verified_at BIGINT,               -- NULL: the mailbox is not proved, log-in is refused
	disabled_at BIGINT,
	proof_hash BYTEA,                 -- of the browser that registered; NULL once it does not matter
	last_login_at BIGINT
);

CREATE TABLE session (
	id TEXT PRIMARY KEY,
	token_hash BYTEA NOT NULL UNIQUE, -- BLAKE2b-256 of the token
	account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
	name TEXT NOT NULL,               -- browser or app, for the reader's own list
	remember BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	last_seen_at BIGINT NOT NULL,
	idle_s BIGINT NOT NULL,           -- ends when unused for so long
	expires_at BIGINT NOT NULL        -- ends then in any case
);
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_expires ON session (expires_at);

-- Single-use tokens that travel by mail. Spent by one conditional update.
CREATE TABLE mail_token (
	token_hash BYTEA PRIMARY KEY,
	account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
	purpose TEXT NOT NULL,            -- 'verify' or 'reset'
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	used_at BIGINT                    -- spent, or voided by a newer one or a changed password or address
);
CREATE INDEX mail_token_account ON mail_token (account_id, purpose);
CREATE INDEX mail_token_expires ON mail_token (expires_at);

-- Browsers that have logged in before. Their failures are counted apart, so that an attacker who makes an
-- account's counter grow does not keep its owner out.
CREATE TABLE device (
	token_hash BYTEA PRIMARY KEY,
	account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
	created_at BIGINT NOT NULL,
	last_seen_at BIGINT NOT NULL
);
CREATE INDEX device_account ON device (account_id);

-- Failed proofs of a password, by hash of the address (known or not) or of the device.
CREATE TABLE failure (
	key_hash BYTEA PRIMARY KEY,
	failures BIGINT NOT NULL,
	last_at BIGINT NOT NULL,
	next_at BIGINT NOT NULL           -- no try before this
);
CREATE INDEX failure_last ON failure (last_at);
