-- Who is where in the bureau: units as a tree of labels, devices with dense numbers from 0.
CREATE EXTENSION IF NOT EXISTS ltree;

CREATE TABLE units (
    path ltree PRIMARY KEY,
    name text NOT NULL
);
CREATE INDEX units_tree ON units USING gist (path);

CREATE TABLE devices (
    id        integer PRIMARY KEY CHECK (id >= 0),
    name      text NOT NULL UNIQUE,
    label     text,
    kind      text NOT NULL DEFAULT 'unknown',
    unit      ltree,
    status    text CHECK (status IN ('online', 'offline')),
    status_at timestamptz
);
CREATE INDEX devices_unit ON devices USING gist (unit);

-- Numbers are given without gaps, because the engine's arrays are indexed by them.
CREATE FUNCTION register_devices(new_names text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM unnest(new_names) n WHERE NOT EXISTS (SELECT FROM devices d WHERE d.name = n)) THEN
        RETURN;
    END IF;
    LOCK TABLE devices IN SHARE ROW EXCLUSIVE MODE;
    INSERT INTO devices (id, name)
    SELECT (SELECT coalesce(max(id) + 1, 0) FROM devices) + row_number() OVER (ORDER BY first_seen) - 1, n
    FROM (SELECT n, min(place) AS first_seen FROM unnest(new_names) WITH ORDINALITY u(n, place) GROUP BY n) fresh
    WHERE NOT EXISTS (SELECT FROM devices d WHERE d.name = n);
END $$;
