//! `/flow/events`: a second window follows the sign-in of the first.

use std::time::Duration;

use reqwest::{Method, StatusCode};

use crate::recording;
use crate::support::Browser;

async fn next(stream: &mut reqwest::Response) -> String {
    let chunk = tokio::time::timeout(Duration::from_secs(20), stream.chunk()).await.expect("an event comes");
    String::from_utf8(chunk.unwrap().unwrap().to_vec()).unwrap()
}

async fn open(browser: &Browser, origin: &str, site: &str) -> reqwest::Response {
    let cookies: Vec<String> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let request = reqwest::Client::new().get(format!("{origin}/flow/events"));
    request.header("cookie", cookies.join("; ")).header("sec-fetch-site", site).send().await.unwrap()
}

#[tokio::test]
async fn a_window_that_is_open_hears_of_a_sign_in_that_begins_in_another() {
    let (_house, _writing, origin) = recording().await;
    let mut browser = Browser::default();
    browser.get(&format!("{origin}/flow")).await;
    let mut stream = open(&browser, &origin, "same-origin").await;
    assert_eq!(stream.status(), StatusCode::OK);
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let nothing = next(&mut stream).await;
    assert!(nothing.contains("event: flow"), "{nothing}");
    browser.get(&format!("{origin}/login")).await;
    let begun = next(&mut stream).await;
    assert!(begun.contains("event: flow") && begun != nothing, "{begun}");
}

#[tokio::test]
async fn nobody_else_is_told_anything() {
    let (_house, _writing, origin) = recording().await;
    let mut browser = Browser::default();
    assert_eq!(open(&browser, &origin, "same-origin").await.status(), StatusCode::NO_CONTENT, "an EventSource gives up");
    browser.get(&format!("{origin}/flow")).await;
    assert_eq!(open(&browser, &origin, "cross-site").await.status(), StatusCode::FORBIDDEN);
    let posted = browser.call(Method::POST, &format!("{origin}/flow/events"), &[("sec-fetch-site", "same-origin")]).await;
    assert_eq!(posted.status, StatusCode::METHOD_NOT_ALLOWED);
}
