-- Described in docs/formats/database.md. Append-only: a change of the schema is a new file, in both folders.

CREATE TABLE schema_version (
  version       INTEGER PRIMARY KEY,
  applied_at_ms INTEGER NOT NULL
);

-- AUTOINCREMENT: an id is never used again, so nothing sealed or recorded for a secret can be taken for another's.
CREATE TABLE secret (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  account       TEXT    NOT NULL,
  region        TEXT    NOT NULL,
  name          TEXT    NOT NULL,
  suffix        TEXT    NOT NULL,
  revision      INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  changed_at_ms INTEGER NOT NULL,
  accessed_day  INTEGER NOT NULL, -- days since 1970-01-01; 0: never
  purge_at_ms   INTEGER,
  document      TEXT    NOT NULL,
  UNIQUE (account, region, name)
);
CREATE INDEX secret_by_created ON secret (account, region, created_at_ms, name);
CREATE INDEX secret_by_changed ON secret (account, region, changed_at_ms, name);
CREATE INDEX secret_by_accessed ON secret (account, region, accessed_day, name);
CREATE INDEX secret_by_purge ON secret (purge_at_ms, id) WHERE purge_at_ms IS NOT NULL;

-- The value stands last: reading the other columns of a row never touches its overflow pages.
CREATE TABLE secret_version (
  secret_id     INTEGER NOT NULL REFERENCES secret (id) ON DELETE CASCADE,
  version_id    TEXT    NOT NULL,
  created_at_ms INTEGER NOT NULL,
  accessed_day  INTEGER NOT NULL,
  kms_key_id    TEXT    NOT NULL,
  labelled      INTEGER NOT NULL, -- 1 while the secret's document gives it a staging label
  content_mac   BLOB,
  sealed_value  BLOB,
  PRIMARY KEY (secret_id, version_id)
);
CREATE INDEX secret_version_by_created ON secret_version (secret_id, created_at_ms, version_id, labelled);

CREATE TABLE account (
  account       TEXT    PRIMARY KEY,
  created_at_ms INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE access_key (
  access_key_id TEXT    PRIMARY KEY,
  account       TEXT    NOT NULL REFERENCES account (account),
  principal_arn TEXT    NOT NULL,
  active        INTEGER NOT NULL,
  sealed_secret BLOB    NOT NULL
) WITHOUT ROWID;

CREATE TABLE kms_key (
  key_id        TEXT    NOT NULL,
  version       INTEGER NOT NULL,
  account       TEXT    NOT NULL,
  region        TEXT    NOT NULL,
  material      BLOB    NOT NULL, -- wrapped under the root key
  created_at_ms INTEGER NOT NULL,
  PRIMARY KEY (key_id, version)
) WITHOUT ROWID;

CREATE TABLE kms_alias (
  account TEXT NOT NULL,
  region  TEXT NOT NULL,
  alias   TEXT NOT NULL,
  key_id  TEXT NOT NULL,
  PRIMARY KEY (account, region, alias)
) WITHOUT ROWID;

CREATE TABLE setting (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE lease (
  name     TEXT    PRIMARY KEY,
  holder   TEXT    NOT NULL,
  until_ms INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE audit_outbox (
  seq      INTEGER PRIMARY KEY, -- order of commit; may start over once the outbox is empty
  event_id BLOB    NOT NULL,
  record   BLOB    NOT NULL
);
