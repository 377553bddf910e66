-- name: lock
-- The shard's lock, if nobody has it; it lasts as long as the connection.
SELECT pg_try_advisory_lock(shard_key(%s));

-- name: take
-- A new holder of the shard, with an epoch of its own.
INSERT INTO shard_leases AS known (shard, epoch, host, pid, since)
VALUES (%(shard)s, 1, %(host)s, %(pid)s, clock_timestamp())
ON CONFLICT (shard) DO UPDATE SET
    epoch = known.epoch + 1, host = excluded.host, pid = excluded.pid, since = excluded.since
RETURNING epoch;

-- name: holder
-- Who took the shard last.
SELECT epoch, host, pid, since FROM shard_leases WHERE shard = %s;

-- name: check
-- An error where another worker has taken the shard over.
SELECT check_shard_lease(%s, %s);

-- name: leases
-- All shards with who took them last, whether it still has them, and who waits for them.
SELECT shard, host, pid, since,
       EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
               AND (classid::bigint << 32) + objid::bigint = shard_key(shard)) AS held,
       ARRAY(SELECT substring(application_name FROM length('ducha waits ') + 1) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name LIKE 'ducha waits %'
               AND split_part(application_name, ' ', 3) = left(shard, 20) ORDER BY 1) AS waiting
FROM shard_leases ORDER BY shard;

-- name: name
-- What this connection is for, as others see it.
SELECT set_config('application_name', %s, false);
