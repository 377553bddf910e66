-- name: open
-- A new interrogation; nothing where the room has an open one.
INSERT INTO interrogations (id, room, kind, case_number, standard_place, opened_at, opened_by)
VALUES (%(id)s, %(room)s, %(kind)s, %(case_number)s, %(standard_place)s, %(at)s, %(actor)s)
ON CONFLICT (room) WHERE closed_at IS NULL DO NOTHING
RETURNING id;

-- name: lock
-- Where an interrogation stands; nobody else changes it meanwhile.
SELECT id, closed_at, opened_at FROM interrogations WHERE id = %s FOR UPDATE;

-- name: sign_in
-- Somebody comes in; nothing where the same name is in already.
INSERT INTO interrogation_people (interrogation, name, role, signed_in, signed_in_by)
VALUES (%(id)s, %(name)s, %(role)s, %(at)s, %(actor)s)
ON CONFLICT (interrogation, name) WHERE signed_out IS NULL DO NOTHING
RETURNING id;

-- name: sign_out
-- Somebody goes out.
UPDATE interrogation_people SET signed_out = greatest(%(at)s, signed_in), signed_out_by = %(actor)s
WHERE interrogation = %(id)s AND name = %(name)s AND signed_out IS NULL
RETURNING id;

-- name: sign_everybody_out
-- The interrogation is over: whoever is still signed in goes out.
UPDATE interrogation_people SET signed_out = greatest(%(at)s, signed_in), signed_out_by = %(actor)s
WHERE interrogation = %(id)s AND signed_out IS NULL;

-- name: close
-- The interrogation is over.
UPDATE interrogations SET closed_at = greatest(%(at)s, opened_at), closed_by = %(actor)s WHERE id = %(id)s;

-- name: page
-- Interrogations, newest opened first, behind a cursor.
SELECT * FROM interrogations
WHERE (%(room)s::text IS NULL OR room = %(room)s) AND (NOT %(open)s OR closed_at IS NULL)
  AND (%(after_at)s::timestamptz IS NULL OR (opened_at <= %(after_at)s
       AND (opened_at < %(after_at)s OR id > %(after_id)s::uuid)))
ORDER BY opened_at DESC, id LIMIT %(limit)s;

-- name: one
-- One interrogation.
SELECT * FROM interrogations WHERE id = %s;

-- name: people
-- Everybody who was signed in to these interrogations, in the order of coming.
SELECT interrogation, name, role, signed_in, signed_in_by, signed_out, signed_out_by FROM interrogation_people
WHERE interrogation = ANY (%s) ORDER BY id;

-- name: open_rooms
-- The open interrogations with the roles of those who are in, for the rules about rooms.
SELECT i.id, i.room, i.kind, i.standard_place, i.opened_at,
       coalesce(array_agg(p.role ORDER BY p.id) FILTER (WHERE p.id IS NOT NULL), '{}') AS present
FROM interrogations i LEFT JOIN interrogation_people p ON p.interrogation = i.id AND p.signed_out IS NULL
WHERE i.closed_at IS NULL GROUP BY i.id ORDER BY i.room;

-- name: notify
-- Tells the consoles and the camera workers.
SELECT pg_notify('ducha', '{"rooms": true}');
