-- name: unknown_cameras
-- Of some cameras those that there are not, and never was footage of.
SELECT camera FROM unnest(%s::text[]) AS camera
WHERE NOT EXISTS (SELECT 1 FROM cameras WHERE id = camera)
  AND NOT EXISTS (SELECT 1 FROM segments WHERE stream IN (camera || '.video', camera || '.audio'))
ORDER BY camera;

-- name: place
-- A hold on what some cameras recorded in a range.
INSERT INTO holds (id, cameras, begins, ends, reason, case_number, placed_by, placed_at, export)
VALUES (%(id)s, %(cameras)s, %(from)s, %(to)s, %(reason)s, %(case_number)s, %(by)s, %(at)s, %(export)s);

-- name: lock
-- Where a hold stands; nobody else changes it meanwhile.
SELECT released_at FROM holds WHERE id = %s FOR UPDATE;

-- name: release
-- It is over.
UPDATE holds SET released_by = %(by)s, released_at = %(at)s, release_reason = %(reason)s
WHERE id = %(id)s AND released_at IS NULL;

-- name: release_of_export
-- The hold of an export that was rejected is over.
UPDATE holds SET released_by = %(by)s, released_at = %(at)s, release_reason = %(reason)s
WHERE export = %(id)s AND released_at IS NULL;

-- name: page
-- Holds, or those in force, or those that were released: newest first, behind a cursor.
SELECT * FROM holds
WHERE (%(in_force)s::boolean IS NULL OR %(in_force)s = (released_at IS NULL))
  AND (%(camera)s::text IS NULL OR %(camera)s = ANY (cameras))
  AND (%(after_at)s::timestamptz IS NULL OR (placed_at <= %(after_at)s
       AND (placed_at < %(after_at)s OR id > %(after_id)s::uuid)))
ORDER BY placed_at DESC, id LIMIT %(limit)s;

-- name: one
-- One hold.
SELECT * FROM holds WHERE id = %s;

-- name: nobody_places
-- Until the transaction ends nobody places a hold.
LOCK TABLE holds IN SHARE MODE;

-- name: is_held
-- Whether a hold in force names something of what a camera recorded in a range.
SELECT EXISTS (
    SELECT 1 FROM holds
    WHERE released_at IS NULL AND %(camera)s = ANY (cameras) AND begins < %(to)s AND ends > %(from)s
);
