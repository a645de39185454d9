-- Links that were sent by e-mail: to open an account, or to choose a new password. The token is nowhere: its digest finds the row.
-- One row for each purpose and address, so that a newer link replaces the one before it. `subject` is the account, or the one that is
-- to be; `sign_in` the sign-in under way in the browser that asked.

CREATE TABLE mailed_links (
    purpose    TEXT   NOT NULL,
    mailbox    TEXT   NOT NULL,
    address    TEXT   NOT NULL,
    digest     TEXT   NOT NULL UNIQUE,
    subject    TEXT   NOT NULL,
    sign_in    TEXT,
    asked_at   BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT,
    PRIMARY KEY (purpose, mailbox)
);
CREATE INDEX mailed_links_by_subject ON mailed_links (subject);
CREATE INDEX mailed_links_by_expiry ON mailed_links (expires_at);
