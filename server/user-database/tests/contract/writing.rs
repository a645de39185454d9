//! Writes that come at once: each is answered for itself.

use std::str::FromStr as _;

use futures::future::{Either, join_all, poll_immediate, select};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use user_database::Grants;

use crate::engines::{Home, on_every_engine};
use crate::samples::{at, grant, subject};

on_every_engine![
    of_writes_that_come_at_once_only_those_that_break_a_rule_fail,
    a_write_that_is_answered_is_seen_by_whoever_asks_next
];

async fn of_writes_that_come_at_once_only_those_that_break_a_rule_fail(home: &Home) {
    let database = home.open().await;
    let subject = subject(&database).await;
    let grants: Vec<_> = (0..40).map(|_| grant(subject)).collect();
    let nobodys = grant(uuid::Uuid::now_v7());
    let twice = grants.iter().chain([&nobodys]).chain(&grants);
    let added = join_all(twice.map(|grant| Grants::add(&*database, grant, None))).await;
    assert_eq!(added.iter().filter(|added| matches!(added, Ok(true))).count(), grants.len(), "each is added once");
    assert_eq!(added.iter().filter(|added| added.is_err()).count(), grants.len(), "its identity is taken");
    for grant in &grants {
        assert_eq!(database.live(grant.id, at(0)).await.unwrap().as_ref(), Some(grant));
    }
    assert!(database.live(nobodys.id, at(0)).await.unwrap().is_none(), "there is no such account");
}

async fn a_write_that_is_answered_is_seen_by_whoever_asks_next(home: &Home) {
    let (database, replica) = (home.open().await, home.open().await);
    let subject = subject(&database).await;
    let (database, replica) = (&database, &replica);
    let all = (0..40).map(|_| async move {
        let grant = grant(subject);
        assert!(Grants::add(&**database, &grant, None).await.unwrap());
        assert!(replica.live(grant.id, at(0)).await.unwrap().is_some());
        assert!(database.revoke(grant.id, at(1)).await.unwrap());
        assert!(replica.live(grant.id, at(1)).await.unwrap().is_none());
    });
    join_all(all).await;
}

/// Whoever is no longer there when its turn comes has nothing done.
#[tokio::test]
async fn a_write_that_is_given_up_in_the_queue_is_not_done() {
    let home = Home::sqlite();
    let database = home.open().await;
    let subject = subject(&database).await;
    let (first, given_up) = (grant(subject), grant(subject));
    // Another process holds the file, so that nobody's turn ends.
    let mut holder = SqliteConnectOptions::from_str(&home.url()).unwrap().connect().await.unwrap();
    let held = holder.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let mut adding = Grants::add(&*database, &first, None);
    let mut waiting = Grants::add(&*database, &given_up, None);
    assert!(poll_immediate(&mut adding).await.is_none());
    assert!(poll_immediate(&mut waiting).await.is_none());
    drop(waiting);
    let release = Box::pin(held.rollback());
    match select(adding, release).await {
        Either::Left((added, _)) => assert!(added.unwrap()),
        Either::Right((released, adding)) => {
            released.unwrap();
            assert!(adding.await.unwrap());
        }
    }
    assert!(database.live(first.id, at(0)).await.unwrap().is_some());
    // Whatever stood in the queue before this one is behind us.
    assert!(database.revoke(first.id, at(0)).await.unwrap());
    assert!(database.live(given_up.id, at(0)).await.unwrap().is_none());
    holder.close().await.unwrap();
    home.remove().await;
}
