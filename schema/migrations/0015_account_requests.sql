-- What strangers ask for by an address, and mails that know whether their link still works.

-- A registration or a reset as it came in. The answer is given once it stands here; whether the address has an
-- account is looked up afterwards, so that no answer can take longer for one that has.
CREATE TABLE account_request (
	id TEXT PRIMARY KEY,              -- becomes the account's when a registration makes one
	kind TEXT NOT NULL,               -- 'register' or 'reset'
	email TEXT NOT NULL,
	email_key TEXT NOT NULL,
	name TEXT NOT NULL,
	password_hash TEXT,               -- of a registration
	proof_hash BYTEA,                 -- of the browser that registers
	return_to TEXT NOT NULL,          -- local path, or ''
	created_at BIGINT NOT NULL
);
CREATE INDEX account_request_created ON account_request (created_at, id);

ALTER TABLE outbox ADD COLUMN link_hash BYTEA; -- of the token in its link; NULL: it has none
