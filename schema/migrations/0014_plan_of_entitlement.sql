-- A plan that nobody has described used to cover everything; from here on it covers nothing. So that no reader
-- loses anything, the plans that entitlements name are described as what they were: everything, not offered.

INSERT INTO plan (name, kind, sections, title, price, href, created_at)
SELECT e.plan, CASE WHEN MIN(e.article_id) <> '' THEN 'article' ELSE 'subscription' END, '', e.plan, '', '', MIN(e.created_at)
FROM entitlement e
WHERE e.revoked_at IS NULL AND LENGTH(e.plan) BETWEEN 1 AND 64 AND NOT EXISTS (SELECT 1 FROM plan p WHERE p.name = e.plan)
GROUP BY e.plan;
UPDATE policy SET version = version + 1 WHERE id = 1;
