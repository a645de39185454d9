-- The sessions at the Authorization Server, as their users and clients know them. What a browser's ticket opens lies in the Cache;
-- `record` says where, so that a session can be ended from another device. Neither it nor `sid` opens anything.
CREATE TABLE sessions (
    sid        TEXT   NOT NULL PRIMARY KEY,
    subject    TEXT   NOT NULL REFERENCES accounts (subject) ON DELETE CASCADE,
    record     TEXT   NOT NULL,
    began_at   BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL,
    user_agent TEXT,
    address    TEXT
);
CREATE INDEX sessions_by_subject ON sessions (subject);
CREATE INDEX sessions_by_end ON sessions (ends_at);

-- The clients that were given a code in a session, who hear of its end.
CREATE TABLE session_clients (
    sid       TEXT NOT NULL REFERENCES sessions (sid) ON DELETE CASCADE,
    client_id TEXT NOT NULL,
    PRIMARY KEY (sid, client_id)
);
CREATE INDEX session_clients_by_client ON session_clients (client_id);
