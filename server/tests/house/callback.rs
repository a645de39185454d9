//! B12: each row of the callback's decision table leads to its page, and none into a loop.

use crate::support::{Browser, house};
use jiff::SignedDuration;
use reqwest::{Method, StatusCode, Url};

/// Takes a browser to the point where the callback would be requested: its URL, not yet visited.
async fn stop_before_callback(browser: &mut Browser, origin: &str) -> Url {
    let mut page = browser.get(&format!("{origin}/login?return_to=/flow")).await;
    if page.body.contains("id=\"password\"") {
        // Sign in at the provider once, so that the next authorization request redirects at once.
        browser.log_in(page).await;
        browser.cookies.remove("__Host-session");
        page = browser.hop(Method::GET, &Url::parse(&format!("{origin}/login?return_to=/flow")).unwrap(), None, "none").await;
    }
    for _ in 0..5 {
        let next = page.url.join(page.headers["location"].to_str().unwrap()).unwrap();
        if next.path() == "/callback" {
            return next;
        }
        page = browser.hop(Method::GET, &next, None, "same-site").await;
    }
    panic!("no callback: {:?}", browser.hops);
}

async fn problem(browser: &mut Browser, url: &str) -> (String, StatusCode) {
    let page = browser.get(url).await;
    (page.url.path().to_owned(), page.status)
}

#[tokio::test]
async fn nonsense_is_explained() {
    let house = house().await;
    let origin = house.configuration.application.origin.clone();
    for (query, expected) in [
        ("", "/problem/invalid-response"),
        ("?code=abc", "/problem/invalid-response"),
        ("?state=unknown&code=abc", "/problem/sign-in-expired"),
        ("?state=a&state=b&code=abc", "/problem/invalid-response"),
        ("?error=access_denied", "/problem/denied"),
        ("?error=access_denied&state=unknown", "/problem/denied"),
        ("?state=%3Cscript%3E&error=%3Cscript%3E", "/problem/sign-in-expired"),
        ("?%ff%fe=%00&state=%00", "/problem/sign-in-expired"),
    ] {
        let mut browser = Browser::default();
        let (path, status) = problem(&mut browser, &format!("{origin}/callback{query}")).await;
        assert_eq!(path, expected, "{query}");
        assert!(status.is_client_error(), "{query}: {status}");
        assert_eq!(browser.hops.len(), 2, "{query}: {:?}", browser.hops);
        assert!(!browser.seen.contains("<script>"), "{query}");
    }
}

#[tokio::test]
async fn a_used_state_leads_home_where_somebody_is_signed_in_and_is_explained_where_nobody_is() {
    let house = house().await;
    let origin = house.configuration.application.origin.clone();
    let mut browser = Browser::default();
    let callback = stop_before_callback(&mut browser, &origin).await;
    assert_eq!(browser.get(callback.as_str()).await.url.path(), "/flow");
    assert_eq!(browser.get(callback.as_str()).await.url.path(), "/");
    browser.cookies.remove("__Host-session");
    assert_eq!(problem(&mut browser, callback.as_str()).await.0, "/problem/sign-in-expired");
}

/// Attack 12: a code of another browser cannot be injected, and its own browser can still use it.
#[tokio::test]
async fn the_state_of_another_browser_is_refused_and_stays_good_for_its_own() {
    let house = house().await;
    let origin = house.configuration.application.origin.clone();
    let mut owner = Browser::default();
    let callback = stop_before_callback(&mut owner, &origin).await;
    let (path, status) = problem(&mut Browser::default(), callback.as_str()).await;
    assert_eq!((path.as_str(), status), ("/problem/other-browser", StatusCode::FORBIDDEN));
    assert_eq!(owner.get(callback.as_str()).await.url.path(), "/flow");
}

#[tokio::test]
async fn an_expired_state_is_explained() {
    let house = house().await;
    let origin = house.configuration.application.origin.clone();
    let mut browser = Browser::default();
    let callback = stop_before_callback(&mut browser, &origin).await;
    house.clock.advance(SignedDuration::from_mins(11));
    assert_eq!(problem(&mut browser, callback.as_str()).await.0, "/problem/sign-in-expired");
}

/// RFC 9207 §2.4; attack 13: another issuer's response makes no token request.
#[tokio::test]
async fn a_wrong_or_missing_issuer_is_refused() {
    let house = house().await;
    let origin = house.configuration.application.origin.clone();
    for change in ["https://evil.example", ""] {
        let mut browser = Browser::default();
        let mut callback = stop_before_callback(&mut browser, &origin).await;
        let kept: Vec<(String, String)> = callback.query_pairs().into_owned().filter(|(name, _)| name != "iss").collect();
        callback.query_pairs_mut().clear().extend_pairs(kept).append_pair("iss", change);
        let (path, status) = problem(&mut browser, callback.as_str()).await;
        assert_eq!((path.as_str(), status), ("/problem/invalid-response", StatusCode::BAD_REQUEST));
        assert!(!browser.cookies.contains_key("__Host-session"));
    }
}

#[tokio::test]
async fn a_code_that_was_used_is_refused_by_the_provider() {
    let house = house().await;
    let origin = house.configuration.application.origin.clone();
    let (mut first, mut second) = (Browser::default(), Browser::default());
    let used = stop_before_callback(&mut first, &origin).await;
    first.get(used.as_str()).await;
    let mut callback = stop_before_callback(&mut second, &origin).await;
    let code = used.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let kept: Vec<(String, String)> = callback.query_pairs().into_owned().filter(|(name, _)| name != "code").collect();
    callback.query_pairs_mut().clear().extend_pairs(kept).append_pair("code", &code);
    assert_eq!(problem(&mut second, callback.as_str()).await.0, "/problem/provider-error");
}

#[tokio::test]
async fn denied_consent_is_explained() {
    let house = house().await;
    let origin = house.configuration.application.origin.clone();
    let mut browser = Browser::default();
    let page = browser.get(&format!("{origin}/login")).await;
    let page =
        browser.submit(&page, &[("username", crate::support::USERNAME), ("password", crate::support::PASSWORD)], "sign-in").await;
    let page = browser.submit(&page, &[], "deny").await;
    assert_eq!(page.url.path(), "/problem/denied", "{:?}", browser.hops);
    assert!(!browser.cookies.contains_key("__Host-session"));
}
