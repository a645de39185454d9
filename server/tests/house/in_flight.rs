//! What happens to a refresh under way: the browser hangs up, or signs out.

use std::sync::atomic::Ordering;

use jiff::SignedDuration;

use crate::support::{Browser, Running, house, house_with};

/// A signed-in browser whose access token has just expired, and how many token requests there were so far.
async fn expired(house: &Running) -> (Browser, usize) {
    let mut browser = Browser::default();
    browser.sign_in(&house.configuration.application.origin, "/").await;
    house.clock.advance(SignedDuration::from_mins(6));
    (browser, house.token_requests.load(Ordering::SeqCst))
}

fn ask(house: &Running, browser: &Browser) -> tokio::task::JoinHandle<String> {
    let mut tab = Browser { cookies: browser.cookies.clone(), ..Browser::default() };
    let url = format!("{}/resource?ask=1", house.configuration.application.origin);
    tokio::spawn(async move { tab.get(&url).await.body })
}

/// B16: a browser that hangs up in the middle of a refresh loses neither the rotated token nor its session.
#[tokio::test]
async fn a_refresh_survives_the_browser_that_asked_for_it() {
    let house = house().await;
    let (browser, before) = expired(&house).await;
    house.token_gate.close();
    let hung_up = ask(&house, &browser);
    house.token_requests_reach(before + 1).await;
    hung_up.abort();
    assert!(hung_up.await.unwrap_err().is_cancelled());
    house.token_gate.open();
    assert!(ask(&house, &browser).await.unwrap().contains("token_expires_in_seconds"));
    assert_eq!(house.token_requests.load(Ordering::SeqCst), before + 1);
}

/// B16: a sign-out is never undone by a refresh that was under way.
#[tokio::test]
async fn a_refresh_under_way_does_not_bring_a_signed_out_session_back() {
    let house = house().await;
    let origin = house.configuration.application.origin.clone();
    let (mut browser, before) = expired(&house).await;
    let cookies = browser.cookies.clone();
    house.token_gate.close();
    let asking = ask(&house, &browser);
    house.token_requests_reach(before + 1).await;
    browser.post(&format!("{origin}/sign-out"), &[]).await;
    house.token_gate.open();
    assert!(!asking.await.unwrap().contains("token_expires_in_seconds"));
    let mut again = Browser { cookies, ..Browser::default() };
    assert!(!again.get(&origin).await.body.contains("Ada Lovelace"));
}

/// B16: that the session is noticed to be in use while its tokens are refreshed costs neither.
#[tokio::test]
async fn a_session_that_is_used_during_a_refresh_keeps_its_new_tokens() {
    let house = house_with(|configuration| configuration.application.session_idle = SignedDuration::from_mins(8)).await;
    let (browser, before) = expired(&house).await;
    house.token_gate.close();
    let asking = ask(&house, &browser);
    house.token_requests_reach(before + 1).await;
    // Long enough to be noticed, an eighth of the idle time; short enough for the request under way.
    house.clock.advance(SignedDuration::from_secs(61));
    let mut tab = Browser { cookies: browser.cookies.clone(), ..Browser::default() };
    let url = format!("{}/session", house.configuration.application.origin);
    let session = tab.fetch(reqwest::Method::GET, &url).await;
    assert!(session.body.contains("idle_ends_at"), "{}", session.body);
    house.token_gate.open();
    assert!(asking.await.unwrap().contains("token_expires_in_seconds"));
    // The rotated refresh token was kept: a used one would end the session here.
    house.clock.advance(SignedDuration::from_mins(6));
    assert!(ask(&house, &browser).await.unwrap().contains("token_expires_in_seconds"));
    assert_eq!(house.token_requests.load(Ordering::SeqCst), before + 2);
}

/// The second click of a double click finds no session, and still ends the provider's.
#[tokio::test]
async fn a_second_sign_out_still_leads_to_the_provider() {
    let house = house().await;
    let origin = house.configuration.application.origin.clone();
    let mut browser = Browser::default();
    browser.sign_in(&origin, "/").await;
    let cookies = browser.cookies.clone();
    browser.post(&format!("{origin}/sign-out"), &[]).await;
    let mut second = Browser { cookies, ..Browser::default() };
    let page = second.post(&format!("{origin}/sign-out"), &[]).await;
    assert!(second.hops.iter().any(|hop| hop.contains("/end_session")), "{:?}", second.hops);
    assert_eq!(page.url.path(), "/signed-out");
}
