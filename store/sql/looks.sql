-- name: place
-- The room, or the camera without one, that a look at a camera is a look into; of one that is gone, itself, if pictures of it were kept.
SELECT room, CASE WHEN room IS NULL THEN id END AS camera FROM cameras WHERE id = %(camera)s
UNION ALL
SELECT NULL, %(camera)s
WHERE NOT EXISTS (SELECT FROM cameras WHERE id = %(camera)s)
  AND EXISTS (SELECT FROM alert_pictures JOIN alerts ON alerts.id = alert_pictures.alert WHERE alerts.device = %(camera)s);

-- name: room
-- Whether cameras look into a room.
SELECT room FROM cameras WHERE room = %s LIMIT 1;

-- name: begin
-- Somebody wants to look, and says why.
INSERT INTO looks (id, viewer, room, camera, purpose, case_number, actor, at, until)
VALUES (%(id)s, %(viewer)s, %(room)s, %(camera)s, %(purpose)s, %(case_number)s, %(actor)s, %(at)s, %(until)s);

-- name: in_force
-- The looks of a viewer that are not over, the newest first.
SELECT id, room, camera, purpose, case_number AS "case", at, until FROM looks
WHERE viewer = %(viewer)s AND until > %(now)s ORDER BY at DESC, id;

-- name: until
-- Until when a viewer may see a room's cameras, or a camera without a room; in the past where that is over.
SELECT max(until) AS until FROM looks
WHERE viewer = %(viewer)s AND (room = %(room)s OR (%(room)s::text IS NULL AND camera = %(camera)s));
