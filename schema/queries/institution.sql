-- name: institution_list :many
-- in: max
-- row: struct institution
SELECT name, title, plan, starts_at, ends_at FROM institution ORDER BY name LIMIT $1;

-- name: institution_count :one
-- row: int
SELECT COUNT(*) FROM institution;

-- name: institution_exists :one
-- in: name
-- row: int
SELECT COUNT(*) FROM institution WHERE name = $1;

-- name: institution_insert :execrows
-- in: name, title, plan, starts_at, ends_at?, created_at
INSERT INTO institution (name, title, plan, starts_at, ends_at, created_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING;

-- name: institution_update :execrows
-- in: name, title, plan, starts_at, ends_at?
UPDATE institution SET title = $2, plan = $3, starts_at = $4, ends_at = $5 WHERE name = $1;

-- name: institution_delete :execrows
-- in: name str
DELETE FROM institution WHERE name = $1;

-- name: institution_range_list :many
-- in: institution str, max
-- row: institution char[INSTITUTION_SIZE], first_ip bytes[16], last_ip bytes[16]
SELECT institution, first_ip, last_ip FROM institution_range WHERE $1 = '' OR institution = $1
ORDER BY institution, first_ip, last_ip LIMIT $2;

-- name: institution_range_count :one
-- row: int
SELECT COUNT(*) FROM institution_range;

-- name: institution_range_insert :exec
-- in: institution, first_ip bytes[16], last_ip bytes[16]
INSERT INTO institution_range (institution, first_ip, last_ip) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- name: institution_range_delete :execrows
-- in: institution, first_ip bytes[16], last_ip bytes[16]
DELETE FROM institution_range WHERE institution = $1 AND first_ip = $2 AND last_ip = $3;

-- name: institution_ranges_delete :exec
-- in: institution
DELETE FROM institution_range WHERE institution = $1;

-- name: institution_domain_list :many
-- in: institution str, max
-- row: institution char[INSTITUTION_SIZE], domain char[DOMAIN_SIZE]
SELECT institution, domain FROM institution_domain WHERE $1 = '' OR institution = $1
ORDER BY institution, domain LIMIT $2;

-- name: institution_domain_count :one
-- row: int
SELECT COUNT(*) FROM institution_domain;

-- name: institution_domain_owner :one
-- in: domain
-- row: char[INSTITUTION_SIZE]
SELECT institution FROM institution_domain WHERE domain = $1;

-- name: institution_domain_insert :exec
-- in: domain, institution
INSERT INTO institution_domain (domain, institution) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: institution_domain_delete :execrows
-- in: institution, domain
DELETE FROM institution_domain WHERE institution = $1 AND domain = $2;

-- name: institution_domains_delete :exec
-- in: institution
DELETE FROM institution_domain WHERE institution = $1;

-- name: institution_account_mail :one
-- in: id
-- row: char[EMAIL_SIZE]
SELECT email_key FROM account WHERE id = $1 AND verified_at IS NOT NULL AND disabled_at IS NULL;

-- name: institution_plan_count :one
-- in: name
-- row: int
SELECT COUNT(*) FROM plan WHERE name = $1;
