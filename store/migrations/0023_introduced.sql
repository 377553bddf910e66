-- Whether somebody named a device (a plan, an import, a person), or it was only heard and the settings let it in. Of those
-- that are there already nobody knows.
ALTER TABLE devices ADD COLUMN introduced boolean NOT NULL DEFAULT true;

DROP FUNCTION register_devices(text[]);
CREATE FUNCTION register_devices(new_names text[], introduces boolean DEFAULT true) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM unnest(new_names) n
        WHERE NOT EXISTS (SELECT FROM devices d WHERE d.name = n AND (d.introduced OR NOT introduces))
    ) THEN
        RETURN;
    END IF;
    LOCK TABLE devices IN SHARE ROW EXCLUSIVE MODE;
    INSERT INTO devices (id, name, introduced)
    SELECT (SELECT coalesce(max(id) + 1, 0) FROM devices) + row_number() OVER (ORDER BY first_seen) - 1, n, introduces
    FROM (SELECT n, min(place) AS first_seen FROM unnest(new_names) WITH ORDINALITY u(n, place) GROUP BY n) fresh
    WHERE NOT EXISTS (SELECT FROM devices d WHERE d.name = n);
    IF introduces THEN
        UPDATE devices SET introduced = true WHERE name = ANY (new_names) AND NOT introduced;
    END IF;
END $$;
