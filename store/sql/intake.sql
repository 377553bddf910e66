-- name: set_aside
-- Fixes that are kept and not taken in yet, with why; one kept already changes nothing. When a retained one was received
-- first, nobody knows: no earlier than it was taken.
INSERT INTO set_aside (device, t, lon, lat, speed, heading, accuracy, flags, reason, received_at)
SELECT device, t, lon, lat, nullif(speed, 'NaN'), nullif(heading, 'NaN'), nullif(accuracy, 'NaN'), flags, why,
       CASE WHEN why = 'retained' THEN t ELSE at END
FROM (SELECT %s AS why, %s AS at) AS told, unnest(%s::int4[], %s::timestamptz[], %s::float8[], %s::float8[], %s::float4[], %s::float4[], %s::float4[], %s::int2[])
     AS fix (device, t, lon, lat, speed, heading, accuracy, flags)
ON CONFLICT DO NOTHING;

-- name: note_late
-- Devices with fixes or pings that the engine has not walked; of those stored before nothing is noted, so it stands before
-- their insert.
INSERT INTO late_history AS known (device, since)
SELECT device, min(t) FROM unnest(%s::int4[], %s::timestamptz[], %s::int2[]) AS fix (device, t, flags)
WHERE NOT EXISTS (SELECT FROM fixes stored WHERE stored.device = fix.device AND stored.t = fix.t)
  AND (flags & 2 = 0
       OR NOT EXISTS (SELECT FROM signs_of_life stored WHERE stored.device = fix.device AND stored.t = fix.t))
GROUP BY device
ON CONFLICT (device) DO UPDATE SET since = least(known.since, excluded.since);

-- name: forget_late
-- Devices whose history the engine has walked.
DELETE FROM late_history WHERE device = ANY (%s);

-- name: late_history
-- Devices with fixes that the engine has not walked, all or some.
SELECT device, since FROM late_history WHERE %(devices)s::int4[] IS NULL OR device = ANY (%(devices)s::int4[]);

-- name: history_page
-- The next fixes and pings of one device after a time, in the order of time. A page may end between two rows, so of one
-- time there is only one: the fix. What stands first in both stands among the first of each, so no more is read.
COPY (
    SELECT DISTINCT ON (t) device, t, lon, lat, speed, heading, accuracy, flags FROM (
        (SELECT device, t, lon, lat, coalesce(speed, 'NaN') AS speed, coalesce(heading, 'NaN') AS heading,
                coalesce(accuracy, 'NaN') AS accuracy, flags
         FROM fixes WHERE device = %(device)s AND t > %(after)s ORDER BY t LIMIT %(limit)s)
        UNION ALL
        (SELECT device, t, 'NaN', 'NaN', 'NaN', 'NaN', 'NaN', 2::int2
         FROM signs_of_life WHERE device = %(device)s AND t > %(after)s ORDER BY t LIMIT %(limit)s)
    ) AS heard ORDER BY t, flags & 2 LIMIT %(limit)s
) TO STDOUT (FORMAT binary);

-- name: waiting
-- How many fixes of which devices are set aside for a reason.
SELECT device, count(*) FROM set_aside WHERE reason = %s GROUP BY device;

-- name: ensure_days_aside
-- Makes room for the days of the fixes that are to be taken in next.
SELECT ensure_fix_day(day) FROM (
    SELECT DISTINCT (t AT TIME ZONE 'UTC')::date AS day FROM (
        SELECT t FROM set_aside WHERE device = %(device)s AND reason = %(reason)s ORDER BY t LIMIT %(limit)s
    ) AS next
) AS days;

-- name: take_in
-- The earliest fixes of a device that were set aside for a reason become fixes like others, still to be walked by the engine.
WITH taken AS (
    DELETE FROM set_aside WHERE device = %(device)s AND t IN (
        SELECT t FROM set_aside WHERE device = %(device)s AND reason = %(reason)s ORDER BY t LIMIT %(limit)s
    ) RETURNING *
), stored AS (
    INSERT INTO fixes (device, t, lon, lat, speed, heading, accuracy, flags)
    SELECT device, t, lon, lat, speed, heading, accuracy, flags FROM taken
    ON CONFLICT DO NOTHING RETURNING device, t
), late AS (
    INSERT INTO late_history AS known (device, since) SELECT device, min(t) FROM stored GROUP BY device
    ON CONFLICT (device) DO UPDATE SET since = least(known.since, excluded.since)
), newest AS (
    INSERT INTO positions AS known (device, t, lon, lat, speed, heading, accuracy, flags, received_at)
    SELECT device, t, lon, lat, speed, heading, accuracy, flags, received_at FROM taken ORDER BY t DESC LIMIT 1
    ON CONFLICT (device) DO UPDATE SET
        t = excluded.t, lon = excluded.lon, lat = excluded.lat, speed = excluded.speed, heading = excluded.heading,
        accuracy = excluded.accuracy, flags = excluded.flags,
        received_at = greatest(known.received_at, excluded.received_at)
    WHERE excluded.t > known.t
)
SELECT (SELECT count(*) FROM taken), (SELECT count(*) FROM stored);

-- name: basis
-- Which plan and rules are stored: neither is ever changed or deleted, so two numbers tell whether anything is new.
SELECT (SELECT max(version) FROM plans), (SELECT count(*) FROM rules);

-- name: admit
-- Numbers for names that were only heard.
SELECT register_devices(%s, false);

-- name: only_heard
-- The numbers of the devices that nobody named.
SELECT id FROM devices WHERE NOT introduced;

-- name: device_units
-- The unit of each device that has one.
SELECT name, unit::text FROM devices WHERE unit IS NOT NULL;

-- name: hold_unknown
-- Devices that nobody has accepted were heard; the count does not move when the same commit is repeated.
INSERT INTO unknown_devices AS known (name, unit, first_at, last_at, seen)
SELECT name, unit, %(at)s, %(at)s, seen FROM jsonb_to_recordset(%(rows)s::jsonb) AS heard (name text, unit ltree, seen bigint)
ON CONFLICT (name) DO UPDATE SET
    unit = coalesce(excluded.unit, known.unit), last_at = excluded.last_at, seen = known.seen + excluded.seen
WHERE known.last_at <> excluded.last_at;

-- name: hold_unknown_fixes
-- The fixes of devices that nobody has accepted.
INSERT INTO unknown_fixes (name, t, lon, lat, speed, heading, accuracy, flags)
SELECT name, t, lon, lat, speed, heading, accuracy, flags FROM jsonb_to_recordset(%s::jsonb) AS fix (
    name text, t timestamptz, lon float8, lat float8, speed float4, heading float4, accuracy float4, flags int2)
ON CONFLICT DO NOTHING;

-- name: trim_unknown
-- Beyond a number, the unknown devices that were not heard for the longest time are forgotten.
DELETE FROM unknown_devices WHERE name IN (SELECT name FROM unknown_devices ORDER BY last_at DESC, name OFFSET %s);

-- name: trim_unknown_fixes
-- Of each of these devices the latest fixes stay.
DELETE FROM unknown_fixes USING (
    SELECT name, t, row_number() OVER (PARTITION BY name ORDER BY t DESC) AS place FROM unknown_fixes WHERE name = ANY (%s)
) AS old WHERE unknown_fixes.name = old.name AND unknown_fixes.t = old.t AND old.place > %s;

-- name: trim_dead_letters
-- The latest dead letters stay, up to a number and a number of bytes.
DELETE FROM dead_letters USING (
    SELECT topic, sha256, row_number() OVER latest AS place, sum(least(size, 65536)) OVER latest AS bytes FROM dead_letters
    WINDOW latest AS (ORDER BY last_at DESC, topic, sha256 ROWS UNBOUNDED PRECEDING)
) AS old
WHERE dead_letters.topic = old.topic AND dead_letters.sha256 = old.sha256
  AND (old.place > %(most)s OR old.bytes > %(bytes)s);

-- name: accepted
-- Devices with fixes of the time before they were accepted, still to be taken in.
SELECT DISTINCT device FROM set_aside WHERE reason = 'accepted';

-- name: wanted_letters
-- Dead letters that somebody wants to be read again, first come first.
SELECT topic, sha256, payload, last_at FROM dead_letters WHERE wanted_at IS NOT NULL ORDER BY wanted_at, topic LIMIT %s;

-- name: want_mistimed
-- Dead letters refused for their time alone are to be read again, as our clock is taken for another; whole ones only.
UPDATE dead_letters SET wanted_at = last_at
WHERE mistimed AND wanted_at IS NULL AND last_at >= %s AND size <= length(payload);

-- name: replayed
-- A dead letter that was read at last is gone; one that was refused again stays.
WITH gone AS (
    DELETE FROM dead_letters WHERE topic = %(topic)s AND sha256 = %(sha256)s AND last_at = %(last_at)s RETURNING 1
)
UPDATE dead_letters SET wanted_at = NULL
WHERE topic = %(topic)s AND sha256 = %(sha256)s AND NOT EXISTS (SELECT FROM gone);
