-- name: service_key_count :one
SELECT COUNT(*) FROM service_key;

-- name: service_key_insert :exec
INSERT INTO service_key (id, name, key_hash, scopes, created_at) VALUES ($1, $2, $3, $4, $5);

-- The one in force without an end.
-- name: service_key_by_name :one
SELECT id, name, scopes, created_at, expires_at, revoked_at, used_at
FROM service_key WHERE name = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
ORDER BY created_at DESC, id LIMIT 1;

-- name: service_key_by_hash :one
SELECT id, name, scopes, created_at, expires_at, revoked_at, used_at
FROM service_key WHERE key_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2);

-- name: service_key_expire :exec
UPDATE service_key SET expires_at = $2
WHERE name = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2);

-- name: service_key_revoke :exec
UPDATE service_key SET revoked_at = $2
WHERE name = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2);

-- name: service_key_used :exec
UPDATE service_key SET used_at = $2 WHERE id = $1;

-- name: service_key_list :many
SELECT id, name, scopes, created_at, expires_at, revoked_at, used_at
FROM service_key ORDER BY name, created_at DESC, id LIMIT $1;

-- name: service_key_purge :exec
DELETE FROM service_key WHERE id IN (
	SELECT id FROM service_key WHERE revoked_at < $1 OR expires_at < $1 LIMIT $2);
