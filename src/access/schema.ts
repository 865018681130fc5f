/** Tables of `access.sqlite`, one entry a version (`PRAGMA user_version`). Released entries are never edited. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE people (
    name              TEXT PRIMARY KEY COLLATE NOCASE,
    role              TEXT NOT NULL,
    -- null: signs in through the identity provider.
    password          TEXT,
    created_wall_ms   INTEGER NOT NULL,
    last_sign_in_wall_ms INTEGER
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE sessions (
    family          INTEGER PRIMARY KEY AUTOINCREMENT,
    id_hash         TEXT NOT NULL UNIQUE,
    -- The id before the last change: pages that were loading still have it.
    old_id_hash     TEXT UNIQUE,
    old_until_wall_ms INTEGER NOT NULL DEFAULT 0,
    name            TEXT NOT NULL COLLATE NOCASE REFERENCES people ON DELETE CASCADE ON UPDATE CASCADE,
    csrf_token      TEXT NOT NULL,
    changed_wall_ms INTEGER NOT NULL,
    seen_wall_ms    INTEGER NOT NULL,
    expires_wall_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE tokens (
    name            TEXT PRIMARY KEY COLLATE NOCASE,
    token_hash      TEXT NOT NULL UNIQUE,
    -- JSON array of permissions.
    scopes          TEXT NOT NULL,
    created_wall_ms INTEGER NOT NULL,
    used_wall_ms    INTEGER,
    expires_wall_ms INTEGER
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE audit_log (
    id         INTEGER PRIMARY KEY,
    at_wall_ms INTEGER NOT NULL,
    name       TEXT NOT NULL,
    action     TEXT NOT NULL,
    subject    TEXT,
    detail     TEXT,
    address    TEXT NOT NULL
  ) STRICT;
  CREATE INDEX audit_log_by_time ON audit_log (at_wall_ms);
  CREATE INDEX audit_log_by_subject ON audit_log (subject, at_wall_ms);
  `,
];
