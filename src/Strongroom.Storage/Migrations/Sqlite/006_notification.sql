-- Notifications that wait for their destination, one row for each of the two, committed with the change that they tell of.

CREATE TABLE notification (
  seq           INTEGER PRIMARY KEY AUTOINCREMENT,
  event_id      BLOB    NOT NULL,
  destination   TEXT    NOT NULL,
  detail_type   TEXT    NOT NULL,
  event         BLOB    NOT NULL,
  created_at_ms INTEGER NOT NULL,
  attempts      INTEGER NOT NULL DEFAULT 0,
  next_at_ms    INTEGER NOT NULL,
  dead          INTEGER NOT NULL DEFAULT 0, -- 1: given up, until somebody tries it again or drops it
  reason        TEXT                        -- of the last attempt's failure
);
CREATE INDEX notification_by_due ON notification (destination, dead, next_at_ms);
