-- What the source of an article last said of it, the addresses an article had before, and which pictures still hold what
-- their camera wrote.

CREATE TABLE article_origin (
	article_id TEXT PRIMARY KEY REFERENCES article (id) ON DELETE CASCADE,
	version TEXT NOT NULL,            -- as the source counts; '': it does not
	version_at BIGINT NOT NULL,       -- when the source made that version; 0: it does not say
	shown BIGINT NOT NULL,            -- 1: readers have seen it, so that a kill answers 410
	hidden_by TEXT NOT NULL,          -- 'source', 'file', 'desk': only they may bring it back; '': nobody hid it
	hidden_at BIGINT,
	hidden_why TEXT NOT NULL,         -- for the desk
	access_by TEXT NOT NULL           -- who set the level: 'file', 'desk', 'v1' (the first version, maybe its default), '': nobody
);

-- The first version stored its own default as the article's word. Which files said nothing is known only when they come again,
-- so these articles are marked and stay as they are.
INSERT INTO article_origin (article_id, version, version_at, shown, hidden_by, hidden_at, hidden_why, access_by)
SELECT id, '', 0, 0, '', NULL, '', 'v1' FROM article
WHERE imported_at < (SELECT applied_at FROM schema_version WHERE version = 5);

-- A slug that an article had before. An article that has it now always comes first.
CREATE TABLE article_alias (
	slug TEXT PRIMARY KEY,
	article_id TEXT NOT NULL REFERENCES article (id) ON DELETE CASCADE,
	created_at BIGINT NOT NULL
);
CREATE INDEX article_alias_article ON article_alias (article_id);

ALTER TABLE media ADD COLUMN stripped BIGINT NOT NULL DEFAULT 0; -- 1: without what the camera wrote
