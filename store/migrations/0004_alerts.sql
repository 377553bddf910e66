-- What was noticed, what people did about it, and what a late fix changed. Nothing here can be deleted.
CREATE TABLE alerts (
    id            uuid PRIMARY KEY,
    rule          text NOT NULL,
    rule_version  integer NOT NULL,
    grade         text NOT NULL CHECK (grade IN ('A', 'B', 'C')),
    device        text NOT NULL,
    duty          text,
    began         timestamptz NOT NULL,
    ended         timestamptz,
    noticed       timestamptz NOT NULL,
    lon           float8,
    lat           float8,
    detail        jsonb NOT NULL,
    withdrawn     boolean NOT NULL DEFAULT false,
    raised_at     timestamptz NOT NULL,
    state         text NOT NULL DEFAULT 'NEW' CHECK (state IN
                  ('NEW', 'ACKED', 'DISPATCHED', 'EXPLAINED', 'CLOSED', 'SHELVED', 'FALSE', 'CLEARED')),
    waiting_since timestamptz NOT NULL,
    escalation    int2 NOT NULL DEFAULT 0,
    shelved_from  text,
    shelved_until timestamptz,
    finding       text CHECK (finding IN ('upheld', 'excused')),
    false_code    text,
    CHECK ((state = 'SHELVED') = (shelved_until IS NOT NULL)),
    CHECK ((state = 'SHELVED') = (shelved_from IS NOT NULL)),
    CHECK (state <> 'SHELVED' OR grade <> 'A')
);
CREATE INDEX alerts_page ON alerts (raised_at DESC, id);
CREATE INDEX alerts_device ON alerts (device, began);
CREATE INDEX alerts_open ON alerts (raised_at DESC, id)
    WHERE state IN ('NEW', 'ACKED', 'DISPATCHED', 'EXPLAINED', 'SHELVED') AND NOT withdrawn;
CREATE INDEX alerts_waiting ON alerts (grade, waiting_since) WHERE state = 'NEW' AND NOT withdrawn;
CREATE INDEX alerts_shelved ON alerts (shelved_until) WHERE state = 'SHELVED';
CREATE INDEX alerts_lasting ON alerts (began) WHERE ended IS NULL;
CREATE INDEX alerts_noticed ON alerts (noticed);
CREATE TRIGGER kept BEFORE DELETE ON alerts FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON alerts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE alert_amendments (
    alert  uuid NOT NULL REFERENCES alerts,
    at     timestamptz NOT NULL,
    number integer NOT NULL,  -- its place in its commit: with `at` it makes a repeated commit recognisable
    change text NOT NULL CHECK (change IN ('amended', 'withdrawn')),
    before jsonb,
    PRIMARY KEY (alert, at, number)
);
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON alert_amendments FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON alert_amendments FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE alert_history (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert      uuid NOT NULL REFERENCES alerts,
    at         timestamptz NOT NULL,
    actor      text NOT NULL,
    action     text NOT NULL,
    from_state text NOT NULL,
    to_state   text NOT NULL,
    code       text,
    note       text
);
CREATE INDEX alert_history_alert ON alert_history (alert, id);
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON alert_history FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER kept_whole BEFORE TRUNCATE ON alert_history FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
