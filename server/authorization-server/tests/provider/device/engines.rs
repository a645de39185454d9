//! The same over Redis, and what lies in a Cache for whoever reads it.

use std::sync::Arc;

use cache::Cache as _;
use cache::redis::RedisCache;
use protocol::seal::digest;

use super::gadget::{allow, ask, begin, codes, enter, house, poll, replica};
use super::{grant, polling};
use crate::boxes::FragileCache;
use crate::house::House;

/// A house on a Redis of its own, with another replica beside it; none where the tests leave Redis out.
async fn over_redis() -> Option<(House, axum::Router)> {
    if std::env::var("CLOAKROOM_TEST_ENGINES").is_ok_and(|engines| engines == "embedded") {
        eprintln!("left out: CLOAKROOM_TEST_ENGINES=embedded asks for the embedded engines only");
        return None;
    }
    let url = std::env::var("CLOAKROOM_TEST_REDIS").expect(
        "CLOAKROOM_TEST_REDIS is not set: `make test` starts a Redis and sets it \
         (CLOAKROOM_TEST_ENGINES=embedded leaves the tests on Redis out)",
    );
    let house = house().await;
    let prefix = format!("cloakroom-test:{}:", uuid::Uuid::new_v4());
    let mut routers = Vec::new();
    let mut shared = None;
    for _ in 0..2 {
        // A connection each, as replicas have.
        let cache = RedisCache::connect_with_prefix(&url, &prefix, Arc::clone(&house.clock) as _).await.unwrap();
        let cache = Arc::new(FragileCache { inner: Arc::new(cache), broken: false.into() });
        routers.push(replica(&house, Arc::clone(&cache) as _).await);
        shared = Some(cache);
    }
    let [router, second] = routers.try_into().unwrap();
    Some((House { router, cache: shared.unwrap(), ..house }, second))
}

/// RFC 8628 §3.5: the pace is shared over Redis.
#[tokio::test]
async fn the_interval_counts_at_every_replica_over_redis() {
    let Some((house, second)) = over_redis().await else { return };
    polling::across_replicas(house, second).await;
}

/// A8: of fifty at once on two replicas over Redis one succeeds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_redemptions_at_once_over_redis_one_succeeds() {
    let Some((house, second)) = over_redis().await else { return };
    grant::fifty_at_once(house, second).await;
}

/// A23, attack 28: a dump of the Cache holds neither code, nor who asks for what, nor who said yes; and since user codes are short
/// enough to try them all, nothing of them that can be tried without the provider's secret.
#[tokio::test]
async fn a_dump_of_the_cache_is_useless() {
    let house = house().await;
    let given = codes(&ask(&house, "tv", &[("scope", "notes openid")]).await);
    let mut browser = house.browser();
    enter(&mut browser, &given.user_code).await;
    poll(&house, &given).await;
    allow(&mut browser, &given).await;
    allow(&mut browser, &begin(&house).await).await;
    let letters = given.user_code.replace('-', "");
    let secrets = [&given.device_code, &given.user_code, &letters, "notes", &crate::house::DEMO.to_string()];
    let mut there = false;
    for entry in std::fs::read_dir(house.directory.path()).unwrap() {
        let path = entry.unwrap().path();
        if !path.file_name().unwrap().to_string_lossy().starts_with("cache") {
            continue;
        }
        let dump = std::fs::read(path).unwrap();
        for secret in secrets {
            assert!(!dump.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
        }
        let kept: &[u8] = b"provider:user-code:";
        there |= dump.windows(kept.len()).any(|window| window == kept);
    }
    assert!(there, "the codes were there to be found");
    for plain in [&letters, &given.user_code] {
        let key = format!("provider:user-code:{}", digest("user-code", plain.as_bytes()));
        assert!(house.cache.get(&key).await.unwrap().is_none(), "found by a hash of itself alone");
    }
}

/// The codes expire from the Cache by themselves.
#[tokio::test]
async fn nothing_is_left_of_a_device() {
    let house = house().await;
    let given = begin(&house).await;
    poll(&house, &given).await;
    house.wait(20 * 60);
    assert_eq!(house.cache.prune().await.unwrap(), 2, "the device and its user code");
}
