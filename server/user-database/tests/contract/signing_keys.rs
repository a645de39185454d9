//! Signing keys: each kind has one key of each generation, whoever makes it, and those before it end together.

use std::path::Path;

use futures::future::join_all;
use sqlx::migrate::Migrator;
use user_database::{SigningKeys, StoredKey};

use crate::engines::{Home, on_every_engine};
use crate::samples::{at, signing_key};

on_every_engine![
    there_is_no_key_until_the_first,
    each_kind_has_its_own_generations_and_the_newest_come_first,
    of_many_replicas_that_start_at_once_one_makes_the_first_key,
    of_many_replicas_that_rotate_at_once_one_adds_the_next_key,
    a_next_key_ends_those_before_it_and_none_of_another_kind,
    an_end_is_brought_forward_and_never_put_off,
    expired_keys_are_pruned_and_no_others,
    a_key_from_before_rotation_signs_on,
];

async fn there_is_no_key_until_the_first(home: &Home) {
    let database = home.open().await;
    assert_eq!(database.all().await.unwrap(), []);
    let first = signing_key("P-256", 1, 0);
    assert!(SigningKeys::add(&*database, &first, at(0)).await.unwrap());
    assert!(!SigningKeys::add(&*database, &signing_key("P-256", 1, 0), at(0)).await.unwrap());
    assert!(!SigningKeys::add(&*database, &first, at(0)).await.unwrap());
    assert_eq!(database.all().await.unwrap(), [first]);
}

async fn each_kind_has_its_own_generations_and_the_newest_come_first(home: &Home) {
    let database = home.open().await;
    let [first, second, other] = [signing_key("P-256", 1, 0), signing_key("P-256", 2, 60), signing_key("Ed25519", 1, 0)];
    for key in [&first, &second, &other] {
        assert!(SigningKeys::add(&*database, key, at(600)).await.unwrap());
    }
    let ended = StoredKey { expires_at: Some(at(600)), ..first };
    assert_eq!(database.all().await.unwrap(), [other, second, ended]);
}

/// Lets three replicas add generation `generation` twenty-one times at once; gives the kids that they were told of.
async fn all_at_once(home: &Home, generation: i64) -> Vec<String> {
    let replicas = [home.open().await, home.open().await, home.open().await];
    let adding = (0..21).map(|i| {
        let (database, key) = (replicas[i % replicas.len()].clone(), signing_key("P-256", generation, 60));
        tokio::spawn(async move { SigningKeys::add(&*database, &key, at(600)).await.unwrap().then_some(key.kid) })
    });
    join_all(adding).await.into_iter().filter_map(Result::unwrap).collect()
}

async fn of_many_replicas_that_start_at_once_one_makes_the_first_key(home: &Home) {
    let added = all_at_once(home, 1).await;
    let stored: Vec<String> = home.open().await.all().await.unwrap().into_iter().map(|key| key.kid).collect();
    assert_eq!((added.len(), added), (1, stored));
}

async fn of_many_replicas_that_rotate_at_once_one_adds_the_next_key(home: &Home) {
    let database = home.open().await;
    let first = signing_key("P-256", 1, 0);
    assert!(SigningKeys::add(&*database, &first, at(0)).await.unwrap());
    let added = all_at_once(home, 2).await;
    assert_eq!(added.len(), 1);
    let stored = database.all().await.unwrap();
    let kids: Vec<&str> = stored.iter().map(|key| key.kid.as_str()).collect();
    assert_eq!(kids, [added[0].as_str(), &first.kid]);
    assert_eq!([stored[0].expires_at, stored[1].expires_at], [None, Some(at(600))]);
}

async fn a_next_key_ends_those_before_it_and_none_of_another_kind(home: &Home) {
    let database = home.open().await;
    for key in [signing_key("P-256", 1, 0), signing_key("Ed25519", 1, 0)] {
        assert!(SigningKeys::add(&*database, &key, at(0)).await.unwrap());
    }
    assert!(SigningKeys::add(&*database, &signing_key("P-256", 2, 60), at(600)).await.unwrap());
    let ends: Vec<_> = database.all().await.unwrap().into_iter().map(|key| (key.kind, key.generation, key.expires_at)).collect();
    let expected = [("Ed25519", 1, None), ("P-256", 2, None), ("P-256", 1, Some(at(600)))];
    assert_eq!(ends, expected.map(|(kind, generation, end)| (kind.to_owned(), generation, end)));
    // Who is too late changes nothing.
    assert!(!SigningKeys::add(&*database, &signing_key("P-256", 2, 60), at(10)).await.unwrap());
    assert_eq!(database.all().await.unwrap()[2].expires_at, Some(at(600)));
}

async fn an_end_is_brought_forward_and_never_put_off(home: &Home) {
    let database = home.open().await;
    for (generation, end) in [(1, 0), (2, 600), (3, 900), (4, 100)] {
        assert!(SigningKeys::add(&*database, &signing_key("P-256", generation, 0), at(end)).await.unwrap());
        let ends: Vec<_> = database.all().await.unwrap().into_iter().map(|key| key.expires_at).collect();
        let expected: &[_] = match generation {
            1 => &[None],
            2 => &[None, Some(at(600))],
            3 => &[None, Some(at(900)), Some(at(600))],
            _ => &[None, Some(at(100)), Some(at(100)), Some(at(100))],
        };
        assert_eq!(ends, expected);
    }
}

async fn expired_keys_are_pruned_and_no_others(home: &Home) {
    let database = home.open().await;
    for (generation, end) in [(1, 0), (2, 600), (3, 900)] {
        assert!(SigningKeys::add(&*database, &signing_key("P-256", generation, 0), at(end)).await.unwrap());
    }
    let left = async |now| {
        let removed = database.prune(at(now)).await.unwrap();
        (removed, database.all().await.unwrap().into_iter().map(|key| key.generation).collect::<Vec<_>>())
    };
    assert_eq!(left(599).await, (0, vec![3, 2, 1]));
    assert_eq!(left(600).await, (1, vec![3, 2]));
    assert_eq!(left(1_000_000).await, (1, vec![3]));
}

/// Opens a database as the first version left it, with a key in it.
async fn a_key_from_before_rotation_signs_on(home: &Home) {
    sqlx::any::install_default_drivers();
    let migrations = tempfile::tempdir().unwrap();
    let first = "0001_accounts_consents_grants_keys_audit.sql";
    std::fs::copy(Path::new("migrations").join(first), migrations.path().join(first)).unwrap();
    let mut url = home.url();
    if matches!(home, Home::Sqlite(_)) {
        url.push_str("?mode=rwc");
    }
    let pool = sqlx::AnyPool::connect(&url).await.unwrap();
    Migrator::new(migrations.path()).await.unwrap().run(&pool).await.unwrap();
    sqlx::query("INSERT INTO signing_keys (generation, kid, sealed, created_at) VALUES (1, 'old', $1, $2)")
        .bind(vec![7_u8, 0, 255])
        .bind(at(5).as_millisecond())
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;

    let database = home.open().await;
    let old = StoredKey {
        kid: "old".to_owned(),
        sealed: vec![7, 0, 255],
        created_at: at(5),
        activates_at: at(5),
        ..signing_key("P-256", 1, 0)
    };
    assert_eq!(database.all().await.unwrap(), [old]);
    assert!(SigningKeys::add(&*database, &signing_key("P-256", 2, 60), at(600)).await.unwrap());
}
