-- name: latest
-- Every device's newest position, its status and what it is on.
SELECT d.name AS device, d.kind, d.unit::text AS unit, d.label AS name, p.t, p.lon, p.lat, p.speed, p.heading,
       p.accuracy, p.heard_at,
       CASE WHEN d.status = 'offline' AND d.status_at >= greatest(p.received_at, p.heard_at) THEN 'offline'
            WHEN greatest(p.received_at, p.heard_at) >= %(fresh_since)s THEN 'online'
            ELSE 'unknown' END AS status,
       duty.id AS duty, duty.kind AS duty_kind
FROM positions p JOIN devices d ON d.id = p.device
LEFT JOIN LATERAL (
    SELECT id, kind FROM duties
    WHERE plan = (SELECT max(version) FROM plans) AND device = d.name AND starts <= %(at)s AND ends > %(at)s
    ORDER BY starts DESC, id LIMIT 1
) AS duty ON true
ORDER BY d.id;

-- name: changed
-- Positions received later than a time, and those of devices that said since whether they are there, or sent a ping.
SELECT d.name AS device, p.t, p.lon, p.lat, p.speed, p.heading, p.accuracy, p.received_at > %(since)s AS moved,
       CASE WHEN d.status_at > %(since)s THEN
           CASE WHEN d.status = 'offline' AND d.status_at >= greatest(p.received_at, p.heard_at) THEN 'offline'
                ELSE 'online' END END AS said,
       d.status_at, CASE WHEN p.heard_told_at > %(since)s THEN p.heard_at END AS heard_at,
       greatest(p.received_at, d.status_at, p.heard_told_at) AS changed_at
FROM positions p JOIN devices d ON d.id = p.device
WHERE p.received_at > %(since)s OR d.status_at > %(since)s OR p.heard_told_at > %(since)s ORDER BY changed_at, d.id;

-- name: devices
-- All devices.
SELECT d.name AS device, d.label AS name, d.kind, d.unit::text AS unit, d.status, d.status_at, p.t AS last_fix,
       p.heard_at
FROM devices d LEFT JOIN positions p ON p.device = d.id ORDER BY d.id;

-- name: counts
-- How many devices are on duty now, and of these how many are heard and how many are silent.
WITH on_duty AS (
    SELECT DISTINCT device FROM duties
    WHERE plan = (SELECT max(version) FROM plans) AND starts <= %(at)s AND ends > %(at)s
)
SELECT (SELECT count(*) FROM on_duty) AS on_duty,
       (SELECT count(*) FROM positions p JOIN devices d ON d.id = p.device
           WHERE greatest(p.received_at, p.heard_at) >= %(fresh_since)s
           AND NOT (coalesce(d.status, '') = 'offline' AND d.status_at >= greatest(p.received_at, p.heard_at))) AS online,
       (SELECT count(*) FROM on_duty o LEFT JOIN devices d ON d.name = o.device LEFT JOIN positions p ON p.device = d.id
           WHERE p.received_at IS NULL OR greatest(p.received_at, p.heard_at) < %(fresh_since)s) AS stale;

-- name: latency
-- From the fix to its row, over what was received lately, in seconds.
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM received_at - t))::float8 AS p50,
       percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM received_at - t))::float8 AS p99
FROM positions WHERE received_at >= %(since)s;
