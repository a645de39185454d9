//! B16: one refresh, though in the middle of it Redis is started anew, or whoever holds the lease is killed.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::future::join_all;
use jiff::SignedDuration;
use reqwest::{Client, RequestBuilder, StatusCode};
use test_engines::{Redis, until};
use tokio::runtime::{Builder, Runtime};

use crate::support::{Browser, Engines, Running, house_on_with, replica, replica_of};

/// A browser that is signed in, whose access token has expired.
async fn expired(house: &Running) -> Browser {
    let mut browser = Browser::default();
    browser.sign_in(&house.configuration.application.origin, "/").await;
    house.clock.advance(SignedDuration::from_mins(6));
    browser
}

/// A call of the API at `url`.
fn request(client: &Client, browser: &Browser, url: &str) -> RequestBuilder {
    let cookie = format!("__Host-session={}", browser.cookies["__Host-session"]);
    let request = client.get(format!("{url}/resource-api/profile"));
    request.header("cookie", cookie).header("x-csrf", "1").header("sec-fetch-site", "same-origin")
}

/// Calls the API `count` times at once, at each of `urls` in turn; what was answered, and whether it says when to come again.
async fn call(client: &Client, browser: &Browser, urls: &[&str], count: usize) -> Vec<(StatusCode, bool)> {
    let calls = urls.iter().cycle().take(count).map(|url| {
        let request = request(client, browser, url);
        async {
            let answer = request.send().await.unwrap();
            (answer.status(), answer.headers().contains_key("retry-after"))
        }
    });
    join_all(calls).await
}

/// The refresh tokens that were given since there were `before` of them, each once.
fn given_since(house: &Running, before: usize) -> BTreeSet<String> {
    house.refresh_tokens.lock().unwrap().iter().skip(before).cloned().collect()
}

/// 200 calls at once on two replicas; Redis is killed while the provider thinks, and started again. With `appendfsync always` the
/// lease is there again: one refresh token follows the other. Who waited may have been told to come again, and is then answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_started_anew_in_the_middle_makes_no_second_refresh() {
    let mut redis = Redis::start().await;
    let url = redis.url();
    let Some(house) = house_on_with(Engines::Servers, |configuration| configuration.cache = url).await else { return };
    let (_second, other) = replica(&house).await;
    let urls = [house.configuration.application.origin.as_str(), other.as_str()];
    let (client, browser) = (Client::new(), expired(&house).await);
    let (given, asked) =
        (house.refresh_tokens.lock().unwrap().len(), house.token_requests.load(std::sync::atomic::Ordering::SeqCst));
    house.token_gate.close();
    let restarting = async {
        house.token_requests_reach(asked + 1).await;
        redis.start_again().await;
        house.token_gate.open();
    };
    let (answers, ()) = tokio::join!(call(&client, &browser, &urls, 200), restarting);
    let good = |answer: &(StatusCode, bool)| answer.0 == StatusCode::OK;
    assert!(answers.iter().all(|answer| good(answer) || *answer == (StatusCode::SERVICE_UNAVAILABLE, true)), "{answers:?}");
    until("everybody is answered", async || call(&client, &browser, &urls, 200).await.iter().all(good)).await;
    assert_eq!(given_since(&house, given).len(), 1, "one refresh token follows the other");
    // It is the one that was kept.
    house.clock.advance(SignedDuration::from_mins(6));
    assert!(call(&client, &browser, &urls, 20).await.iter().all(good));
    assert_eq!(given_since(&house, given).len(), 2);
}

/// A replica that ends as by `kill -9`: whatever it was at is left where it is.
struct Mortal {
    runtime: Runtime,
    running: Running,
    url: String,
}

impl Mortal {
    async fn beside(house: &Running) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let beside = replica_of(house.configuration.clone(), Arc::clone(&house.clock));
        let (running, url) = runtime.spawn(beside).await.unwrap();
        Self { runtime, running, url }
    }

    async fn die(self) {
        let listen = self.running.configuration.application.listen;
        self.runtime.shutdown_background();
        until("nobody listens there", async || tokio::net::TcpStream::connect(listen).await.is_err()).await;
    }
}

/// The holder is killed while the provider thinks (`granted` is false), or when it has granted and nobody has heard of it. The
/// others wait for its lease to run out, 7 seconds; then one of them refreshes. Our provider gives the same successor for 10
/// seconds, so that the session lives in either case.
async fn the_holder_is_killed(granted: bool) {
    let Some(house) = house_on_with(Engines::Servers, |_| ()).await else { return };
    let holder = Mortal::beside(&house).await;
    let (client, browser) = (Client::new(), expired(&house).await);
    let before = house.refresh_tokens.lock().unwrap().len();
    let gate = if granted { &house.answer_gate } else { &house.token_gate };
    gate.close();
    let doomed = tokio::spawn(request(&client, &browser, &holder.url).send());
    let asked = house.token_requests.load(std::sync::atomic::Ordering::SeqCst);
    house.token_requests_reach(asked.max(before) + 1).await;
    if granted {
        until("it is granted", async || house.refresh_tokens.lock().unwrap().len() > before).await;
    }
    holder.die().await;
    assert!(doomed.await.unwrap().is_err(), "nobody answers it");
    gate.open();
    let origin = house.configuration.application.origin.clone();
    let urls = [origin.as_str()];
    let waiting = call(&client, &browser, &urls, 50);
    let letting_time_pass = async {
        house.clock.advance(SignedDuration::from_secs(8));
    };
    let (answers, ()) = tokio::join!(waiting, letting_time_pass);
    assert!(answers.iter().all(|(status, _)| *status == StatusCode::OK), "{answers:?}");
    assert_eq!(given_since(&house, before).len(), 1, "the same successor, whoever asked");
    house.clock.advance(SignedDuration::from_mins(6));
    assert!(call(&client, &browser, &urls, 20).await.iter().all(|(status, _)| *status == StatusCode::OK));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_that_is_killed_before_it_was_granted_anything_delays_the_others_alone() {
    the_holder_is_killed(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_holder_that_is_killed_with_the_new_tokens_costs_no_session() {
    the_holder_is_killed(true).await;
}
