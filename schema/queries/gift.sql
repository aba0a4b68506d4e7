-- name: gift_insert :exec
-- in: id, article_id, account_id?, made_by, created_at, expires_at, redemptions_max, named
INSERT INTO gift (id, article_id, account_id, made_by, created_at, expires_at, redemptions, redemptions_max, named)
VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8);

-- Given again, the newest choice holds for all its links.
-- name: gift_named_set :exec
-- in: id, named
UPDATE gift SET named = $2 WHERE id = $1;

-- name: gift_token_insert :exec
-- in: token_hash hash, gift_id, created_at
INSERT INTO gift_token (token_hash, gift_id, created_at) VALUES ($1, $2, $3);

-- The newest $2 stay beside $3, the one just made, whatever the clock said when they were made.
-- name: gift_token_trim :exec
-- in: gift_id, keep int, token_hash hash
DELETE FROM gift_token WHERE token_hash IN (
	SELECT token_hash FROM gift_token WHERE gift_id = $1 AND token_hash <> $3
	ORDER BY created_at DESC, token_hash LIMIT 1000 OFFSET $2);

-- Two gifts of one reader at once wait for each other here, or the second fails and is tried again.
-- name: gift_giver_lock :exec
-- in: id
UPDATE account SET updated_at = updated_at WHERE id = $1;

-- name: gift_count_since :one
-- in: account_id, since_s int
-- row: int
SELECT COUNT(*) FROM gift WHERE account_id = $1 AND created_at >= $2;

-- What the same reader gave of the same article and still works.
-- name: gift_live :one
-- in: account_id, article_id, now_s int
-- row: struct gift
SELECT g.id, g.article_id, a.slug, SUBSTR(a.headline, 1, 200) AS headline, COALESCE(g.account_id, '') AS account_id, g.made_by, g.created_at, g.expires_at, g.redemptions,
	g.redemptions_max, g.revoked_at, g.named
FROM gift g JOIN article a ON a.id = g.article_id
WHERE g.account_id = $1 AND g.article_id = $2 AND g.revoked_at IS NULL AND g.expires_at > $3
	AND g.redemptions < g.redemptions_max
ORDER BY g.created_at DESC, g.id LIMIT 1;

-- name: gift_by_id :one
-- in: id
-- row: struct gift
SELECT g.id, g.article_id, a.slug, SUBSTR(a.headline, 1, 200) AS headline, COALESCE(g.account_id, '') AS account_id, g.made_by, g.created_at, g.expires_at, g.redemptions,
	g.redemptions_max, g.revoked_at, g.named
FROM gift g JOIN article a ON a.id = g.article_id WHERE g.id = $1;

-- A giver who was shut out gives nothing.
-- name: gift_by_token :one
-- in: token_hash hash, latest_s int
-- row: struct gift
SELECT g.id, g.article_id, a.slug, SUBSTR(a.headline, 1, 200) AS headline, COALESCE(g.account_id, '') AS account_id, g.made_by, g.created_at, g.expires_at, g.redemptions,
	g.redemptions_max, COALESCE(g.revoked_at, r.disabled_at) AS revoked_at, g.named,
	COALESCE(CASE WHEN g.named = 1 THEN r.name ELSE '' END, '') AS giver
FROM gift_token t JOIN gift g ON g.id = t.gift_id JOIN article a ON a.id = g.article_id LEFT JOIN account r ON r.id = g.account_id
WHERE t.token_hash = $1 AND t.created_at <= $2;

-- name: gift_list :many
-- in: max
-- row: struct gift
SELECT g.id, g.article_id, a.slug, SUBSTR(a.headline, 1, 200) AS headline, COALESCE(g.account_id, '') AS account_id, g.made_by, g.created_at, g.expires_at, g.redemptions,
	g.redemptions_max, g.revoked_at, g.named
FROM gift g JOIN article a ON a.id = g.article_id
ORDER BY g.created_at DESC, g.id LIMIT $1;

-- Of one giver; of one article where $2 is not ''.
-- name: gift_list_of_account :many
-- in: account_id, slug, max
-- row: struct gift
SELECT g.id, g.article_id, a.slug, SUBSTR(a.headline, 1, 200) AS headline, COALESCE(g.account_id, '') AS account_id, g.made_by, g.created_at, g.expires_at, g.redemptions,
	g.redemptions_max, g.revoked_at, g.named
FROM gift g JOIN article a ON a.id = g.article_id
WHERE g.account_id = $1 AND ($2 = '' OR a.slug = $2)
ORDER BY g.created_at DESC, g.id LIMIT $3;

-- name: gift_list_of_article :many
-- in: slug, max
-- row: struct gift
SELECT g.id, g.article_id, a.slug, SUBSTR(a.headline, 1, 200) AS headline, COALESCE(g.account_id, '') AS account_id, g.made_by, g.created_at, g.expires_at, g.redemptions,
	g.redemptions_max, g.revoked_at, g.named
FROM article a JOIN gift g ON g.article_id = a.id
WHERE a.slug = $1
ORDER BY g.created_at DESC, g.id LIMIT $2;

-- Of many at once on the last one, one changes the row.
-- name: gift_redeem :execrows
-- in: id, now_s int
UPDATE gift SET redemptions = redemptions + 1
WHERE id = $1 AND redemptions < redemptions_max AND revoked_at IS NULL AND expires_at > $2
	AND NOT EXISTS (SELECT 1 FROM account r WHERE r.id = gift.account_id AND r.disabled_at IS NOT NULL);

-- name: gift_visitor_insert :exec
-- in: secret_hash hash, gift_id, redeemed_at
INSERT INTO gift_visitor (secret_hash, gift_id, redeemed_at) VALUES ($1, $2, $3);

-- name: gift_visitor_of :one
-- in: secret_hash hash, gift_id
-- row: none
SELECT gift_id FROM gift_visitor WHERE secret_hash = $1 AND gift_id = $2;

-- Whether what a browser holds opens this article now, and who gave it: a name only where the giver agreed to show it.
-- name: gift_held :one
-- in: secret_hash hash, article_id, now_s int, latest_s int
-- row: struct gift_giver
SELECT COALESCE(CASE WHEN g.named = 1 THEN r.name ELSE '' END, '') AS name, CASE WHEN g.account_id IS NULL THEN 1 ELSE 0 END AS staff FROM gift_visitor v JOIN gift g ON g.id = v.gift_id LEFT JOIN account r ON r.id = g.account_id
WHERE v.secret_hash = $1 AND g.article_id = $2 AND g.revoked_at IS NULL AND g.expires_at > $3 AND v.redeemed_at <= $4
	AND r.disabled_at IS NULL;

-- $3 is the reader whose own it must be, '' for the operator.
-- name: gift_revoke :one
-- in: id str, now_s int, account_id
-- row: none
-- alone: tx
UPDATE gift SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL AND ($3 = '' OR account_id = $3) RETURNING id;

-- With its links and redemptions; $1 is long after its end.
-- name: gift_purge :execrows
-- in: before_s int, max int
DELETE FROM gift WHERE id IN (SELECT id FROM gift WHERE expires_at < $1 ORDER BY expires_at LIMIT $2);
