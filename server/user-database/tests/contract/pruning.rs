//! Pruning: what is over goes, what matters stays.

use futures::future::join_all;
use jiff::SignedDuration;
use user_database::{Clients, Consents as _, Grant, Grants, REPLAY_MEMORY, Rotation, Sessions, StoredClient};

use crate::engines::{Home, on_every_engine};
use crate::samples::{CLIENT, at, grant, scope, session, subject, token};

on_every_engine![
    expired_and_revoked_grants_go_with_their_tokens,
    a_used_token_is_remembered_for_its_time,
    a_prune_takes_nothing_that_is_live,
    sessions_that_ran_out_go,
    clients_that_registered_themselves_and_were_never_used_go,
    replicas_that_prune_at_once_do_not_get_in_each_others_way,
];

async fn expired_and_revoked_grants_go_with_their_tokens(home: &Home) {
    let database = home.open().await;
    let subject = subject(&database).await;
    let (expired, revoked) = (grant(subject), grant(subject));
    Grants::add(&*database, &expired, Some(&token("expired-1"))).await.unwrap();
    database.rotate(&token("expired-1"), CLIENT, &token("expired-2"), at(1)).await.unwrap();
    assert_eq!(database.prune(at(3599)).await.unwrap(), 0);
    Grants::add(&*database, &revoked, Some(&token("revoked"))).await.unwrap();
    database.revoke(revoked.id, at(10)).await.unwrap();
    assert_eq!(database.prune(at(3599)).await.unwrap(), 2, "the revoked grant and its token");
    assert_eq!(database.prune(at(3600)).await.unwrap(), 3, "the expired grant and its two tokens");
    assert_eq!(database.prune(at(3600)).await.unwrap(), 0);
    for gone in ["expired-1", "expired-2", "revoked"] {
        assert!(database.of_refresh_token(&token(gone), CLIENT).await.unwrap().is_none(), "{gone}");
    }
}

async fn a_used_token_is_remembered_for_its_time(home: &Home) {
    let database = home.open().await;
    let mut grant = grant(subject(&database).await);
    grant.expires_at = at(0) + SignedDuration::from_hours(24 * 90);
    Grants::add(&*database, &grant, Some(&token("1"))).await.unwrap();
    database.rotate(&token("1"), CLIENT, &token("2"), at(0)).await.unwrap();
    assert_eq!(database.prune(at(-1) + REPLAY_MEMORY).await.unwrap(), 0);
    assert!(database.of_refresh_token(&token("1"), CLIENT).await.unwrap().is_some());
    assert_eq!(database.prune(at(0) + REPLAY_MEMORY).await.unwrap(), 1);
    let replayed = database.rotate(&token("1"), CLIENT, &token("x"), at(0) + REPLAY_MEMORY).await.unwrap();
    assert!(matches!(replayed, Rotation::Unknown), "{replayed:?}");
    let rotated = database.rotate(&token("2"), CLIENT, &token("3"), at(0) + REPLAY_MEMORY).await.unwrap();
    assert!(matches!(rotated, Rotation::Rotated(_)), "{rotated:?}");
}

async fn a_prune_takes_nothing_that_is_live(home: &Home) {
    let database = home.open().await;
    let grant = grant(subject(&database).await);
    Grants::add(&*database, &grant, Some(&token("1"))).await.unwrap();
    database.rotate(&token("1"), CLIENT, &token("2"), at(100)).await.unwrap();
    assert_eq!(database.prune(at(109)).await.unwrap(), 0);
    let repeated = database.rotate(&token("1"), CLIENT, &token("x"), at(109)).await.unwrap();
    assert!(matches!(repeated, Rotation::Repeated { ref successor, .. } if *successor == token("2")), "{repeated:?}");
}

async fn clients_that_registered_themselves_and_were_never_used_go(home: &Home) {
    let database = home.open().await;
    let subject = subject(&database).await;
    for (client_id, by_operator, second) in [
        ("unused", false, 0),
        ("too young", false, 11),
        ("of the operator", true, 0),
        ("allowed", false, 0),
        ("granted", false, 0),
    ] {
        let client = StoredClient {
            client_id: client_id.to_owned(),
            metadata: serde_json::json!({}),
            secret_digest: None,
            registration_digest: None,
            by_operator,
            created_at: at(second),
        };
        assert!(Clients::add(&*database, &client).await.unwrap());
    }
    database.allow(subject, "allowed", &scope("openid"), at(1)).await.unwrap();
    Grants::add(&*database, &Grant { client_id: "granted".to_owned(), ..grant(subject) }, None).await.unwrap();
    assert_eq!(database.prune_clients(at(-1), at(20)).await.unwrap(), 0);
    assert_eq!(database.prune_clients(at(10), at(20)).await.unwrap(), 1);
    assert!(Clients::find(&*database, "unused").await.unwrap().is_none());
    assert_eq!(Clients::list(&*database, "", 10).await.unwrap().len(), 4);
    database.prune(at(3600)).await.unwrap();
    assert_eq!(database.prune_clients(at(10), at(3600)).await.unwrap(), 1, "its last grant has ended");
}

async fn replicas_that_prune_at_once_do_not_get_in_each_others_way(home: &Home) {
    let replicas = [home.open().await, home.open().await, home.open().await];
    let subject = subject(&replicas[0]).await;
    // More than one batch.
    for i in 0..600 {
        Grants::add(&*replicas[0], &grant(subject), Some(&token(&i.to_string()))).await.unwrap();
    }
    let pruned =
        join_all(replicas.iter().cloned().map(|database| tokio::spawn(async move { database.prune(at(3600)).await.unwrap() })))
            .await;
    assert_eq!(pruned.into_iter().map(Result::unwrap).sum::<u64>(), 1200);
}

async fn sessions_that_ran_out_go(home: &Home) {
    let database = home.open().await;
    database.enter(&session(subject(&database).await, "sid")).await.unwrap();
    assert_eq!(database.prune(at(3599)).await.unwrap(), 0);
    assert!(Sessions::get(&*database, "sid").await.unwrap().is_some());
    assert_eq!(database.prune(at(3600)).await.unwrap(), 1);
    assert!(Sessions::get(&*database, "sid").await.unwrap().is_none());
}
