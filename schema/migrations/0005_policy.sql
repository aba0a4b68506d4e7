-- What the newsroom has set for all readers: rules, meters, plans.

-- One row: counts the changes, so that every process knows when its copy is old.
CREATE TABLE policy (
	id BIGINT PRIMARY KEY CHECK (id = 1),
	version BIGINT NOT NULL
);
INSERT INTO policy (id, version) VALUES (1, 1);

CREATE TABLE access_rule (
	id TEXT PRIMARY KEY,
	position BIGINT NOT NULL,         -- order within its kind
	kind TEXT NOT NULL,               -- 'override': above the article's own level; 'default': below it
	section TEXT NOT NULL,            -- '': any
	tag TEXT NOT NULL,                -- '': any
	from_s BIGINT NOT NULL,           -- age since publication: from <= age < until
	until_s BIGINT NOT NULL,          -- 0: no end
	weekdays BIGINT NOT NULL,         -- bit 0 Sunday … bit 6 Saturday
	access TEXT NOT NULL,             -- the level it sets
	teaser_words BIGINT NOT NULL,     -- 0: as set for all
	created_at BIGINT NOT NULL
);

CREATE TABLE meter (
	name TEXT PRIMARY KEY,
	section TEXT NOT NULL UNIQUE,     -- '': all sections without a meter of their own
	anonymous_limit BIGINT NOT NULL,
	registered_limit BIGINT NOT NULL,
	time_window TEXT NOT NULL,        -- 'day', 'week', 'month', 'rolling'
	days BIGINT NOT NULL              -- of 'rolling'
);
-- Most newsrooms land between 6 and 10 a month.
INSERT INTO meter (name, section, anonymous_limit, registered_limit, time_window, days)
VALUES ('all', '', 6, 10, 'month', 0);

CREATE TABLE plan (
	name TEXT PRIMARY KEY,
	kind TEXT NOT NULL,               -- 'subscription', 'day-pass', 'article'
	sections TEXT NOT NULL,           -- slugs between newlines, newline at both ends; '': all
	title TEXT NOT NULL,
	price TEXT NOT NULL,              -- for people
	href TEXT NOT NULL,               -- where it is sold; '': not offered
	created_at BIGINT NOT NULL
);

-- An entitlement to one article, and what its source says of it.
ALTER TABLE entitlement ADD COLUMN article_id TEXT NOT NULL DEFAULT '';
ALTER TABLE entitlement ADD COLUMN status TEXT NOT NULL DEFAULT 'active';
ALTER TABLE entitlement ADD COLUMN grace_s BIGINT NOT NULL DEFAULT 0;
