-- How many RTP packets of a camera never came in its worker's last hour; null where nobody has said.
ALTER TABLE cameras ADD COLUMN lost_packets bigint;
