//! Consents: what is allowed only adds up, per user and client.

use futures::future::join_all;
use protocol::Scope;
use user_database::Consents;

use crate::engines::{Home, on_every_engine};
use crate::samples::{CLIENT, at, scope, subject};

on_every_engine![
    consents_add_up,
    a_consent_is_one_users_and_one_clients,
    consents_given_at_once_are_all_kept,
    nobody_who_has_no_account_consents,
];

async fn consents_add_up(home: &Home) {
    let database = home.open().await;
    let subject = subject(&database).await;
    assert_eq!(database.allowed(subject, CLIENT).await.unwrap(), Scope::default());
    database.allow(subject, CLIENT, &Scope::default(), at(0)).await.unwrap();
    database.allow(subject, CLIENT, &scope("openid profile"), at(1)).await.unwrap();
    database.allow(subject, CLIENT, &scope("profile email"), at(2)).await.unwrap();
    assert_eq!(database.allowed(subject, CLIENT).await.unwrap(), scope("openid profile email"));
}

async fn a_consent_is_one_users_and_one_clients(home: &Home) {
    let database = home.open().await;
    let (one, other) = (subject(&database).await, subject(&database).await);
    database.allow(one, CLIENT, &scope("openid"), at(0)).await.unwrap();
    assert_eq!(database.allowed(other, CLIENT).await.unwrap(), Scope::default());
    assert_eq!(database.allowed(one, "another-client").await.unwrap(), Scope::default());
}

async fn consents_given_at_once_are_all_kept(home: &Home) {
    let replicas = [home.open().await, home.open().await];
    let subject = subject(&replicas[0]).await;
    let given = join_all((0..20).map(|i| {
        let database = replicas[i % replicas.len()].clone();
        tokio::spawn(async move { database.allow(subject, CLIENT, &scope(&format!("openid s{i}")), at(0)).await.unwrap() })
    }))
    .await;
    assert!(given.iter().all(Result::is_ok));
    let expected = (0..20).fold(scope("openid"), |all, i| all.union(&scope(&format!("s{i}"))));
    assert_eq!(replicas[1].allowed(subject, CLIENT).await.unwrap(), expected);
}

async fn nobody_who_has_no_account_consents(home: &Home) {
    let database = home.open().await;
    let nobody = uuid::Uuid::now_v7();
    assert!(database.allow(nobody, CLIENT, &scope("openid"), at(0)).await.is_err());
    assert_eq!(database.allowed(nobody, CLIENT).await.unwrap(), Scope::default());
}
