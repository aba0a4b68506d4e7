-- Paths of other servers behind the gate, and keys of servers that ask.

CREATE TABLE path_rule (
	id TEXT PRIMARY KEY,
	position BIGINT NOT NULL,         -- the first that matches decides
	site TEXT NOT NULL,               -- host, with a port of its own; '': every site
	path TEXT NOT NULL,               -- decoded; '*' within a part, '/**' at the end
	methods TEXT NOT NULL,            -- 'GET HEAD', or 'any'
	level TEXT NOT NULL,              -- an access level, 'default', or 'closed'
	section TEXT NOT NULL,            -- for rules, meters and plans; '': none
	tag TEXT NOT NULL,
	files TEXT NOT NULL,              -- of a metered page: 'free', 'read', 'count'
	created_at BIGINT NOT NULL
);

CREATE TABLE service_key (
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL,               -- of the server that has it; twice while it is being rotated
	key_hash BYTEA NOT NULL UNIQUE,   -- BLAKE2b-256
	scopes TEXT NOT NULL,             -- 'access explain'
	created_at BIGINT NOT NULL,
	expires_at BIGINT,                -- NULL: none; rotation sets it
	revoked_at BIGINT,
	used_at BIGINT                    -- to the hour
);
CREATE INDEX service_key_name ON service_key (name);
