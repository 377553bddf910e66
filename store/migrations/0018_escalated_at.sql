-- When an alert last rose: the clock took it one level up, or its grade did. What rose last comes first in the queue.
ALTER TABLE alerts ADD COLUMN escalated_at timestamptz;
UPDATE alerts SET escalated_at = (
    SELECT max(h.at) FROM alert_history h WHERE h.alert = alerts.id AND h.action = 'escalate'
) WHERE escalation > 0;
