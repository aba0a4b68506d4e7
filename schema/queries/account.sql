-- name: account_by_key :one
-- in: email_key
-- row: struct account
SELECT id, email, email_key, name, password_hash, created_at, updated_at, verified_at, disabled_at, last_login_at,
	proof_hash
FROM account WHERE email_key = $1;

-- name: account_by_id :one
-- in: id
-- row: struct account
SELECT id, email, email_key, name, password_hash, created_at, updated_at, verified_at, disabled_at, last_login_at,
	proof_hash
FROM account WHERE id = $1;

-- name: account_list :many
-- in: after text, max
-- row: struct account
-- alone: read
SELECT id, email, email_key, name, password_hash, created_at, updated_at, verified_at, disabled_at, last_login_at,
	proof_hash
FROM account WHERE email_key > $1 ORDER BY email_key LIMIT $2;

-- name: account_insert :exec
-- in: id, email, email_key, name, password_hash?, now_s int, verified_at
INSERT INTO account (id, email, email_key, name, password_hash, created_at, updated_at, verified_at)
VALUES ($1, $2, $3, $4, $5, $6, $6, $7);

-- Until somebody confirms the address its newest registration counts: name and password are those that the newest link asks for.
-- Nothing for an account that is confirmed.
-- name: account_register :exec
-- in: id, email, email_key, name, password_hash?, now_s int, proof_hash hash?
INSERT INTO account (id, email, email_key, name, password_hash, created_at, updated_at, proof_hash)
VALUES ($1, $2, $3, $4, $5, $6, $6, $7) ON CONFLICT (email_key) DO UPDATE SET email = excluded.email, name = excluded.name,
	password_hash = excluded.password_hash, proof_hash = excluded.proof_hash, updated_at = excluded.updated_at
WHERE account.verified_at IS NULL;

-- name: account_request_insert :exec
-- in: id, kind, email, email_key, name, password_hash?, proof_hash hash?, return_to str, created_at
-- alone: tx
INSERT INTO account_request (id, kind, email, email_key, name, password_hash, proof_hash, return_to, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- Those after ($1, $2), the longest waiting first.
-- name: account_request_list :many
-- in: after_s int, after_id text, max
-- alone: read
SELECT id, created_at FROM account_request
WHERE created_at >= $1 AND (created_at > $1 OR id > $2) ORDER BY created_at, id LIMIT $3;

-- Of many processes that saw it, one gets it.
-- name: account_request_take :one
-- in: id
-- row: struct account_request in arena
DELETE FROM account_request WHERE id = $1
RETURNING id, kind, email, email_key, name, password_hash, proof_hash, return_to, created_at;

-- name: account_request_purge :execrows
-- in: before_s int, max int
DELETE FROM account_request WHERE id IN (
	SELECT id FROM account_request WHERE created_at < $1 ORDER BY created_at LIMIT $2);

-- The password is changed only from what the caller has seen, so that two changes cannot pass each other.
-- name: account_set_password :execrows
-- in: id, old_hash text, new_hash text, now_s int, verified_at?
UPDATE account SET password_hash = $3, updated_at = $4, verified_at = COALESCE(verified_at, $5)
WHERE id = $1 AND COALESCE(password_hash, '') = $2;

-- Who chose password and name is not who owns the mailbox: neither stays.
-- name: account_disown :exec
-- in: id, now_s int
UPDATE account SET password_hash = NULL, name = '', proof_hash = NULL, updated_at = $2
WHERE id = $1 AND verified_at IS NULL;

-- name: account_set_verified :exec
-- in: id, now_s int
UPDATE account SET verified_at = COALESCE(verified_at, $2), proof_hash = NULL, updated_at = $2 WHERE id = $1;

-- name: account_set_name :execrows
-- in: id, name, now_s int
UPDATE account SET name = $2, updated_at = $3 WHERE id = $1;

-- name: account_set_login :exec
-- in: id, now_s int
UPDATE account SET last_login_at = $2 WHERE id = $1;

-- name: account_set_disabled :execrows
-- in: id, disabled_at?, now_s int
UPDATE account SET disabled_at = $2, updated_at = $3 WHERE id = $1;

-- name: account_delete :execrows
-- in: id
DELETE FROM account WHERE id = $1;

-- Accounts whose mailbox was never proved, after the last link to prove it has lapsed, behind ($2, $3). Who holds a right, or
-- gave an article, stays: somebody may have paid.
-- name: account_unverified :many
-- in: before_s int, after_s int, after_id text, max
-- row: has_rights bool
-- alone: read
SELECT a.id, a.updated_at, CASE WHEN EXISTS (SELECT 1 FROM entitlement e WHERE e.account_id = a.id)
	OR EXISTS (SELECT 1 FROM seat s WHERE s.account_id = a.id)
	OR EXISTS (SELECT 1 FROM gift g WHERE g.account_id = a.id) THEN 1 ELSE 0 END AS has_rights
FROM account a WHERE a.verified_at IS NULL AND a.updated_at < $1 AND (a.updated_at, a.id) > ($2, $3)
ORDER BY a.updated_at, a.id LIMIT $4;

-- Members of all groups of an owner, who lose or regain with the account what its seats give.
-- name: entitlement_members_of :many
-- in: owner_id text, max
SELECT DISTINCT s.account_id FROM seat s JOIN entitlement e ON e.id = s.entitlement_id
WHERE e.account_id = $1 AND s.account_id IS NOT NULL LIMIT $2;

-- Nobody gives this account anything until the transaction ends.
-- name: account_lock :one
-- in: id
-- row: none
SELECT id FROM account WHERE id = $1;
-- name: account_lock :one postgres
SELECT id FROM account WHERE id = $1 FOR UPDATE;

-- The same asked once more: it may have been proved, or given something, since it was listed.
-- name: account_delete_unverified :execrows
-- in: id, before_s int
DELETE FROM account WHERE id = $1 AND verified_at IS NULL AND updated_at < $2
	AND NOT EXISTS (SELECT 1 FROM entitlement e WHERE e.account_id = account.id)
	AND NOT EXISTS (SELECT 1 FROM seat s WHERE s.account_id = account.id)
	AND NOT EXISTS (SELECT 1 FROM gift g WHERE g.account_id = account.id);

-- Without an account nothing is stored, and the statement is run all the same.
-- name: mail_token_insert :exec
-- in: token_hash hash, account_id, purpose, created_at, expires_at
INSERT INTO mail_token (token_hash, account_id, purpose, created_at, expires_at)
SELECT $1, id, $3, $4, $5 FROM account WHERE id = $2;

-- name: mail_token_look :one
-- in: token_hash hash, purpose, now_s int, latest_s int
SELECT t.account_id FROM mail_token t JOIN account a ON a.id = t.account_id
WHERE t.token_hash = $1 AND t.purpose = $2 AND t.used_at IS NULL AND t.expires_at > $3 AND t.created_at <= $4
	AND a.disabled_at IS NULL;

-- What has become of a token, for whoever holds it. is_replaced: there is a newer one that works.
-- name: mail_token_state :one
-- in: token_hash hash, purpose, now_s int
-- row: email char[EMAIL_SIZE], used_at int, expires_at int, is_verified bool, is_replaced bool
SELECT a.email, COALESCE(t.used_at, 0) AS used_at, t.expires_at,
	CASE WHEN a.verified_at IS NOT NULL THEN 1 ELSE 0 END AS is_verified,
	CASE WHEN EXISTS (SELECT 1 FROM mail_token n WHERE n.account_id = t.account_id AND n.purpose = t.purpose
		AND n.used_at IS NULL AND n.expires_at > $3) THEN 1 ELSE 0 END AS is_replaced
FROM mail_token t JOIN account a ON a.id = t.account_id
WHERE t.token_hash = $1 AND t.purpose = $2 AND a.disabled_at IS NULL;

-- Spending: of many at once, one changes the row.
-- name: mail_token_spend :one
-- in: token_hash hash, purpose, now_s int, latest_s int
-- row: id
UPDATE mail_token SET used_at = $3
WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3 AND created_at <= $4
RETURNING account_id;

-- name: mail_token_void :exec
-- in: account_id, purpose, now_s int
UPDATE mail_token SET used_at = $3 WHERE account_id = $1 AND purpose = $2 AND used_at IS NULL;

-- name: mail_token_void_all :exec
-- in: account_id, now_s int
UPDATE mail_token SET used_at = $2 WHERE account_id = $1 AND used_at IS NULL;

-- name: mail_token_purge :execrows
-- in: before_s int, max int
DELETE FROM mail_token WHERE token_hash IN (
	SELECT token_hash FROM mail_token WHERE expires_at < $1 ORDER BY expires_at LIMIT $2);

-- name: failure_get :one
-- in: key_hash hash
SELECT failures, last_at, next_at FROM failure WHERE key_hash = $1;

-- name: failure_put :exec
-- in: key_hash hash, failures, last_at, next_at
INSERT INTO failure (key_hash, failures, last_at, next_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (key_hash) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at, next_at = excluded.next_at;

-- name: failure_clear :exec
-- in: key_hash hash
DELETE FROM failure WHERE key_hash = $1;

-- name: failure_purge :execrows
-- in: before_s int, max int
DELETE FROM failure WHERE key_hash IN (
	SELECT key_hash FROM failure WHERE last_at < $1 ORDER BY last_at LIMIT $2);

-- name: device_known :one
-- in: token_hash hash, account_id, latest_s int
-- row: none
SELECT account_id FROM device_mark WHERE token_hash = $1 AND account_id = $2 AND created_at <= $3;

-- One of the future, made before a clock was set back, is made anew by whoever proves the account now.
-- name: device_put :exec
-- in: token_hash hash, account_id, now_s int
INSERT INTO device_mark (token_hash, account_id, created_at, last_seen_at) VALUES ($1, $2, $3, $3)
ON CONFLICT (token_hash, account_id) DO UPDATE SET last_seen_at = excluded.last_seen_at,
	created_at = CASE WHEN device_mark.created_at > excluded.created_at THEN excluded.created_at ELSE device_mark.created_at END;

-- A new token takes over the accounts of the one before.
-- name: device_move :exec
-- in: old_hash hash, new_hash hash
UPDATE device_mark SET token_hash = $2 WHERE token_hash = $1;

-- Of the devices of an account, those above the cap that were used longest ago; never the one at hand.
-- name: device_trim :exec
-- in: account_id, token_hash hash, keep int
DELETE FROM device_mark WHERE account_id = $1 AND token_hash IN (
	SELECT token_hash FROM device_mark WHERE account_id = $1 AND token_hash <> $2
	ORDER BY last_seen_at DESC, token_hash LIMIT 1000 OFFSET $3);

-- Of the accounts of a device likewise, to make room for one.
-- name: device_trim_accounts :exec
-- in: token_hash hash, keep int
DELETE FROM device_mark WHERE token_hash = $1 AND account_id IN (
	SELECT account_id FROM device_mark WHERE token_hash = $1
	ORDER BY last_seen_at DESC, account_id LIMIT 1000 OFFSET $2);

-- name: device_clear_others :exec
-- in: account_id, token_hash hash
DELETE FROM device_mark WHERE account_id = $1 AND token_hash <> $2;

-- name: device_purge :execrows
-- in: before_s int, max int
DELETE FROM device_mark WHERE (token_hash, account_id) IN (
	SELECT token_hash, account_id FROM device_mark WHERE last_seen_at < $1 ORDER BY last_seen_at LIMIT $2);
