//! Signing keys: there is one first key, whoever makes it.

use futures::future::join_all;
use user_database::{SigningKeys, StoredKey};

use crate::engines::{Home, on_every_engine};
use crate::samples::at;

on_every_engine![there_is_no_key_until_the_first, of_many_replicas_that_start_at_once_one_makes_the_first_key];

fn key(kid: &str) -> StoredKey {
    StoredKey { kid: kid.to_owned(), sealed: (0..=255).collect(), created_at: at(0) }
}

async fn there_is_no_key_until_the_first(home: &Home) {
    let database = home.open().await;
    assert_eq!(database.all().await.unwrap(), []);
    assert!(database.add_first(&key("one")).await.unwrap());
    assert!(!database.add_first(&key("two")).await.unwrap());
    assert!(!database.add_first(&key("one")).await.unwrap());
    assert_eq!(database.all().await.unwrap(), [key("one")]);
}

async fn of_many_replicas_that_start_at_once_one_makes_the_first_key(home: &Home) {
    let replicas = [home.open().await, home.open().await, home.open().await];
    let added = join_all((0..21).map(|i| {
        let database = replicas[i % replicas.len()].clone();
        tokio::spawn(async move { database.add_first(&key(&format!("key-{i}"))).await.unwrap() })
    }))
    .await;
    let winners: Vec<usize> = (0..21).filter(|&i| *added[i].as_ref().unwrap()).collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(replicas[0].all().await.unwrap(), [key(&format!("key-{}", winners[0]))]);
}
