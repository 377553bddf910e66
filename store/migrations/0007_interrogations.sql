-- Interrogations: which room, which case, who was in it as what from when to when. Nothing here can be deleted.
CREATE TABLE interrogations (
    id             uuid PRIMARY KEY,
    room           text NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('criminal', 'administrative')),
    case_number    text,
    standard_place boolean NOT NULL,
    opened_at      timestamptz NOT NULL,
    opened_by      text NOT NULL,
    closed_at      timestamptz CHECK (closed_at >= opened_at),
    closed_by      text,
    CHECK ((closed_at IS NULL) = (closed_by IS NULL))
);
CREATE UNIQUE INDEX interrogations_open ON interrogations (room) WHERE closed_at IS NULL;
CREATE INDEX interrogations_time ON interrogations (opened_at DESC, id);
CREATE TRIGGER kept BEFORE DELETE ON interrogations FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON interrogations FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE interrogation_people (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    interrogation uuid NOT NULL REFERENCES interrogations,
    name          text NOT NULL,
    role          text NOT NULL CHECK (role IN ('officer', 'detainee', 'guardian', 'interpreter', 'lawyer', 'other')),
    signed_in     timestamptz NOT NULL,
    signed_out    timestamptz CHECK (signed_out >= signed_in)
);
CREATE INDEX interrogation_people_of ON interrogation_people (interrogation, id);
CREATE UNIQUE INDEX interrogation_people_present ON interrogation_people (interrogation, name) WHERE signed_out IS NULL;
CREATE TRIGGER kept BEFORE DELETE ON interrogation_people FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON interrogation_people FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
