-- Why a message could not be read, in a word, which screens have words for; of those from before, what their text says.
ALTER TABLE dead_letters ADD COLUMN code text;
UPDATE dead_letters SET code = CASE
    WHEN reason LIKE 'not a device''s topic%' THEN 'topic'
    WHEN reason LIKE 'refused by %' THEN 'refused'
    WHEN reason ~ 'expected at most \d+ (bytes|elements)' THEN 'size'
    WHEN reason LIKE 'expected JSON%' THEN 'json'
    WHEN reason LIKE 'expected online or offline%' THEN 'status'
    WHEN reason ~ '\mtst: expected Unix seconds' THEN 'time'
    WHEN reason ~ '\mlat: expected -?\d' THEN 'latitude'
    WHEN reason ~ '\mlon: expected -?\d' THEN 'longitude'
    WHEN reason ~ '\mvel: expected -?\d' THEN 'speed'
    WHEN reason ~ '\macc: expected -?\d' THEN 'accuracy'
    ELSE 'type'
END;
ALTER TABLE dead_letters ALTER COLUMN code SET NOT NULL;
