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
-- Devices with fixes that the engine has not walked; of fixes stored before nothing is noted, so it stands before their insert.
INSERT INTO late_history AS known (device, since)
SELECT device, min(t) FROM unnest(%s::int4[], %s::timestamptz[]) AS fix (device, t)
WHERE NOT EXISTS (SELECT FROM fixes stored WHERE stored.device = fix.device AND stored.t = fix.t)
GROUP BY device
ON CONFLICT (device) DO UPDATE SET since = least(known.since, excluded.since);

-- name: forget_late
-- Devices whose history the engine has walked.
DELETE FROM late_history WHERE device = ANY (%s);

-- name: late_history
-- Devices with fixes that the engine has not walked, all or some.
SELECT device, since FROM late_history WHERE %(devices)s::int4[] IS NULL OR device = ANY (%(devices)s::int4[]);

-- name: history_page
-- The next fixes of one device after a time, in the order of time.
COPY (
    SELECT device, t, lon, lat, coalesce(speed, 'NaN'), coalesce(heading, 'NaN'), coalesce(accuracy, 'NaN'), flags
    FROM fixes WHERE device = %s AND t > %s ORDER BY t LIMIT %s
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

-- name: device_units
-- The unit of each device that has one.
SELECT name, unit::text FROM devices WHERE unit IS NOT NULL;
