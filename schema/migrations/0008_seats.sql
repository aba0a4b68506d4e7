-- Places in a group: the entitlement of its owner covers its members.

ALTER TABLE entitlement ADD COLUMN seats BIGINT NOT NULL DEFAULT 0; -- members that its owner may invite

CREATE TABLE seat (
	id TEXT PRIMARY KEY,
	entitlement_id TEXT NOT NULL REFERENCES entitlement (id) ON DELETE CASCADE,
	email TEXT NOT NULL,              -- where the invitation went
	email_key TEXT NOT NULL,
	account_id TEXT REFERENCES account (id) ON DELETE CASCADE, -- NULL until it is accepted
	token_hash BYTEA UNIQUE,          -- of the invitation; NULL once it is accepted
	invited_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,       -- of the invitation
	accepted_at BIGINT,
	UNIQUE (entitlement_id, email_key),
	UNIQUE (entitlement_id, account_id)
);
CREATE INDEX seat_account ON seat (account_id);
