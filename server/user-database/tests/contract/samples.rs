//! What the rules are tried on.

use jiff::{SignedDuration, Timestamp};
use protocol::Scope;
use protocol::dpop::Thumbprint;
use protocol::secret::RefreshToken;
use user_database::{Account, Accounts as _, Grant, Session, SqlDatabase, StoredKey};
use uuid::Uuid;

pub(crate) const CLIENT: &str = "cloakroom-application";

/// An instant in whole milliseconds, as the database keeps it, `seconds` after the test's beginning.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millisecond(1_790_000_000_123).unwrap() + SignedDuration::from_secs(seconds)
}

pub(crate) fn scope(text: &str) -> Scope {
    Scope::parse(text).unwrap()
}

pub(crate) fn token(text: &str) -> RefreshToken {
    RefreshToken::new(format!("a-refresh-token-that-must-not-be-found-{text}"))
}

pub(crate) fn account(username: &str) -> Account {
    Account {
        subject: Uuid::now_v7(),
        username: username.to_owned(),
        password_hash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g".to_owned(),
        name: "Zoë O'Hara \"Z\"".to_owned(),
        email: format!("{username}@Example.org"),
        email_verified: true,
        created_at: at(0),
        disabled: false,
        sessions_since: at(-60),
    }
}

/// Adds an account and answers its subject.
pub(crate) async fn subject(database: &SqlDatabase) -> Uuid {
    let account = account(&format!("user-{}", Uuid::now_v7()));
    assert!(database.add(&account).await.unwrap());
    account.subject
}

/// A grant made at the beginning, good for an hour.
pub(crate) fn grant(subject: Uuid) -> Grant {
    Grant {
        id: Uuid::now_v7(),
        subject,
        client_id: CLIENT.to_owned(),
        scope: scope("openid profile offline_access"),
        auth_time: at(-30),
        session: "sid-1".to_owned(),
        created_at: at(0),
        expires_at: at(3600),
        dpop_jkt: None,
        resource: None,
    }
}

/// A signing key, made at the beginning, that signs from second `activates` on.
pub(crate) fn signing_key(kind: &str, generation: i64, activates: i64) -> StoredKey {
    StoredKey {
        kind: kind.to_owned(),
        generation,
        kid: format!("{kind}-{generation}-{}", Uuid::now_v7()),
        sealed: (0..=255).collect(),
        created_at: at(0),
        activates_at: at(activates),
        expires_at: None,
    }
}

/// A thumbprint of a key, by a letter.
pub(crate) fn key(letter: char) -> Thumbprint {
    format!("{}A", letter.to_string().repeat(42)).parse().unwrap()
}

/// A session that began at the beginning and ends after an hour.
pub(crate) fn session(subject: Uuid, sid: &str) -> Session {
    Session {
        sid: sid.to_owned(),
        subject,
        record: format!("provider:session:{sid}"),
        began_at: at(0),
        ends_at: at(3600),
        user_agent: Some("Mozilla/5.0".to_owned()),
        address: None,
        clients: [CLIENT.to_owned()].into(),
    }
}
