-- name: list
-- Devices that nobody has accepted, last heard first, with their newest place.
SELECT u.name AS device, u.unit::text AS unit, u.first_at, u.last_at, u.seen, newest.t AS last_fix, newest.lon, newest.lat,
       (SELECT count(*) FROM unknown_fixes f WHERE f.name = u.name) AS fixes
FROM unknown_devices u LEFT JOIN LATERAL (
    SELECT t, lon, lat FROM unknown_fixes f WHERE f.name = u.name ORDER BY t DESC LIMIT 1
) AS newest ON true
ORDER BY u.last_at DESC, u.name;

-- name: lock
-- An unknown device, kept as it is until the end of the transaction.
SELECT name FROM unknown_devices WHERE name = %s FOR UPDATE;

-- name: register
-- It gets a number.
SELECT register_devices(ARRAY[%s]);

-- name: describe
-- It gets the unit that its topic named, unless it has one.
UPDATE devices SET unit = coalesce(devices.unit, u.unit) FROM unknown_devices u WHERE u.name = devices.name AND u.name = %s;

-- name: hand_over
-- What was kept of it waits to be taken in by ingest.
INSERT INTO set_aside (device, t, lon, lat, speed, heading, accuracy, flags, reason, received_at)
SELECT d.id, f.t, f.lon, f.lat, f.speed, f.heading, f.accuracy, f.flags, 'accepted', u.last_at
FROM unknown_fixes f JOIN unknown_devices u ON u.name = f.name JOIN devices d ON d.name = f.name WHERE f.name = %s
ON CONFLICT DO NOTHING;

-- name: forget
-- It is unknown no more.
DELETE FROM unknown_devices WHERE name = %s;

-- name: want_letter
-- One dead letter is to be read again; one that is not whole can't be.
UPDATE dead_letters SET wanted_at = %(at)s
WHERE topic = %(topic)s AND encode(sha256, 'hex') = %(sha256)s AND size <= length(payload) RETURNING 1;

-- name: want_all_letters
-- All dead letters that are whole are to be read again.
UPDATE dead_letters SET wanted_at = %(at)s WHERE wanted_at IS NULL AND size <= length(payload);

-- name: letter
-- Whether there is such a dead letter.
SELECT size FROM dead_letters WHERE topic = %(topic)s AND encode(sha256, 'hex') = %(sha256)s;

-- name: counts
-- How many devices nobody has accepted, and how many dead letters there are.
SELECT (SELECT count(*) FROM unknown_devices) AS unknown_devices, (SELECT count(*) FROM dead_letters) AS dead_letters;
