-- What the machine saw: how many people a camera shows now, and the pictures that an alert rests on.
ALTER TABLE cameras
    ADD COLUMN people integer,
    ADD COLUMN picture text CHECK (picture IN ('ok', 'black', 'covered', 'defocused', 'moved', 'frozen')),
    ADD COLUMN looked_at timestamptz;

CREATE TABLE alert_pictures (
    alert    uuid NOT NULL REFERENCES alerts,
    number   integer NOT NULL,
    taken_at timestamptz NOT NULL,
    sha256   bytea NOT NULL,
    folder   text NOT NULL,  -- the recorder's
    file     text NOT NULL,
    PRIMARY KEY (alert, number)
);
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON alert_pictures FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON alert_pictures FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
