-- Exports of footage: who asked, who else approved, what became of it; and legal holds: what retention may not delete.
CREATE TABLE exports (
    id           uuid PRIMARY KEY,
    cameras      text[] NOT NULL CHECK (cardinality(cameras) > 0),
    folder       text NOT NULL,  -- the recorder's
    begins       timestamptz NOT NULL,
    ends         timestamptz NOT NULL CHECK (ends > begins),
    case_number  text NOT NULL,
    reason       text NOT NULL,
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    state        text NOT NULL CHECK
                 (state IN ('requested', 'rejected', 'approved', 'making', 'ready', 'failed', 'removed')),
    decided_by   text,
    decided_at   timestamptz,
    problem      text,     -- why it was rejected, or could not be made
    attempts     integer NOT NULL DEFAULT 0,  -- since it was approved
    progress     float8 NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 1),
    bytes        bigint,
    sha256       bytea,
    intact       boolean,  -- as the verification said when it was made
    findings     text[],   -- what spoke against it then
    ready_at     timestamptz,
    expires_at   timestamptz,
    CHECK (state = 'requested' OR decided_by IS NOT NULL),
    CHECK (state = 'rejected' OR decided_by <> requested_by),  -- whoever asked may only take it back
    CHECK (state NOT IN ('ready', 'removed') OR expires_at IS NOT NULL)
);
CREATE INDEX exports_time ON exports (requested_at DESC, id);
CREATE INDEX exports_work ON exports (decided_at) WHERE state IN ('approved', 'making', 'ready');
CREATE TRIGGER kept BEFORE DELETE ON exports FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON exports FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE export_history (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    export uuid NOT NULL REFERENCES exports,
    at     timestamptz NOT NULL,
    did    text NOT NULL CHECK (did IN ('requested', 'approved', 'rejected', 'made', 'failed', 'downloaded', 'removed')),
    actor  text NOT NULL,
    detail text
);
CREATE INDEX export_history_of ON export_history (export, id);
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON export_history FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON export_history FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE holds (
    id             uuid PRIMARY KEY,
    cameras        text[] NOT NULL CHECK (cardinality(cameras) > 0),
    begins         timestamptz NOT NULL,
    ends           timestamptz NOT NULL CHECK (ends > begins),
    reason         text NOT NULL,
    case_number    text NOT NULL,
    placed_by      text NOT NULL,
    placed_at      timestamptz NOT NULL,
    export         uuid REFERENCES exports,  -- the one that asked for the same footage
    released_by    text,
    released_at    timestamptz,
    release_reason text,
    CHECK ((released_at IS NULL) = (released_by IS NULL) AND (released_at IS NULL) = (release_reason IS NULL))
);
CREATE INDEX holds_time ON holds (placed_at DESC, id);
CREATE INDEX holds_in_force ON holds (ends) WHERE released_at IS NULL;
CREATE TRIGGER kept BEFORE DELETE ON holds FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON holds FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
