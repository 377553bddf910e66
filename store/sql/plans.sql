-- name: lock
-- One plan is saved at a time, so that versions have no gaps.
SELECT pg_advisory_xact_lock(hashtext('ducha plan'));

-- name: current
-- The newest plan.
SELECT version, document FROM plans ORDER BY version DESC LIMIT 1;

-- name: newest_digest
-- Version and digest of the newest plan.
SELECT version, sha256 FROM plans ORDER BY version DESC LIMIT 1;

-- name: insert
-- A new version.
INSERT INTO plans (version, document, sha256, author, saved_at)
VALUES (%(version)s, %(document)s::jsonb, %(sha256)s, %(author)s, %(at)s);

-- name: project_shapes
-- The features of a plan as rows.
INSERT INTO shapes (plan, id, kind, name, geometry, properties)
SELECT version, feature->>'id', feature->'properties'->>'kind', feature->'properties'->>'name',
       feature->'geometry', feature->'properties'
FROM plans, jsonb_array_elements(document->'features') AS feature WHERE version = %(version)s;

-- name: project_duties
-- The duties of a plan as rows.
INSERT INTO duties (plan, id, device, kind, starts, ends, route, area, post, unit, entry)
SELECT version, duty->>'id', duty->>'device', duty->>'kind', (duty->>'from')::timestamptz, (duty->>'to')::timestamptz,
       duty->>'route', duty->>'area', duty->>'post', (duty->>'unit')::ltree, duty
FROM plans, jsonb_array_elements(coalesce(document->'duties', '[]')) AS duty WHERE version = %(version)s;

-- name: register_devices
-- The devices that a plan names get numbers.
SELECT register_devices(coalesce(array_agg(name ORDER BY place), '{}')) FROM (
    SELECT name, min(place) AS place FROM (
        SELECT device->>'id' AS name, place FROM plans,
            jsonb_array_elements(coalesce(document->'devices', '[]')) WITH ORDINALITY AS d (device, place)
            WHERE version = %(version)s
        UNION ALL
        SELECT duty->>'device', 1000000 + place FROM plans,
            jsonb_array_elements(coalesce(document->'duties', '[]')) WITH ORDINALITY AS d (duty, place)
            WHERE version = %(version)s
    ) AS named GROUP BY name
) AS named;

-- name: describe_devices
-- What a plan says of its devices.
UPDATE devices SET kind = coalesce(told.kind, devices.kind), unit = coalesce(told.unit, devices.unit),
                   label = coalesce(told.label, devices.label)
FROM (
    SELECT device->>'id' AS name, device->>'kind' AS kind, (device->>'unit')::ltree AS unit, device->>'name' AS label
    FROM plans, jsonb_array_elements(coalesce(document->'devices', '[]')) AS device WHERE version = %(version)s
) AS told WHERE devices.name = told.name;

-- name: project_units
-- The units that a plan tells or uses; one that is told gets its name.
INSERT INTO units AS known (path, name)
SELECT path, coalesce(max(name), path::text) FROM (
    SELECT (unit->>'id')::ltree AS path, unit->>'name' AS name
    FROM plans, jsonb_array_elements(coalesce(document->'units', '[]')) AS unit WHERE version = %(version)s
    UNION ALL
    SELECT (entry->>'unit')::ltree, NULL FROM plans, jsonb_array_elements(
        coalesce(document->'devices', '[]') || coalesce(document->'duties', '[]')) AS entry
    WHERE version = %(version)s AND entry ? 'unit'
) AS used WHERE path IS NOT NULL GROUP BY path
ON CONFLICT (path) DO UPDATE SET name = excluded.name
WHERE excluded.name <> known.name AND excluded.name <> known.path::text;

-- name: notify
-- Tells ingest and the consoles.
SELECT pg_notify('ducha', json_build_object('plan', %(version)s::int)::text);

-- name: versions
-- All plans without their documents, newest first.
SELECT version, author, saved_at, encode(sha256, 'hex') AS sha256 FROM plans ORDER BY version DESC LIMIT %s;

-- name: version
-- One plan.
SELECT version, document, author, saved_at FROM plans WHERE version = %s;

-- name: shapes
-- The shapes of the current plan, of one kind or of all.
SELECT id, kind, name, geometry, properties FROM shapes
WHERE plan = (SELECT max(version) FROM plans) AND (%(kind)s::text IS NULL OR kind = %(kind)s) ORDER BY id;

-- name: duties
-- Duties of the current plan: of a time, of a device, or all.
SELECT id, device, kind, starts, ends, route, area, post, unit::text AS unit, entry FROM duties
WHERE plan = (SELECT max(version) FROM plans)
  AND (%(at)s::timestamptz IS NULL OR (starts <= %(at)s AND ends > %(at)s))
  AND (%(device)s::text IS NULL OR device = %(device)s)
ORDER BY starts, id;

-- name: duty
-- One duty, from the newest plan that has it: an old alert's duty may be gone from today's plan.
SELECT id, device, kind, starts, ends, route, area, post, unit::text AS unit, entry FROM duties
WHERE id = %s ORDER BY plan DESC LIMIT 1;

-- name: units
-- The units, each after the one it belongs to.
SELECT path::text AS path, name, nlevel(path) AS level FROM units ORDER BY path;
