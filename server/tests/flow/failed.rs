//! A sign-in that fails shows where it stopped, and why.

use reqwest::{Method, Url};

use crate::support::{Browser, PASSWORD, Page, USERNAME};
use crate::{flow_of, recording, saw, saw_up_to};

/// Up to the callback, which is not visited.
async fn up_to_callback(browser: &mut Browser, origin: &str) -> Url {
    browser.sign_in(origin, "/").await;
    browser.cookies.remove("__Host-session");
    let mut next = Url::parse(&format!("{origin}/login")).unwrap();
    for _ in 0..5 {
        let page = browser.hop(Method::GET, &next, None, "none").await;
        next = page.url.join(page.headers["location"].to_str().unwrap()).unwrap();
        if next.path() == "/callback" {
            return next;
        }
    }
    panic!("no callback: {:?}", browser.hops);
}

async fn flow_page(browser: &mut Browser, origin: &str) -> Page {
    browser.get(&format!("{origin}/flow?exchange=9")).await
}

/// RFC 6749 §5.2: the token endpoint says no.
#[tokio::test]
async fn a_code_that_is_refused_stops_the_flow_at_the_token_request() {
    let (_house, _writing, origin) = recording().await;
    let mut browser = Browser::default();
    let mut callback = up_to_callback(&mut browser, &origin).await;
    let pairs: Vec<(String, String)> = callback.query_pairs().into_owned().collect();
    callback.query_pairs_mut().clear().extend_pairs(
        pairs
            .iter()
            .map(|(name, value)| (name.as_str(), if name == "code" { "a-code-that-nobody-issued" } else { value.as_str() })),
    );
    browser.get(callback.as_str()).await;
    let flow = flow_of(&mut browser, &origin, |flow| saw(flow, 9) && saw(flow, 8)).await;
    assert!(!saw(&flow, 11) && !saw(&flow, 13), "{flow:#}");
    let page = flow_page(&mut browser, &origin).await;
    assert!(page.body.contains("Stopped at exchange 9, POST /token: the provider says invalid_grant"), "{}", page.body);
    assert!(page.body.contains("It went wrong") && !page.body.contains("a-code-that"), "{}", page.body);
    let page = browser.get(&format!("{origin}/flow?exchange=13")).await;
    assert!(page.body.contains("This exchange has not happened"), "{}", page.body);
}

/// RFC 6749 §4.1.2.1: the user says no.
#[tokio::test]
async fn a_user_who_says_no_stops_the_flow_at_the_callback() {
    let (_house, _writing, origin) = recording().await;
    let mut browser = Browser::default();
    let page = browser.get(&format!("{origin}/login")).await;
    browser.submit(&page, &[("username", USERNAME), ("password", PASSWORD)], "sign-in").await;
    let page = browser.get(&format!("{origin}/login")).await;
    browser.submit(&page, &[], "deny").await;
    flow_of(&mut browser, &origin, |flow| saw(flow, 8)).await;
    let page = flow_page(&mut browser, &origin).await;
    assert!(page.body.contains("Stopped at exchange 8, callback with Authorization code: the user said no"), "{}", page.body);
}

/// A sign-in that its user has left is told as under way, and not as done.
#[tokio::test]
async fn a_sign_in_that_goes_no_further_is_told_as_under_way() {
    let (_house, _writing, origin) = recording().await;
    let mut browser = Browser::default();
    browser.get(&format!("{origin}/login")).await;
    let flow = flow_of(&mut browser, &origin, saw_up_to(5)).await;
    assert!(!saw(&flow, 7), "{flow:#}");
    let page = flow_page(&mut browser, &origin).await;
    assert!(page.body.contains("Under way. Exchange "), "{}", page.body);
}

/// The one who knows the state of another's sign-in cannot complete it, and both know that it was tried.
#[tokio::test]
async fn a_callback_in_another_browser_is_told_to_who_began() {
    let (_house, _writing, origin) = recording().await;
    let (mut browser, mut other) = (Browser::default(), Browser::default());
    let callback = up_to_callback(&mut browser, &origin).await;
    other.get(callback.as_str()).await;
    flow_of(&mut browser, &origin, |flow| saw(flow, 8)).await;
    let page = flow_page(&mut browser, &origin).await;
    assert!(page.body.contains("another browser began this sign-in"), "{}", page.body);
}
