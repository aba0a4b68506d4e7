-- What editors say of the front page and of sections. Pages ask for the featured articles themselves with article_featured.

-- name: feature_list :many
-- in: now_s int, max
-- row: struct feature
SELECT f.article_id, a.slug, f.position, f.until_at FROM feature f JOIN article a ON a.id = f.article_id
WHERE f.until_at IS NULL OR f.until_at > $1 ORDER BY f.position, f.article_id LIMIT $2;

-- name: feature_put :exec
-- in: article_id, position, until_at?, featured_at
INSERT INTO feature (article_id, position, until_at, featured_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (article_id) DO UPDATE SET position = excluded.position, until_at = excluded.until_at;

-- name: feature_delete :execrows
-- in: article_id
DELETE FROM feature WHERE article_id = $1;

-- name: feature_purge :exec
-- in: now_s int
DELETE FROM feature WHERE until_at <= $1;

-- name: section_description_get :one
-- in: section str
-- row: str
SELECT description FROM section_description WHERE section = $1;

-- name: section_description_list :many
-- in: max
-- row: struct section_about section=slug
SELECT section, description FROM section_description ORDER BY section LIMIT $1;

-- name: section_description_put :exec
-- in: section str, description str, updated_at
INSERT INTO section_description (section, description, updated_at) VALUES ($1, $2, $3)
ON CONFLICT (section) DO UPDATE SET description = excluded.description, updated_at = excluded.updated_at;

-- name: section_description_delete :exec
-- in: section str
DELETE FROM section_description WHERE section = $1;
