-- Crawlers that may be proved (search) or are named (ai), and the addresses their owners publish.

CREATE TABLE crawler (
	name TEXT PRIMARY KEY,            -- [a-z0-9-]
	class TEXT NOT NULL,              -- 'search', 'ai'
	agent TEXT NOT NULL,              -- a word of the User-Agent
	suffixes TEXT NOT NULL,           -- domains between newlines, newline at both ends; '': none
	loaded_at BIGINT,                 -- of the address list; NULL: has none
	created_at BIGINT NOT NULL
);

-- Addresses as 16 bytes, IPv4 as ::ffff:a.b.c.d; both ends are inside.
CREATE TABLE crawler_range (
	crawler TEXT NOT NULL REFERENCES crawler (name) ON DELETE CASCADE,
	first_ip BYTEA NOT NULL,
	last_ip BYTEA NOT NULL,
	PRIMARY KEY (crawler, first_ip, last_ip)
);
