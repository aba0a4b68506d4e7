-- name: plan_put :exec
INSERT INTO plan (name, kind, sections, title, price, href, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, sections = excluded.sections, title = excluded.title,
	price = excluded.price, href = excluded.href;

-- name: plan_count :one
SELECT COUNT(*) FROM plan WHERE name <> $1;

-- name: plan_delete :exec
DELETE FROM plan WHERE name = $1;

-- Entitlements that would cover more without the plan: in force, or still to come.
-- name: plan_holders :one
SELECT COUNT(*) FROM entitlement e JOIN plan p ON p.name = e.plan
WHERE e.plan = $1 AND p.sections <> '' AND e.article_id = '' AND e.revoked_at IS NULL
	AND (e.ends_at IS NULL OR e.ends_at + e.grace_s > $2);
