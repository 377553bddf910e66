-- name: cameras
-- All cameras; one that its worker has not been heard of is in a state that nobody knows.
SELECT id, name, kind, unit::text AS unit, room, lon, lat, recorder,
       CASE WHEN silent THEN 'unknown' ELSE state END AS state,
       reason,
       CASE WHEN silent THEN seen_at ELSE since END AS since,
       codec, width, height, audio, recorded AND NOT silent AS recorded, seen_at,
       people, picture, looked_at, CASE WHEN NOT silent THEN lost_packets END AS lost_packets
FROM cameras, LATERAL (SELECT seen_at < now() - %(patience)s AS silent) AS worker ORDER BY id;

-- name: place
-- Where a camera is to be had.
SELECT id AS camera, kind, room, tap, folder, state, reason, coalesce(
    (SELECT rows_as FROM evidence_logs WHERE (recorder, folder) = (cameras.recorder, cameras.folder) AND NOT gone
     ORDER BY evidence_logs.id DESC LIMIT 1), 0) AS log
FROM cameras WHERE id = %s;

-- name: stretches
-- Fragments of a stream joined to stretches, and its gaps, from the one under way at the beginning on.
WITH rows AS (
    SELECT stream, log, seq, begins, ends,
           CASE WHEN gone.id IS NULL THEN type ELSE 'gap' END AS type,
           CASE WHEN gone.id IS NULL THEN reason ELSE 'log-gone' END AS reason
    FROM segments LEFT JOIN evidence_logs AS gone ON gone.rows_as = segments.log AND gone.gone AND gone.rows_as > 0
), told AS (
    SELECT stream, log, seq, type, reason, begins, ends,
           lag(ends) OVER w AS reached, lag(type) OVER w AS before, lag(reason) OVER w AS reason_before
    FROM rows
    WHERE stream = %(stream)s AND begins < %(to)s AND ends > %(from)s AND begins >= coalesce(
        (SELECT max(begins) FROM segments WHERE stream = %(stream)s AND begins <= %(from)s), %(from)s)
    WINDOW w AS (ORDER BY begins, log, seq)
), numbered AS (
    SELECT *, count(*) FILTER (
        WHERE before IS NULL OR before <> type OR reason_before IS DISTINCT FROM reason OR begins - reached > %(seam)s
    ) OVER (ORDER BY begins, log, seq) AS stretch
    FROM told
)
SELECT stream, type, reason, min(begins) AS begins, max(ends) AS ends
FROM numbered GROUP BY stretch, stream, type, reason ORDER BY stretch;

-- name: fragments
-- Where the recorded fragments of a stream lie, in the order of time.
SELECT session, begins, ends, file, "offset", bytes, init_bytes, log FROM segments
WHERE stream = %(stream)s AND type = 'segment'
    AND NOT EXISTS (SELECT FROM evidence_logs WHERE rows_as = segments.log AND rows_as > 0 AND gone)
    AND begins < %(to)s AND ends > %(from)s AND begins >= coalesce(
    (SELECT max(begins) FROM segments WHERE stream = %(stream)s AND begins <= %(from)s), %(from)s)
ORDER BY begins, log, seq LIMIT %(limit)s;

-- name: folder_of
-- Where a file with fragments of a stream lies: in the folder of the log that says so.
SELECT coalesce(logs.folder, cameras.folder) AS folder
FROM cameras
JOIN LATERAL (
    SELECT log FROM segments
    WHERE stream = %(stream)s AND file = %(file)s AND type = 'segment' AND (%(log)s::int IS NULL OR log = %(log)s)
    ORDER BY log DESC LIMIT 1
) AS found ON true
LEFT JOIN LATERAL (
    SELECT folder FROM evidence_logs WHERE recorder = cameras.recorder AND rows_as = found.log ORDER BY id LIMIT 1
) AS logs ON true
WHERE cameras.id = %(camera)s;

-- name: recorded_in
-- The logs that tell of a camera's streams in a range, or else the one it is recorded in.
WITH told AS (
    SELECT DISTINCT log FROM unnest(%(streams)s::text[]) AS named (stream), LATERAL (
        SELECT log FROM segments
        WHERE segments.stream = named.stream AND begins < %(to)s AND ends > %(from)s AND begins >= coalesce(
            (SELECT max(begins) FROM segments WHERE segments.stream = named.stream AND begins <= %(from)s), %(from)s)
    ) AS rows
)
SELECT found.log, logs.origin, coalesce(logs.folder, cameras.folder) AS folder, coalesce(logs.gone, false) AS gone,
       coalesce(logs.size, 0) AS size, logs.root
FROM cameras
CROSS JOIN (SELECT log FROM told UNION SELECT %(log)s::int WHERE NOT EXISTS (SELECT FROM told)) AS found
LEFT JOIN LATERAL (
    SELECT * FROM evidence_logs WHERE recorder = cameras.recorder AND rows_as = found.log ORDER BY id LIMIT 1
) AS logs ON true
WHERE cameras.id = %(camera)s ORDER BY found.log;
