-- The code of Lambda functions. All else about a function is an entry of its directory.

CREATE TABLE function_code (
  account TEXT COLLATE "C" NOT NULL,
  region  TEXT COLLATE "C" NOT NULL,
  name    TEXT COLLATE "C" NOT NULL,
  sha256  TEXT COLLATE "C" NOT NULL, -- of the package, base64
  code    BYTEA NOT NULL, -- the package, sealed
  PRIMARY KEY (account, region, name)
);
