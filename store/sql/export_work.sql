-- name: take_turn
-- Whether this connection, and no other, makes exports now; it ends with the connection, however that ends.
SELECT pg_try_advisory_lock(hashtext('ducha exports'));

-- name: next
-- The export to be made next: whose turn it is is known, so one that is being made was left by somebody who died.
UPDATE exports SET state = 'making', attempts = attempts + 1, progress = 0
WHERE id = (SELECT id FROM exports WHERE state IN ('approved', 'making') ORDER BY state DESC, decided_at, id LIMIT 1)
RETURNING id, cameras, folder, begins, ends, case_number, reason, requested_by, decided_by, attempts;

-- name: history
-- What happened to an export, in its order.
SELECT at, did, actor, detail FROM export_history WHERE export = %s ORDER BY id;

-- name: progress
-- How far it is.
UPDATE exports SET progress = %(progress)s WHERE id = %(id)s AND state = 'making';

-- name: made
-- It is there.
UPDATE exports SET state = 'ready', progress = 1, bytes = %(bytes)s, sha256 = %(sha256)s, intact = %(intact)s,
    findings = %(findings)s, head = %(head)s, ready_at = %(at)s, expires_at = %(expires)s
WHERE id = %(id)s;

-- name: failed
-- It could not be made.
UPDATE exports SET state = 'failed', problem = %(problem)s WHERE id = %(id)s;

-- name: put_back
-- It was left by somebody who did not die of it.
UPDATE exports SET attempts = attempts - 1 WHERE id = %(id)s AND state = 'making' AND attempts > 0;

-- name: note
-- A line of an export's history.
INSERT INTO export_history (export, at, did, actor, detail) VALUES (%(id)s, %(at)s, %(did)s, %(actor)s, %(detail)s);

-- name: expired
-- Those that were kept long enough.
SELECT id FROM exports WHERE state = 'ready' AND expires_at <= %s ORDER BY expires_at LIMIT 100;

-- name: removed
-- The file is gone; the row stays.
UPDATE exports SET state = 'removed' WHERE id = %(id)s AND state = 'ready';
