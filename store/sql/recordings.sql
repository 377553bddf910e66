-- name: newest
-- The number of the newest leaf of a log that has a row, of each stream.
SELECT named.stream, (SELECT max(seq) FROM segments WHERE segments.stream = named.stream AND log = %(log)s) AS seq
FROM unnest(%(streams)s::text[]) AS named (stream);

-- name: logs
-- The logs of a recorder, the oldest first.
SELECT id, origin, key, first_leaf, folder, rows_as, size, root, began_at, gone FROM evidence_logs
WHERE recorder = %s ORDER BY id;

-- name: folders
-- Where a recorder's cameras were recorded last.
SELECT DISTINCT folder FROM cameras WHERE recorder = %s;

-- name: exported_heads
-- The heads that exports carry.
SELECT id::text, head FROM exports WHERE head IS NOT NULL ORDER BY requested_at DESC LIMIT 10000;

-- name: register_log
-- A log that is written now, and where it lies; the rows from before logs were told apart are of a recorder's first.
INSERT INTO evidence_logs (origin, key, first_leaf, recorder, folder, rows_as, began_at)
VALUES (%(origin)s, %(key)s, %(first_leaf)s, %(recorder)s, %(folder)s, -1, %(began)s)
ON CONFLICT (origin, key, first_leaf) DO UPDATE SET
    folder = excluded.folder, recorder = excluded.recorder, gone = false
RETURNING id, rows_as, size, root;

-- name: rows_of_log
-- What segments.log says of a new log's rows.
UPDATE evidence_logs SET rows_as = %(rows_as)s WHERE id = %(id)s;

-- name: remember_head
-- The newest signed head of a log of which all rows are written; an older one changes nothing.
UPDATE evidence_logs SET size = %(size)s, root = %(root)s WHERE id = %(id)s AND size < %(size)s;

-- name: mark_gone
-- Logs that their folders don't hold any more, and those that are back.
UPDATE evidence_logs SET gone = id = ANY (%(gone)s) WHERE recorder = %(recorder)s AND gone <> (id = ANY (%(gone)s));

-- name: indexed
-- Up to where a recorder's log has its rows, if the newest of them is there.
SELECT place, hash FROM indexed
WHERE recorder = %s AND EXISTS (
    SELECT FROM segments WHERE (stream, log, seq) = (indexed.stream, %s, indexed.seq));

-- name: write_indexed
-- Up to where a recorder's log has its rows now.
INSERT INTO indexed (recorder, place, hash, stream, seq)
VALUES (%(recorder)s, %(place)s, %(hash)s, %(stream)s, %(seq)s)
ON CONFLICT (recorder) DO UPDATE SET place = excluded.place, hash = excluded.hash, stream = excluded.stream,
    seq = excluded.seq;

-- name: write_cameras
-- Cameras as their worker sees them now.
INSERT INTO cameras (id, name, kind, unit, room, lon, lat, recorder, folder, tap, state, reason, since, codec, width,
    height, audio, recorded, seen_at, lost_packets)
SELECT id, name, kind, unit::ltree, room, lon, lat, recorder, folder, tap, state, reason, since, codec, width, height,
    audio, recorded, seen_at, lost_packets
FROM jsonb_to_recordset(%s::jsonb) AS camera (id text, name text, kind text, unit text, room text, lon float8,
    lat float8, recorder text, folder text, tap text, state text, reason text, since timestamptz, codec text,
    width integer, height integer, audio text, recorded boolean, seen_at timestamptz,
    lost_packets bigint)
ON CONFLICT (id) DO UPDATE SET
    name = excluded.name, kind = excluded.kind, unit = excluded.unit, room = excluded.room, lon = excluded.lon,
    lat = excluded.lat, recorder = excluded.recorder, folder = excluded.folder, tap = excluded.tap,
    state = excluded.state, reason = excluded.reason, since = excluded.since, codec = excluded.codec,
    width = excluded.width, height = excluded.height, audio = excluded.audio, recorded = excluded.recorded,
    seen_at = excluded.seen_at, lost_packets = excluded.lost_packets;

-- name: drop_cameras
-- Cameras of a recorder that it has no more.
DELETE FROM cameras WHERE recorder = %s AND NOT id = ANY (%s);

-- name: write_segments
-- Where segments and gaps of a log lie; one that is known stays as it is, for leaves never change.
INSERT INTO segments (log, stream, seq, session, type, begins, ends, file, "offset", bytes, init_bytes, reason)
SELECT %(log)s, stream, seq, session, type, begins, ends, file, "offset", bytes, init_bytes, reason
FROM jsonb_to_recordset(%(rows)s::jsonb) AS segment (stream text, seq bigint, session text, type text, begins timestamptz,
    ends timestamptz, file text, "offset" bigint, bytes bigint, init_bytes integer, reason text)
ON CONFLICT DO NOTHING;

-- name: drop_segments
-- Segments of which the data were deleted.
DELETE FROM segments USING jsonb_to_recordset(%(gone)s::jsonb) AS gone (stream text, from_seq bigint, to_seq bigint)
WHERE segments.log = %(log)s AND segments.stream = gone.stream AND segments.seq BETWEEN gone.from_seq AND gone.to_seq
    AND segments.type = 'segment';

-- name: notify
-- Tells the consoles, when the transaction commits.
SELECT pg_notify('ducha', %s);
