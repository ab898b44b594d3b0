-- Described in docs/formats/database.md. Append-only: a change of the schema is a new file, in both folders.
-- Every text column compares by byte (COLLATE "C"), whatever the database's locale, so that both engines page in one order.

CREATE TABLE schema_version (
  version       BIGINT PRIMARY KEY,
  applied_at_ms BIGINT NOT NULL
);

CREATE TABLE secret (
  id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account       TEXT COLLATE "C" NOT NULL,
  region        TEXT COLLATE "C" NOT NULL,
  name          TEXT COLLATE "C" NOT NULL,
  suffix        TEXT COLLATE "C" NOT NULL,
  revision      BIGINT NOT NULL,
  created_at_ms BIGINT NOT NULL,
  changed_at_ms BIGINT NOT NULL,
  accessed_day  BIGINT NOT NULL, -- days since 1970-01-01; 0: never
  purge_at_ms   BIGINT,
  document      TEXT COLLATE "C" NOT NULL,
  UNIQUE (account, region, name)
);
CREATE INDEX secret_by_created ON secret (account, region, created_at_ms, name);
CREATE INDEX secret_by_changed ON secret (account, region, changed_at_ms, name);
CREATE INDEX secret_by_accessed ON secret (account, region, accessed_day, name);
CREATE INDEX secret_by_purge ON secret (purge_at_ms, id) WHERE purge_at_ms IS NOT NULL;

CREATE TABLE secret_version (
  secret_id     BIGINT NOT NULL REFERENCES secret (id) ON DELETE CASCADE,
  version_id    TEXT COLLATE "C" NOT NULL,
  created_at_ms BIGINT NOT NULL,
  accessed_day  BIGINT NOT NULL,
  kms_key_id    TEXT COLLATE "C" NOT NULL,
  labelled      BIGINT NOT NULL, -- 1 while the secret's document gives it a staging label
  content_mac   BYTEA,
  sealed_value  BYTEA,
  PRIMARY KEY (secret_id, version_id)
);
-- A sealed value looks like chance: compressing it is work for nothing.
ALTER TABLE secret_version ALTER COLUMN sealed_value SET STORAGE EXTERNAL;
CREATE INDEX secret_version_by_created ON secret_version (secret_id, created_at_ms, version_id, labelled);

CREATE TABLE account (
  account       TEXT COLLATE "C" PRIMARY KEY,
  created_at_ms BIGINT NOT NULL
);

CREATE TABLE access_key (
  access_key_id TEXT COLLATE "C" PRIMARY KEY,
  account       TEXT COLLATE "C" NOT NULL REFERENCES account (account),
  principal_arn TEXT COLLATE "C" NOT NULL,
  active        BIGINT NOT NULL,
  sealed_secret BYTEA NOT NULL
);

CREATE TABLE kms_key (
  key_id        TEXT COLLATE "C" NOT NULL,
  version       BIGINT NOT NULL,
  account       TEXT COLLATE "C" NOT NULL,
  region        TEXT COLLATE "C" NOT NULL,
  material      BYTEA NOT NULL, -- wrapped under the root key
  created_at_ms BIGINT NOT NULL,
  PRIMARY KEY (key_id, version)
);

CREATE TABLE kms_alias (
  account TEXT COLLATE "C" NOT NULL,
  region  TEXT COLLATE "C" NOT NULL,
  alias   TEXT COLLATE "C" NOT NULL,
  key_id  TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (account, region, alias)
);

CREATE TABLE setting (
  name  TEXT COLLATE "C" PRIMARY KEY,
  value BYTEA NOT NULL
);

CREATE TABLE lease (
  name     TEXT COLLATE "C" PRIMARY KEY,
  holder   TEXT COLLATE "C" NOT NULL,
  until_ms BIGINT NOT NULL
);

CREATE TABLE audit_outbox (
  seq      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- order of insertion
  event_id BYTEA NOT NULL,
  record   BYTEA NOT NULL
);
