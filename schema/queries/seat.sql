-- The group of an owner: what is in force, the newest first.
-- name: seat_group :one
SELECT id, plan, seats, ends_at FROM entitlement
WHERE account_id = $1 AND seats > 0 AND revoked_at IS NULL AND (ends_at IS NULL OR ends_at + grace_s > $2)
ORDER BY created_at DESC, id LIMIT 1;

-- Two invitations at once wait for each other here, or the second fails and is tried again.
-- name: seat_group_lock :exec
UPDATE entitlement SET seats = seats WHERE id = $1;

-- name: seat_list :many
SELECT id, email, account_id, invited_at, expires_at, accepted_at
FROM seat WHERE entitlement_id = $1 ORDER BY invited_at, id LIMIT $2;

-- name: seat_by_email :one
SELECT id, email, account_id, invited_at, expires_at, accepted_at
FROM seat WHERE entitlement_id = $1 AND email_key = $2;

-- name: seat_insert :exec
INSERT INTO seat (id, entitlement_id, email, email_key, token_hash, invited_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- A new invitation voids the one before.
-- name: seat_invite_again :exec
UPDATE seat SET token_hash = $2, invited_at = $3, expires_at = $4 WHERE id = $1 AND accepted_at IS NULL;

-- name: seat_look :one
SELECT e.plan, a.email, a.id FROM seat s JOIN entitlement e ON e.id = s.entitlement_id JOIN account a ON a.id = e.account_id
WHERE s.token_hash = $1 AND s.accepted_at IS NULL AND s.expires_at > $2 AND e.revoked_at IS NULL;

-- Spending: of many at once, one changes the row.
-- name: seat_accept :one
UPDATE seat SET account_id = $2, accepted_at = $3, token_hash = NULL
WHERE token_hash = $1 AND accepted_at IS NULL AND expires_at > $3
	AND entitlement_id NOT IN (SELECT o.entitlement_id FROM seat o WHERE o.account_id = $2)
	AND entitlement_id NOT IN (SELECT e.id FROM entitlement e WHERE e.account_id = $2 OR e.revoked_at IS NOT NULL)
RETURNING entitlement_id;

-- name: seat_delete :one
DELETE FROM seat WHERE id = $1 AND entitlement_id IN (SELECT e.id FROM entitlement e WHERE e.account_id = $2)
RETURNING COALESCE(account_id, '');
