-- One set of migrations for SQLite and PostgreSQL, so only what both read alike:
-- instants are BIGINT (milliseconds since 1970, UTC), identifiers and scopes TEXT, bytes BYTEA (a BLOB to SQLite),
-- truths SMALLINT (0 or 1). A migration that was released is never edited: its checksum is compared at start.

CREATE TABLE accounts (
    subject        TEXT     NOT NULL PRIMARY KEY,
    username       TEXT     NOT NULL,
    password_hash  TEXT     NOT NULL,
    name           TEXT     NOT NULL,
    email          TEXT     NOT NULL,
    email_verified SMALLINT NOT NULL CHECK (email_verified IN (0, 1)),
    created_at     BIGINT   NOT NULL,
    disabled       SMALLINT NOT NULL CHECK (disabled IN (0, 1))
);

-- What may be typed to sign in, in lower case. Usernames and e-mail addresses share one namespace, so that nobody can
-- take another's address as a username and one login never means two accounts.
CREATE TABLE logins (
    login   TEXT NOT NULL PRIMARY KEY,
    subject TEXT NOT NULL REFERENCES accounts (subject) ON DELETE CASCADE
);
CREATE INDEX logins_by_subject ON logins (subject);

-- A row per scope token: what is allowed grows by inserting, so that two consents at once add up.
CREATE TABLE consents (
    subject    TEXT   NOT NULL REFERENCES accounts (subject) ON DELETE CASCADE,
    client_id  TEXT   NOT NULL,
    token      TEXT   NOT NULL,
    allowed_at BIGINT NOT NULL,
    PRIMARY KEY (subject, client_id, token)
);

CREATE TABLE grants (
    id         TEXT   NOT NULL PRIMARY KEY,
    subject    TEXT   NOT NULL REFERENCES accounts (subject) ON DELETE CASCADE,
    client_id  TEXT   NOT NULL,
    scope      TEXT   NOT NULL,
    auth_time  BIGINT NOT NULL,
    session    TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX grants_by_subject ON grants (subject);
CREATE INDEX grants_by_expiry ON grants (expires_at);
CREATE INDEX grants_revoked ON grants (revoked_at) WHERE revoked_at IS NOT NULL;

-- The token itself is nowhere: the digest finds it, and its successor is sealed under it.
CREATE TABLE refresh_tokens (
    digest    TEXT NOT NULL PRIMARY KEY,
    grant_id  TEXT NOT NULL REFERENCES grants (id) ON DELETE CASCADE,
    used_at   BIGINT,
    successor BYTEA
);
CREATE INDEX refresh_tokens_by_grant ON refresh_tokens (grant_id);
CREATE INDEX refresh_tokens_by_use ON refresh_tokens (used_at) WHERE used_at IS NOT NULL;
CREATE INDEX refresh_tokens_with_successor ON refresh_tokens (used_at) WHERE successor IS NOT NULL;

-- Keys are numbered; the number's uniqueness decides which replica made the first one.
CREATE TABLE signing_keys (
    generation BIGINT NOT NULL PRIMARY KEY,
    kid        TEXT   NOT NULL UNIQUE,
    sealed     BYTEA  NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE audit_records (
    id      TEXT   NOT NULL PRIMARY KEY,
    at      BIGINT NOT NULL,
    kind    TEXT   NOT NULL,
    subject TEXT,
    details TEXT   NOT NULL
);
CREATE INDEX audit_records_by_time ON audit_records (at, id);
CREATE INDEX audit_records_by_subject ON audit_records (subject, at, id);

-- When housekeeping was done last; its row is also the lock that lets one replica at a time do it.
CREATE TABLE upkeep (
    task    TEXT   NOT NULL PRIMARY KEY,
    last_at BIGINT NOT NULL
);
INSERT INTO upkeep (task, last_at) VALUES ('prune', 0);
