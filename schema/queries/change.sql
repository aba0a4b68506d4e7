-- A reader of changes must miss none, and must not be told the old ones again and again. SQLite has one writer, so a
-- count of ours is the order in which changes become visible. In PostgreSQL an earlier transaction may become visible
-- later: there tx is the transaction's id, and a reader remembers the snapshot of its last look. What that snapshot did
-- not see is what has happened since, however long other transactions of the cluster stay open.

-- name: change_insert :exec
-- in: id, kind, key, made_at
INSERT INTO change (id, tx, kind, key, made_at)
VALUES ($1, (SELECT COALESCE(MAX(tx), 0) + 1 FROM change), $2, $3, $4);
-- name: change_insert :exec postgres
INSERT INTO change (id, tx, kind, key, made_at)
SELECT $1, CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT), $2, $3, CAST($4 AS BIGINT)
FROM pg_notify('postern_change', '');

-- What has been seen so far, as text for change_since.
-- name: change_mark :one
-- row: str
SELECT CAST(COALESCE(MAX(tx), 0) AS TEXT) FROM change;
-- name: change_mark :one postgres
SELECT CAST(pg_current_snapshot() AS TEXT);

-- The second half: transactions that were still open at the last look. The upper bound leaves out rows of another
-- cluster, which a restored dump brings with it; their ids mean nothing here.
-- name: change_since :many
-- in: mark text, max
-- row: kind char[32], key char[DB_CHANGE_KEY_SIZE]
SELECT id, kind, key FROM change WHERE tx > CAST($1 AS BIGINT) ORDER BY tx LIMIT $2;
-- name: change_since :many postgres
SELECT id, kind, key FROM (
	(SELECT id, kind, key, tx FROM change
		WHERE tx >= CAST(CAST(pg_snapshot_xmax(CAST(CAST($1 AS TEXT) AS pg_snapshot)) AS TEXT) AS BIGINT)
			AND tx < CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS TEXT) AS BIGINT)
		ORDER BY tx LIMIT $2)
	UNION ALL
	SELECT c.id, c.kind, c.key, c.tx
	FROM pg_snapshot_xip(CAST(CAST($1 AS TEXT) AS pg_snapshot)) AS was_open (xid)
	JOIN change c ON c.tx = CAST(CAST(was_open.xid AS TEXT) AS BIGINT)
) AS unseen ORDER BY tx LIMIT $2;

-- The newest stays, so that the count goes on from it.
-- name: change_purge :execrows
-- in: before_s int, max int
DELETE FROM change WHERE id IN (
	SELECT id FROM change WHERE made_at < $1 AND tx < (SELECT MAX(tx) FROM change) ORDER BY made_at LIMIT $2);
