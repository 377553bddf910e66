-- Up to where each recorder's log has its rows in `segments`, written with them: a start reads on from there.
CREATE TABLE indexed (
    recorder text PRIMARY KEY,
    place    bigint NOT NULL,  -- byte of leaves.jsonl behind the last leaf
    hash     text NOT NULL,    -- of that leaf: in another log another stands there
    stream   text NOT NULL,    -- the newest row: where it is gone, others may be
    seq      bigint NOT NULL
);
