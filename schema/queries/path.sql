-- name: path_rule_list :many
-- in: max
-- row: struct path_rule level=* by path_level_parse, files by path_files_parse
SELECT id, position, site, path, methods, level, section, tag, files FROM path_rule ORDER BY position, id LIMIT $1;

-- name: path_rule_last :one
-- row: last int, count int
SELECT COALESCE(MAX(position), 0) AS last, COUNT(*) AS count FROM path_rule;

-- name: path_rule_make_room :exec
-- in: position
UPDATE path_rule SET position = position + 1 WHERE position >= $1;

-- name: path_rule_insert :exec
-- in: id, position, site, path, methods, level, section, tag, files, created_at
INSERT INTO path_rule (id, position, site, path, methods, level, section, tag, files, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: path_rule_delete :execrows
-- in: id str
DELETE FROM path_rule WHERE id = $1;
