-- name: ensure_day
-- Makes room for the fixes of one UTC day.
SELECT ensure_fix_day(%s);

-- name: insert_fixes
-- Fixes from column arrays; a fix known already (same device and time) changes nothing.
INSERT INTO fixes (device, t, lon, lat, speed, heading, accuracy, flags)
SELECT device, t, lon, lat, nullif(speed, 'NaN'), nullif(heading, 'NaN'), nullif(accuracy, 'NaN'), flags
FROM unnest(%s::int4[], %s::timestamptz[], %s::float8[], %s::float8[], %s::float4[], %s::float4[], %s::float4[], %s::int2[])
     AS fix (device, t, lon, lat, speed, heading, accuracy, flags)
ON CONFLICT DO NOTHING;

-- name: move_positions
-- The newest fix of each device of the batch becomes its position, unless a newer one is known.
INSERT INTO positions AS known (device, t, lon, lat, speed, heading, accuracy, flags, received_at)
SELECT device, t, lon, lat, nullif(speed, 'NaN'), nullif(heading, 'NaN'), nullif(accuracy, 'NaN'), flags, %s
FROM unnest(%s::int4[], %s::timestamptz[], %s::float8[], %s::float8[], %s::float4[], %s::float4[], %s::float4[], %s::int2[])
     AS fix (device, t, lon, lat, speed, heading, accuracy, flags)
ORDER BY device
ON CONFLICT (device) DO UPDATE SET
    t = excluded.t, lon = excluded.lon, lat = excluded.lat, speed = excluded.speed, heading = excluded.heading,
    accuracy = excluded.accuracy, flags = excluded.flags, received_at = excluded.received_at
WHERE excluded.t > known.t;

-- name: insert_pings
-- Signs of life; one known already changes nothing. The last of each device stands beside its position.
WITH said AS (
    SELECT device, t FROM unnest(%(device)s::int4[], %(t)s::timestamptz[]) AS ping (device, t)
), stored AS (
    INSERT INTO signs_of_life (device, t) SELECT device, t FROM said ON CONFLICT DO NOTHING
)
UPDATE positions SET heard_at = last.t, heard_told_at = %(at)s
FROM (SELECT device, max(t) AS t FROM said GROUP BY device ORDER BY device) AS last
WHERE positions.device = last.device AND (positions.heard_at IS NULL OR positions.heard_at < last.t);

-- name: write_alerts
-- Alerts by id: analytics' columns are brought up to date, the people's columns (state, escalation …) stay. A higher grade
-- is an escalation.
INSERT INTO alerts AS known (id, rule, rule_version, grade, device, duty, began, ended, noticed, lon, lat, detail,
                             withdrawn, raised_at, waiting_since)
SELECT id, rule, rule_version, grade, device, duty, began, ended, noticed, lon, lat, detail, withdrawn,
       %(at)s, %(at)s
FROM jsonb_to_recordset(%(rows)s::jsonb) AS change (
    id uuid, rule text, rule_version int, grade text, device text, duty text, began timestamptz, ended timestamptz,
    noticed timestamptz, lon float8, lat float8, detail jsonb, withdrawn boolean)
ON CONFLICT (id) DO UPDATE SET
    rule_version = excluded.rule_version, grade = excluded.grade, began = excluded.began, ended = excluded.ended,
    noticed = excluded.noticed, lon = excluded.lon, lat = excluded.lat, detail = excluded.detail,
    withdrawn = excluded.withdrawn,
    escalated_at = CASE WHEN excluded.grade < known.grade THEN %(at)s ELSE known.escalated_at END
WHERE (known.rule_version, known.grade, known.began, known.ended, known.noticed, known.lon, known.lat, known.detail,
       known.withdrawn)
   IS DISTINCT FROM (excluded.rule_version, excluded.grade, excluded.began, excluded.ended, excluded.noticed,
       excluded.lon, excluded.lat, excluded.detail, excluded.withdrawn);

-- name: write_amendments
-- The earlier forms of amended and withdrawn alerts; a repeated commit is recognised by its time.
INSERT INTO alert_amendments (alert, at, number, change, before)
SELECT alert, %s, number, change, before
FROM jsonb_to_recordset(%s::jsonb) AS amendment (alert uuid, number int, change text, before jsonb)
ON CONFLICT DO NOTHING;

-- name: write_pictures
-- The pictures that alerts rest on.
INSERT INTO alert_pictures (alert, number, taken_at, sha256, folder, file)
SELECT alert, number, taken_at, decode(sha256, 'hex'), folder, file
FROM jsonb_to_recordset(%s::jsonb) AS picture (
    alert uuid, number int, taken_at timestamptz, sha256 text, folder text, file text)
ON CONFLICT DO NOTHING;

-- name: write_crossings
-- Crossings of an area's edge between two fixes.
INSERT INTO crossings (device, duty, began, ended, lon, lat)
SELECT device, duty, began, ended, lon, lat
FROM jsonb_to_recordset(%s::jsonb) AS crossing (
    device text, duty text, began timestamptz, ended timestamptz, lon float8, lat float8)
ON CONFLICT DO NOTHING;

-- name: write_dead_letter
-- One unreadable message, counted; the count does not move when the same commit is repeated.
INSERT INTO dead_letters AS known (topic, sha256, code, reason, mistimed, payload, size, first_at, last_at, seen)
VALUES (%(topic)s, %(sha256)s, %(code)s, %(reason)s, %(mistimed)s, %(payload)s, %(size)s, %(at)s, %(at)s, %(seen)s)
ON CONFLICT (topic, sha256) DO UPDATE SET
    code = excluded.code, reason = excluded.reason, mistimed = excluded.mistimed, last_at = excluded.last_at,
    seen = known.seen + excluded.seen
WHERE known.last_at <> excluded.last_at;

-- name: write_statuses
-- What devices said of themselves; the newest word counts. A retained one only where it is news, as of an unknown time.
UPDATE devices SET status = said.status, status_at = CASE WHEN said.retained THEN NULL ELSE said.at END
FROM jsonb_to_recordset(%s::jsonb) AS said (device text, status text, at timestamptz, retained boolean)
WHERE devices.name = said.device AND (devices.status_at IS NULL OR devices.status_at <= said.at)
  AND (NOT said.retained OR devices.status IS DISTINCT FROM said.status);

-- name: write_checkpoint
-- The engine's state, so that a restart need not read everything.
INSERT INTO checkpoints (name, payload, since, saved_at) VALUES (%(name)s, %(payload)s, %(since)s, %(at)s)
ON CONFLICT (name) DO UPDATE SET payload = excluded.payload, since = excluded.since, saved_at = excluded.saved_at;

-- name: notify
-- Tells the consoles, when the transaction commits.
SELECT pg_notify('ducha', %s);
