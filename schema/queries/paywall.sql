-- name: entitlement_insert :exec
-- in: id, account_id, plan, source, article_id, status, starts_at, ends_at?, grace_s, seats, created_at
INSERT INTO entitlement (id, account_id, plan, source, article_id, status, starts_at, ends_at, grace_s, seats, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: entitlement_revoke :one
-- in: id str, now_s int
-- row: account_id id, plan char[PLAN_SIZE]
UPDATE entitlement SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING account_id, plan;

-- What is not given (NULL, a grace below 0) stays.
-- name: entitlement_set_status :one
-- in: id str, status, ends_at?, grace_s
-- row: as entitlement_revoke
UPDATE entitlement SET status = $2, ends_at = COALESCE($3, ends_at),
	grace_s = CASE WHEN CAST($4 AS BIGINT) < 0 THEN grace_s ELSE $4 END
WHERE id = $1 AND revoked_at IS NULL RETURNING account_id, plan;

-- name: entitlement_by_id :one
-- in: id str
-- row: struct entitlement status by entitlement_status_read
SELECT id, plan, source, article_id, status, starts_at, ends_at, grace_s, revoked_at, seats, 0 AS by_seat FROM entitlement WHERE id = $1;

-- Members of a group (owner $1, plan $2): whose rights change with its entitlements. Not those invited on $3, '' for all.
-- name: entitlement_members :many
-- in: owner_id text, plan, except text, max
SELECT DISTINCT s.account_id FROM entitlement e JOIN seat s ON s.entitlement_id = e.id
WHERE e.account_id = $1 AND e.plan = $2 AND e.id <> $3 AND s.account_id IS NOT NULL LIMIT $4;

-- Own ones, and those that a seat gives; an owner who was shut out gives nothing. A seat gives the entitlement that it was
-- invited on, and, unless that was revoked, places that are free in others of the same owner and plan, in order of invitation: so a
-- group goes on when its entitlement is renewed, and nobody reads beyond what the other one has places for.
-- name: entitlement_by_account :many
-- in: account_id, max
-- row: struct entitlement status by entitlement_status_read
SELECT t.id, t.plan, t.source, t.article_id, t.status, t.starts_at, t.ends_at, t.grace_s, t.revoked_at, t.seats, t.by_seat
FROM (
	SELECT e.id, e.plan, e.source, e.article_id, e.status, e.starts_at, e.ends_at, e.grace_s, e.revoked_at, e.seats,
		e.created_at, 0 AS by_seat
	FROM entitlement e WHERE e.account_id = $1
	UNION ALL
	SELECT e.id, e.plan, e.source, e.article_id, e.status, e.starts_at, e.ends_at, e.grace_s, e.revoked_at, e.seats,
		e.created_at, 1 AS by_seat
	FROM seat s JOIN entitlement f ON f.id = s.entitlement_id
		JOIN entitlement e ON e.account_id = f.account_id AND e.plan = f.plan
		JOIN account o ON o.id = e.account_id
	WHERE s.account_id = $1 AND f.account_id <> $1 AND o.disabled_at IS NULL
		AND (e.id = f.id OR (f.revoked_at IS NULL AND e.seats >
			(SELECT COUNT(*) FROM seat x WHERE x.entitlement_id = e.id)
			+ (SELECT COUNT(*) FROM entitlement g JOIN seat y ON y.entitlement_id = g.id
				WHERE g.account_id = e.account_id AND g.plan = e.plan AND g.id <> e.id AND g.revoked_at IS NULL
					AND (y.invited_at, y.id) < (s.invited_at, s.id))))
) AS t
ORDER BY t.created_at DESC, t.id LIMIT $2;

-- The same as far as they can concern article $2; those that last longest, so that none in force is left out.
-- name: entitlement_for_article :many
-- in: account_id, article_id, max
-- row: struct entitlement status by entitlement_status_read
SELECT t.id, t.plan, t.source, t.article_id, t.status, t.starts_at, t.ends_at, t.grace_s, t.revoked_at, t.seats, t.by_seat
FROM (
	SELECT e.id, e.plan, e.source, e.article_id, e.status, e.starts_at, e.ends_at, e.grace_s, e.revoked_at, e.seats,
		e.created_at, 0 AS by_seat
	FROM entitlement e WHERE e.account_id = $1 AND e.article_id IN ('', $2)
	UNION ALL
	SELECT e.id, e.plan, e.source, e.article_id, e.status, e.starts_at, e.ends_at, e.grace_s, e.revoked_at, e.seats,
		e.created_at, 1 AS by_seat
	FROM seat s JOIN entitlement f ON f.id = s.entitlement_id
		JOIN entitlement e ON e.account_id = f.account_id AND e.plan = f.plan
		JOIN account o ON o.id = e.account_id
	WHERE s.account_id = $1 AND f.account_id <> $1 AND o.disabled_at IS NULL AND e.article_id IN ('', $2)
		AND (e.id = f.id OR (f.revoked_at IS NULL AND e.seats >
			(SELECT COUNT(*) FROM seat x WHERE x.entitlement_id = e.id)
			+ (SELECT COUNT(*) FROM entitlement g JOIN seat y ON y.entitlement_id = g.id
				WHERE g.account_id = e.account_id AND g.plan = e.plan AND g.id <> e.id AND g.revoked_at IS NULL
					AND (y.invited_at, y.id) < (s.invited_at, s.id))))
) AS t
ORDER BY CASE WHEN t.revoked_at IS NULL THEN 0 ELSE 1 END, COALESCE(t.ends_at + t.grace_s, 9223372036854775807) DESC,
	t.created_at DESC, t.id LIMIT $3;
