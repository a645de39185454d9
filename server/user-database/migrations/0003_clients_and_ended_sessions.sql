-- Clients that were added by command, or registered themselves; those of the configuration are not here.
-- The metadata is a JSON document in the words of RFC 7591. Of secrets there are digests only.
CREATE TABLE clients (
    client_id           TEXT     NOT NULL PRIMARY KEY,
    metadata            TEXT     NOT NULL,
    secret_digest       TEXT,
    registration_digest TEXT,
    by_operator         SMALLINT NOT NULL CHECK (by_operator IN (0, 1)),
    created_at          BIGINT   NOT NULL
);

-- A client that is removed takes with it what it was granted.
CREATE INDEX grants_by_client ON grants (client_id);
CREATE INDEX consents_by_client ON consents (client_id);

-- A new password, or being disabled, ends the sessions that began before.
ALTER TABLE accounts ADD COLUMN sessions_since BIGINT NOT NULL DEFAULT 0;
