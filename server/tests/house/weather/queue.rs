//! A Queue that is away: nobody is signed out without a line in the audit log, and a sign-out is one line however often it is asked for.

use reqwest::{Method, StatusCode};
use server::house::open_queue;
use test_engines::{Redis, are_wanted, until};

use crate::support::{Browser, Running, house, house_with};

async fn ends(house: &Running) -> usize {
    house.audit_records().await.iter().filter(|record| record.kind == "signed_out").count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_out_that_cannot_be_audited_is_not_done() {
    if !are_wanted() {
        return;
    }
    let mut redis = Redis::start().await;
    let url = redis.url();
    let house = house_with(|configuration| configuration.queue = url).await;
    let origin = house.configuration.application.origin.clone();
    let (mut browser, mut other) = (Browser::default(), Browser::default());
    browser.sign_in(&origin, "/").await;
    other.sign_in(&origin, "/").await;
    let cookies = browser.cookies.clone();
    redis.kill();
    for (method, path) in [(Method::POST, "/logout"), (Method::DELETE, "/session/devices")] {
        let answer = browser.fetch(method, &format!("{origin}{path}")).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}: {}", answer.body);
        assert!(answer.headers.contains_key("retry-after"), "{path}");
    }
    let page = browser.post(&format!("{origin}/sign-out"), &[]).await;
    assert_eq!((page.status, page.url.path()), (StatusCode::SERVICE_UNAVAILABLE, "/problem/unavailable"));
    assert_eq!(browser.cookies, cookies, "no cookie is taken back");
    for browser in [&mut browser, &mut other] {
        assert_eq!(browser.fetch(Method::GET, &format!("{origin}/session")).await.status, StatusCode::OK);
    }
    redis.start_again().await;
    let signed_out = async || browser.fetch(Method::DELETE, &format!("{origin}/session/devices")).await.status == StatusCode::OK;
    until("the other browser is signed out", signed_out).await;
    assert_eq!(browser.fetch(Method::POST, &format!("{origin}/logout")).await.status, StatusCode::OK);
    for browser in [&mut browser, &mut other] {
        assert_eq!(browser.fetch(Method::GET, &format!("{origin}/session")).await.status, StatusCode::UNAUTHORIZED);
    }
    until("both are in the audit log", async || ends(&house).await == 2).await;
}

/// The clicks of a double click, and the other browser that ends this one in the same moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_out_that_is_asked_for_many_times_at_once_is_one_line() {
    let house = house().await;
    let origin = house.configuration.application.origin.clone();
    let (mut browser, mut other) = (Browser::default(), Browser::default());
    browser.sign_in(&origin, "/").await;
    other.sign_in(&origin, "/").await;
    let clicks = (0..5).map(|_| {
        let (mut click, url) = (Browser { cookies: browser.cookies.clone(), ..Browser::default() }, format!("{origin}/logout"));
        async move { click.fetch(Method::POST, &url).await.status }
    });
    let url = format!("{origin}/session/devices");
    let elsewhere = other.fetch(Method::DELETE, &url);
    let (clicked, elsewhere) = tokio::join!(futures::future::join_all(clicks), elsewhere);
    assert!(clicked.iter().all(|status| *status == StatusCode::OK), "{clicked:?}");
    assert_eq!(elsewhere.status, StatusCode::OK);
    // What comes behind them in the Queue.
    assert_eq!(other.fetch(Method::POST, &format!("{origin}/logout")).await.status, StatusCode::OK);
    let queue = open_queue(&house.configuration).await.unwrap();
    until("all that was pushed is handled", async || queue.depth().await.unwrap() == 0).await;
    assert_eq!(ends(&house).await, 2);
}
