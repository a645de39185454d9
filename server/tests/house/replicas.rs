//! B16: two replicas over Redis: one refresh grant whoever asks.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use application_api::proxy::Route;
use futures::future::join_all;
use jiff::SignedDuration;
use reqwest::{Client, Method, StatusCode};
use serde_json::json;

use crate::support::{Browser, Engines, Running, house_on_with, replica};

/// Two replicas of the application, and a browser that is signed in to both of them.
struct Pair {
    house: Running,
    _second: Running,
    urls: [String; 2],
    browser: Browser,
    client: Client,
}

impl Pair {
    async fn build() -> Option<Self> {
        let house = house_on_with(Engines::Servers, |configuration| {
            let upstream = &configuration.resource.origin;
            let route: Route = serde_json::from_value(json!({ "path": "/me", "upstream": upstream })).unwrap();
            configuration.application.routes = vec![route];
        })
        .await?;
        let (second, url) = replica(&house).await;
        let origin = house.configuration.application.origin.clone();
        let mut browser = Browser::default();
        browser.sign_in(&origin, "/").await;
        Some(Self { house, _second: second, urls: [origin, url], browser, client: Client::new() })
    }

    fn request(&self, number: usize, method: Method, path: &str) -> reqwest::RequestBuilder {
        let cookie = format!("__Host-session={}", self.browser.cookies["__Host-session"]);
        let request = self.client.request(method, format!("{}{path}", self.urls[number % 2]));
        request.header("cookie", cookie).header("x-csrf", "1").header("sec-fetch-site", "same-origin")
    }

    /// Calls the Resource API `count` times at once, from either replica in turn.
    fn calls(&self, count: usize) -> Vec<tokio::task::JoinHandle<StatusCode>> {
        let call = |number| {
            let request = self.request(number, Method::GET, "/me/profile");
            tokio::spawn(async move { request.send().await.unwrap().status() })
        };
        (0..count).map(call).collect()
    }

    fn grants(&self) -> usize {
        self.house.token_requests.load(Ordering::SeqCst)
    }

    /// Asks replica `number` who is signed in.
    async fn session(&self, number: usize) -> StatusCode {
        self.request(number, Method::GET, "/session").send().await.unwrap().status()
    }

    /// Asks both so often that they answer from what they keep near.
    async fn is_checked_all_the_time(&self) {
        for number in 0..100 {
            assert_eq!(self.session(number).await, StatusCode::OK);
        }
    }

    /// The session has ended: both replicas know it within a second, and neither changes its mind.
    async fn is_signed_out(&self, way: &str) {
        let ended = Instant::now();
        for number in [0, 1] {
            while self.session(number).await != StatusCode::UNAUTHORIZED {
                assert!(ended.elapsed() < Duration::from_secs(1), "{way}: replica {number} still knows the session");
            }
        }
        for number in 0..20 {
            assert_eq!(self.session(number).await, StatusCode::UNAUTHORIZED, "{way}: it came back");
        }
    }
}

async fn statuses(calls: Vec<tokio::task::JoinHandle<StatusCode>>) -> Vec<StatusCode> {
    join_all(calls).await.into_iter().map(Result::unwrap).collect()
}

/// B16: 200 calls on an expired token, on two replicas: one refresh grant, and every call is answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_many_calls_on_two_replicas_make_one_refresh() {
    let Some(pair) = Pair::build().await else { return };
    for round in 1..=3 {
        let before = pair.grants();
        pair.house.clock.advance(SignedDuration::from_mins(6));
        let statuses = statuses(pair.calls(200)).await;
        assert!(statuses.iter().all(|status| *status == StatusCode::OK), "round {round}: {statuses:?}");
        assert_eq!(pair.grants(), before + 1, "round {round}");
    }
}

/// B16: whoever holds the refresh and dies delays the others until its lease runs out, and no longer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_that_dies_delays_the_others_by_its_lease() {
    let Some(pair) = Pair::build().await else { return };
    pair.house.clock.advance(SignedDuration::from_mins(6));
    let before = pair.grants();
    // What a crash leaves: the lease, and nobody behind it.
    let clock = Arc::clone(&pair.house.clock);
    let cache = cache::open(&pair.house.configuration.cache, clock).await.unwrap();
    let ticket = protocol::secret::Ticket::new(pair.browser.cookies["__Host-session"].as_str());
    let lease = format!("refresh:session:{}", protocol::seal::handle("application session", &ticket));
    assert!(cache.add(&lease, b"a holder that died", Duration::from_secs(7)).await.unwrap());
    let calls = pair.calls(20);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(calls.iter().all(|call| !call.is_finished()), "they wait");
    assert_eq!(pair.grants(), before);
    pair.house.clock.advance(SignedDuration::from_secs(8));
    assert!(statuses(calls).await.iter().all(|status| *status == StatusCode::OK));
    assert_eq!(pair.grants(), before + 1);
}

/// B16: a provider that is slower than a request's patience is asked once more, within its grace; the session lives on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_is_too_slow_costs_no_session() {
    let Some(pair) = Pair::build().await else { return };
    pair.house.clock.advance(SignedDuration::from_mins(6));
    let before = pair.grants();
    pair.house.token_gate.close();
    let calls = pair.calls(20);
    // The first grant got no answer in time; this is its repetition.
    pair.house.token_requests_reach(before + 2).await;
    pair.house.token_gate.open();
    let statuses = statuses(calls).await;
    assert!(statuses.iter().all(|status| *status == StatusCode::OK), "{statuses:?}");
    pair.house.clock.advance(SignedDuration::from_mins(6));
    assert_eq!(pair.request(1, Method::GET, "/me/profile").send().await.unwrap().status(), StatusCode::OK);
}

/// B16, B17, B18: replicas that know a session by heart learn of its end, however it ends and at whichever of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_checked_all_the_time_ends_on_both_replicas() {
    for (way, number) in [("/logout", 0), ("/logout", 1), ("/session/devices", 0), ("/session/devices", 1)] {
        let Some(pair) = Pair::build().await else { return };
        let mut other = Browser::default();
        other.sign_in(&pair.urls[0], "/").await;
        pair.is_checked_all_the_time().await;
        if way == "/logout" {
            assert_eq!(pair.request(number, Method::POST, way).send().await.unwrap().status(), StatusCode::OK);
        } else {
            let answer = other.fetch(Method::DELETE, &format!("{}{way}", pair.urls[number])).await;
            assert!(answer.body.contains("\"signed_out\":1"), "{}", answer.body);
        }
        pair.is_signed_out(way).await;
    }
}

/// B15: that a session is known by heart makes it live no longer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_checked_all_the_time_ends_at_its_absolute_age() {
    let Some(pair) = Pair::build().await else { return };
    let lifetime = pair.house.configuration.application.session_lifetime;
    for _ in 0..lifetime.as_hours() {
        pair.is_checked_all_the_time().await;
        pair.house.clock.advance(SignedDuration::from_hours(1));
    }
    for number in [0, 1] {
        assert_eq!(pair.session(number).await, StatusCode::UNAUTHORIZED);
    }
}
