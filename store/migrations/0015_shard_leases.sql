-- One worker a shard. Who holds it has the advisory lock; the epoch tells a holder that has lost it without knowing.
CREATE TABLE shard_leases (
    shard text PRIMARY KEY,
    epoch bigint NOT NULL,
    host  text NOT NULL,
    pid   integer NOT NULL,
    since timestamptz NOT NULL
);

CREATE FUNCTION shard_key(shard text) RETURNS bigint LANGUAGE sql IMMUTABLE AS
$$ SELECT hashtextextended('ducha ingest shard ' || shard, 0) $$;

-- The row stays locked to the end of the commit: a new holder waits for what is being committed.
CREATE FUNCTION check_shard_lease(wanted text, held bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM shard_leases WHERE shard = wanted AND epoch = held FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'shard %: another worker has taken it over', wanted USING ERRCODE = 'DL001';
    END IF;
END $$;
