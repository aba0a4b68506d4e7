-- name: path_rule_list :many
SELECT id, position, site, path, methods, level, section, tag, files FROM path_rule ORDER BY position, id LIMIT $1;

-- name: path_rule_last :one
SELECT COALESCE(MAX(position), 0), COUNT(*) FROM path_rule;

-- name: path_rule_make_room :exec
UPDATE path_rule SET position = position + 1 WHERE position >= $1;

-- name: path_rule_insert :exec
INSERT INTO path_rule (id, position, site, path, methods, level, section, tag, files, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: path_rule_delete :exec
DELETE FROM path_rule WHERE id = $1;
