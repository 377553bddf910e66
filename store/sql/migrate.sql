-- name: lock
-- Only one process migrates at a time; held until the connection ends.
SELECT pg_advisory_lock(hashtext('ducha migrate'));

-- name: create_table
-- The record of what was applied.
CREATE TABLE IF NOT EXISTS migrations (
    name       text PRIMARY KEY,
    sha256     text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- name: applied
-- What was applied, with the digests of the files.
SELECT name, sha256 FROM migrations ORDER BY name;

-- name: record
-- One migration done.
INSERT INTO migrations (name, sha256) VALUES (%s, %s);
