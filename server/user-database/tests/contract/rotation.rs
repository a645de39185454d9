//! Rotation of refresh tokens (RFC 9700 §4.14.2).

use std::sync::Arc;

use futures::future::join_all;
use jiff::SignedDuration;
use user_database::{Grant, Grants, ROTATION_GRACE, Rotation, SqlDatabase};

use crate::engines::{Home, on_every_engine};
use crate::samples::{CLIENT, at, grant, subject, token};

on_every_engine![
    each_token_is_used_once_and_its_successor_lives,
    within_the_grace_the_same_successor_is_given_again,
    after_the_grace_the_grant_is_revoked,
    a_successor_that_was_used_meanwhile_still_leads_on,
    a_foreign_client_changes_nothing,
    of_twenty_at_once_one_rotates_and_the_others_agree,
    of_twenty_replays_at_once_each_tells_of_it,
    a_token_rotated_while_its_grant_is_revoked_is_never_live_after,
    many_families_rotate_at_once,
    a_successor_that_there_is_already_uses_nothing_up,
];

async fn begun(database: &SqlDatabase) -> Grant {
    let grant = grant(subject(database).await);
    Grants::add(database, &grant, Some(&token("1"))).await.unwrap();
    grant
}

async fn each_token_is_used_once_and_its_successor_lives(home: &Home) {
    let database = home.open().await;
    let grant = begun(&database).await;
    for (i, hour) in (1..10).zip(0..) {
        let now = at(hour * 60);
        let rotation = database.rotate(&token(&i.to_string()), CLIENT, &token(&(i + 1).to_string()), now).await.unwrap();
        assert!(matches!(rotation, Rotation::Rotated(ref rotated) if *rotated == grant), "{rotation:?}");
    }
    assert!(matches!(database.rotate(&token("unheard-of"), CLIENT, &token("x"), at(0)).await.unwrap(), Rotation::Unknown));
}

async fn within_the_grace_the_same_successor_is_given_again(home: &Home) {
    let database = home.open().await;
    let expected = begun(&database).await;
    database.rotate(&token("1"), CLIENT, &token("2"), at(100)).await.unwrap();
    // A replica whose clock is a little behind repeats as well.
    for seconds in [98, 100, 109] {
        match database.rotate(&token("1"), CLIENT, &token("never"), at(seconds)).await.unwrap() {
            Rotation::Repeated { grant, successor } => {
                assert_eq!(grant, expected);
                assert_eq!(successor, token("2"));
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(database.of_refresh_token(&token("never"), CLIENT).await.unwrap().is_none());
    assert!(database.live(expected.id, at(110)).await.unwrap().is_some());
}

async fn after_the_grace_the_grant_is_revoked(home: &Home) {
    let database = home.open().await;
    let grant = begun(&database).await;
    database.rotate(&token("1"), CLIENT, &token("2"), at(100)).await.unwrap();
    let just_within = at(100) + ROTATION_GRACE - SignedDuration::from_millis(1);
    let rotation = database.rotate(&token("1"), CLIENT, &token("x"), just_within).await.unwrap();
    assert!(matches!(rotation, Rotation::Repeated { .. }), "{rotation:?}");
    let rotation = database.rotate(&token("1"), CLIENT, &token("x"), at(100) + ROTATION_GRACE).await.unwrap();
    assert!(matches!(rotation, Rotation::Replayed(ref replayed) if *replayed == grant), "{rotation:?}");
    assert!(database.live(grant.id, at(111)).await.unwrap().is_none());
    let unused = database.rotate(&token("2"), CLIENT, &token("x"), at(111)).await.unwrap();
    assert!(matches!(unused, Rotation::Unknown), "{unused:?}");
    // Whoever was to be told may not have been.
    let again = database.rotate(&token("1"), CLIENT, &token("x"), at(111)).await.unwrap();
    assert!(matches!(again, Rotation::Replayed(ref replayed) if *replayed == grant), "{again:?}");
}

async fn a_successor_that_was_used_meanwhile_still_leads_on(home: &Home) {
    let database = home.open().await;
    begun(&database).await;
    database.rotate(&token("1"), CLIENT, &token("2"), at(100)).await.unwrap();
    database.rotate(&token("2"), CLIENT, &token("3"), at(105)).await.unwrap();
    let from_first = database.rotate(&token("1"), CLIENT, &token("x"), at(106)).await.unwrap();
    assert!(matches!(from_first, Rotation::Repeated { ref successor, .. } if *successor == token("2")), "{from_first:?}");
    let from_second = database.rotate(&token("2"), CLIENT, &token("x"), at(106)).await.unwrap();
    assert!(matches!(from_second, Rotation::Repeated { ref successor, .. } if *successor == token("3")), "{from_second:?}");
}

async fn a_foreign_client_changes_nothing(home: &Home) {
    let database = home.open().await;
    let grant = begun(&database).await;
    let foreign = database.rotate(&token("1"), "another-client", &token("x"), at(1)).await.unwrap();
    assert!(matches!(foreign, Rotation::Unknown), "{foreign:?}");
    let own = database.rotate(&token("1"), CLIENT, &token("2"), at(2)).await.unwrap();
    assert!(matches!(own, Rotation::Rotated(_)), "{own:?}");
    let foreign = database.rotate(&token("1"), "another-client", &token("x"), at(1000)).await.unwrap();
    assert!(matches!(foreign, Rotation::Unknown), "a used token of another's is no replay: {foreign:?}");
    assert!(database.live(grant.id, at(1000)).await.unwrap().is_some());
}

/// Lets four replicas present `presented` twenty times at once, each with a successor of its own.
async fn twenty_at_once(replicas: &[Arc<SqlDatabase>], presented: &'static str, second: i64) -> Vec<(usize, Rotation)> {
    let all = (0..20).map(|i| {
        let database = replicas[i % replicas.len()].clone();
        tokio::spawn(async move {
            let (presented, next, now) = (token(presented), token(&format!("next-{i}")), at(second));
            // By either way in.
            let known = if i % 2 == 0 { database.of_refresh_token(&presented, CLIENT).await.unwrap() } else { None };
            let rotation = match known {
                Some(grant) => database.rotate_of(&grant, &presented, &next, now).await,
                None => database.rotate(&presented, CLIENT, &next, now).await,
            };
            (i, rotation.unwrap())
        })
    });
    join_all(all).await.into_iter().map(Result::unwrap).collect()
}

async fn replicas(home: &Home) -> Vec<Arc<SqlDatabase>> {
    vec![home.open().await, home.open().await, home.open().await, home.open().await]
}

async fn of_twenty_at_once_one_rotates_and_the_others_agree(home: &Home) {
    let replicas = replicas(home).await;
    begun(&replicas[0]).await;
    let rotations = twenty_at_once(&replicas, "1", 50).await;
    let rotated: Vec<usize> =
        rotations.iter().filter(|(_, rotation)| matches!(rotation, Rotation::Rotated(_))).map(|(i, _)| *i).collect();
    assert_eq!(rotated.len(), 1, "{rotations:?}");
    let winner = token(&format!("next-{}", rotated[0]));
    let agreeing = rotations
        .iter()
        .filter(|(_, rotation)| matches!(rotation, Rotation::Repeated { successor, .. } if *successor == winner))
        .count();
    assert_eq!(agreeing, 19, "{rotations:?}");
    for i in 0..20 {
        let known = replicas[0].of_refresh_token(&token(&format!("next-{i}")), CLIENT).await.unwrap().is_some();
        assert_eq!(known, i == rotated[0], "next-{i}");
    }
}

async fn of_twenty_replays_at_once_each_tells_of_it(home: &Home) {
    let replicas = replicas(home).await;
    let grant = begun(&replicas[0]).await;
    replicas[0].rotate(&token("1"), CLIENT, &token("2"), at(0)).await.unwrap();
    let rotations = twenty_at_once(&replicas, "1", 50).await;
    for (_, rotation) in rotations {
        assert!(matches!(rotation, Rotation::Replayed(ref replayed) if *replayed == grant), "{rotation:?}");
    }
    assert!(replicas[3].live(grant.id, at(50)).await.unwrap().is_none());
}

async fn a_token_rotated_while_its_grant_is_revoked_is_never_live_after(home: &Home) {
    let replicas = replicas(home).await;
    let grant = begun(&replicas[0]).await;
    let revoker = replicas[1].clone();
    let revoke = tokio::spawn(async move { revoker.revoke(grant.id, at(50)).await.unwrap() });
    let rotations = twenty_at_once(&replicas, "1", 50).await;
    assert!(revoke.await.unwrap());
    assert!(rotations.iter().filter(|(_, rotation)| matches!(rotation, Rotation::Rotated(_))).count() <= 1);
    for i in 0..20 {
        let after = replicas[0].rotate(&token(&format!("next-{i}")), CLIENT, &token("x"), at(51)).await.unwrap();
        assert!(matches!(after, Rotation::Unknown), "{after:?}");
    }
}

async fn many_families_rotate_at_once(home: &Home) {
    let replicas = replicas(home).await;
    let subject = subject(&replicas[0]).await;
    let families = (0..20).map(|family| {
        let database = replicas[family % replicas.len()].clone();
        tokio::spawn(async move {
            let name = |step: usize| token(&format!("{family}-{step}"));
            Grants::add(&*database, &grant(subject), Some(&name(0))).await.unwrap();
            for step in 0..10 {
                let rotation = database.rotate(&name(step), CLIENT, &name(step + 1), at(60)).await.unwrap();
                assert!(matches!(rotation, Rotation::Rotated(_)), "{rotation:?}");
            }
        })
    });
    assert!(join_all(families).await.iter().all(Result::is_ok));
}

/// Chance does not give the same token twice; if it did, nobody would be handed another's.
async fn a_successor_that_there_is_already_uses_nothing_up(home: &Home) {
    let database = home.open().await;
    let (ours, theirs) = (begun(&database).await, grant(subject(&database).await));
    Grants::add(&*database, &theirs, Some(&token("theirs"))).await.unwrap();
    for taken in ["theirs", "1"] {
        let rotation = database.rotate(&token("1"), CLIENT, &token(taken), at(1)).await;
        assert!(matches!(rotation, Err(_) | Ok(Rotation::Unknown)), "{rotation:?}");
    }
    let found = database.of_refresh_token(&token("theirs"), CLIENT).await.unwrap().map(|grant| grant.id);
    assert_eq!(found, Some(theirs.id));
    let rotation = database.rotate(&token("1"), CLIENT, &token("2"), at(1)).await.unwrap();
    assert!(matches!(rotation, Rotation::Rotated(ref grant) if *grant == ours), "{rotation:?}");
}
