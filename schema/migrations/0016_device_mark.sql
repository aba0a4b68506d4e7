-- Browsers and apps that are known to an account: they logged in before, or were used to set a password by mail. One
-- browser may be known to several accounts, so that two readers of one machine do not take the mark from each other.
CREATE TABLE device_mark (
	token_hash BYTEA NOT NULL,
	account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
	created_at BIGINT NOT NULL,
	last_seen_at BIGINT NOT NULL,
	PRIMARY KEY (token_hash, account_id)
);
CREATE INDEX device_mark_account ON device_mark (account_id, last_seen_at);
CREATE INDEX device_mark_seen ON device_mark (last_seen_at);

INSERT INTO device_mark (token_hash, account_id, created_at, last_seen_at)
SELECT token_hash, account_id, created_at, last_seen_at FROM device;
-- The table stays, for servers of the version before that run beside this migration; a later one drops it.
DELETE FROM device;
