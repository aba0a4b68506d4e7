-- name: entitlement_insert :exec
INSERT INTO entitlement (id, account_id, plan, source, article_id, status, starts_at, ends_at, grace_s, seats, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: entitlement_revoke :one
UPDATE entitlement SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING account_id;

-- What is not given (NULL) stays.
-- name: entitlement_set_status :one
UPDATE entitlement SET status = $2, ends_at = COALESCE($3, ends_at), grace_s = COALESCE($4, grace_s)
WHERE id = $1 AND revoked_at IS NULL RETURNING account_id;

-- name: entitlement_by_id :one
SELECT id, plan, source, article_id, status, starts_at, ends_at, grace_s, revoked_at, seats, 0 FROM entitlement WHERE id = $1;

-- Members of a group: whose rights change with the entitlement.
-- name: entitlement_members :many
SELECT account_id FROM seat WHERE entitlement_id = $1 AND account_id IS NOT NULL LIMIT $2;

-- Members of all groups of an owner.
-- name: entitlement_members_of :many
SELECT DISTINCT s.account_id FROM seat s JOIN entitlement e ON e.id = s.entitlement_id
WHERE e.account_id = $1 AND s.account_id IS NOT NULL LIMIT $2;

-- Own ones, and those that a seat gives; an owner who was shut out gives nothing.
-- name: entitlement_by_account :many
SELECT e.id, e.plan, e.source, e.article_id, e.status, e.starts_at, e.ends_at, e.grace_s, e.revoked_at, e.seats,
	CASE WHEN e.account_id = $1 THEN 0 ELSE 1 END
FROM entitlement e JOIN account o ON o.id = e.account_id
WHERE e.account_id = $1
	OR (e.id IN (SELECT s.entitlement_id FROM seat s WHERE s.account_id = $1) AND o.disabled_at IS NULL)
ORDER BY e.created_at DESC, e.id LIMIT $2;

-- The same as far as they can concern article $2; those that last longest, so that none in force is left out.
-- name: entitlement_for_article :many
SELECT e.id, e.plan, e.source, e.article_id, e.status, e.starts_at, e.ends_at, e.grace_s, e.revoked_at, e.seats,
	CASE WHEN e.account_id = $1 THEN 0 ELSE 1 END
FROM entitlement e JOIN account o ON o.id = e.account_id
WHERE (e.account_id = $1
		OR (e.id IN (SELECT s.entitlement_id FROM seat s WHERE s.account_id = $1) AND o.disabled_at IS NULL))
	AND (e.article_id = '' OR e.article_id = $2)
ORDER BY CASE WHEN e.revoked_at IS NULL THEN 0 ELSE 1 END, COALESCE(e.ends_at + e.grace_s, 9223372036854775807) DESC,
	e.created_at DESC, e.id LIMIT $3;
