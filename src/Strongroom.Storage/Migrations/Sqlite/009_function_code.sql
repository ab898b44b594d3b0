-- The code of Lambda functions. All else about a function is an entry of its directory.

CREATE TABLE function_code (
  account TEXT NOT NULL,
  region  TEXT NOT NULL,
  name    TEXT NOT NULL,
  sha256  TEXT NOT NULL, -- of the package, base64
  code    BLOB NOT NULL, -- the package, sealed
  PRIMARY KEY (account, region, name)
);
