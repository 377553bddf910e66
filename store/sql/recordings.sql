-- name: newest
-- The number of the newest leaf of each stream that has a row.
SELECT named.stream, (SELECT max(seq) FROM segments WHERE segments.stream = named.stream) AS seq
FROM unnest(%s::text[]) AS named (stream);

-- name: indexed
-- Up to where a recorder's log has its rows, if the newest of them is there.
SELECT place, hash FROM indexed
WHERE recorder = %s AND EXISTS (SELECT FROM segments WHERE (stream, seq) = (indexed.stream, indexed.seq));

-- name: write_indexed
-- Up to where a recorder's log has its rows now.
INSERT INTO indexed (recorder, place, hash, stream, seq)
VALUES (%(recorder)s, %(place)s, %(hash)s, %(stream)s, %(seq)s)
ON CONFLICT (recorder) DO UPDATE SET place = excluded.place, hash = excluded.hash, stream = excluded.stream,
    seq = excluded.seq;

-- name: write_cameras
-- Cameras as their worker sees them now.
INSERT INTO cameras (id, name, kind, unit, room, lon, lat, recorder, folder, tap, state, reason, since, codec, width,
    height, audio, recorded, seen_at)
SELECT id, name, kind, unit::ltree, room, lon, lat, recorder, folder, tap, state, reason, since, codec, width, height,
    audio, recorded, seen_at
FROM jsonb_to_recordset(%s::jsonb) AS camera (id text, name text, kind text, unit text, room text, lon float8,
    lat float8, recorder text, folder text, tap text, state text, reason text, since timestamptz, codec text,
    width integer, height integer, audio text, recorded boolean, seen_at timestamptz)
ON CONFLICT (id) DO UPDATE SET
    name = excluded.name, kind = excluded.kind, unit = excluded.unit, room = excluded.room, lon = excluded.lon,
    lat = excluded.lat, recorder = excluded.recorder, folder = excluded.folder, tap = excluded.tap,
    state = excluded.state, reason = excluded.reason, since = excluded.since, codec = excluded.codec,
    width = excluded.width, height = excluded.height, audio = excluded.audio, recorded = excluded.recorded,
    seen_at = excluded.seen_at;

-- name: drop_cameras
-- Cameras of a recorder that it has no more.
DELETE FROM cameras WHERE recorder = %s AND NOT id = ANY (%s);

-- name: write_segments
-- Where segments and gaps lie; one that is known stays as it is, for leaves never change.
INSERT INTO segments (stream, seq, session, type, begins, ends, file, "offset", bytes, init_bytes, reason)
SELECT stream, seq, session, type, begins, ends, file, "offset", bytes, init_bytes, reason
FROM jsonb_to_recordset(%s::jsonb) AS segment (stream text, seq bigint, session text, type text, begins timestamptz,
    ends timestamptz, file text, "offset" bigint, bytes bigint, init_bytes integer, reason text)
ON CONFLICT DO NOTHING;

-- name: drop_segments
-- Segments of which the data were deleted.
DELETE FROM segments USING jsonb_to_recordset(%s::jsonb) AS gone (stream text, from_seq bigint, to_seq bigint)
WHERE segments.stream = gone.stream AND segments.seq BETWEEN gone.from_seq AND gone.to_seq
    AND segments.type = 'segment';

-- name: notify
-- Tells the consoles, when the transaction commits.
SELECT pg_notify('ducha', %s);
