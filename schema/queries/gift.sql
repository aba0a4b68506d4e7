-- name: gift_insert :exec
INSERT INTO gift (id, article_id, account_id, made_by, created_at, expires_at, redemptions, redemptions_max)
VALUES ($1, $2, $3, $4, $5, $6, 0, $7);

-- name: gift_token_insert :exec
INSERT INTO gift_token (token_hash, gift_id, created_at) VALUES ($1, $2, $3);

-- The newest $2 stay beside $3, the one just made, whatever the clock said when they were made.
-- name: gift_token_trim :exec
DELETE FROM gift_token WHERE token_hash IN (
	SELECT token_hash FROM gift_token WHERE gift_id = $1 AND token_hash <> $3
	ORDER BY created_at DESC, token_hash LIMIT 1000 OFFSET $2);

-- Two gifts of one reader at once wait for each other here, or the second fails and is tried again.
-- name: gift_giver_lock :exec
UPDATE account SET updated_at = updated_at WHERE id = $1;

-- name: gift_count_since :one
SELECT COUNT(*) FROM gift WHERE account_id = $1 AND created_at >= $2;

-- What the same reader gave of the same article and still works.
-- name: gift_live :one
SELECT g.id, g.article_id, a.slug, COALESCE(g.account_id, ''), g.made_by, g.created_at, g.expires_at, g.redemptions,
	g.redemptions_max, g.revoked_at
FROM gift g JOIN article a ON a.id = g.article_id
WHERE g.account_id = $1 AND g.article_id = $2 AND g.revoked_at IS NULL AND g.expires_at > $3
	AND g.redemptions < g.redemptions_max
ORDER BY g.created_at DESC, g.id LIMIT 1;

-- name: gift_by_id :one
SELECT g.id, g.article_id, a.slug, COALESCE(g.account_id, ''), g.made_by, g.created_at, g.expires_at, g.redemptions,
	g.redemptions_max, g.revoked_at
FROM gift g JOIN article a ON a.id = g.article_id WHERE g.id = $1;

-- A giver who was shut out gives nothing.
-- name: gift_by_token :one
SELECT g.id, g.article_id, a.slug, COALESCE(g.account_id, ''), g.made_by, g.created_at, g.expires_at, g.redemptions,
	g.redemptions_max, COALESCE(g.revoked_at, r.disabled_at)
FROM gift_token t JOIN gift g ON g.id = t.gift_id JOIN article a ON a.id = g.article_id LEFT JOIN account r ON r.id = g.account_id
WHERE t.token_hash = $1 AND t.created_at <= $2;

-- name: gift_list :many
SELECT g.id, g.article_id, a.slug, COALESCE(g.account_id, ''), g.made_by, g.created_at, g.expires_at, g.redemptions,
	g.redemptions_max, g.revoked_at
FROM gift g JOIN article a ON a.id = g.article_id
ORDER BY g.created_at DESC, g.id LIMIT $1;

-- Of one giver; of one article where $2 is not ''.
-- name: gift_list_of_account :many
SELECT g.id, g.article_id, a.slug, COALESCE(g.account_id, ''), g.made_by, g.created_at, g.expires_at, g.redemptions,
	g.redemptions_max, g.revoked_at
FROM gift g JOIN article a ON a.id = g.article_id
WHERE g.account_id = $1 AND ($2 = '' OR a.slug = $2)
ORDER BY g.created_at DESC, g.id LIMIT $3;

-- name: gift_list_of_article :many
SELECT g.id, g.article_id, a.slug, COALESCE(g.account_id, ''), g.made_by, g.created_at, g.expires_at, g.redemptions,
	g.redemptions_max, g.revoked_at
FROM article a JOIN gift g ON g.article_id = a.id
WHERE a.slug = $1
ORDER BY g.created_at DESC, g.id LIMIT $2;

-- Of many at once on the last one, one changes the row.
-- name: gift_redeem :exec
UPDATE gift SET redemptions = redemptions + 1
WHERE id = $1 AND redemptions < redemptions_max AND revoked_at IS NULL AND expires_at > $2
	AND NOT EXISTS (SELECT 1 FROM account r WHERE r.id = gift.account_id AND r.disabled_at IS NOT NULL);

-- name: gift_visitor_insert :exec
INSERT INTO gift_visitor (secret_hash, gift_id, redeemed_at) VALUES ($1, $2, $3);

-- name: gift_visitor_of :one
SELECT gift_id FROM gift_visitor WHERE secret_hash = $1 AND gift_id = $2;

-- Whether what a browser holds opens this article now.
-- name: gift_held :one
SELECT g.id FROM gift_visitor v JOIN gift g ON g.id = v.gift_id LEFT JOIN account r ON r.id = g.account_id
WHERE v.secret_hash = $1 AND g.article_id = $2 AND g.revoked_at IS NULL AND g.expires_at > $3 AND v.redeemed_at <= $4
	AND r.disabled_at IS NULL;

-- $3 is the reader whose own it must be, '' for the operator.
-- name: gift_revoke :one
UPDATE gift SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL AND ($3 = '' OR account_id = $3) RETURNING id;

-- With its links and redemptions; $1 is long after its end.
-- name: gift_purge :exec
DELETE FROM gift WHERE id IN (SELECT id FROM gift WHERE expires_at < $1 ORDER BY expires_at LIMIT $2);
