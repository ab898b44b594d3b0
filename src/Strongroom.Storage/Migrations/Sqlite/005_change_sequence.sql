-- The outbox's numbers become the store's change sequence: none is used twice, even after the outbox was empty.

CREATE TABLE audit_outbox_kept (
  seq      INTEGER PRIMARY KEY AUTOINCREMENT,
  event_id BLOB    NOT NULL,
  record   BLOB    NOT NULL
);
INSERT INTO audit_outbox_kept (seq, event_id, record) SELECT seq, event_id, record FROM audit_outbox ORDER BY seq;
DROP TABLE audit_outbox;
ALTER TABLE audit_outbox_kept RENAME TO audit_outbox;
