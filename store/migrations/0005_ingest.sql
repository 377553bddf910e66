-- What ingest keeps beside fixes and alerts: crossings, unreadable messages, engine state.
CREATE TABLE crossings (
    device text NOT NULL,
    duty   text NOT NULL,
    began  timestamptz NOT NULL,
    ended  timestamptz NOT NULL,
    lon    float8 NOT NULL,
    lat    float8 NOT NULL,
    PRIMARY KEY (device, duty, began, ended)
);
CREATE INDEX crossings_time ON crossings (began);

CREATE TABLE dead_letters (
    topic    text NOT NULL,
    sha256   bytea NOT NULL,
    reason   text NOT NULL,
    payload  bytea NOT NULL,  -- the first 64 KiB
    size     integer NOT NULL,
    first_at timestamptz NOT NULL,
    last_at  timestamptz NOT NULL,
    seen     bigint NOT NULL,
    PRIMARY KEY (topic, sha256)
);
CREATE INDEX dead_letters_last ON dead_letters (last_at DESC);

CREATE TABLE checkpoints (
    name     text PRIMARY KEY,
    payload  bytea NOT NULL,
    since    timestamptz NOT NULL,
    saved_at timestamptz NOT NULL
);
