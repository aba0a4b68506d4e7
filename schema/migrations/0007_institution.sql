-- Readers who are known by their network or by the domain of their confirmed mail address.

CREATE TABLE institution (
	name TEXT PRIMARY KEY,            -- [a-z0-9-]
	title TEXT NOT NULL,              -- for people
	plan TEXT NOT NULL,               -- '': everything
	starts_at BIGINT NOT NULL,
	ends_at BIGINT,                   -- NULL: no end
	created_at BIGINT NOT NULL
);

-- Addresses as 16 bytes, IPv4 as ::ffff:a.b.c.d; both ends are inside.
CREATE TABLE institution_range (
	institution TEXT NOT NULL REFERENCES institution (name) ON DELETE CASCADE,
	first_ip BYTEA NOT NULL,
	last_ip BYTEA NOT NULL,
	PRIMARY KEY (institution, first_ip, last_ip)
);

CREATE TABLE institution_domain (
	domain TEXT PRIMARY KEY,          -- lower case, ASCII
	institution TEXT NOT NULL REFERENCES institution (name) ON DELETE CASCADE
);
CREATE INDEX institution_domain_of ON institution_domain (institution);
