-- name: listen
-- Hear what the store calls out.
LISTEN ducha;
