-- Notifications are counted, sent and dropped in their order by this index alone, however many there are.

DROP INDEX notification_by_due;
CREATE INDEX notification_by_order ON notification (destination, dead, seq, next_at_ms);
