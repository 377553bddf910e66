-- Where devices were. A TimescaleDB hypertable where the extension is loaded, else native partitions, one a UTC day.
CREATE TABLE positions (
    device      integer PRIMARY KEY REFERENCES devices (id),
    t           timestamptz NOT NULL,
    lon         float8 NOT NULL,
    lat         float8 NOT NULL,
    speed       float4,
    heading     float4,
    accuracy    float4,
    flags       int2 NOT NULL DEFAULT 0,
    received_at timestamptz NOT NULL
) WITH (fillfactor = 50);  -- rewritten at every fix: room on the page keeps the updates in place

DO $$
DECLARE
    columns text := 'device integer NOT NULL, t timestamptz NOT NULL, lon float8 NOT NULL, lat float8 NOT NULL,
        speed float4, heading float4, accuracy float4, flags int2 NOT NULL DEFAULT 0, PRIMARY KEY (device, t)';
BEGIN
    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')
       AND current_setting('shared_preload_libraries') LIKE '%timescaledb%' THEN
        CREATE EXTENSION IF NOT EXISTS timescaledb;
        EXECUTE format('CREATE TABLE fixes (%s)', columns);
        PERFORM create_hypertable('fixes', 't', chunk_time_interval => interval '1 day');
    ELSE
        EXECUTE format('CREATE TABLE fixes (%s) PARTITION BY RANGE (t)', columns);
    END IF;
END $$;

CREATE FUNCTION fixes_are_partitions() RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT relkind = 'p' FROM pg_class WHERE oid = 'fixes'::regclass $$;

-- ATTACH instead of CREATE … PARTITION OF: it lets readers and writers of the other days go on.
CREATE FUNCTION ensure_fix_day(day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    part text := 'fixes_' || to_char(day, 'YYYYMMDD');
BEGIN
    IF NOT fixes_are_partitions() OR to_regclass(part) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('ducha fix days'));
    IF to_regclass(part) IS NULL THEN
        EXECUTE format('CREATE TABLE %I (LIKE fixes INCLUDING DEFAULTS)', part);
        EXECUTE format('ALTER TABLE fixes ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', part,
                       to_char(day, 'YYYY-MM-DD') || ' 00:00:00+00', to_char(day + 1, 'YYYY-MM-DD') || ' 00:00:00+00');
    END IF;
END $$;

CREATE FUNCTION fix_days() RETURNS TABLE (day date, part regclass) LANGUAGE sql STABLE AS $$
    SELECT to_date(substring(c.relname FROM '^fixes_(\d{8})$'), 'YYYYMMDD'), c.oid::regclass
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'fixes'::regclass AND c.relname ~ '^fixes_\d{8}$'
    ORDER BY 1
$$;

CREATE FUNCTION drop_fix_days(before date) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    old record;
    dropped integer := 0;
BEGIN
    IF NOT fixes_are_partitions() THEN
        EXECUTE 'SELECT count(*) FROM drop_chunks(''fixes'', older_than => $1::timestamp AT TIME ZONE ''UTC'')'
            INTO dropped USING before;
        RETURN dropped;
    END IF;
    FOR old IN SELECT part FROM fix_days() WHERE day < before LOOP
        EXECUTE format('DROP TABLE %s', old.part);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;
