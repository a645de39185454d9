//! Attacks 34 and 42: every page and every redirect, those that the router makes by itself among them.

use std::sync::atomic::Ordering;

use crate::answer::Answer;
use crate::house::House;
use crate::links::mailbox::{asked_for_password, send_address};

fn check(answer: &Answer, what: &str) {
    for (name, value) in [
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("access-control-allow-origin", ""),
    ] {
        assert_eq!(answer.header(name), value, "{name} of {what}: {answer:?}");
    }
    if answer.headers.contains_key("location") {
        assert_eq!(answer.body, "", "{what}");
        return;
    }
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{what}");
    let policy = answer.header("content-security-policy");
    let parts = ["default-src 'none'", "script-src 'none'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"];
    for part in parts {
        assert!(policy.contains(part), "{part} of {what}: {policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{what}: {policy}");
}

/// Attack 34: no page can be framed; attack 42: none is kept, tells others where it was, or asks anybody else for anything.
#[tokio::test]
async fn every_page_is_locked_down() {
    let house = House::build().await;
    let mut browser = house.browser();
    let url = house.app.begin(&house, &[]).await;
    let to_login = browser.get(&url).await;
    check(&to_login, "the way to the login page");
    let login = browser.follow(to_login).await;
    check(&login, "the login page");
    check(&browser.log_in_as(&login, "demo", "wrong").await, "a refused login");
    let consent = browser.log_in(&login).await;
    check(&consent, "the consent page");
    check(&browser.press(&consent, "allow").await, "the way back");
    check(&browser.get("/").await, "the front page");
    check(&browser.get("/account").await, "the account page");
    check(&browser.get("/end_session").await, "the question whether to sign out");
    let ask = browser.get("/sign-up").await;
    check(&ask, "the page that asks for an address");
    check(&send_address(&mut browser, &ask, "nobody").await, "an address that is none");
    check(&browser.get("/reset-password/sent").await, "the answer to an address");
    let (mut reader, link) = asked_for_password(&house, "other@example.com").await;
    check(&reader.open(&link).await, "the form behind a link");
    check(&house.browser().get("/confirm/none").await, "a link that cannot be used");
    check(&browser.get(&url).await, "a request that is used up");
    check(&browser.get("/authorize").await, "a request that names nobody");
    check(&browser.get(&house.plain.plainly(&[("scope", "")])).await, "a refusal that goes to the client");
    check(&browser.get("/no/such/page").await, "a page that is not there");
    check(&house.browser().get(&login.field("action")).await, "another browser's page");
    check(&browser.post_from("cross-site", &login.field("action"), &[]).await, "a form of another site");
    check(&browser.send("PUT", "/authorize", &[], String::new()).await, "a method that is not there");
    check(&browser.send("GET", "/login/%ff", &[], String::new()).await, "a path that is no text");
    let long = "x".repeat(70_000);
    let large = browser.post(&login.field("action"), &[("password", &long)]).await;
    assert_eq!(large.status, 413);
    check(&large, "a form that is too large");
    house.cache.broken.store(true, Ordering::SeqCst);
    let outage = browser.get("/").await;
    assert_eq!(outage.status, 503);
    check(&outage, "an outage");
    house.cache.broken.store(false, Ordering::SeqCst);
    let page = browser.get("/end_session").await;
    check(&browser.press(&page, "sign-out").await, "the page after signing out");
}
