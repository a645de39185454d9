//! B19: while Redis is away nothing hangs and nothing is lost, and the same handle works once it is back.

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use cache::Cache as _;
use cache::redis::RedisCache;
use test_engines::{Redis, are_wanted, free_port, until_it_answers};

use crate::subject::clock;

const LIFETIME: Duration = Duration::from_secs(600);

/// Long enough for a busy machine, far too short for a hang.
const SOON: Duration = Duration::from_secs(5);

#[tokio::test]
async fn the_same_handle_works_again_when_redis_is_back() {
    if !are_wanted() {
        return;
    }
    let mut redis = Redis::start().await;
    let cache = RedisCache::connect(&redis.url(), clock()).await.unwrap();
    cache.put("session", b"value", LIFETIME).await.unwrap();

    redis.kill();
    let asked = Instant::now();
    assert!(cache.get("session").await.is_err(), "not `None`, which would sign the user out");
    assert!(cache.put("session", b"other", LIFETIME).await.is_err());
    assert!(cache.add("other", b"value", LIFETIME).await.is_err());
    assert!(cache.replace("session", b"value", b"other", LIFETIME).await.is_err());
    assert!(cache.take("session").await.is_err());
    assert!(cache.remove("session").await.is_err());
    assert!(asked.elapsed() < SOON * 3, "six answers took {:?}", asked.elapsed());

    redis.start_again().await;
    let kept = until_it_answers(async || cache.get("session").await).await;
    assert_eq!(kept.as_deref(), Some(&b"value"[..]));
    assert!(cache.replace("session", b"value", b"new", LIFETIME).await.unwrap());
    assert_eq!(cache.take("session").await.unwrap().as_deref(), Some(&b"new"[..]));
}

#[tokio::test]
async fn a_redis_that_is_not_there_is_named_soon_and_without_its_password() {
    let port = free_port();
    let asked = Instant::now();
    let trouble = RedisCache::connect(&format!("redis://:s3cret@127.0.0.1:{port}/0"), clock()).await.err().unwrap();
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    let said = trouble.to_string();
    assert!(said.contains(&format!("127.0.0.1:{port}")), "{said}");
    assert!(!format!("{said} {trouble:?}").contains("s3cret"));
}

#[tokio::test]
async fn a_server_that_never_answers_is_no_hang() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let asked = Instant::now();
    let url = format!("redis://{}/0", silent.local_addr().unwrap());
    assert!(RedisCache::connect(&url, clock()).await.is_err());
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
}
