-- What was really done, so that the state of the system is told from work and not from settings: each ingest worker's
-- last commit, and one row that the console writes to know whether the database takes writes.
CREATE TABLE work_done (
    worker           text PRIMARY KEY,
    committed_at     timestamptz NOT NULL,  -- by the database's clock
    waiting          integer NOT NULL,      -- messages received and not yet committed
    oldest_waiting_s float8 NOT NULL        -- how long the oldest of them waited then
);

CREATE TABLE write_probe (
    one        boolean PRIMARY KEY DEFAULT true CHECK (one),
    written_at timestamptz NOT NULL
);
