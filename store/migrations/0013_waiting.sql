-- What of a device waits: fixes that are stored but not yet walked by the engine, and fixes that are not taken in yet.
CREATE TABLE late_history (
    device integer PRIMARY KEY REFERENCES devices (id),
    since  timestamptz NOT NULL  -- event time of the earliest stored fix that the engine's state does not know
);

CREATE TABLE set_aside (
    device      integer NOT NULL REFERENCES devices (id),
    t           timestamptz NOT NULL,
    lon         float8 NOT NULL,
    lat         float8 NOT NULL,
    speed       float4,
    heading     float4,
    accuracy    float4,
    flags       int2 NOT NULL DEFAULT 0,
    reason      text NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (device, t)
);
