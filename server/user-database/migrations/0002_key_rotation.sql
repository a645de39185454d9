-- Keys rotate: each kind of key has its own line of generations, whose number decides which replica added the next one.
-- A key is published from created_at on, signs from activates_at on until the next generation does, and is gone at expires_at,
-- which is set when the next generation is added.

ALTER TABLE signing_keys RENAME TO signing_keys_of_one_kind;

CREATE TABLE signing_keys (
    kind         TEXT   NOT NULL,
    generation   BIGINT NOT NULL,
    kid          TEXT   NOT NULL UNIQUE,
    sealed       BYTEA  NOT NULL,
    created_at   BIGINT NOT NULL,
    activates_at BIGINT NOT NULL,
    expires_at   BIGINT,
    PRIMARY KEY (kind, generation)
);

INSERT INTO signing_keys (kind, generation, kid, sealed, created_at, activates_at, expires_at)
SELECT 'P-256', generation, kid, sealed, created_at, created_at, NULL FROM signing_keys_of_one_kind;

DROP TABLE signing_keys_of_one_kind;
