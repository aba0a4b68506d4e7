-- name: plan_put :exec
INSERT INTO plan (name, kind, sections, title, price, href, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, sections = excluded.sections, title = excluded.title,
	price = excluded.price, href = excluded.href;

-- name: plan_count :one
SELECT COUNT(*) FROM plan WHERE name <> $1;

-- name: plan_delete :exec
DELETE FROM plan WHERE name = $1;

-- Who would lose what they may read: entitlements and institutions, in force or still to come.
-- name: plan_holders :one
SELECT (SELECT COUNT(*) FROM entitlement e WHERE e.plan = $1 AND e.revoked_at IS NULL
		AND (e.ends_at IS NULL OR e.ends_at + e.grace_s > $2)),
	(SELECT COUNT(*) FROM institution i WHERE i.plan = $1 AND (i.ends_at IS NULL OR i.ends_at > $2));
