-- Whose alert it is, also where the subject is a camera or a recorder; and who signed somebody in or out.
CREATE INDEX cameras_recorder ON cameras (recorder);

-- The unit of whatever an alert is about: of a device, of a camera, of a recorder (the unit that all its cameras share,
-- or else the lowest one above them).
CREATE FUNCTION unit_of(subject text) RETURNS ltree LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(
        (SELECT unit FROM devices WHERE name = subject),
        (SELECT unit FROM cameras WHERE id = subject),
        (SELECT CASE WHEN count(DISTINCT unit) = 1 THEN (array_agg(unit))[1] ELSE nullif(lca(array_agg(unit)), '') END
         FROM cameras WHERE recorder = subject AND unit IS NOT NULL))
$$;

-- Null where it was not recorded yet.
ALTER TABLE interrogation_people ADD COLUMN signed_in_by text, ADD COLUMN signed_out_by text;
