-- Directories: documents that are read whole and change under one revision. Access keys move into the one of their account.

CREATE TABLE directory (
  account  TEXT COLLATE "C" NOT NULL,
  scope    TEXT COLLATE "C" NOT NULL, -- a region, or 'global'
  revision BIGINT NOT NULL,
  PRIMARY KEY (account, scope)
);

CREATE TABLE directory_entry (
  account  TEXT COLLATE "C" NOT NULL,
  scope    TEXT COLLATE "C" NOT NULL,
  kind     TEXT COLLATE "C" NOT NULL,
  name     TEXT COLLATE "C" NOT NULL,
  document TEXT COLLATE "C" NOT NULL,
  sealed   BYTEA,
  PRIMARY KEY (account, scope, kind, name)
);
CREATE UNIQUE INDEX directory_entry_by_access_key ON directory_entry (name) WHERE kind = 'access-key';

CREATE TABLE credential_use (
  id         TEXT COLLATE "C" PRIMARY KEY, -- an access key's id, or a role's unique id
  used_at_ms BIGINT NOT NULL,
  region     TEXT COLLATE "C" NOT NULL,
  service    TEXT COLLATE "C" NOT NULL
);

INSERT INTO directory (account, scope, revision) SELECT account, 'global', 1 FROM account;
INSERT INTO directory_entry (account, scope, kind, name, document, sealed)
SELECT access_key.account, 'global', 'access-key', access_key_id,
  '{"active":' || CASE active WHEN 1 THEN 'true' ELSE 'false' END || ',"createdAtMs":' || account.created_at_ms || '}', sealed_secret
FROM access_key JOIN account ON account.account = access_key.account;
DROP TABLE access_key;
