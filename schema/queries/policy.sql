-- name: policy_version :one
SELECT version FROM policy WHERE id = 1;

-- name: policy_touch :exec
UPDATE policy SET version = version + 1 WHERE id = 1;

-- name: rule_list :many
-- in: max
-- row: struct paywall_rule kind by policy_rule_kind_parse, access by paywall_access_parse
SELECT id, position, kind, section, tag, from_s, until_s, weekdays, access, teaser_words
FROM access_rule ORDER BY CASE WHEN kind = 'override' THEN 0 ELSE 1 END, position, id LIMIT $1;

-- name: meter_list :many
-- in: max
-- row: struct meter time_window=window by policy_window_parse
SELECT name, section, anonymous_limit, registered_limit, time_window, days FROM meter ORDER BY section, name LIMIT $1;

-- name: plan_list :many
-- in: max
-- row: struct plan kind by policy_plan_kind_parse
SELECT name, kind, sections, title, price, href, description, benefits, trial, cancel, position, recommended, on_sale
FROM plan ORDER BY CASE WHEN position = 0 THEN 1 ELSE 0 END, position, name LIMIT $1;

-- name: meter_put :exec
-- in: name, section, anonymous_limit, registered_limit, time_window, days
INSERT INTO meter (name, section, anonymous_limit, registered_limit, time_window, days) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (name) DO UPDATE SET section = excluded.section, anonymous_limit = excluded.anonymous_limit,
	registered_limit = excluded.registered_limit, time_window = excluded.time_window, days = excluded.days;
