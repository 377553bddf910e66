-- name: register
-- Numbers for names not known yet, without gaps; somebody named them all.
SELECT register_devices(%s);

-- name: describe_devices
-- Kind and unit of devices, where they are told.
UPDATE devices SET kind = coalesce(told.kind, devices.kind), unit = coalesce(told.unit, devices.unit)
FROM jsonb_to_recordset(%s::jsonb) AS told (name text, kind text, unit ltree)
WHERE devices.name = told.name
  AND (devices.kind, devices.unit)
      IS DISTINCT FROM (coalesce(told.kind, devices.kind), coalesce(told.unit, devices.unit));

-- name: numbers
-- The numbers of the devices named.
SELECT name, id FROM devices WHERE name = ANY (%s);

-- name: devices
-- All names, in the order of their numbers.
SELECT name FROM devices ORDER BY id;

-- name: worked
-- Notes that a worker commits, and what waits for it.
INSERT INTO work_done (worker, committed_at, waiting, oldest_waiting_s) VALUES (%s, clock_timestamp(), %s, %s)
ON CONFLICT (worker) DO UPDATE SET
    committed_at = excluded.committed_at, waiting = excluded.waiting, oldest_waiting_s = excluded.oldest_waiting_s;

-- name: checkpoint
-- The engine's last state.
SELECT payload, since FROM checkpoints WHERE name = %s;

-- name: fixes_since
-- Fixes later than a time.
COPY (
    SELECT device, t, lon, lat, coalesce(speed, 'NaN'), coalesce(heading, 'NaN'), coalesce(accuracy, 'NaN'), flags
    FROM fixes WHERE t > %(since)s AND (%(devices)s::int4[] IS NULL OR device = ANY (%(devices)s::int4[])) ORDER BY t
) TO STDOUT (FORMAT binary);

-- name: history_since
-- Fixes and pings later than a time, for the engine to go on from.
COPY (
    SELECT device, t, lon, lat, coalesce(speed, 'NaN'), coalesce(heading, 'NaN'), coalesce(accuracy, 'NaN'), flags
    FROM fixes WHERE t > %(since)s AND (%(devices)s::int4[] IS NULL OR device = ANY (%(devices)s::int4[]))
    UNION ALL
    SELECT device, t, 'NaN', 'NaN', 'NaN', 'NaN', 'NaN', 2::int2
    FROM signs_of_life WHERE t > %(since)s AND (%(devices)s::int4[] IS NULL OR device = ANY (%(devices)s::int4[]))
    ORDER BY t
) TO STDOUT (FORMAT binary);

-- name: fixes_of
-- One device's fixes between two times, both included.
COPY (
    SELECT device, t, lon, lat, coalesce(speed, 'NaN'), coalesce(heading, 'NaN'), coalesce(accuracy, 'NaN'), flags
    FROM fixes WHERE device = %s AND t >= %s AND t <= %s ORDER BY t
) TO STDOUT (FORMAT binary);

-- name: alerts_known
-- Alerts of some rules and devices that still last, or that ended or were noticed since a time.
SELECT id, rule, rule_version, grade, device, duty, began, ended, noticed, lon, lat, detail FROM alerts
WHERE NOT withdrawn AND (%(devices)s::text[] IS NULL OR device = ANY (%(devices)s::text[])) AND rule = ANY (%(rules)s) AND (ended IS NULL OR ended >= %(since)s OR noticed >= %(since)s)
ORDER BY began, device, id;

-- name: followed_by_others
-- The cameras of all recorders but one, and all recorders.
SELECT id FROM cameras WHERE recorder <> %s UNION SELECT recorder FROM cameras;

-- name: drop_fix_days
-- Drops whole days of fixes before a date; gives up after two seconds rather than hold up the writer.
SELECT drop_fix_days(%s);

-- name: lock_timeout
-- No waiting behind long readers.
SET LOCAL lock_timeout = '2s';

-- name: drop_signs_of_life
-- Signs of life before a date.
DELETE FROM signs_of_life WHERE t < %s;

-- name: drop_dead_letters
-- Unreadable messages not seen since a date.
DELETE FROM dead_letters WHERE last_at < %s;

-- name: latest
-- The event time of the newest position.
SELECT max(t) FROM positions;

-- name: saw
-- What cameras showed last.
UPDATE cameras SET people = saw.people, picture = saw.picture, looked_at = saw.at
FROM jsonb_to_recordset(%s::jsonb) AS saw (id text, people int, picture text, at timestamptz) WHERE cameras.id = saw.id;

-- name: recorded_gaps
-- Gaps of recordings that end later than a time.
SELECT stream, seq, begins, ends, coalesce(reason, ''), log FROM segments WHERE type = 'gap' AND ends > %s
ORDER BY stream, log, seq;
