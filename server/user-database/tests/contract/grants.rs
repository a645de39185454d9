//! Grants: live until they expire or are revoked.

use futures::future::join_all;
use jiff::SignedDuration;
use user_database::{AccountKeeper, Grant, Grants, Rotation, SqlDatabase};
use uuid::Uuid;

use crate::engines::{Home, on_every_engine};
use crate::samples::{CLIENT, at, grant, key, subject, token};

on_every_engine![
    a_grant_reads_back_whole,
    a_grant_lives_until_the_instant_it_expires,
    a_revoked_grant_is_not_live_and_its_tokens_do_not_work,
    of_many_who_revoke_a_grant_one_is_told_that_it_did,
    a_grant_is_found_by_each_of_its_tokens_for_its_own_client_only,
    a_grant_that_cannot_be_added_leaves_no_token_behind,
    an_unused_token_is_told_from_one_that_is_used_up_expired_revoked_or_anothers,
    a_grant_remembers_its_key_and_its_resource_through_every_rotation,
    a_grant_is_bound_once,
    of_many_keys_at_once_a_grant_is_bound_to_one,
    a_grant_is_for_an_account_that_may_sign_in_as_it_did,
];

async fn a_grant_reads_back_whole(home: &Home) {
    let database = home.open().await;
    let grant = grant(subject(&database).await);
    Grants::add(&*database, &grant, None).await.unwrap();
    assert_eq!(database.live(grant.id, at(0)).await.unwrap(), Some(grant));
    assert_eq!(database.live(Uuid::now_v7(), at(0)).await.unwrap(), None);
}

async fn a_grant_lives_until_the_instant_it_expires(home: &Home) {
    let database = home.open().await;
    let grant = grant(subject(&database).await);
    Grants::add(&*database, &grant, Some(&token("1"))).await.unwrap();
    assert!(database.live(grant.id, at(3599)).await.unwrap().is_some());
    assert!(database.live(grant.id, at(3600)).await.unwrap().is_none());
    assert!(matches!(database.rotate(&token("1"), CLIENT, &token("2"), at(3600)).await.unwrap(), Rotation::Unknown));
    assert!(!database.revoke(grant.id, at(3600)).await.unwrap());
    assert!(matches!(database.rotate(&token("1"), CLIENT, &token("2"), at(3599)).await.unwrap(), Rotation::Rotated(_)));
}

async fn a_revoked_grant_is_not_live_and_its_tokens_do_not_work(home: &Home) {
    let database = home.open().await;
    let grant = grant(subject(&database).await);
    Grants::add(&*database, &grant, Some(&token("1"))).await.unwrap();
    database.rotate(&token("1"), CLIENT, &token("2"), at(1)).await.unwrap();
    assert!(database.revoke(grant.id, at(2)).await.unwrap());
    assert!(!database.revoke(grant.id, at(2)).await.unwrap());
    assert!(database.live(grant.id, at(2)).await.unwrap().is_none());
    for used_or_not in ["1", "2"] {
        let rotation = database.rotate(&token(used_or_not), CLIENT, &token("3"), at(2)).await.unwrap();
        assert!(matches!(rotation, Rotation::Unknown), "{rotation:?}");
    }
    assert!(database.of_refresh_token(&token("3"), CLIENT).await.unwrap().is_none());
}

async fn of_many_who_revoke_a_grant_one_is_told_that_it_did(home: &Home) {
    let replicas = [home.open().await, home.open().await];
    let grant = grant(subject(&replicas[0]).await);
    Grants::add(&*replicas[0], &grant, None).await.unwrap();
    let revoked = join_all((0..20).map(|i| {
        let database = replicas[i % replicas.len()].clone();
        tokio::spawn(async move { database.revoke(grant.id, at(1)).await.unwrap() })
    }))
    .await;
    assert_eq!(revoked.into_iter().filter(|revoked| *revoked.as_ref().unwrap()).count(), 1);
}

async fn a_grant_is_found_by_each_of_its_tokens_for_its_own_client_only(home: &Home) {
    let database = home.open().await;
    let grant = grant(subject(&database).await);
    Grants::add(&*database, &grant, Some(&token("1"))).await.unwrap();
    database.rotate(&token("1"), CLIENT, &token("2"), at(1)).await.unwrap();
    for used_or_not in ["1", "2"] {
        let found = database.of_refresh_token(&token(used_or_not), CLIENT).await.unwrap();
        assert_eq!(found.as_ref(), Some(&grant));
        assert!(database.of_refresh_token(&token(used_or_not), "another-client").await.unwrap().is_none());
    }
    assert!(database.of_refresh_token(&token("3"), CLIENT).await.unwrap().is_none());
}

async fn a_grant_that_cannot_be_added_leaves_no_token_behind(home: &Home) {
    let database = home.open().await;
    let grant = grant(subject(&database).await);
    Grants::add(&*database, &grant, Some(&token("1"))).await.unwrap();
    assert!(Grants::add(&*database, &grant, Some(&token("2"))).await.is_err(), "its identity is taken");
    assert!(database.of_refresh_token(&token("2"), CLIENT).await.unwrap().is_none());

    let another = crate::samples::grant(grant.subject);
    assert!(Grants::add(&*database, &another, Some(&token("1"))).await.is_err(), "the token is another grant's");
    assert!(database.live(another.id, at(0)).await.unwrap().is_none());
    assert_eq!(database.of_refresh_token(&token("1"), CLIENT).await.unwrap(), Some(grant));
}

async fn an_unused_token_is_told_from_one_that_is_used_up_expired_revoked_or_anothers(home: &Home) {
    let database = home.open().await;
    let grant = grant(subject(&database).await);
    Grants::add(&*database, &grant, Some(&token("1"))).await.unwrap();
    let unused = async |text: &str, client_id: &str, second| {
        database.of_unused_refresh_token(&token(text), client_id, at(second)).await.unwrap().map(|grant| grant.id)
    };
    assert_eq!(unused("1", CLIENT, 1).await, Some(grant.id));
    assert_eq!(unused("1", "another", 1).await, None);
    assert_eq!(unused("1", CLIENT, 3600).await, None);
    database.rotate(&token("1"), CLIENT, &token("2"), at(1)).await.unwrap();
    assert_eq!((unused("1", CLIENT, 1).await, unused("2", CLIENT, 1).await), (None, Some(grant.id)));
    database.revoke(grant.id, at(2)).await.unwrap();
    assert_eq!(unused("2", CLIENT, 2).await, None);
}

async fn a_grant_remembers_its_key_and_its_resource_through_every_rotation(home: &Home) {
    let database = home.open().await;
    let bound =
        Grant {
            dpop_jkt: Some(key('k')), resource: Some("https://api.example/ö".to_owned()), ..grant(subject(&database).await)
        };
    Grants::add(&*database, &bound, Some(&token("1"))).await.unwrap();
    assert_eq!(database.live(bound.id, at(0)).await.unwrap().as_ref(), Some(&bound));
    assert_eq!(database.of_refresh_token(&token("1"), CLIENT).await.unwrap().as_ref(), Some(&bound));
    let rotated = database.rotate(&token("1"), CLIENT, &token("2"), at(1)).await.unwrap();
    assert!(matches!(rotated, Rotation::Rotated(ref grant) if *grant == bound), "{rotated:?}");
    let repeated = database.rotate(&token("1"), CLIENT, &token("x"), at(1)).await.unwrap();
    assert!(matches!(repeated, Rotation::Repeated { ref grant, .. } if *grant == bound), "{repeated:?}");
}

async fn a_grant_is_bound_once(home: &Home) {
    let database = home.open().await;
    let grant = grant(subject(&database).await);
    Grants::add(&*database, &grant, Some(&token("1"))).await.unwrap();
    assert!(database.bind(grant.id, &key('a')).await.unwrap());
    assert!(!database.bind(grant.id, &key('b')).await.unwrap());
    assert!(database.bind(grant.id, &key('a')).await.unwrap());
    assert_eq!(database.live(grant.id, at(0)).await.unwrap().unwrap().dpop_jkt, Some(key('a')));
    assert!(!database.bind(Uuid::now_v7(), &key('a')).await.unwrap());
}

async fn of_many_keys_at_once_a_grant_is_bound_to_one(home: &Home) {
    let replicas = [home.open().await, home.open().await];
    let grant = grant(subject(&replicas[0]).await);
    Grants::add(&*replicas[0], &grant, None).await.unwrap();
    let bound = join_all(('a'..='t').zip(replicas.iter().cycle()).map(|(letter, database)| {
        let database = database.clone();
        tokio::spawn(async move { database.bind(grant.id, &key(letter)).await.unwrap().then_some(letter) })
    }))
    .await;
    let winners: Vec<char> = bound.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(replicas[1].live(grant.id, at(0)).await.unwrap().unwrap().dpop_jkt, Some(key(winners[0])));
}

/// The grants of `subject` that can be added are none, with a refresh token or without.
async fn is_refused(database: &SqlDatabase, subject: Uuid, why: &str) {
    for first in [None, Some(&token("refused"))] {
        let grant = grant(subject);
        assert!(!Grants::add(database, &grant, first).await.unwrap(), "{why}");
        assert!(database.live(grant.id, at(0)).await.unwrap().is_none(), "{why}");
    }
    assert!(database.of_refresh_token(&token("refused"), CLIENT).await.unwrap().is_none(), "{why}");
}

async fn a_grant_is_for_an_account_that_may_sign_in_as_it_did(home: &Home) {
    let database = home.open().await;
    let subject = subject(&database).await;
    let authenticated = grant(subject).auth_time;
    is_refused(&database, Uuid::now_v7(), "nobody").await;
    database.set_disabled(subject, true, at(-3600)).await.unwrap();
    is_refused(&database, subject, "disabled").await;
    database.set_disabled(subject, false, at(-3600)).await.unwrap();
    database.set_password(subject, "another", authenticated).await.unwrap();
    for first in [None, Some(&token("1"))] {
        assert!(Grants::add(&*database, &grant(subject), first).await.unwrap(), "authenticated since");
    }
    database.set_password(subject, "a third", authenticated + SignedDuration::from_millis(1)).await.unwrap();
    is_refused(&database, subject, "authenticated before").await;
    AccountKeeper::remove(&*database, subject).await.unwrap();
    is_refused(&database, subject, "removed").await;
}
