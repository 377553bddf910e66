-- name: write
-- Writes a row: a database that answers may still take nothing.
INSERT INTO write_probe (written_at) VALUES (clock_timestamp())
ON CONFLICT (one) DO UPDATE SET written_at = excluded.written_at;

-- name: size
-- What the database takes on disk, which server it is, and how many connections are open.
SELECT pg_database_size(current_database()) AS bytes, current_setting('server_version') AS server_version,
       (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) AS connections,
       NOT fixes_are_partitions() AS timescaledb;

-- name: workers
-- How long ago each ingest worker of the last day committed, and what waited then.
SELECT worker AS name, extract(epoch FROM now() - committed_at)::float8 AS committed_s_ago, waiting, oldest_waiting_s
FROM work_done WHERE committed_at > now() - interval '1 day' ORDER BY worker;

-- name: recordings
-- Of each camera that should be recorded, how long ago its newest fragment was written; NULL where there is none. Bodycams
-- film when they like. A camera has half a minute from a change of its state on.
SELECT c.id, c.name, extract(epoch FROM now() - newest.ends)::float8 AS age_s
FROM cameras c LEFT JOIN LATERAL (
    SELECT ends FROM segments WHERE stream = c.id || '.video' AND type = 'segment' ORDER BY begins DESC LIMIT 1
) AS newest ON true
WHERE (c.kind <> 'bodycam' OR c.state = 'live') AND (newest.ends IS NOT NULL OR c.since < now() - interval '30 s')
ORDER BY c.id;

-- name: dead_letters
-- Unreadable messages, last seen first, behind a cursor.
SELECT topic, encode(sha256, 'hex') AS sha256, code, reason, substring(payload FROM 1 FOR 1024) AS head, size, first_at,
       last_at, seen
FROM dead_letters
WHERE %(after_at)s::timestamptz IS NULL OR (last_at <= %(after_at)s
      AND (last_at < %(after_at)s OR (topic, encode(sha256, 'hex')) > (%(after_topic)s, %(after_sha256)s)))
ORDER BY last_at DESC, topic, encode(sha256, 'hex')
LIMIT %(limit)s;
