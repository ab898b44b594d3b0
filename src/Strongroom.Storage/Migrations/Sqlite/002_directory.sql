-- Directories: documents that are read whole and change under one revision. Access keys move into the one of their account.

CREATE TABLE directory (
  account  TEXT    NOT NULL,
  scope    TEXT    NOT NULL, -- a region, or 'global'
  revision INTEGER NOT NULL,
  PRIMARY KEY (account, scope)
) WITHOUT ROWID;

CREATE TABLE directory_entry (
  account  TEXT NOT NULL,
  scope    TEXT NOT NULL,
  kind     TEXT NOT NULL,
  name     TEXT NOT NULL,
  document TEXT NOT NULL,
  sealed   BLOB,
  PRIMARY KEY (account, scope, kind, name)
);
CREATE UNIQUE INDEX directory_entry_by_access_key ON directory_entry (name) WHERE kind = 'access-key';

CREATE TABLE credential_use (
  id         TEXT    PRIMARY KEY, -- an access key's id, or a role's unique id
  used_at_ms INTEGER NOT NULL,
  region     TEXT    NOT NULL,
  service    TEXT    NOT NULL
) WITHOUT ROWID;

INSERT INTO directory (account, scope, revision) SELECT account, 'global', 1 FROM account;
INSERT INTO directory_entry (account, scope, kind, name, document, sealed)
SELECT access_key.account, 'global', 'access-key', access_key_id,
  '{"active":' || CASE active WHEN 1 THEN 'true' ELSE 'false' END || ',"createdAtMs":' || account.created_at_ms || '}', sealed_secret
FROM access_key JOIN account ON account.account = access_key.account;
DROP TABLE access_key;
