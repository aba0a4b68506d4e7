-- name: entitlement_insert :exec
INSERT INTO entitlement (id, account_id, plan, source, article_id, status, starts_at, ends_at, grace_s, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: entitlement_revoke :one
UPDATE entitlement SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING account_id;

-- name: entitlement_by_account :many
SELECT id, plan, source, article_id, status, starts_at, ends_at, grace_s, revoked_at
FROM entitlement WHERE account_id = $1 ORDER BY created_at DESC, id LIMIT $2;
