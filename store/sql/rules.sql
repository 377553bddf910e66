-- name: lock
-- One rule is edited at a time, so that versions have no gaps.
SELECT pg_advisory_xact_lock(hashtext('ducha rules'));

-- name: seed
-- Rules of the catalogue that the table does not know yet.
INSERT INTO rules (id, version, evaluator, grade, enabled, parameters, basis, title, meaning, action, author, saved_at)
SELECT id, version, id, grade, enabled, parameters, basis, title, meaning, action, 'catalogue', %(at)s
FROM jsonb_to_recordset(%(rows)s::jsonb) AS shipped (
    id text, version int, grade text, enabled boolean, parameters jsonb, basis jsonb, title jsonb, meaning jsonb,
    action jsonb)
WHERE NOT EXISTS (SELECT FROM rules known WHERE known.id = shipped.id)
ON CONFLICT DO NOTHING;

-- name: current
-- The newest version of every rule.
SELECT DISTINCT ON (id) * FROM rules ORDER BY id, version DESC;

-- name: versions
-- All versions of one rule, newest first.
SELECT * FROM rules WHERE id = %s ORDER BY version DESC;

-- name: version
-- One version of one rule.
SELECT * FROM rules WHERE id = %s AND version = %s;

-- name: edit
-- A new version of a rule: what is told is changed, the rest stays.
INSERT INTO rules (id, version, evaluator, grade, enabled, parameters, scope, schedule, basis, title, meaning, cause,
                   consequence, action, time_allowed_s, owner, precedence, effective_from, effective_to, author, saved_at)
SELECT id, version + 1, evaluator, coalesce(%(grade)s, grade), coalesce(%(enabled)s, enabled),
       parameters || coalesce(%(parameters)s::jsonb, '{}'), scope, schedule, coalesce(%(basis)s::jsonb, basis), title,
       meaning, cause, consequence, action, time_allowed_s, owner, precedence, effective_from, effective_to,
       %(author)s, %(at)s
FROM rules WHERE id = %(id)s ORDER BY version DESC LIMIT 1
RETURNING *;

-- name: notify
-- Tells ingest and the consoles.
SELECT pg_notify('ducha', '{"rules": true}');
