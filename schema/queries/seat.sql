-- The group of an owner: the newest entitlement in force, else the next to begin. What is in force of the same plan adds up.
-- name: seat_group :one
-- in: account_id, now_s int
-- row: struct seat_group id=entitlement_id
SELECT e.id, e.plan, e.ends_at, CAST((SELECT SUM(g.seats) FROM entitlement g
	WHERE g.account_id = e.account_id AND g.plan = e.plan AND g.seats > 0 AND g.revoked_at IS NULL
		AND (g.id = e.id OR (g.starts_at <= $2 AND (g.ends_at IS NULL OR g.ends_at + g.grace_s > $2)))) AS BIGINT) AS seats
FROM entitlement e
WHERE e.account_id = $1 AND e.seats > 0 AND e.revoked_at IS NULL AND (e.ends_at IS NULL OR e.ends_at + e.grace_s > $2)
ORDER BY CASE WHEN e.starts_at <= $2 THEN 0 ELSE e.starts_at END, e.created_at DESC, e.id LIMIT 1;

-- Two invitations at once wait for each other here, or the second fails and is tried again.
-- name: seat_group_lock :exec
-- in: id
UPDATE entitlement SET seats = seats WHERE id = $1;

-- All seats of the group: also those invited on an entitlement that has ended and was renewed.
-- name: seat_list :many
-- in: account_id, plan, max
-- row: struct seat
SELECT s.id, s.email, s.account_id, s.invited_at, s.expires_at, s.accepted_at
FROM entitlement e JOIN seat s ON s.entitlement_id = e.id
WHERE e.account_id = $1 AND e.plan = $2 AND e.revoked_at IS NULL ORDER BY s.invited_at, s.id LIMIT $3;

-- name: seat_by_email :one
-- in: account_id, plan, email_key
-- row: struct seat
SELECT s.id, s.email, s.account_id, s.invited_at, s.expires_at, s.accepted_at
FROM entitlement e JOIN seat s ON s.entitlement_id = e.id
WHERE e.account_id = $1 AND e.plan = $2 AND e.revoked_at IS NULL AND s.email_key = $3
ORDER BY CASE WHEN s.accepted_at IS NULL THEN 1 ELSE 0 END, s.id LIMIT 1;

-- name: seat_insert :exec
-- in: id, entitlement_id, email, email_key, token_hash hash, invited_at, expires_at
INSERT INTO seat (id, entitlement_id, email, email_key, token_hash, invited_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- A new invitation voids the one before.
-- name: seat_invite_again :exec
-- in: id, token_hash hash, invited_at, expires_at
UPDATE seat SET token_hash = $2, invited_at = $3, expires_at = $4 WHERE id = $1 AND accepted_at IS NULL;

-- name: seat_look :one
-- in: token_hash hash, now_s int, latest_s int
-- row: struct seat_offer email=owner_email, id=owner_id
-- alone: read
SELECT e.plan, a.email, a.id, s.token_hash FROM seat s
	JOIN entitlement e ON e.id = s.entitlement_id JOIN account a ON a.id = e.account_id
WHERE s.token_hash = $1 AND s.accepted_at IS NULL AND s.expires_at > $2 AND s.invited_at <= $3
	AND e.revoked_at IS NULL;

-- The newest invitation of a mailbox, for the account that has proved it; none to its own group, and none where it has a seat.
-- name: seat_waiting :one
-- in: email_key, account_id, now_s int, latest_s int
-- row: as seat_look
-- alone: read
SELECT e.plan, a.email, a.id, s.token_hash FROM seat s
	JOIN entitlement e ON e.id = s.entitlement_id JOIN account a ON a.id = e.account_id
WHERE s.email_key = $1 AND s.accepted_at IS NULL AND s.expires_at > $3 AND s.invited_at <= $4
	AND e.revoked_at IS NULL AND e.account_id <> $2
	AND NOT EXISTS (SELECT 1 FROM seat o WHERE o.entitlement_id = s.entitlement_id AND o.account_id = $2)
ORDER BY s.invited_at DESC, s.id LIMIT 1;

-- Spending: of many at once, one changes the row.
-- name: seat_accept :one
-- in: token_hash hash, account_id, now_s int, latest_s int
-- row: none
UPDATE seat SET account_id = $2, accepted_at = $3, token_hash = NULL
WHERE token_hash = $1 AND accepted_at IS NULL AND expires_at > $3 AND invited_at <= $4
	AND NOT EXISTS (SELECT 1 FROM seat o WHERE o.entitlement_id = seat.entitlement_id AND o.account_id = $2)
	AND NOT EXISTS (SELECT 1 FROM entitlement e
		WHERE e.id = seat.entitlement_id AND (e.account_id = $2 OR e.revoked_at IS NOT NULL))
RETURNING entitlement_id;

-- name: seat_delete :one
-- in: id str, owner_id text
-- row: account_id id, entitlement_id id, plan char[PLAN_SIZE]
DELETE FROM seat WHERE id = $1
	AND EXISTS (SELECT 1 FROM entitlement e WHERE e.id = seat.entitlement_id AND e.account_id = $2)
RETURNING COALESCE(account_id, '') AS account_id, entitlement_id,
	(SELECT e.plan FROM entitlement e WHERE e.id = seat.entitlement_id) AS plan;
