//! Accounts: a login means one account, or none.

use futures::future::join_all;
use user_database::Accounts;

use crate::engines::{Home, on_every_engine};
use crate::samples::account;

on_every_engine![
    an_account_is_found_by_username_by_address_and_by_subject,
    a_disabled_and_unverified_account_reads_back_as_such,
    a_username_an_address_or_a_subject_is_taken_once,
    nobody_takes_the_address_of_another_as_a_username,
    of_many_who_want_one_username_at_once_one_gets_it,
    whatever_is_typed_gets_an_answer,
];

async fn an_account_is_found_by_username_by_address_and_by_subject(home: &Home) {
    let database = home.open().await;
    let zoe = account("zoë");
    assert!(database.add(&zoe).await.unwrap());
    for login in ["zoë", "ZOË", "zoë@example.org", "ZOË@EXAMPLE.ORG"] {
        assert_eq!(database.by_login(login).await.unwrap(), Some(zoe.clone()), "{login}");
    }
    assert_eq!(database.by_subject(zoe.subject).await.unwrap(), Some(zoe.clone()));
    assert!(database.by_login("zo").await.unwrap().is_none());
    assert!(database.by_subject(account("x").subject).await.unwrap().is_none());
}

async fn a_disabled_and_unverified_account_reads_back_as_such(home: &Home) {
    let database = home.open().await;
    let mut account = account("mixed");
    (account.disabled, account.email_verified) = (true, false);
    assert!(database.add(&account).await.unwrap());
    assert_eq!(database.by_subject(account.subject).await.unwrap(), Some(account));
}

async fn a_username_an_address_or_a_subject_is_taken_once(home: &Home) {
    let database = home.open().await;
    let first = account("first");
    assert!(database.add(&first).await.unwrap());

    let mut same_username = account("FIRST");
    same_username.email = "other@example.org".to_owned();
    assert!(!database.add(&same_username).await.unwrap());
    let mut same_address = account("second");
    same_address.email = "First@EXAMPLE.org".to_owned();
    assert!(!database.add(&same_address).await.unwrap());
    let mut same_subject = account("third");
    same_subject.subject = first.subject;
    assert!(!database.add(&same_subject).await.unwrap());

    // Nothing of those who were refused is left: neither they, nor the logins that were free.
    assert!(database.by_subject(same_username.subject).await.unwrap().is_none());
    assert!(database.by_subject(same_address.subject).await.unwrap().is_none());
    assert!(database.add(&account("second")).await.unwrap());
}

async fn nobody_takes_the_address_of_another_as_a_username(home: &Home) {
    let database = home.open().await;
    let victim = account("victim");
    assert!(database.add(&victim).await.unwrap());
    let mut squatter = account("victim@example.org");
    squatter.email = "squatter@example.org".to_owned();
    assert!(!database.add(&squatter).await.unwrap());
    assert_eq!(database.by_login("victim@example.org").await.unwrap(), Some(victim));

    let mut same_twice = account("me@example.org");
    same_twice.email = "me@example.org".to_owned();
    assert!(database.add(&same_twice).await.unwrap(), "one's own address may be one's username");
}

async fn of_many_who_want_one_username_at_once_one_gets_it(home: &Home) {
    let replicas = [home.open().await, home.open().await, home.open().await];
    let added = join_all((0..21).map(|i| {
        let database = replicas[i % replicas.len()].clone();
        tokio::spawn(async move { database.add(&account("wanted")).await.unwrap() })
    }))
    .await;
    assert_eq!(added.into_iter().filter(|added| *added.as_ref().unwrap()).count(), 1);
}

async fn whatever_is_typed_gets_an_answer(home: &Home) {
    let database = home.open().await;
    for login in ["", " ", "'", "\0", "a\0b", "%", "'; DROP TABLE accounts; --", "🧥", &"x".repeat(100_000)] {
        assert!(database.by_login(login).await.unwrap().is_none());
    }
}
