-- $3 is a little later than now: what was made after it was made before a clock was set back.
-- name: session_by_token :one
-- in: token_hash hash, now_s int, latest_s int
-- row: struct cached_session created_at=times.created_at, last_seen_at=times.last_seen_at,
--     idle_s=times.idle_s, expires_at=times.expires_at
SELECT s.id, s.account_id, a.email, a.name, s.created_at, s.last_seen_at, s.idle_s, s.expires_at
FROM session s JOIN account a ON a.id = s.account_id
WHERE s.token_hash = $1 AND s.expires_at > $2 AND s.last_seen_at + s.idle_s > $2 AND s.created_at <= $3
	AND a.disabled_at IS NULL;

-- name: session_insert :exec
-- in: id, token_hash hash, account_id, name, remember, now_s int, idle_s, expires_at
INSERT INTO session (id, token_hash, account_id, name, remember, created_at, last_seen_at, idle_s, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8);

-- name: session_touch :exec
-- in: id, at_s int, latest_s int
UPDATE session SET last_seen_at = $2 WHERE id = $1 AND (last_seen_at < $2 OR last_seen_at > $3);

-- name: session_list :many
-- in: account_id, now_s int, latest_s int, max
-- row: struct session
-- alone: read
SELECT id, name, remember, created_at, last_seen_at, idle_s, expires_at
FROM session WHERE account_id = $1 AND expires_at > $2 AND last_seen_at + idle_s > $2 AND created_at <= $3
ORDER BY last_seen_at DESC, id LIMIT $4;

-- name: session_end :execrows
-- in: id, account_id
DELETE FROM session WHERE id = $1 AND account_id = $2;

-- name: session_end_others :execrows
-- in: account_id, keep_id text
DELETE FROM session WHERE account_id = $1 AND id <> $2;

-- Those of an account that a new one ($2) may have to make room for.
-- name: session_to_trim :many
-- in: account_id, new_id text, max
-- row: struct session_use token_hash=hash, created_at=times.created_at, last_seen_at=times.last_seen_at,
--     idle_s=times.idle_s, expires_at=times.expires_at
SELECT id, token_hash, created_at, last_seen_at, idle_s, expires_at
FROM session WHERE account_id = $1 AND id <> $2 ORDER BY last_seen_at DESC, id LIMIT $3;

-- What ended for want of use stays until its absolute end: the condition on last_seen_at, asked at each use, keeps it out, and an
-- index for it would have to be written with each note of a use.
-- name: session_purge :execrows
-- in: before_s int, max int
DELETE FROM session WHERE id IN (
	SELECT id FROM session WHERE expires_at < $1 ORDER BY expires_at LIMIT $2);

-- name: session_read_at :one
-- in: id
-- alone: read
SELECT read_at FROM session WHERE id = $1;

-- Two sessions that begin to read at once wait for each other here, or the second fails and is tried again.
-- name: session_reading_lock :exec
-- in: id
UPDATE account SET updated_at = updated_at WHERE id = $1;

-- name: session_set_read :exec
-- in: id, read_at
UPDATE session SET read_at = $2 WHERE id = $1;

-- Of account $1, the sessions that read since $3, without the $4 that read last; $2 is the one that reads now.
-- name: session_reading_tell :exec
-- in: account_id, id, since_s int, keep int, now_s int
INSERT INTO session_ended (token_hash, reason, ended_at)
SELECT s.token_hash, 'reading_elsewhere', $5 FROM session s WHERE s.id IN (
	SELECT id FROM session WHERE account_id = $1 AND read_at > $3
	ORDER BY CASE WHEN id = $2 THEN 0 ELSE 1 END, read_at DESC, created_at DESC, id LIMIT 1000 OFFSET $4)
ON CONFLICT DO NOTHING;

-- name: session_reading_end :execrows
-- in: account_id, id, since_s int, keep int
DELETE FROM session WHERE id IN (
	SELECT id FROM session WHERE account_id = $1 AND read_at > $3
	ORDER BY CASE WHEN id = $2 THEN 0 ELSE 1 END, read_at DESC, created_at DESC, id LIMIT 1000 OFFSET $4);

-- name: session_ended_why :one
-- in: token_hash hash
-- row: char[32]
SELECT reason FROM session_ended WHERE token_hash = $1;

-- name: session_ended_purge :execrows
-- in: before_s int, max int
DELETE FROM session_ended WHERE token_hash IN (
	SELECT token_hash FROM session_ended WHERE ended_at < $1 ORDER BY ended_at LIMIT $2);
