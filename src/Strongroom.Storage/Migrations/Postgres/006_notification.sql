-- Notifications that wait for their destination, one row for each of the two, committed with the change that they tell of.

CREATE TABLE notification (
  seq           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event_id      BYTEA   NOT NULL,
  destination   TEXT COLLATE "C" NOT NULL,
  detail_type   TEXT COLLATE "C" NOT NULL,
  event         BYTEA   NOT NULL,
  created_at_ms BIGINT  NOT NULL,
  attempts      BIGINT  NOT NULL DEFAULT 0,
  next_at_ms    BIGINT  NOT NULL,
  dead          BIGINT  NOT NULL DEFAULT 0, -- 1: given up, until somebody tries it again or drops it
  reason        TEXT                        -- of the last attempt's failure
);
CREATE INDEX notification_by_due ON notification (destination, dead, next_at_ms);
