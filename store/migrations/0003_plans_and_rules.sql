-- Plans are versioned documents; duties and shapes are their projections. Rules are rows; an edit is a new version.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % refused: this record is kept as it was written', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TABLE plans (
    version  integer PRIMARY KEY,
    document jsonb NOT NULL,
    sha256   bytea NOT NULL,
    author   text NOT NULL,
    saved_at timestamptz NOT NULL
);
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON plans FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON plans FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE shapes (
    plan       integer NOT NULL REFERENCES plans,
    id         text NOT NULL,
    kind       text NOT NULL,
    name       text,
    geometry   jsonb NOT NULL,
    properties jsonb NOT NULL,
    PRIMARY KEY (plan, id)
);
CREATE INDEX shapes_kind ON shapes (plan, kind);

CREATE TABLE duties (
    plan   integer NOT NULL REFERENCES plans,
    id     text NOT NULL,
    device text NOT NULL,
    kind   text NOT NULL,
    starts timestamptz NOT NULL,
    ends   timestamptz NOT NULL,
    route  text,
    area   text,
    post   text,
    unit   ltree,
    entry  jsonb NOT NULL,
    PRIMARY KEY (plan, id)
);
CREATE INDEX duties_time ON duties (plan, starts, ends);
CREATE INDEX duties_device ON duties (plan, device);
CREATE INDEX duties_id ON duties (id, plan DESC);

CREATE TABLE rules (
    id             text NOT NULL,
    version        integer NOT NULL CHECK (version >= 1),
    evaluator      text NOT NULL,
    grade          text NOT NULL CHECK (grade IN ('A', 'B', 'C')),
    enabled        boolean NOT NULL DEFAULT true,
    parameters     jsonb NOT NULL DEFAULT '{}',
    scope          jsonb NOT NULL DEFAULT '{}',
    schedule       jsonb NOT NULL DEFAULT '{}',
    basis          jsonb,
    title          jsonb NOT NULL DEFAULT '{}',
    meaning        jsonb NOT NULL DEFAULT '{}',
    cause          jsonb NOT NULL DEFAULT '{}',
    consequence    jsonb NOT NULL DEFAULT '{}',
    action         jsonb NOT NULL DEFAULT '{}',
    time_allowed_s integer,
    owner          text,
    precedence     integer NOT NULL DEFAULT 0,
    effective_from timestamptz,
    effective_to   timestamptz,
    author         text NOT NULL,
    saved_at       timestamptz NOT NULL,
    PRIMARY KEY (id, version)
);
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON rules FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON rules FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
