-- name: page
-- Alerts, newest raised first, behind a cursor. Since and until are of the state's beginning.
SELECT a.*, unit_of(a.device)::text AS unit FROM alerts a
WHERE (%(all)s OR (a.state = ANY (%(states)s) AND (NOT %(open)s OR NOT a.withdrawn)))
  AND (%(grade)s::text IS NULL OR a.grade = %(grade)s)
  AND (%(rule)s::text IS NULL OR a.rule = %(rule)s)
  AND (%(device)s::text IS NULL OR a.device = %(device)s)
  AND (%(unit)s::ltree IS NULL OR unit_of(a.device) <@ %(unit)s::ltree)
  AND (%(since)s::timestamptz IS NULL OR a.began >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR a.began < %(until)s)
  AND (%(after_at)s::timestamptz IS NULL OR (a.raised_at <= %(after_at)s
       AND (a.raised_at < %(after_at)s OR a.id > %(after_id)s::uuid)))
ORDER BY a.raised_at DESC, a.id
LIMIT %(limit)s;

-- name: by_ids
-- The alerts with these ids.
SELECT a.*, unit_of(a.device)::text AS unit FROM alerts a
WHERE a.id = ANY (%s::uuid[]) ORDER BY a.raised_at DESC, a.id;

-- name: history
-- What was done about an alert.
SELECT at, actor, action, from_state, to_state, code, note FROM alert_history WHERE alert = %s ORDER BY id;

-- name: amendments
-- What late fixes changed, with the earlier forms.
SELECT at, change, before FROM alert_amendments WHERE alert = %s ORDER BY at, number;

-- name: pictures
-- The pictures that an alert rests on.
SELECT number, taken_at, encode(sha256, 'hex') AS sha256 FROM alert_pictures WHERE alert = %s ORDER BY number;

-- name: picture
-- Where one picture of an alert lies, and what it is of: a camera that is gone is taken for the kind that asks most.
SELECT kept.folder, kept.file, device AS camera, room, coalesce(
    cameras.kind, CASE WHEN NOT EXISTS (SELECT FROM devices WHERE name = device) THEN 'interrogation' END) AS kind
FROM alert_pictures AS kept JOIN alerts ON alerts.id = kept.alert LEFT JOIN cameras ON cameras.id = device
WHERE kept.alert = %s AND kept.number = %s;

-- name: previous
-- The same device's alerts of the seven days before.
SELECT a.*, unit_of(a.device)::text AS unit FROM alerts a
WHERE a.device = %(device)s AND a.id <> %(id)s
  AND a.began <= %(began)s AND a.began >= %(began)s - interval '7 days' AND NOT a.withdrawn
ORDER BY a.began DESC, a.id LIMIT 50;

-- name: load
-- How many alerts were raised lately.
SELECT count(*) FILTER (WHERE raised_at > %(now)s - interval '10 minutes') AS last_10_min, count(*) AS last_hour
FROM alerts WHERE raised_at > %(now)s - interval '1 hour' AND raised_at <= %(now)s;
