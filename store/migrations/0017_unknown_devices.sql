-- Devices that nobody has accepted, with their latest fixes; dead letters that somebody wants to be read again.
CREATE TABLE unknown_devices (
    name     text PRIMARY KEY,
    unit     ltree,
    first_at timestamptz NOT NULL,
    last_at  timestamptz NOT NULL,
    seen     bigint NOT NULL
);
CREATE INDEX unknown_devices_last ON unknown_devices (last_at DESC, name);

CREATE TABLE unknown_fixes (
    name     text NOT NULL REFERENCES unknown_devices ON DELETE CASCADE,
    t        timestamptz NOT NULL,
    lon      float8 NOT NULL,
    lat      float8 NOT NULL,
    speed    float4,
    heading  float4,
    accuracy float4,
    flags    int2 NOT NULL DEFAULT 0,
    PRIMARY KEY (name, t)
);

CREATE INDEX set_aside_accepted ON set_aside (device) WHERE reason = 'accepted';

ALTER TABLE dead_letters ADD COLUMN wanted_at timestamptz;
CREATE INDEX dead_letters_wanted ON dead_letters (wanted_at) WHERE wanted_at IS NOT NULL;
