//! Consents: what is allowed only adds up, per user and client.

use futures::future::join_all;
use protocol::Scope;
use user_database::{Accounts, Connection, Consents, Grants, Sessions};

use crate::engines::{Home, on_every_engine};
use crate::samples::{CLIENT, at, grant, scope, session, subject, token};

on_every_engine![
    consents_add_up,
    a_consent_is_one_users_and_one_clients,
    consents_given_at_once_are_all_kept,
    nobody_who_has_no_account_consents,
    an_account_is_found_with_what_it_allowed_one_client,
    connections_come_of_consents_and_of_live_grants,
    what_is_withdrawn_ends_its_grants_and_no_others,
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

async fn an_account_is_found_with_what_it_allowed_one_client(home: &Home) {
    let database = home.open().await;
    let (subject, stranger) = (subject(&database).await, subject(&database).await);
    database.allow(subject, "another-client", &scope("openid email"), at(0)).await.unwrap();
    database.allow(stranger, CLIENT, &scope("openid"), at(0)).await.unwrap();
    let account = database.by_subject(subject).await.unwrap().unwrap();
    let found = database.by_subject_with_consent(subject, CLIENT).await.unwrap();
    assert_eq!(found, Some((account.clone(), Scope::default())));
    database.allow(subject, CLIENT, &scope("openid profile"), at(1)).await.unwrap();
    let found = database.by_subject_with_consent(subject, CLIENT).await.unwrap();
    assert_eq!(found, Some((account, scope("openid profile"))));
    assert_eq!(database.by_subject_with_consent(uuid::Uuid::now_v7(), CLIENT).await.unwrap(), None);
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

async fn connections_come_of_consents_and_of_live_grants(home: &Home) {
    let database = home.open().await;
    let subject = subject(&database).await;
    assert_eq!(database.connections(subject, at(0)).await.unwrap(), []);
    database.allow(subject, "b-client", &scope("openid"), at(5)).await.unwrap();
    database.allow(subject, "b-client", &scope("email"), at(7)).await.unwrap();
    let by_grant = grant(subject);
    Grants::add(&*database, &by_grant, None).await.unwrap();
    let both = [
        Connection { client_id: "b-client".to_owned(), scope: scope("openid email"), since: at(5) },
        Connection { client_id: CLIENT.to_owned(), scope: by_grant.scope, since: at(0) },
    ];
    assert_eq!(database.connections(subject, at(10)).await.unwrap(), both);
    assert_eq!(database.connections(subject, at(3600)).await.unwrap(), both[..1], "the grant has expired");
}

async fn what_is_withdrawn_ends_its_grants_and_no_others(home: &Home) {
    let database = home.open().await;
    let (one, other) = (subject(&database).await, subject(&database).await);
    let mut kept = vec![grant(other), grant(one)];
    kept[1].client_id = "another-client".to_owned();
    let ended = grant(one);
    for (index, grant) in kept.iter().chain([&ended]).enumerate() {
        database.allow(grant.subject, &grant.client_id, &scope("openid"), at(0)).await.unwrap();
        Grants::add(&*database, grant, Some(&token(&index.to_string()))).await.unwrap();
    }
    let mut signed_in = session(one, "sid-of-one");
    signed_in.clients.insert("another-client".to_owned());
    database.enter(&signed_in).await.unwrap();
    database.enter(&session(other, "sid-of-other")).await.unwrap();
    database.withdraw(one, CLIENT, at(1)).await.unwrap();
    assert_eq!(database.allowed(one, CLIENT).await.unwrap(), Scope::default());
    assert!(database.live(ended.id, at(1)).await.unwrap().is_none());
    for grant in kept {
        assert!(database.live(grant.id, at(1)).await.unwrap().is_some());
        assert_eq!(database.allowed(grant.subject, &grant.client_id).await.unwrap(), scope("openid"));
    }
    let clients = async |sid| Sessions::get(&*database, sid).await.unwrap().unwrap().clients;
    assert_eq!(clients("sid-of-one").await, ["another-client".to_owned()].into());
    assert_eq!(clients("sid-of-other").await, [CLIENT.to_owned()].into());
    database.withdraw(one, "a-client-that-never-was", at(1)).await.unwrap();
}
