-- name: service_key_count :one
-- row: int
SELECT COUNT(*) FROM service_key;

-- name: service_key_insert :exec
-- in: id, name, key_hash hash, scopes, created_at
INSERT INTO service_key (id, name, key_hash, scopes, created_at) VALUES ($1, $2, $3, $4, $5);

-- The one in force without an end.
-- name: service_key_by_name :one
-- in: name, now_s int
-- row: struct api_key scopes by account_api_key_scopes_parse
SELECT id, name, scopes, created_at, expires_at, revoked_at, used_at
FROM service_key WHERE name = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
ORDER BY created_at DESC, id LIMIT 1;

-- name: service_key_by_hash :one
-- in: key_hash hash, now_s int
-- row: struct api_key scopes by account_api_key_scopes_parse
-- alone: read
SELECT id, name, scopes, created_at, expires_at, revoked_at, used_at
FROM service_key WHERE key_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2);

-- name: service_key_expire :exec
-- in: name, expires_at
UPDATE service_key SET expires_at = $2
WHERE name = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2);

-- name: service_key_revoke :execrows
-- in: name, now_s int
-- alone: tx
UPDATE service_key SET revoked_at = $2
WHERE name = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2);

-- name: service_key_used :exec
-- in: id, used_at
UPDATE service_key SET used_at = $2 WHERE id = $1;

-- name: service_key_list :many
-- in: max
-- row: struct api_key scopes by account_api_key_scopes_parse
-- alone: read
SELECT id, name, scopes, created_at, expires_at, revoked_at, used_at
FROM service_key ORDER BY name, created_at DESC, id LIMIT $1;

-- name: service_key_purge :execrows
-- in: before_s int, max int
DELETE FROM service_key WHERE id IN (
	SELECT id FROM service_key WHERE revoked_at < $1 OR expires_at < $1 LIMIT $2);
