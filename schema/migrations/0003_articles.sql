-- Articles and their media. An article's row holds no text: that stands in article_block, read only by content_open.

CREATE TABLE article (
	id TEXT PRIMARY KEY,
	slug TEXT NOT NULL UNIQUE,
	source TEXT NOT NULL UNIQUE,      -- where it came from ('file:slug', an agency's uri): re-import updates
	headline TEXT NOT NULL,
	dek TEXT NOT NULL,
	byline TEXT NOT NULL,
	dateline TEXT NOT NULL,
	credit TEXT NOT NULL,
	section TEXT NOT NULL,            -- slug of section_name
	section_name TEXT NOT NULL,
	tags TEXT NOT NULL,               -- names between newlines, newline at both ends, or empty
	access TEXT NOT NULL,             -- 'public', 'registered', 'subscriber'
	status TEXT NOT NULL,             -- 'usable', 'withheld', 'canceled'
	usage_terms TEXT NOT NULL,
	language TEXT NOT NULL,
	published_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	embargo_at BIGINT,                -- not shown before
	expires_at BIGINT,                -- withdrawn from then
	cut BIGINT,                       -- blocks of the teaser by the author's mark, NULL: by words
	words BIGINT NOT NULL,
	imported_at BIGINT NOT NULL
);
CREATE INDEX article_published ON article (published_at, id);
CREATE INDEX article_section ON article (section, published_at, id);

-- One row a top-level block (paragraph, heading, figure, list …), sanitised HTML.
CREATE TABLE article_block (
	article_id TEXT NOT NULL REFERENCES article (id) ON DELETE CASCADE,
	position BIGINT NOT NULL,
	words BIGINT NOT NULL,
	html TEXT NOT NULL,
	PRIMARY KEY (article_id, position)
);

CREATE TABLE media (
	id TEXT PRIMARY KEY,
	article_id TEXT NOT NULL REFERENCES article (id) ON DELETE CASCADE,
	position BIGINT NOT NULL,         -- 0: the lead picture, part of the teaser
	name TEXT NOT NULL,
	content_type TEXT NOT NULL,
	width BIGINT NOT NULL,
	height BIGINT NOT NULL,
	alt TEXT NOT NULL,
	caption TEXT NOT NULL,
	credit TEXT NOT NULL,
	digest TEXT NOT NULL,             -- of the bytes, for the entity tag
	bytes BYTEA NOT NULL,
	UNIQUE (article_id, position),
	UNIQUE (article_id, name)
);
