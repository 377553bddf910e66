-- When devices said that they are there without a new place (pings), and the last such word beside the position.
CREATE TABLE signs_of_life (
    device integer NOT NULL REFERENCES devices (id),
    t      timestamptz NOT NULL,  -- by the device's clock, and no later than the server's
    PRIMARY KEY (device, t)
);
CREATE INDEX signs_of_life_time ON signs_of_life (t);

ALTER TABLE positions ADD COLUMN heard_at timestamptz;       -- the last ping
ALTER TABLE positions ADD COLUMN heard_told_at timestamptz;  -- when it came

-- Refused for its time alone: it can be read where a clock is mended.
ALTER TABLE dead_letters ADD COLUMN mistimed boolean NOT NULL DEFAULT false;

-- Two shards may meet the first fix of a day at once. A look into the catalogue by a query sees what the other has committed
-- before it let go of the lock; to_regclass may not.
CREATE OR REPLACE FUNCTION ensure_fix_day(day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    part text := 'fixes_' || to_char(day, 'YYYYMMDD');
BEGIN
    IF NOT fixes_are_partitions() OR to_regclass(part) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('ducha fix days'));
    IF NOT EXISTS (SELECT FROM pg_class WHERE relname = part AND relnamespace = current_schema()::regnamespace) THEN
        EXECUTE format('CREATE TABLE %I (LIKE fixes INCLUDING DEFAULTS)', part);
        EXECUTE format('ALTER TABLE fixes ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', part,
                       to_char(day, 'YYYY-MM-DD') || ' 00:00:00+00', to_char(day + 1, 'YYYY-MM-DD') || ' 00:00:00+00');
    END IF;
END $$;
