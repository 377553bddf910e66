-- Logs by their identity: a row of a recording belongs to the log that says it, so that a new log under an old recorder's
-- name neither hides nor overwrites what another said. Rows of log 0 are from before: of their stream's recorder's first.
CREATE TABLE evidence_logs (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    origin     text NOT NULL,
    key        text NOT NULL,  -- the public key in hex
    first_leaf text NOT NULL,  -- its hash in hex
    recorder   text NOT NULL,
    folder     text NOT NULL,
    rows_as    integer NOT NULL,  -- what segments.log says of its rows: its id, or 0
    size       bigint NOT NULL DEFAULT 0,  -- of the newest signed head of which everything is here
    root       text,
    began_at   timestamptz NOT NULL,
    gone       boolean NOT NULL DEFAULT false,  -- the folder does not hold it any more
    UNIQUE (origin, key, first_leaf)
);
CREATE INDEX evidence_logs_recorder ON evidence_logs (recorder);
CREATE INDEX evidence_logs_rows ON evidence_logs (rows_as);
ALTER TABLE segments ADD COLUMN log integer NOT NULL DEFAULT 0;
ALTER TABLE segments DROP CONSTRAINT segments_pkey, ADD PRIMARY KEY (stream, log, seq);
ALTER TABLE exports ADD COLUMN head text;  -- the signed head that an export carries, as a note
