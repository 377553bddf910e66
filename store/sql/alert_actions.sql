-- name: lock
-- Where an alert stands; nobody else moves it meanwhile.
SELECT state, grade, shelved_from, withdrawn FROM alerts WHERE id = %s FOR UPDATE;

-- name: move
-- What a decision makes of an alert; finding and code of before are kept in the history.
UPDATE alerts SET
    state = %(state)s, shelved_from = %(shelved_from)s,
    shelved_until = CASE WHEN %(kept)s THEN shelved_until ELSE %(shelved_until)s END,
    finding = CASE WHEN %(kept)s THEN finding ELSE %(finding)s END,
    false_code = CASE WHEN %(kept)s THEN false_code ELSE %(false_code)s END,
    waiting_since = CASE WHEN %(waits_anew)s THEN %(at)s ELSE waiting_since END,
    escalation = CASE WHEN %(waits_anew)s THEN 0 ELSE escalation END,
    escalated_at = CASE WHEN %(waits_anew)s THEN NULL ELSE escalated_at END
WHERE id = %(id)s;

-- name: record
-- One line of an alert's history.
INSERT INTO alert_history (alert, at, actor, action, from_state, to_state, code, note)
VALUES (%(id)s, %(at)s, %(actor)s, %(action)s, %(from_state)s, %(state)s, %(code)s, %(note)s);

-- name: notify
-- Tells the consoles, when the transaction commits.
SELECT pg_notify('ducha', %s);

-- name: escalate
-- Raises the level of alerts of a grade that nobody acknowledged in time, and records it.
WITH due AS (
    SELECT id FROM alerts
    WHERE state = 'NEW' AND NOT withdrawn AND grade = %(grade)s AND escalation < %(level)s
      AND waiting_since <= %(waiting_before)s
    ORDER BY id FOR UPDATE
), raised AS (
    UPDATE alerts SET escalation = %(level)s, escalated_at = %(at)s FROM due
    WHERE alerts.id = due.id RETURNING alerts.id
), recorded AS (
    INSERT INTO alert_history (alert, at, actor, action, from_state, to_state, code)
    SELECT id, %(at)s, 'system', 'escalate', 'NEW', 'NEW', %(level)s::text FROM raised
)
SELECT id FROM raised;

-- name: unshelve
-- Alerts whose time on the shelf is over go back to where they stood.
WITH due AS (
    SELECT id, shelved_from FROM alerts WHERE state = 'SHELVED' AND shelved_until <= %(at)s ORDER BY id FOR UPDATE
), back AS (
    UPDATE alerts SET state = due.shelved_from, shelved_from = NULL, shelved_until = NULL,
        waiting_since = CASE WHEN due.shelved_from = 'NEW' THEN %(at)s ELSE waiting_since END,
        escalation = CASE WHEN due.shelved_from = 'NEW' THEN 0 ELSE escalation END,
        escalated_at = CASE WHEN due.shelved_from = 'NEW' THEN NULL ELSE escalated_at END
    FROM due WHERE alerts.id = due.id RETURNING alerts.id, alerts.state
), recorded AS (
    INSERT INTO alert_history (alert, at, actor, action, from_state, to_state)
    SELECT id, %(at)s, 'system', 'unshelve', 'SHELVED', state FROM back
)
SELECT id FROM back;

-- name: clear
-- C alerts that ended and that nobody took up in a day.
WITH due AS (
    SELECT id FROM alerts
    WHERE state = 'NEW' AND grade = 'C' AND ended IS NOT NULL AND waiting_since <= %(waiting_before)s
    ORDER BY id FOR UPDATE
), cleared AS (
    UPDATE alerts SET state = 'CLEARED' FROM due WHERE alerts.id = due.id RETURNING alerts.id
), recorded AS (
    INSERT INTO alert_history (alert, at, actor, action, from_state, to_state)
    SELECT id, %(at)s, 'system', 'clear', 'NEW', 'CLEARED' FROM cleared
)
SELECT id FROM cleared;
