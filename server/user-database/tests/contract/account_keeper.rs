//! The keeping of accounts: what ends, ends as a whole.

use protocol::Scope;
use user_database::{AccountKeeper, Accounts, Consents, Grants, SqlDatabase};
use uuid::Uuid;

use crate::engines::{Home, on_every_engine};
use crate::samples::{CLIENT, account, at, grant, scope, token};

on_every_engine![
    accounts_are_listed_in_order_and_page_by_page,
    a_name_is_changed_and_nothing_else,
    a_new_password_ends_sessions_and_grants,
    disabling_ends_sessions_and_grants_and_enabling_revives_none,
    an_account_that_is_removed_takes_along_what_it_was_granted,
    nothing_happens_to_an_account_that_is_not_there,
];

/// An account that has signed in: with a grant, a refresh token and a consent.
async fn signed_in(database: &SqlDatabase, username: &str) -> (Uuid, Uuid) {
    let account = account(username);
    assert!(Accounts::add(database, &account).await.unwrap());
    let grant = grant(account.subject);
    Grants::add(database, &grant, Some(&token(username))).await.unwrap();
    database.allow(account.subject, CLIENT, &scope("openid"), at(0)).await.unwrap();
    (account.subject, grant.id)
}

async fn has_live(database: &SqlDatabase, grant: Uuid) -> bool {
    database.live(grant, at(1)).await.unwrap().is_some()
}

async fn accounts_are_listed_in_order_and_page_by_page(home: &Home) {
    let database = home.open().await;
    for username in ["carol", "alice", "bob"] {
        Accounts::add(&*database, &account(username)).await.unwrap();
    }
    let listed = async |after: &str, limit| {
        let accounts = AccountKeeper::list(&*database, after, limit).await.unwrap();
        accounts.into_iter().map(|account| account.username).collect::<Vec<_>>()
    };
    assert_eq!(listed("", 2).await, ["alice", "bob"]);
    assert_eq!(listed("bob", 2).await, ["carol"]);
    assert_eq!(listed("carol", 2).await, [""; 0]);
}

async fn a_name_is_changed_and_nothing_else(home: &Home) {
    let database = home.open().await;
    let account = account("ada");
    Accounts::add(&*database, &account).await.unwrap();
    assert!(database.set_name(account.subject, "Ada L. \"Countess\" 💚").await.unwrap());
    let changed = database.by_subject(account.subject).await.unwrap().unwrap();
    assert_eq!(changed.name, "Ada L. \"Countess\" 💚");
    assert_eq!((changed.username, changed.sessions_since), (account.username, account.sessions_since));
    assert!(!database.set_name(Uuid::now_v7(), "Nobody").await.unwrap());
}

async fn a_new_password_ends_sessions_and_grants(home: &Home) {
    let database = home.open().await;
    let (subject, grant) = signed_in(&database, "ada").await;
    let (_, of_another) = signed_in(&database, "grace").await;
    assert!(database.set_password(subject, "$argon2id$new", at(1)).await.unwrap());
    let account = database.by_subject(subject).await.unwrap().unwrap();
    assert_eq!((account.password_hash.as_str(), account.sessions_since), ("$argon2id$new", at(1)));
    assert!(!has_live(&database, grant).await && has_live(&database, of_another).await);
    assert_eq!(database.allowed(subject, CLIENT).await.unwrap(), scope("openid"), "what was allowed stays allowed");
}

async fn disabling_ends_sessions_and_grants_and_enabling_revives_none(home: &Home) {
    let database = home.open().await;
    let (subject, grant) = signed_in(&database, "ada").await;
    assert!(database.set_disabled(subject, true, at(1)).await.unwrap());
    let disabled = database.by_subject(subject).await.unwrap().unwrap();
    assert!(disabled.disabled && disabled.sessions_since == at(1));
    assert!(database.set_disabled(subject, false, at(2)).await.unwrap());
    let enabled = database.by_subject(subject).await.unwrap().unwrap();
    assert!(!enabled.disabled && enabled.sessions_since == at(1));
    assert!(!has_live(&database, grant).await);
}

async fn an_account_that_is_removed_takes_along_what_it_was_granted(home: &Home) {
    let database = home.open().await;
    let (subject, grant) = signed_in(&database, "ada").await;
    let (_, of_another) = signed_in(&database, "grace").await;
    assert!(AccountKeeper::remove(&*database, subject).await.unwrap());
    assert!(database.by_login("ada").await.unwrap().is_none());
    assert!(!has_live(&database, grant).await && has_live(&database, of_another).await);
    assert!(database.of_refresh_token(&token("ada"), CLIENT).await.unwrap().is_none());
    assert_eq!(database.allowed(subject, CLIENT).await.unwrap(), Scope::default());
    assert!(Accounts::add(&*database, &account("ada")).await.unwrap(), "the name is free again");
}

async fn nothing_happens_to_an_account_that_is_not_there(home: &Home) {
    let database = home.open().await;
    let nobody = Uuid::now_v7();
    assert!(!database.set_password(nobody, "x", at(1)).await.unwrap());
    assert!(!database.set_disabled(nobody, true, at(1)).await.unwrap());
    assert!(!database.set_disabled(nobody, false, at(1)).await.unwrap());
    assert!(!AccountKeeper::remove(&*database, nobody).await.unwrap());
}
