-- Who wanted to look into which interrogation room, and why: written before a picture is given, and never changed.
CREATE TABLE looks (
    id          uuid PRIMARY KEY,
    viewer      bytea NOT NULL,  -- SHA-256 of what the browser shows
    room        text,
    camera      text,            -- of a camera without a room
    purpose     text NOT NULL CHECK (purpose <> ''),
    case_number text,
    actor       text NOT NULL,
    at          timestamptz NOT NULL,
    until       timestamptz NOT NULL CHECK (until > at),
    CHECK ((room IS NULL) <> (camera IS NULL))
);
CREATE INDEX looks_of_viewer ON looks (viewer, until);
CREATE INDEX looks_time ON looks (at DESC, id);
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON looks FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON looks FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
