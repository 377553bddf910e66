-- name: sights
-- How many people cameras showed last, and what that is worth now.
SELECT id AS camera, people, looked_at AS at,
       CASE WHEN looked_at IS NULL THEN 'never' WHEN looked_at < now() - %(fresh)s THEN 'old'
            WHEN people IS NULL THEN 'unseen' ELSE 'counted' END AS state
FROM cameras WHERE id = ANY (%(cameras)s);

-- name: streams
-- What becomes of streams now: the newest row of each, and until when it was recorded.
SELECT stream,
       CASE WHEN newest.ends IS NULL THEN 'none' WHEN newest.ends < now() - %(fresh)s THEN 'silent'
            WHEN newest.type = 'gap' THEN 'gap' ELSE 'recorded' END AS state,
       CASE WHEN newest.type = 'gap' THEN coalesce(recorded.ends, newest.begins) ELSE recorded.ends END AS until,
       newest.reason
FROM unnest(%(streams)s::text[]) AS wanted (stream)
LEFT JOIN LATERAL (
    SELECT type, begins, ends, reason FROM segments WHERE stream = wanted.stream ORDER BY log DESC, seq DESC LIMIT 1
) AS newest ON true
LEFT JOIN LATERAL (
    SELECT ends FROM segments WHERE stream = wanted.stream AND type = 'segment' ORDER BY log DESC, seq DESC LIMIT 1
) AS recorded ON true;

-- name: alerts
-- The open alerts about cameras, newest raised first.
SELECT a.*, unit_of(a.device)::text AS unit FROM alerts a
WHERE a.device = ANY (%(cameras)s) AND a.state = ANY (%(states)s) AND NOT a.withdrawn
ORDER BY a.raised_at DESC, a.id LIMIT %(limit)s;
