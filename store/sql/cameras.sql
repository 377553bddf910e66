-- name: cameras
-- All cameras; one that its worker has not been heard of is in a state that nobody knows.
SELECT id, name, kind, unit::text AS unit, room, lon, lat, recorder,
       CASE WHEN silent THEN 'unknown' ELSE state END AS state,
       reason,
       CASE WHEN silent THEN seen_at ELSE since END AS since,
       codec, width, height, audio, recorded AND NOT silent AS recorded, seen_at,
       people, picture, looked_at
FROM cameras, LATERAL (SELECT seen_at < now() - %(patience)s AS silent) AS worker ORDER BY id;

-- name: place
-- Where a camera is to be had.
SELECT id AS camera, tap, folder, state, reason FROM cameras WHERE id = %s;

-- name: stretches
-- Fragments of a stream joined to stretches, and its gaps, from the one under way at the beginning on.
WITH told AS (
    SELECT stream, seq, type, reason, begins, ends,
           lag(ends) OVER w AS reached, lag(type) OVER w AS before, lag(reason) OVER w AS reason_before
    FROM segments
    WHERE stream = %(stream)s AND begins < %(to)s AND ends > %(from)s AND begins >= coalesce(
        (SELECT max(begins) FROM segments WHERE stream = %(stream)s AND begins <= %(from)s), %(from)s)
    WINDOW w AS (ORDER BY begins, seq)
), numbered AS (
    SELECT *, count(*) FILTER (
        WHERE before IS NULL OR before <> type OR reason_before IS DISTINCT FROM reason OR begins - reached > %(seam)s
    ) OVER (ORDER BY begins, seq) AS stretch
    FROM told
)
SELECT stream, type, reason, min(begins) AS begins, max(ends) AS ends
FROM numbered GROUP BY stretch, stream, type, reason ORDER BY stretch;

-- name: fragments
-- Where the recorded fragments of a stream lie, in the order of time.
SELECT session, begins, ends, file, "offset", bytes, init_bytes FROM segments
WHERE stream = %(stream)s AND type = 'segment' AND begins < %(to)s AND ends > %(from)s AND begins >= coalesce(
    (SELECT max(begins) FROM segments WHERE stream = %(stream)s AND begins <= %(from)s), %(from)s)
ORDER BY begins, seq LIMIT %(limit)s;

-- name: has_file
-- Whether a fragment of a stream lies in a file.
SELECT 1 AS found FROM segments WHERE stream = %s AND file = %s AND type = 'segment' LIMIT 1;
