//! A Redis that goes away and comes back, stands still, or hands over to another.

use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use test_engines::{Redis, Relay, until};

use super::people::People;
use crate::support::{Browser, Engines, Page, Running, house_on_with};

/// A house whose Cache and Queue are at `port`.
async fn house_at(port: u16) -> Option<Running> {
    let url = format!("redis://127.0.0.1:{port}/0");
    house_on_with(Engines::Servers, |configuration| {
        configuration.cache.clone_from(&url);
        configuration.queue = url;
    })
    .await
}

async fn session(house: &Running, browser: &mut Browser) -> Page {
    browser.fetch(Method::GET, &format!("{}/session", house.configuration.application.origin)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_goes_and_comes_back_and_nobody_is_signed_out() {
    let mut redis = Redis::start().await;
    let url = redis.url();
    let Some(house) = house_on_with(Engines::Servers, |configuration| configuration.cache = url).await else { return };
    let origin = house.configuration.application.origin.clone();
    let mut browser = Browser::default();
    browser.sign_in(&origin, "/").await;
    assert_eq!(session(&house, &mut browser).await.status, StatusCode::OK);
    let cookies = browser.cookies.clone();

    redis.kill();
    let told = session(&house, &mut browser).await;
    assert_eq!((told.status, told.headers["retry-after"].to_str().unwrap()), (StatusCode::SERVICE_UNAVAILABLE, "5"));
    assert!(told.body.contains("urn:cloakroom:problem:unavailable"), "{}", told.body);
    // A person sees a page, and is led nowhere in circles.
    browser.hops.clear();
    let page = browser.get(&origin).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{:?}", browser.hops);
    let page = browser.get(&format!("{origin}/login?return_to=/flow")).await;
    assert_eq!((page.status, page.url.path()), (StatusCode::SERVICE_UNAVAILABLE, "/problem/unavailable"));
    assert_eq!(browser.post(&format!("{origin}/sign-out"), &[]).await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(browser.cookies, cookies, "no cookie is taken back");

    redis.start_again().await;
    until("the session is there again", async || {
        let page = session(&house, &mut browser).await;
        assert!(matches!(page.status, StatusCode::OK | StatusCode::SERVICE_UNAVAILABLE), "{}", page.status);
        page.status == StatusCode::OK
    })
    .await;
    // The refresh token is there as well.
    house.clock.advance(SignedDuration::from_mins(6));
    let page = browser.get(&format!("{origin}/resource?ask=1")).await;
    assert!(page.body.contains("token_expires_in_seconds"), "{}", page.body);
    browser.post(&format!("{origin}/sign-out"), &[]).await;
    assert_eq!(session(&house, &mut browser).await.status, StatusCode::UNAUTHORIZED);
}

/// `kill -9`, with everything on the disk that was answered (`appendonly yes`, `appendfsync always`).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_killed_loses_nothing_that_was_acknowledged() {
    let mut redis = Redis::start().await;
    let Some(house) = house_at(redis.port()).await else { return };
    let people = People::at(&house, 3);
    people.are_well().await;
    redis.kill();
    people.are_turned_away().await;
    redis.start_again().await;
    people.are_well().await;
    // So short an outage that hardly anybody sees it.
    redis.start_again().await;
    people.are_well().await;
    let account = people.hold_to_account(&house).await;
    assert!(account.kept > 0 && account.unanswered > 0, "the weather was too good to tell");
}

/// SIGSTOP: the connections live, and nothing comes over them. One that is slow keeps everybody waiting a little.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_stands_still_or_is_slow_loses_nothing_that_was_acknowledged() {
    let redis = Redis::start().await;
    let Some(house) = house_at(redis.port()).await else { return };
    let people = People::at(&house, 3);
    people.are_well().await;
    redis.stall();
    people.are_turned_away().await;
    redis.go_on();
    people.are_well().await;
    redis.says::<String>(&["CLIENT", "PAUSE", "700"]).await.unwrap();
    people.are_well().await;
    let account = people.hold_to_account(&house).await;
    assert!(account.kept > 0 && account.unanswered > 0, "the weather was too good to tell");
}

/// A planned failover (`FAILOVER`), there and back: the new primary has every write, and nobody ends the connections to the old one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_planned_failover_of_redis_loses_nothing_that_was_acknowledged() {
    let (first, second) = (Redis::start().await, Redis::start().await);
    second.follow(&first).await;
    let relay = Relay::to(first.port()).await;
    let Some(house) = house_at(relay.port()).await else { return };
    let people = People::at(&house, 3);
    people.are_well().await;
    first.hand_over_to(&second).await;
    // The address still leads to the old primary, which takes no writes.
    people.are_turned_away().await;
    relay.lead_to(second.port());
    people.are_well().await;
    second.hand_over_to(&first).await;
    relay.lead_to(first.port());
    people.are_well().await;
    let account = people.hold_to_account(&house).await;
    assert!(account.kept > 0 && account.unanswered > 0, "the weather was too good to tell");
}

/// The machine of the primary is gone without a word, after its replica had everything: the address leads there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_vanished_is_followed_by_its_replica() {
    let (first, second) = (Redis::start().await, Redis::start().await);
    second.follow(&first).await;
    let relay = Relay::to(first.port()).await;
    let Some(house) = house_at(relay.port()).await else { return };
    let mut browser = Browser::default();
    browser.sign_in(&house.configuration.application.origin, "/").await;
    until("the replica has what the primary has", async || {
        let offset = async |redis: &Redis| {
            let said: String = redis.says(&["INFO", "replication"]).await.unwrap();
            said.lines().find_map(|line| line.strip_prefix("master_repl_offset:").map(str::to_owned))
        };
        offset(&first).await == offset(&second).await
    })
    .await;
    second.lead().await;
    relay.strand();
    relay.lead_to(second.port());
    drop(first);
    until("the session is known from the replica", async || {
        let page = session(&house, &mut browser).await;
        assert!(matches!(page.status, StatusCode::OK | StatusCode::SERVICE_UNAVAILABLE), "{}", page.status);
        page.status == StatusCode::OK && second.says::<u64>(&["DBSIZE"]).await.unwrap() > 0
    })
    .await;
    let people = People::at(&house, 3);
    people.are_well().await;
    people.hold_to_account(&house).await;
    assert_eq!(session(&house, &mut browser).await.status, StatusCode::OK);
}
