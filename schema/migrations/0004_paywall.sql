-- What an account may read, from when until when, and where that comes from.

CREATE TABLE entitlement (
	id TEXT PRIMARY KEY,
	account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
	plan TEXT NOT NULL,
	source TEXT NOT NULL,             -- 'comp' when granted on the command line
	starts_at BIGINT NOT NULL,
	ends_at BIGINT,                   -- NULL: until revoked
	created_at BIGINT NOT NULL,
	revoked_at BIGINT
);
CREATE INDEX entitlement_account ON entitlement (account_id);
