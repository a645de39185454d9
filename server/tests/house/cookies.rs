//! B2, B3, B9: the session cookie, when it changes, and how many cookies there may be.

use reqwest::{Method, StatusCode};

use crate::support::{Browser, Running, house};

const SESSION: &str = "__Host-session";

async fn status(house: &Running, cookies: &[(&str, &str)]) -> StatusCode {
    let cookies = cookies.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut browser = Browser { cookies, ..Browser::default() };
    browser.fetch(Method::GET, &format!("{}/session", house.configuration.application.origin)).await.status
}

/// B2: as it is on the wire: bound to the host, out of reach of scripts, opaque, and gone with the browser.
#[tokio::test]
async fn the_session_cookie_is_host_bound_and_256_random_bits() {
    let house = house().await;
    let (mut one, mut other) = (Browser::default(), Browser::default());
    one.sign_in(&house.configuration.application.origin, "/").await;
    other.sign_in(&house.configuration.application.origin, "/").await;
    let line = one.seen.split("__Host-session=").nth(1).unwrap().split('"').next().unwrap();
    for attribute in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
        assert!(line.contains(attribute), "{attribute} in {line}");
    }
    assert!(!line.contains("Domain") && !line.contains("Max-Age") && !line.contains("Expires"), "{line}");
    for browser in [&one, &other] {
        // 32 bytes in base64url.
        assert_eq!(browser.cookies[SESSION].len(), 43);
    }
    assert_ne!(one.cookies[SESSION], other.cookies[SESSION]);
}

/// B3, attack 36: what the browser carried before a sign-in is never what stands for the session after it.
#[tokio::test]
async fn the_session_id_changes_at_every_sign_in() {
    let house = house().await;
    let origin = &house.configuration.application.origin;
    let mut browser = Browser::default();
    browser.cookies.insert(SESSION.to_owned(), "planted-by-somebody-else".to_owned());
    browser.sign_in(origin, "/").await;
    let first = browser.cookies[SESSION].clone();
    assert_ne!(first, "planted-by-somebody-else");
    assert_eq!(status(&house, &[(SESSION, "planted-by-somebody-else")]).await, StatusCode::UNAUTHORIZED);
    browser.get(&format!("{origin}/login?renew=1")).await;
    let second = browser.cookies[SESSION].clone();
    assert_ne!(first, second);
    assert_eq!(status(&house, &[(SESSION, &first)]).await, StatusCode::UNAUTHORIZED, "the former session is over");
    assert_eq!(status(&house, &[(SESSION, &second)]).await, StatusCode::OK);
}

/// B3, attack 52: a cookie that another host of the domain can set is not ours, whatever it holds.
#[tokio::test]
async fn a_tossed_cookie_is_ignored() {
    let house = house().await;
    let mut browser = Browser::default();
    browser.sign_in(&house.configuration.application.origin, "/").await;
    let ticket = browser.cookies[SESSION].clone();
    for name in ["session", "Host-session", "__host-session", "__HOST-session", "__Secure-session", "__Host-session2"] {
        assert_eq!(status(&house, &[(name, &ticket)]).await, StatusCode::UNAUTHORIZED, "{name}");
        assert_eq!(status(&house, &[(name, "tossed"), (SESSION, &ticket)]).await, StatusCode::OK, "{name}");
    }
}

/// B9: however many sign-ins a browser begins, its cookies do not pile up, and the last one can be completed.
#[tokio::test]
async fn begun_sign_ins_are_capped_and_the_last_one_completes() {
    let house = house().await;
    let origin = &house.configuration.application.origin;
    let mut browser = Browser::default();
    let mut page = browser.get(&format!("{origin}/login?return_to=/flow")).await;
    for _ in 0..20 {
        house.clock.advance(jiff::SignedDuration::from_secs(1));
        page = browser.get(&format!("{origin}/login?return_to=/flow")).await;
    }
    let begun = browser.cookies.keys().filter(|name| name.starts_with("__Host-sign-in.")).count();
    assert_eq!(begun, protocol::binding::CAP);
    let end = browser.log_in(page).await;
    assert_eq!(end.url.path(), "/flow");
    assert!(browser.cookies.contains_key(SESSION));
}

/// B8, attack 54: state and nonce are new for each sign-in, and no longer than others take.
#[tokio::test]
async fn each_sign_in_has_its_own_state() {
    let house = house().await;
    let origin = &house.configuration.application.origin;
    let mut states = std::collections::BTreeSet::new();
    for _ in 0..2 {
        let mut browser = Browser::default();
        browser.sign_in(origin, "/").await;
        let callback = browser.hops.iter().find(|hop| hop.contains("/callback?")).unwrap().clone();
        let state = callback.split("state=").nth(1).unwrap().split(['&', ' ']).next().unwrap().to_owned();
        assert!((32..=64).contains(&state.len()), "{state}");
        states.insert(state);
    }
    assert_eq!(states.len(), 2);
}
