-- name: outbox_insert :exec
-- in: id str, kind, to_address str, to_key, message_id str, subject str, body_text str, body_html str,
--     created_at, link_hash hash?
INSERT INTO outbox (id, kind, to_address, to_key, message_id, subject, body_text, body_html, created_at, next_at, attempts,
	link_hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, 0, $10);

-- What one mailbox was sent lately. Rows of the future do not count: the clock may have been set back.
-- name: outbox_count_mailbox :one
-- in: to_key, since_s int, now_s int, kind
-- row: int
SELECT COUNT(*) FROM outbox WHERE to_key = $1 AND created_at > $2 AND created_at <= $3 AND kind = $4;

-- The longest waiting message with at most $3 attempts. What is set beyond $2, the longest back-off there is, was set
-- before the clock was put back, and is due.
-- name: outbox_due :one
-- in: now_s int, farthest_s int, attempts
-- row: struct letter in arena, to_address=to, body_text=text, body_html=html
SELECT id, to_address, message_id, subject, body_text, body_html, created_at, next_at, attempts, link_hash
FROM outbox
WHERE sent_at IS NULL AND failed_at IS NULL AND (next_at <= $1 OR next_at > $2) AND attempts <= $3
ORDER BY next_at, id LIMIT 1;
-- What another process is about to claim is left to it.
-- name: outbox_due :one postgres
SELECT id, to_address, message_id, subject, body_text, body_html, created_at, next_at, attempts, link_hash
FROM outbox
WHERE sent_at IS NULL AND failed_at IS NULL AND (next_at <= $1 OR next_at > $2) AND attempts <= $3
ORDER BY next_at, id LIMIT 1 FOR UPDATE SKIP LOCKED;

-- Whether there may be one: a look that costs no transaction that writes.
-- name: outbox_waiting :one
-- in: now_s int, farthest_s int, attempts
-- row: none
-- alone: read
SELECT 1 FROM outbox
WHERE sent_at IS NULL AND failed_at IS NULL AND (next_at <= $1 OR next_at > $2) AND attempts <= $3 LIMIT 1;

-- A claim: of many who saw the row, one changes it. Until it has an outcome it has attempts and no error.
-- name: outbox_claim :execrows
-- in: id str, attempts, next_at, lapses_s int
UPDATE outbox SET next_at = $4, attempts = attempts + 1, error = NULL
WHERE id = $1 AND attempts = $2 AND next_at = $3 AND sent_at IS NULL AND failed_at IS NULL;

-- Whether the link of a mail still works: not expired, not used, not voided since it was queued.
-- name: outbox_link_works :one
-- in: token_hash hash, now_s int, latest_s int
-- row: none
-- alone: read
SELECT 1 FROM mail_token WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2 AND created_at <= $3
UNION ALL
SELECT 1 FROM seat s JOIN entitlement e ON e.id = s.entitlement_id
WHERE s.token_hash = $1 AND s.accepted_at IS NULL AND s.expires_at > $2 AND s.invited_at <= $3
	AND e.revoked_at IS NULL;

-- name: outbox_set_sent :exec
-- in: id str, sent_at
UPDATE outbox SET sent_at = $2, failed_at = NULL, error = NULL WHERE id = $1 AND sent_at IS NULL;

-- name: outbox_wipe :exec
-- in: id str
UPDATE outbox SET body_text = '', body_html = '' WHERE id = $1;

-- $2 is the attempt this was the outcome of: a sender whose claim has lapsed changes nothing.
-- name: outbox_set_deferred :exec
-- in: id str, attempts, next_at, error
-- alone: each
UPDATE outbox SET next_at = $3, error = $4 WHERE id = $1 AND attempts = $2 AND sent_at IS NULL AND failed_at IS NULL;

-- name: outbox_set_failed :exec
-- in: id str, attempts, failed_at, error
UPDATE outbox SET failed_at = $3, error = $4 WHERE id = $1 AND attempts = $2 AND sent_at IS NULL AND failed_at IS NULL;

-- name: outbox_list :many
-- in: max
-- row: struct mail_row to_address=to, body_text=text
-- alone: read
SELECT id, kind, to_address, subject, body_text, created_at, sent_at, failed_at, next_at, attempts, error
FROM outbox ORDER BY created_at DESC, id LIMIT $1;

-- name: outbox_exists :one
-- in: id str
-- row: none
SELECT 1 FROM outbox WHERE id = $1;

-- Not what a sender has in its hands.
-- name: outbox_retry :execrows
-- in: id str, now_s int
UPDATE outbox SET next_at = $2, attempts = 0, failed_at = NULL
WHERE id = $1 AND sent_at IS NULL AND body_text <> '' AND (attempts = 0 OR error IS NOT NULL OR next_at <= $2);

-- name: outbox_purge :execrows
-- in: before_s int, max int
DELETE FROM outbox WHERE id IN (
	SELECT id FROM outbox WHERE created_at < $1 AND (sent_at IS NOT NULL OR failed_at IS NOT NULL)
	ORDER BY created_at LIMIT $2);
