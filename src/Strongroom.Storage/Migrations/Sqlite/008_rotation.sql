-- Secrets whose rotation has something to do are found without reading every document, and what each step came to is kept.

ALTER TABLE secret ADD COLUMN rotate_at_ms INTEGER; -- the document's due time, or until when a node works on it; NULL: nothing to do
CREATE INDEX secret_by_rotation ON secret (rotate_at_ms, id) WHERE rotate_at_ms IS NOT NULL;

CREATE TABLE rotation_step (
  seq           INTEGER PRIMARY KEY AUTOINCREMENT,
  secret_id     INTEGER NOT NULL REFERENCES secret (id) ON DELETE CASCADE,
  version_id    TEXT    NOT NULL,
  test          INTEGER NOT NULL, -- 1: a test without a rotation
  attempt       INTEGER NOT NULL,
  step          TEXT    NOT NULL,
  started_at_ms INTEGER NOT NULL,
  duration_ms   INTEGER NOT NULL,
  error         TEXT,             -- NULL: it succeeded
  output        BLOB              -- what the function wrote, sealed; NULL: nothing
);
CREATE INDEX rotation_step_by_secret ON rotation_step (secret_id, seq);
