-- name: number
-- A device's number.
SELECT id FROM devices WHERE name = %s;

-- name: track
-- One device's fixes between two times, the earliest first, up to a limit.
COPY (
    SELECT device, t, lon, lat, coalesce(speed, 'NaN'), coalesce(heading, 'NaN'), coalesce(accuracy, 'NaN'), flags
    FROM fixes WHERE device = %s AND t >= %s AND t <= %s ORDER BY t LIMIT %s
) TO STDOUT (FORMAT binary);

-- name: crossings
-- Crossings of an area's edge between two fixes, newest first.
SELECT device, duty, began, ended, lon, lat FROM crossings
WHERE (%(device)s::text IS NULL OR device = %(device)s)
  AND (%(since)s::timestamptz IS NULL OR began >= %(since)s) AND (%(until)s::timestamptz IS NULL OR began < %(until)s)
ORDER BY began DESC, device, duty, ended LIMIT %(limit)s;
