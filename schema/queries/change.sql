-- A reader of changes must miss none. SQLite has one writer, so a count of ours is the order in which they become
-- visible. In PostgreSQL an earlier number may become visible later: there tx is the transaction's id, and a reader
-- goes on from the oldest one that was still under way when it last looked.

-- name: change_insert :exec
INSERT INTO change (id, tx, kind, key, made_at)
VALUES ($1, (SELECT COALESCE(MAX(tx), 0) + 1 FROM change), $2, $3, $4);
-- name: change_insert :exec postgres
INSERT INTO change (id, tx, kind, key, made_at)
SELECT $1, CAST(CAST(pg_current_xact_id() AS TEXT) AS BIGINT), $2, $3, CAST($4 AS BIGINT)
FROM pg_notify('postern_change', '');

-- Where to go on from next time.
-- name: change_mark :one
SELECT COALESCE(MAX(tx), 0) + 1 FROM change;
-- name: change_mark :one postgres
SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS TEXT) AS BIGINT);

-- name: change_since :many
SELECT id, kind, key FROM change WHERE tx >= $1 ORDER BY tx LIMIT $2;

-- The newest stays, so that the count goes on from it.
-- name: change_purge :exec
DELETE FROM change WHERE made_at < $1 AND tx < (SELECT MAX(tx) FROM change);
