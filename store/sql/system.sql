-- name: ping
-- Is the database there.
SELECT 1;

-- name: size
-- What the database takes on disk, which server it is, and how many connections are open.
SELECT pg_database_size(current_database()) AS bytes, current_setting('server_version') AS server_version,
       (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) AS connections,
       NOT fixes_are_partitions() AS timescaledb;

-- name: checkpoints
-- How old the engines' states are.
SELECT name, since, saved_at FROM checkpoints ORDER BY name;

-- name: dead_letters
-- Unreadable messages, last seen first, behind a cursor.
SELECT topic, encode(sha256, 'hex') AS sha256, reason, substring(payload FROM 1 FOR 1024) AS head, size, first_at, last_at,
       seen
FROM dead_letters
WHERE %(after_at)s::timestamptz IS NULL OR (last_at <= %(after_at)s
      AND (last_at < %(after_at)s OR (topic, encode(sha256, 'hex')) > (%(after_topic)s, %(after_sha256)s)))
ORDER BY last_at DESC, topic, encode(sha256, 'hex')
LIMIT %(limit)s;
