-- The gaps that are not over are asked for every two seconds, among a month of seconds.
CREATE INDEX segments_gaps ON segments (ends) WHERE type = 'gap';
