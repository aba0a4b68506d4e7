-- name: plan_put :exec
-- in: name, kind, sections, title, price, href, created_at
INSERT INTO plan (name, kind, sections, title, price, href, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, sections = excluded.sections, title = excluded.title,
	price = excluded.price, href = excluded.href;

-- name: plan_offer_set :exec
-- in: name, description, benefits, trial, cancel, position, on_sale
UPDATE plan SET description = $2, benefits = $3, trial = $4, cancel = $5, position = $6, on_sale = $7 WHERE name = $1;

-- At most one is recommended: $1, or none where it is ''.
-- name: plan_recommend :exec
-- in: name
UPDATE plan SET recommended = 0 WHERE recommended = 1 AND name <> $1;

-- name: plan_recommended_set :exec
-- in: name, recommended
UPDATE plan SET recommended = $2 WHERE name = $1;

-- name: plan_count :one
-- in: name
-- row: int
SELECT COUNT(*) FROM plan WHERE name <> $1;

-- name: plan_delete :execrows
-- in: name str
DELETE FROM plan WHERE name = $1;

-- Who would lose what they may read: entitlements and institutions, in force or still to come.
-- name: plan_holders :one
-- in: plan str, now_s int
-- row: struct plan_removal
SELECT (SELECT COUNT(*) FROM entitlement e WHERE e.plan = $1 AND e.revoked_at IS NULL
		AND (e.ends_at IS NULL OR e.ends_at + e.grace_s > $2)) AS holders,
	(SELECT COUNT(*) FROM institution i WHERE i.plan = $1 AND (i.ends_at IS NULL OR i.ends_at > $2)) AS institutions;
