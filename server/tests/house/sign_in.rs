//! The whole house over real sockets: the application, the provider and the Resource API on three origins.

use std::sync::atomic::Ordering;

use crate::support::{Browser, Running, configuration, house, house_with, move_in};
use jiff::SignedDuration;
use reqwest::{Method, StatusCode, Url};

/// Journeys that must be the same whatever the boxes stand on.
macro_rules! on_each_engine {
    ($($journey:ident),+ $(,)?) => {
        mod embedded {
            $(#[tokio::test] async fn $journey() { super::$journey(house_on(Engines::Embedded).await.unwrap()).await })+
            use crate::support::{Engines, house_on};
        }
        mod postgres_and_redis {
            $(#[tokio::test] async fn $journey() {
                if let Some(house) = house_on(Engines::Servers).await { super::$journey(house).await }
            })+
            use crate::support::{Engines, house_on};
        }
    };
}

on_each_engine! {
    signing_in_leads_home_with_a_name,
    two_tabs_sign_in_at_once,
    the_resource_api_answers_also_when_the_access_token_has_expired,
    many_requests_at_once_refresh_once,
    signing_out_ends_everything,
}

async fn signing_in_leads_home_with_a_name(house: Running) {
    let origin = &house.configuration.application.origin;
    let mut browser = Browser::default();
    let page = browser.sign_in(origin, "/").await;
    assert_eq!((page.status, page.url.path()), (StatusCode::OK, "/"), "{:?}", browser.hops);
    assert!(page.body.contains("Ada Lovelace") && page.body.contains("ada@example.com"));
    // An interaction's cookie stays for a minute, so that a form sent twice leads to the same place; a device's for long.
    let passing = ["__Host-interaction.", "__Host-device."];
    let kept = browser.cookies.keys().filter(|name| !passing.iter().any(|prefix| name.starts_with(prefix)));
    assert_eq!(kept.collect::<Vec<_>>(), ["__Host-flow", "__Host-provider", "__Host-session"]);
}

/// B1, attack 56: no token, code verifier or assertion reaches the browser.
#[tokio::test]
async fn nothing_that_reaches_the_browser_is_a_token() {
    let house = house().await;
    let origin = house.configuration.application.origin.clone();
    let mut browser = Browser::default();
    browser.sign_in(&origin, "/resource?ask=1").await;
    browser.post(&format!("{origin}/sign-out"), &[]).await;
    for tell in
        ["eyJhbGci", "eyJ0eXAi", "eyJraWQi", "code_verifier", "client_assertion", "refresh_token", "access_token", "id_token"]
    {
        assert!(!browser.seen.contains(tell), "{tell} reached the browser");
    }
}

/// B6: path and query survive the sign-in; a foreign target does not.
#[tokio::test]
async fn the_way_back_is_kept_where_it_is_ours() {
    let house = house().await;
    let origin = house.configuration.application.origin.clone();
    let page = Browser::default().sign_in(&origin, "/resource?ask=1").await;
    assert_eq!(page.url.as_str(), format!("{origin}/resource?ask=1"));
    let page = Browser::default().sign_in(&origin, "//evil.example/").await;
    assert_eq!(page.url.as_str(), format!("{origin}/"));
}

#[tokio::test]
async fn a_second_sign_in_asks_nothing() {
    let house = house().await;
    let origin = house.configuration.application.origin.clone();
    let mut browser = Browser::default();
    browser.sign_in(&origin, "/").await;
    browser.cookies.remove("__Host-session").unwrap();
    let page = browser.get(&format!("{origin}/login")).await;
    assert!(page.body.contains("Ada Lovelace"), "{:?}", browser.hops);
}

/// B9: each tab has its own transaction, in either order.
async fn two_tabs_sign_in_at_once(house: Running) {
    let origin = house.configuration.application.origin.clone();
    let mut browser = Browser::default();
    let first = browser.get(&format!("{origin}/login?return_to=/flow")).await;
    let second = browser.get(&format!("{origin}/login?return_to=/resource")).await;
    let second = browser.log_in(second).await;
    assert_eq!((second.status, second.url.path()), (StatusCode::OK, "/resource"));
    let first = browser.log_in(first).await;
    assert_eq!((first.status, first.url.path()), (StatusCode::OK, "/flow"));
}

/// The Resource API's JSON response, fetched with Bearer JWT; after five minutes with a refreshed token.
async fn the_resource_api_answers_also_when_the_access_token_has_expired(house: Running) {
    let origin = house.configuration.application.origin.clone();
    let mut browser = Browser::default();
    let page = browser.sign_in(&origin, "/resource?ask=1").await;
    assert!(page.body.contains("token_expires_in_seconds"), "{}", page.body);
    for _ in 0..3 {
        house.clock.advance(SignedDuration::from_mins(6));
        let page = browser.get(&format!("{origin}/resource?ask=1")).await;
        assert!(page.body.contains("token_expires_in_seconds"), "{}", page.body);
    }
}

/// B16: many requests on an expired token make exactly one refresh grant.
async fn many_requests_at_once_refresh_once(house: Running) {
    let origin = house.configuration.application.origin.clone();
    let mut browser = Browser::default();
    browser.sign_in(&origin, "/").await;
    house.clock.advance(SignedDuration::from_mins(6));
    let before = house.token_requests.load(Ordering::SeqCst);
    let asks = (0..20).map(|_| {
        let mut tab = Browser { cookies: browser.cookies.clone(), ..Browser::default() };
        let url = format!("{origin}/resource?ask=1");
        tokio::spawn(async move { tab.get(&url).await })
    });
    for ask in asks.collect::<Vec<_>>() {
        assert!(ask.await.unwrap().body.contains("token_expires_in_seconds"));
    }
    assert_eq!(house.token_requests.load(Ordering::SeqCst), before + 1);
    // Past the grace for parallel refreshes, another refresh still works: the family lives.
    house.clock.advance(SignedDuration::from_mins(6));
    assert!(browser.get(&format!("{origin}/resource?ask=1")).await.body.contains("token_expires_in_seconds"));
}

/// B17: sign-out ends the session here and at the provider.
async fn signing_out_ends_everything(house: Running) {
    let origin = house.configuration.application.origin.clone();
    let mut browser = Browser::default();
    browser.sign_in(&origin, "/").await;
    let before = browser.cookies.clone();
    let page = browser.post(&format!("{origin}/sign-out"), &[]).await;
    assert_eq!(page.url.path(), "/signed-out", "{:?}", browser.hops);
    assert!(!browser.cookies.contains_key("__Host-session"));
    let mut thief = Browser { cookies: before, ..Browser::default() };
    assert!(!thief.get(&origin).await.body.contains("Ada Lovelace"), "the old cookie is worth nothing");
    let page = thief.get(&format!("{origin}/login")).await;
    assert!(page.body.contains("id=\"password\""), "the provider's session has ended too");
}

/// B4: a POST of another site does nothing.
#[tokio::test]
async fn another_site_cannot_sign_anybody_out() {
    let house = house().await;
    let origin = house.configuration.application.origin.clone();
    let mut browser = Browser::default();
    browser.sign_in(&origin, "/").await;
    let url = Url::parse(&format!("{origin}/sign-out")).unwrap();
    let page = browser.hop(Method::POST, &url, Some(String::new()), "cross-site").await;
    assert_eq!((page.status, &page.headers["location"]), (StatusCode::SEE_OTHER, &"/problem/cross-site".parse().unwrap()));
    assert_eq!(browser.get(&format!("{origin}/problem/cross-site")).await.status, StatusCode::FORBIDDEN);
    assert!(browser.get(&origin).await.body.contains("Ada Lovelace"));
}

/// B5: another site cannot start a sign-in by itself; a fetch gets 401 and no redirect.
#[tokio::test]
async fn a_sign_in_starts_only_from_a_navigation_of_our_own() {
    let house = house().await;
    let origin = house.configuration.application.origin.clone();
    let login = Url::parse(&format!("{origin}/login?return_to=/flow")).unwrap();
    let page = Browser::default().hop(Method::GET, &login, None, "cross-site").await;
    assert_eq!(page.headers["location"], "/sign-in?return_to=%2Fflow");
    let answer = reqwest::Client::new().get(login).header("sec-fetch-mode", "cors").header("sec-fetch-dest", "empty");
    let answer = answer.header("accept", "text/html").send().await.unwrap();
    assert_eq!((answer.status(), answer.headers().get("location")), (StatusCode::UNAUTHORIZED, None));
}

/// The sessions, and what the Authorization Server remembers, survive a restart.
#[tokio::test]
async fn a_restart_loses_no_session() {
    let directory = tempfile::tempdir().unwrap();
    let (configuration, listeners) = configuration(directory.path()).await;
    let clock = crate::support::clock();
    let first = move_in(configuration.clone(), listeners, clock.clone()).await;
    let origin = configuration.application.origin.clone();
    let mut browser = Browser::default();
    browser.sign_in(&origin, "/").await;
    drop(first);

    let mut listeners = Vec::new();
    for address in [configuration.application.listen, configuration.provider.listen, configuration.resource.listen] {
        listeners.push(bind(address).await);
    }
    let _second = move_in(configuration, listeners, clock.clone()).await;
    assert!(browser.get(&origin).await.body.contains("Ada Lovelace"));
    clock.advance(SignedDuration::from_mins(6));
    assert!(browser.get(&format!("{origin}/resource?ask=1")).await.body.contains("token_expires_in_seconds"));
}

/// The first house may still be closing its door.
pub(crate) async fn bind(address: std::net::SocketAddr) -> tokio::net::TcpListener {
    for _ in 0..1000 {
        if let Ok(listener) = tokio::net::TcpListener::bind(address).await {
            return listener;
        }
        tokio::task::yield_now().await;
    }
    panic!("{address} stays taken");
}

/// B15: a session ends, however busy.
#[tokio::test]
async fn a_session_ends_after_its_lifetime() {
    let house = house_with(|configuration| configuration.application.session_idle = SignedDuration::from_hours(24)).await;
    let origin = house.configuration.application.origin.clone();
    let mut browser = Browser::default();
    browser.sign_in(&origin, "/").await;
    house.clock.advance(SignedDuration::from_hours(11));
    assert!(browser.get(&origin).await.body.contains("Ada Lovelace"));
    house.clock.advance(SignedDuration::from_hours(1));
    assert!(!browser.get(&origin).await.body.contains("Ada Lovelace"));
}
