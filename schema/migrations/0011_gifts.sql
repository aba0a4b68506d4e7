-- Articles given to friends. A gift has one or more links, of which only hashes are kept, and a number of redemptions.

CREATE TABLE gift (
	id TEXT PRIMARY KEY,
	article_id TEXT NOT NULL REFERENCES article (id) ON DELETE CASCADE,
	account_id TEXT REFERENCES account (id) ON DELETE CASCADE, -- NULL: of the staff
	made_by TEXT NOT NULL,            -- who of the staff; '' for a reader's
	created_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	redemptions BIGINT NOT NULL,
	redemptions_max BIGINT NOT NULL,
	revoked_at BIGINT
);
CREATE INDEX gift_account ON gift (account_id, created_at);
CREATE INDEX gift_article ON gift (article_id);
CREATE INDEX gift_expires ON gift (expires_at);

CREATE TABLE gift_token (
	token_hash BYTEA PRIMARY KEY,
	gift_id TEXT NOT NULL REFERENCES gift (id) ON DELETE CASCADE,
	created_at BIGINT NOT NULL
);
CREATE INDEX gift_token_gift ON gift_token (gift_id, created_at);

-- A browser that redeemed it, by the hash of what its cookie holds.
CREATE TABLE gift_visitor (
	secret_hash BYTEA PRIMARY KEY,
	gift_id TEXT NOT NULL REFERENCES gift (id) ON DELETE CASCADE,
	redeemed_at BIGINT NOT NULL
);
CREATE INDEX gift_visitor_gift ON gift_visitor (gift_id);
