-- name: cameras
-- Of the cameras asked for, those there are, and which of them have footage in the range.
SELECT id, coalesce(within.folder, cameras.folder) AS folder, coalesce(within.folders, 1) AS folders,
       within.folder IS NOT NULL AS recorded
FROM cameras
LEFT JOIN LATERAL (
    SELECT min(folder) AS folder, count(DISTINCT folder) AS folders FROM (
        SELECT DISTINCT log FROM unnest(ARRAY[id || '.video', id || '.audio']) AS named (stream), LATERAL (
            SELECT log FROM segments WHERE segments.stream = named.stream AND type = 'segment'
                AND begins < %(to)s AND ends > %(from)s AND begins >= coalesce((SELECT max(begins) FROM segments
                WHERE segments.stream = named.stream AND begins <= %(from)s), %(from)s)
        ) AS rows
    ) AS told, LATERAL (
        SELECT coalesce((SELECT folder FROM evidence_logs WHERE recorder = cameras.recorder AND rows_as = told.log
                         ORDER BY evidence_logs.id LIMIT 1), cameras.folder) AS folder
    ) AS lying
) AS within ON true
WHERE id = ANY (%(cameras)s) ORDER BY id;

-- name: insert
-- An export that somebody asks for.
INSERT INTO exports (id, cameras, folder, begins, ends, case_number, reason, requested_by, requested_at, state)
VALUES (%(id)s, %(cameras)s, %(folder)s, %(from)s, %(to)s, %(case_number)s, %(reason)s, %(by)s, %(at)s, 'requested');

-- name: lock
-- Where an export stands; nobody else changes it meanwhile.
SELECT * FROM exports WHERE id = %s FOR UPDATE;

-- name: approve
-- Somebody else approved it: it is to be made.
UPDATE exports SET state = 'approved', decided_by = %(by)s, decided_at = %(at)s, problem = NULL, attempts = 0, progress = 0
WHERE id = %(id)s;

-- name: reject
-- It is not to be made.
UPDATE exports SET state = 'rejected', decided_by = %(by)s, decided_at = %(at)s, problem = %(reason)s WHERE id = %(id)s;

-- name: note
-- A line of an export's history.
INSERT INTO export_history (export, at, did, actor, detail) VALUES (%(id)s, %(at)s, %(did)s, %(actor)s, %(detail)s);

-- name: page
-- Exports, newest first, behind a cursor.
SELECT exports.*, holds.id AS hold, holds.released_at IS NOT NULL AS hold_released,
       (SELECT count(*) FROM export_history WHERE export = exports.id AND did = 'downloaded') AS downloads
FROM exports LEFT JOIN holds ON holds.export = exports.id
WHERE (%(after_at)s::timestamptz IS NULL OR (requested_at <= %(after_at)s
       AND (requested_at < %(after_at)s OR exports.id > %(after_id)s::uuid)))
ORDER BY requested_at DESC, exports.id LIMIT %(limit)s;

-- name: one
-- One export.
SELECT exports.*, holds.id AS hold, holds.released_at IS NOT NULL AS hold_released,
       (SELECT count(*) FROM export_history WHERE export = exports.id AND did = 'downloaded') AS downloads
FROM exports LEFT JOIN holds ON holds.export = exports.id WHERE exports.id = %s;

-- name: history
-- What happened to an export, in its order.
SELECT at, did, actor, detail FROM export_history WHERE export = %s ORDER BY id;
