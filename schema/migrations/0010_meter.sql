-- What was read of the free articles, and the keys that prove it.

-- Secrets that this program makes for itself. Whoever has them can make what they prove.
CREATE TABLE secret (
	purpose TEXT NOT NULL,            -- 'meter': seals cookies; 'meter-tag': names articles in them
	id BIGINT NOT NULL,               -- the highest is in use, the others are still believed
	bytes BYTEA NOT NULL,             -- 32
	created_at BIGINT NOT NULL,
	replaced_at BIGINT,               -- NULL: in use
	PRIMARY KEY (purpose, id)
);

CREATE TABLE meter_read (
	account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
	meter TEXT NOT NULL,              -- its name
	began_at BIGINT NOT NULL,         -- of the window
	tag TEXT NOT NULL,                -- of the article, as in the cookie
	article_id TEXT NOT NULL,         -- '': came with a cookie, which names no article
	read_at BIGINT NOT NULL,
	PRIMARY KEY (account_id, meter, began_at, tag)
);
CREATE INDEX meter_read_began ON meter_read (began_at);
