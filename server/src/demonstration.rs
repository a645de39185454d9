//! Accounts to try, in development mode only.

use authorization_server::password;
use jiff::Timestamp;
use protocol::secret::Password;
use protocol::{Clock, Rng};
use user_database::{Account, Accounts};
use uuid::Uuid;

use crate::Failure;

/// An account to try.
#[derive(Debug, Clone, Copy)]
pub struct Demonstration {
    /// What to type as the name.
    pub username: &'static str,
    /// What to type as the password; public by intent.
    pub password: &'static str,
    name: &'static str,
    email: &'static str,
    subject: Uuid,
}

/// The accounts. Their subjects are fixed, so that a fresh database does not orphan a session.
pub const ACCOUNTS: [Demonstration; 2] = [
    Demonstration {
        username: "ada",
        password: "ada-loves-tea",
        name: "Ada Lovelace",
        email: "ada@example.com",
        subject: Uuid::from_u128(0x00ad_a000_0000_4000_8000_0000_0000_0001),
    },
    Demonstration {
        username: "grace",
        password: "grace-finds-bugs",
        name: "Grace Hopper",
        email: "grace@example.com",
        subject: Uuid::from_u128(0x009a_ce00_0000_4000_8000_0000_0000_0002),
    },
];

/// Refuses a database in which one of them can still sign in, where they are not wanted: everybody knows their passwords.
///
/// # Errors
/// [`Failure::Configuration`] names them, [`Failure::Command`] is a User Database that does not answer.
pub async fn refuse_leftovers(accounts: &dyn Accounts) -> Result<(), Failure> {
    let mut found = Vec::new();
    for demonstration in ACCOUNTS {
        let account = accounts.by_subject(demonstration.subject).await;
        let account = account.map_err(|error| Failure::Command(format!("the accounts cannot be looked at: {error}")))?;
        found.extend(account.filter(|account| !account.disabled).map(|account| account.username));
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(Failure::Configuration(format!(
        "the database holds the demonstration accounts {}, whose passwords everybody knows: use a fresh database, or set \
         provider.demo_accounts = true in development",
        found.join(", ")
    )))
}

/// Adds those that are missing.
///
/// # Errors
/// [`Failure::Command`] where the User Database does not take them.
pub async fn furnish(accounts: &dyn Accounts, clock: &dyn Clock, rng: &dyn Rng) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Command(format!("the demonstration accounts cannot be made: {error}"));
    for demonstration in ACCOUNTS {
        if accounts.by_subject(demonstration.subject).await.map_err(|error| failed(&error))?.is_some() {
            continue;
        }
        let account = Account {
            subject: demonstration.subject,
            username: demonstration.username.to_owned(),
            password_hash: password::hash(&Password::new(demonstration.password), rng).map_err(|error| failed(&error))?,
            name: demonstration.name.to_owned(),
            email: demonstration.email.to_owned(),
            email_verified: true,
            created_at: clock.now(),
            disabled: false,
            sessions_since: Timestamp::UNIX_EPOCH,
        };
        accounts.add(&account).await.map_err(|error| failed(&error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{OsRng, SystemClock};
    use std::sync::Arc;

    #[tokio::test]
    async fn demonstration_accounts_left_in_the_database_are_named_and_refused() {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", directory.path().join("users.db").display());
        let database = user_database::SqlDatabase::open(&url, Arc::new(OsRng)).await.unwrap();
        assert!(refuse_leftovers(database.as_ref()).await.is_ok(), "a fresh database holds none");
        furnish(database.as_ref(), &SystemClock, &OsRng).await.unwrap();
        let error = refuse_leftovers(database.as_ref()).await.unwrap_err();
        assert!(matches!(error, Failure::Configuration(_)));
        let error = error.to_string();
        assert!(error.contains("ada, grace") && error.contains("use a fresh database"), "{error}");
        database.close().await;
    }
}
