-- name: crawler_list :many
SELECT name, class, agent, suffixes, loaded_at FROM crawler ORDER BY name LIMIT $1;

-- name: crawler_count :one
SELECT COUNT(*) FROM crawler;

-- name: crawler_insert :exec
INSERT INTO crawler (name, class, agent, suffixes, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING;

-- name: crawler_delete :exec
DELETE FROM crawler WHERE name = $1;

-- name: crawler_set_loaded :exec
UPDATE crawler SET loaded_at = $2 WHERE name = $1;

-- name: crawler_range_list :many
SELECT crawler, first_ip, last_ip FROM crawler_range ORDER BY crawler, first_ip, last_ip LIMIT $1;

-- name: crawler_range_count :one
SELECT COUNT(*) FROM crawler_range;

-- name: crawler_range_insert :exec
INSERT INTO crawler_range (crawler, first_ip, last_ip) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- name: crawler_ranges_delete :exec
DELETE FROM crawler_range WHERE crawler = $1;
