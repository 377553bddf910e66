-- Cameras as their worker sees them, and where on disk each second of their recordings lies (a projection of the leaves).
CREATE TABLE cameras (
    id       text PRIMARY KEY,
    name     text NOT NULL,
    kind     text NOT NULL CHECK (kind IN ('window', 'interrogation', 'waiting', 'street', 'bodycam')),
    unit     ltree,
    room     text,
    lon      float8,
    lat      float8,
    recorder text NOT NULL,
    folder   text NOT NULL,  -- the recorder's
    tap      text NOT NULL,  -- the path of its Unix socket
    state    text NOT NULL CHECK (state IN ('connecting', 'live', 'stalled', 'lost', 'refused', 'unusable')),
    reason   text,
    since    timestamptz NOT NULL,
    codec    text,
    width    integer,
    height   integer,
    audio    text,
    recorded boolean NOT NULL,
    seen_at  timestamptz NOT NULL
);

CREATE TABLE segments (
    stream     text NOT NULL,
    seq        bigint NOT NULL,
    session    text NOT NULL,
    type       text NOT NULL CHECK (type IN ('segment', 'gap')),
    begins     timestamptz NOT NULL,
    ends       timestamptz NOT NULL,
    file       text,
    "offset"   bigint,
    bytes      bigint,
    init_bytes integer,
    reason     text,
    PRIMARY KEY (stream, seq)
);
CREATE INDEX segments_time ON segments (stream, begins);
