-- name: probe_put :exec
-- in: id, probed_at
-- alone: each
INSERT INTO probe (id, probed_at) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET probed_at = excluded.probed_at;

-- What a reader's request looks at: by keys that nobody has, so each probe goes another way through the indexes, and the newest article.
-- name: probe_look :one
-- in: token_hash hash, id
-- row: none
-- alone: read
SELECT (SELECT COUNT(*) FROM session WHERE token_hash = $1) + (SELECT COUNT(*) FROM account WHERE id = $2)
	+ (SELECT COUNT(*) FROM entitlement WHERE account_id = $2) + (SELECT COUNT(*) FROM article WHERE id = $2)
	+ (SELECT COUNT(*) FROM (SELECT headline FROM article ORDER BY published_at DESC, id DESC LIMIT 1) AS newest);

-- name: probe_purge :execrows
-- in: before_s int, max int
DELETE FROM probe WHERE id IN (SELECT id FROM probe WHERE probed_at < $1 ORDER BY probed_at LIMIT $2);
