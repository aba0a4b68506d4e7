-- What editors say of the front page and of sections.

-- The stories that stand on top of the front page, in this order, and until when; NULL: until somebody takes them off.
CREATE TABLE feature (
	article_id TEXT PRIMARY KEY REFERENCES article (id) ON DELETE CASCADE,
	position BIGINT NOT NULL,         -- from 1; the first that may be shown leads
	until_at BIGINT,
	featured_at BIGINT NOT NULL
);

-- One or two sentences about a section, for readers and for search engines.
CREATE TABLE section_description (
	section TEXT PRIMARY KEY,         -- slug, as in article.section
	description TEXT NOT NULL,
	updated_at BIGINT NOT NULL
);
