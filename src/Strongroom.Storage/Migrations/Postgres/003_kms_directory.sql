-- KMS keys and aliases become entries of the directory of their account and region; table kms_key keeps the material alone.
-- Every key so far is one that the server made for itself.

INSERT INTO directory (account, scope, revision) SELECT DISTINCT account, region, 1 FROM kms_key WHERE true ON CONFLICT (account, scope) DO NOTHING;
INSERT INTO directory_entry (account, scope, kind, name, document)
SELECT account, region, 'kms-key', key_id,
  '{"manager":"AWS","versions":[{"number":1,"createdAtMs":' || created_at_ms || '}],"createdAtMs":' || created_at_ms || '}'
FROM kms_key WHERE version = 1;
INSERT INTO directory_entry (account, scope, kind, name, document)
SELECT kms_alias.account, kms_alias.region, 'kms-alias', kms_alias.alias,
  '{"keyId":"' || kms_alias.key_id || '","updatedAtMs":' || kms_key.created_at_ms || ',"createdAtMs":' || kms_key.created_at_ms || '}'
FROM kms_alias JOIN kms_key ON kms_key.key_id = kms_alias.key_id AND kms_key.version = 1;
DROP TABLE kms_alias;
