-- The outbox's numbers are the store's change sequence. An identity column never gives one twice, so nothing has to change here.

COMMENT ON COLUMN audit_outbox.seq IS 'the change sequence';
