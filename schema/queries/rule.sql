-- name: rule_insert :exec
-- in: id, position, kind, section, tag, from_s, until_s, weekdays, access, teaser_words, created_at
INSERT INTO access_rule (id, position, kind, section, tag, from_s, until_s, weekdays, access, teaser_words, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: rule_set_position :exec
-- in: id, position
UPDATE access_rule SET position = $2 WHERE id = $1;

-- name: rule_delete :exec
-- in: id
DELETE FROM access_rule WHERE id = $1;

-- name: rule_positions :many
-- in: max
-- row: kind char[16]
SELECT id, kind FROM access_rule ORDER BY position, id LIMIT $1;
