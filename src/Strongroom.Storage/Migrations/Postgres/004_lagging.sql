-- Primaries with a replica that waits for its KMS key are found without reading every document.

ALTER TABLE secret ADD COLUMN lagging BIGINT NOT NULL DEFAULT 0; -- 1 while the document names a key that a replica waits for
CREATE INDEX secret_by_lagging ON secret (id) WHERE lagging = 1;
