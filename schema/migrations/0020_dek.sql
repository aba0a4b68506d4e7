-- A dek stands wherever the article is named, for everybody. dek_shown is as much of it as may stand there: bounded, and without
-- what it repeats of the text beyond a teaser. dek_bound says for which bound it was made; housekeeping makes those of another
-- bound, and of older versions, anew. Until then they show no dek.
ALTER TABLE article ADD COLUMN dek_shown TEXT NOT NULL DEFAULT '';
ALTER TABLE article ADD COLUMN dek_bound BIGINT NOT NULL DEFAULT 0;
CREATE INDEX IF NOT EXISTS article_dek_bound ON article (dek_bound);
