//! While Redis is away a push says so, and the worker waits; when it is back, both go on and nothing is lost.

use std::sync::Arc;
use std::time::{Duration, Instant};

use queue::Queue;
use queue::redis::RedisQueue;
use test_engines::{Redis, Relay, are_wanted, free_port, until_it_answers};

use crate::subject::{Worker, drained, event, soon, succeeding};

#[tokio::test]
async fn the_worker_outlives_an_outage_of_redis() {
    if !are_wanted() {
        return;
    }
    let mut redis = Redis::start().await;
    let idle: Arc<dyn Queue> = Arc::new(RedisQueue::connect(&redis.url()).await.unwrap());
    idle.push(&event(1)).await.unwrap();
    redis.kill();

    let asked = Instant::now();
    assert!(idle.push(&event(2)).await.is_err());
    assert!(idle.depth().await.is_err());
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    let (handler, mut handed) = succeeding();
    let worker = Worker::start(&idle, handler);
    assert!(idle.depth().await.is_err(), "the worker started while there was no Redis");

    redis.start_again().await;
    assert_eq!(soon(handed.recv()).await.unwrap(), event(1), "pushed before the outage");
    until_it_answers(async || idle.push(&event(2)).await).await;
    assert_eq!(soon(handed.recv()).await.unwrap(), event(2));
    worker.end().await;
    assert_eq!(idle.depth().await.unwrap(), 0);
}

/// A planned failover, whose new primary has every write: what was pushed is handled, by a worker whose connection nobody broke.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_event_is_lost_by_a_planned_failover() {
    if !are_wanted() {
        return;
    }
    let (first, second) = (Redis::start().await, Redis::start().await);
    second.follow(&first).await;
    let relay = Relay::to(first.port()).await;
    let url = format!("redis://127.0.0.1:{}/0", relay.port());
    let (pusher, other): (Arc<dyn Queue>, Arc<dyn Queue>) =
        (Arc::new(RedisQueue::connect(&url).await.unwrap()), Arc::new(RedisQueue::connect(&url).await.unwrap()));
    let (handler, mut handed) = succeeding();
    let worker = Worker::start(&other, handler);
    let pushing = async {
        for number in 1..=200 {
            until_it_answers(async || pusher.push(&event(number)).await).await;
        }
    };
    let failing_over = async {
        first.hand_over_to(&second).await;
        relay.lead_to(second.port());
    };
    tokio::join!(pushing, failing_over);
    let mut missing: std::collections::BTreeSet<u128> = (1..=200).collect();
    while !missing.is_empty() {
        missing.remove(&soon(handed.recv()).await.unwrap().id.as_u128());
    }
    until_it_answers(async || pusher.depth().await).await;
    drained(&pusher).await;
    worker.end().await;
}

#[tokio::test]
async fn a_redis_that_is_not_there_is_named_soon_and_without_its_password() {
    let port = free_port();
    let asked = Instant::now();
    let trouble = RedisQueue::connect(&format!("redis://:s3cret@127.0.0.1:{port}/0")).await.err().unwrap();
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    let said = trouble.to_string();
    assert!(said.contains(&format!("127.0.0.1:{port}")), "{said}");
    assert!(!format!("{said} {trouble:?}").contains("s3cret"));
}
