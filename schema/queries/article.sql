-- Lists show ($1 = 0) only what may be shown at $2: usable, under a rule that this program knows, published, not
-- embargoed, not expired. ($3, $4) is the cursor: what is older than it.

-- name: article_by_slug :one
-- in: slug str
-- row: struct article in arena, dek_shown=dek, dek=dek_whole, access by content_access_read
SELECT id, slug, source, headline, dek_shown, byline, dateline, credit, section, section_name, tags, access, status, usage_terms,
	language, published_at, updated_at, embargo_at, expires_at, cut, words, dek
FROM article WHERE slug = $1;

-- name: article_by_source :one
-- in: source str
-- row: as article_by_slug
SELECT id, slug, source, headline, dek_shown, byline, dateline, credit, section, section_name, tags, access, status, usage_terms,
	language, published_at, updated_at, embargo_at, expires_at, cut, words, dek
FROM article WHERE source = $1;

-- name: article_by_id :one
-- in: id str
-- row: as article_by_slug
SELECT id, slug, source, headline, dek_shown, byline, dateline, credit, section, section_name, tags, access, status, usage_terms,
	language, published_at, updated_at, embargo_at, expires_at, cut, words, dek
FROM article WHERE id = $1;

-- By an address that it had before.
-- name: article_by_alias :one
-- in: slug str
-- row: as article_by_slug
SELECT a.id, a.slug, a.source, a.headline, a.dek_shown, a.byline, a.dateline, a.credit, a.section, a.section_name, a.tags, a.access, a.status,
	a.usage_terms, a.language, a.published_at, a.updated_at, a.embargo_at, a.expires_at, a.cut, a.words, a.dek
FROM article_alias l JOIN article a ON a.id = l.article_id WHERE l.slug = $1;

-- name: article_latest :many
-- in: all int, now_s int, before_at int, before_id str, max
-- row: as article_by_slug
SELECT id, slug, source, headline, dek_shown, byline, dateline, credit, section, section_name, tags, access, status, usage_terms,
	language, published_at, updated_at, embargo_at, expires_at, cut, words, dek
FROM article WHERE ($1 = 1 OR (status = 'usable' AND access IN ('public', 'registered', 'metered', 'subscriber', 'default') AND published_at <= $2
	AND COALESCE(embargo_at, 0) <= $2 AND (expires_at IS NULL OR expires_at > $2)))
	AND (published_at, id) < ($3, $4)
ORDER BY published_at DESC, id DESC LIMIT $5;

-- name: article_in_section :many
-- in: all int, now_s int, before_at int, before_id str, max, section str
-- row: as article_by_slug
SELECT id, slug, source, headline, dek_shown, byline, dateline, credit, section, section_name, tags, access, status, usage_terms,
	language, published_at, updated_at, embargo_at, expires_at, cut, words, dek
FROM article WHERE ($1 = 1 OR (status = 'usable' AND access IN ('public', 'registered', 'metered', 'subscriber', 'default') AND published_at <= $2
	AND COALESCE(embargo_at, 0) <= $2 AND (expires_at IS NULL OR expires_at > $2)))
	AND (published_at, id) < ($3, $4) AND section = $6
ORDER BY published_at DESC, id DESC LIMIT $5;

-- What the desk features, in its order, as long as it has not ended; shown as in the lists above.
-- name: article_featured :many
-- in: all int, now_s int, max
-- row: as article_by_slug
SELECT a.id, a.slug, a.source, a.headline, a.dek_shown, a.byline, a.dateline, a.credit, a.section, a.section_name, a.tags, a.access, a.status,
	a.usage_terms, a.language, a.published_at, a.updated_at, a.embargo_at, a.expires_at, a.cut, a.words, a.dek
FROM feature f JOIN article a ON a.id = f.article_id
WHERE (f.until_at IS NULL OR f.until_at > $2) AND ($1 = 1 OR (a.status = 'usable'
	AND a.access IN ('public', 'registered', 'metered', 'subscriber', 'default') AND a.published_at <= $2
	AND COALESCE(a.embargo_at, 0) <= $2 AND (a.expires_at IS NULL OR a.expires_at > $2)))
ORDER BY f.position, f.article_id LIMIT $3;

-- $7 is a pattern of one tag, $8 to $15 are patterns of words; what is not asked for is '%'. Never looks at text.
-- name: article_search :many
-- in: all int, now_s int, before_at int, before_id str, max, section str, tag_pattern str, patterns str[8]
-- row: as article_by_slug
-- timed
SELECT id, slug, source, headline, dek_shown, byline, dateline, credit, section, section_name, tags, access, status, usage_terms,
	language, published_at, updated_at, embargo_at, expires_at, cut, words, dek
FROM article WHERE ($1 = 1 OR (status = 'usable' AND access IN ('public', 'registered', 'metered', 'subscriber', 'default') AND published_at <= $2
	AND COALESCE(embargo_at, 0) <= $2 AND (expires_at IS NULL OR expires_at > $2)))
	AND (published_at, id) < ($3, $4) AND ($6 = '' OR section = $6)
	AND LOWER(tags) LIKE $7 ESCAPE '!'
	AND LOWER(headline || ' ' || dek_shown || ' ' || byline || ' ' || section_name || tags) LIKE $8 ESCAPE '!'
	AND LOWER(headline || ' ' || dek_shown || ' ' || byline || ' ' || section_name || tags) LIKE $9 ESCAPE '!'
	AND LOWER(headline || ' ' || dek_shown || ' ' || byline || ' ' || section_name || tags) LIKE $10 ESCAPE '!'
	AND LOWER(headline || ' ' || dek_shown || ' ' || byline || ' ' || section_name || tags) LIKE $11 ESCAPE '!'
	AND LOWER(headline || ' ' || dek_shown || ' ' || byline || ' ' || section_name || tags) LIKE $12 ESCAPE '!'
	AND LOWER(headline || ' ' || dek_shown || ' ' || byline || ' ' || section_name || tags) LIKE $13 ESCAPE '!'
	AND LOWER(headline || ' ' || dek_shown || ' ' || byline || ' ' || section_name || tags) LIKE $14 ESCAPE '!'
	AND LOWER(headline || ' ' || dek_shown || ' ' || byline || ' ' || section_name || tags) LIKE $15 ESCAPE '!'
ORDER BY published_at DESC, id DESC LIMIT $5;

-- From one section to the next by the index, and of each its newest article: no more work with a hundred thousand articles than with a
-- hundred. The name is that of the newest.
-- name: article_sections :many
-- in: now_s int, max
-- row: struct section section=slug, section_name=name
WITH RECURSIVE s (section) AS (
	SELECT MIN(section) FROM article
	UNION ALL SELECT (SELECT MIN(n.section) FROM article n WHERE n.section > s.section) FROM s WHERE s.section IS NOT NULL)
SELECT t.section, t.section_name FROM (
	SELECT s.section AS section, (SELECT a.section_name FROM article a WHERE a.section = s.section AND a.status = 'usable'
		AND a.access IN ('public', 'registered', 'metered', 'subscriber', 'default') AND a.published_at <= $1
		AND COALESCE(a.embargo_at, 0) <= $1 AND (a.expires_at IS NULL OR a.expires_at > $1)
		ORDER BY a.published_at DESC, a.id DESC LIMIT 1) AS section_name
	FROM s WHERE s.section IS NOT NULL) AS t
WHERE t.section_name IS NOT NULL ORDER BY t.section LIMIT $2;

-- Every section that an article is in, shown or not, by the index as above.
-- name: article_section_slugs :many
-- in: max
-- row: str
WITH RECURSIVE s (section) AS (
	SELECT MIN(section) FROM article
	UNION ALL SELECT (SELECT MIN(n.section) FROM article n WHERE n.section > s.section) FROM s WHERE s.section IS NOT NULL)
SELECT s.section FROM s WHERE s.section IS NOT NULL ORDER BY s.section LIMIT $1;

-- What a teaser is made from: the beginnings, $4 characters at most, of some blocks.
-- name: article_block_pieces :many
-- in: article_id, from int, below int, characters int
-- row: html str
SELECT position, SUBSTR(html, 1, $4) AS html
FROM article_block WHERE article_id = $1 AND position >= $2 AND position < $3 ORDER BY position;

-- The blocks above $2, and no other.
-- name: article_block_html :many
-- in: article_id, below int
-- row: struct block
SELECT words, html FROM article_block WHERE article_id = $1 AND position < $2 ORDER BY position;

-- name: article_insert :exec
-- in: id, slug, source str, headline str, dek str, byline str, dateline str, credit str,
--     section, section_name str, tags str, access, status str, usage_terms str, language str,
--     published_at, updated_at, embargo_at?, expires_at?, cut?, words, imported_at, dek_shown str, dek_bound
INSERT INTO article (id, slug, source, headline, dek, byline, dateline, credit, section, section_name, tags, access, status, usage_terms,
	language, published_at, updated_at, embargo_at, expires_at, cut, words, imported_at, dek_shown, dek_bound)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24);

-- name: article_update :exec
-- in: id, slug, source str, headline str, dek str, byline str, dateline str, credit str,
--     section, section_name str, tags str, access, status str, usage_terms str, language str,
--     published_at, updated_at, embargo_at?, expires_at?, cut?, words, imported_at, dek_shown str, dek_bound
UPDATE article SET slug = $2, source = $3, headline = $4, dek = $5, byline = $6, dateline = $7, credit = $8, section = $9,
	section_name = $10, tags = $11, access = $12, status = $13, usage_terms = $14, language = $15, published_at = $16,
	updated_at = $17, embargo_at = $18, expires_at = $19, cut = $20, words = $21, imported_at = $22, dek_shown = $23, dek_bound = $24
WHERE id = $1;

-- name: article_dek_stale :many
-- in: dek_bound, max
-- row: dek str
SELECT id, dek FROM article WHERE dek_bound < $1 OR dek_bound > $1 LIMIT $2;

-- Unless an import was quicker.
-- name: article_dek_refresh :exec
-- in: id, dek str, dek_shown str, dek_bound
UPDATE article SET dek_shown = $3, dek_bound = $4 WHERE id = $1 AND dek = $2;

-- name: media_caption_refresh :exec
-- in: id, old_alt str, old_caption str, alt str, caption str
UPDATE media SET alt = $4, caption = $5 WHERE id = $1 AND alt = $2 AND caption = $3;

-- name: article_set_access :exec
-- in: id, access str, now_s int
UPDATE article SET access = $2, imported_at = $3 WHERE id = $1;

-- name: article_set_status :exec
-- in: id, status str, now_s int
UPDATE article SET status = $2, imported_at = $3 WHERE id = $1;

-- name: article_alias_put :exec
-- in: slug, article_id, created_at
INSERT INTO article_alias (slug, article_id, created_at) VALUES ($1, $2, $3)
ON CONFLICT (slug) DO UPDATE SET article_id = excluded.article_id, created_at = excluded.created_at;

-- name: article_alias_delete :exec
-- in: slug
DELETE FROM article_alias WHERE slug = $1;

-- name: article_origin_get :one
-- in: article_id
-- row: struct article_origin in arena
SELECT version, version_at, shown, hidden_by, hidden_at, hidden_why, access_by FROM article_origin WHERE article_id = $1;

-- name: article_origin_put :exec
-- in: article_id, version str, version_at, shown, hidden_by str, hidden_at?, hidden_why str, access_by str
INSERT INTO article_origin (article_id, version, version_at, shown, hidden_by, hidden_at, hidden_why, access_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (article_id) DO UPDATE SET version = excluded.version, version_at = excluded.version_at, shown = excluded.shown,
	hidden_by = excluded.hidden_by, hidden_at = excluded.hidden_at, hidden_why = excluded.hidden_why, access_by = excluded.access_by;

-- Blocks and media go with it.
-- name: article_delete :one
-- in: slug str
-- row: id
DELETE FROM article WHERE slug = $1 RETURNING id;

-- name: article_block_insert :exec
-- in: article_id, position, words, html str
INSERT INTO article_block (article_id, position, words, html) VALUES ($1, $2, $3, $4);

-- name: article_block_delete :exec
-- in: article_id
DELETE FROM article_block WHERE article_id = $1;

-- name: article_slugs_after :many
-- in: after text, max
-- row: char[SLUG_SIZE]
-- alone: read
SELECT slug FROM article WHERE slug > $1 ORDER BY slug LIMIT $2;

-- name: media_insert :exec
-- in: id, article_id, position, name str, content_type, width, height, alt str, caption str, credit str,
--     digest, bytes bytes
INSERT INTO media (id, article_id, position, name, content_type, width, height, alt, caption, credit, digest, stripped, bytes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1, $12);

-- name: media_delete :exec
-- in: article_id
DELETE FROM media WHERE article_id = $1;

-- name: media_of_article :many
-- in: article_id, below int
-- row: struct image
SELECT id, position, width, height, name, content_type, alt, caption, credit, digest, stripped
FROM media WHERE article_id = $1 AND position < $2 ORDER BY position;

-- The lead pictures of a list's articles; places that are not needed are ''.
-- name: media_leads :many
-- in: article_ids str[8]
-- row: struct owned_image in arena, id=image.id, position=image.position, width=image.width,
--     height=image.height, name=image.name, content_type=image.content_type, alt=image.alt,
--     caption=image.caption, credit=image.credit, digest=image.digest, stripped=image.stripped
SELECT id, position, width, height, name, content_type, alt, caption, credit, digest, stripped, article_id
FROM media WHERE article_id IN ($1, $2, $3, $4, $5, $6, $7, $8) AND position = 0;

-- name: media_by_id :one
-- in: id str
-- row: as media_leads
SELECT id, position, width, height, name, content_type, alt, caption, credit, digest, stripped, article_id FROM media WHERE id = $1;

-- name: media_bytes :one
-- in: id, position
-- row: str
SELECT bytes FROM media WHERE id = $1 AND position = $2;

-- The next moment at which a list is another one by itself: something begins to be shown, or ends.
-- name: article_next_moment :one
-- in: now_s int
-- row: int
SELECT MIN(t.at_s) FROM (
	SELECT MIN(published_at) AS at_s FROM article WHERE published_at > $1
	UNION ALL SELECT MIN(embargo_at) FROM article WHERE embargo_at > $1
	UNION ALL SELECT MIN(expires_at) FROM article WHERE expires_at > $1
	UNION ALL SELECT MIN(until_at) FROM feature WHERE until_at > $1) AS t;
