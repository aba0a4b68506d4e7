-- name: crawler_list :many
-- in: max
-- row: struct crawler class by crawler_class_parse
SELECT name, class, agent, suffixes, loaded_at FROM crawler ORDER BY name LIMIT $1;

-- name: crawler_count :one
-- row: int
SELECT COUNT(*) FROM crawler;

-- name: crawler_insert :execrows
-- in: name, class, agent, suffixes, created_at
INSERT INTO crawler (name, class, agent, suffixes, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING;

-- name: crawler_delete :execrows
-- in: name str
DELETE FROM crawler WHERE name = $1;

-- name: crawler_set_loaded :execrows
-- in: name str, loaded_at
UPDATE crawler SET loaded_at = $2 WHERE name = $1;

-- name: crawler_range_list :many
-- in: max
-- row: crawler char[CRAWLER_NAME_SIZE], first_ip bytes[16], last_ip bytes[16]
SELECT crawler, first_ip, last_ip FROM crawler_range ORDER BY crawler, first_ip, last_ip LIMIT $1;

-- name: crawler_range_count :one
-- row: int
SELECT COUNT(*) FROM crawler_range;

-- name: crawler_range_insert :exec
-- in: crawler str, first_ip bytes[16], last_ip bytes[16]
INSERT INTO crawler_range (crawler, first_ip, last_ip) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- name: crawler_ranges_delete :exec
-- in: crawler str
DELETE FROM crawler_range WHERE crawler = $1;
