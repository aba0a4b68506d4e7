-- name: meter_counted :many
-- in: account_id, meter, began_from int, began_to int, max
-- row: tag char[METER_TAG_TEXT_SIZE]
SELECT tag, began_at FROM meter_read WHERE account_id = $1 AND meter = $2 AND began_at >= $3 AND began_at <= $4
ORDER BY began_at DESC, read_at, tag LIMIT $5;

-- name: meter_count :exec
-- in: account_id, meter, began_at, tag, article_id, read_at
INSERT INTO meter_read (account_id, meter, began_at, tag, article_id, read_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (account_id, meter, began_at, tag) DO NOTHING;

-- name: meter_shown :many
-- in: account_id, max
-- row: struct meter_history
SELECT r.meter, r.began_at, r.read_at, r.article_id, a.slug, a.headline FROM meter_read r LEFT JOIN article a ON a.id = r.article_id
WHERE r.account_id = $1 ORDER BY r.read_at DESC, r.tag LIMIT $2;

-- name: meter_reset :execrows
-- in: account_id, meter str
-- alone: tx
DELETE FROM meter_read WHERE account_id = $1 AND ($2 = '' OR meter = $2);

-- name: meter_forget :execrows
-- in: before_s int, max int
DELETE FROM meter_read WHERE (account_id, meter, began_at, tag) IN (
	SELECT account_id, meter, began_at, tag FROM meter_read WHERE began_at < $1 ORDER BY began_at LIMIT $2);

-- name: meter_drop :execrows
-- in: name str
DELETE FROM meter WHERE name = $1;

-- name: secret_newest :one
-- in: purpose
-- row: struct meter_key
SELECT id, bytes FROM secret WHERE purpose = $1 ORDER BY id DESC LIMIT 1;

-- name: secret_keys :many
-- in: purpose, max
-- row: struct meter_key
SELECT id, bytes FROM secret WHERE purpose = $1 ORDER BY id DESC LIMIT $2;

-- name: secret_insert :exec
-- in: purpose, id, bytes bytes[32], created_at
INSERT INTO secret (purpose, id, bytes, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (purpose, id) DO NOTHING;

-- name: secret_replace :exec
-- in: purpose, id, replaced_at
UPDATE secret SET replaced_at = $3 WHERE purpose = $1 AND id < $2 AND replaced_at IS NULL;

-- name: secret_forget :execrows
-- in: purpose, before_s int
DELETE FROM secret WHERE purpose = $1 AND replaced_at < $2;
