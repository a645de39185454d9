//! Each viewer sees what their own browser began, and no secret in it.

use jiff::SignedDuration;
use reqwest::StatusCode;

use crate::support::{Browser, PASSWORD};
use crate::{flow_of, recording, saw_up_to};

/// All thirteen, in the order of the diagram, with what they carried.
#[tokio::test]
async fn a_sign_in_is_shown_to_the_browser_that_began_it() {
    let (_house, _writing, origin) = recording().await;
    let mut browser = Browser::default();
    let before = browser.get(&format!("{origin}/flow")).await;
    assert!(before.body.contains("Sample") && before.body.contains("return_to=%2Fflow"), "{}", before.body);
    assert!(!before.body.contains(" lit"), "nothing has happened");
    browser.sign_in(&origin, "/flow").await;
    let flow = flow_of(&mut browser, &origin, saw_up_to(13)).await;
    let token = flow["seen"].as_array().unwrap().iter().find(|seen| seen["number"] == 9).unwrap();
    assert_eq!((&token["method"], &token["status"]), (&"POST".into(), &200.into()), "{token}");
    assert!(token["url"].as_str().unwrap().ends_with("/token"), "{token}");
    let page = browser.get(&format!("{origin}/flow?exchange=9")).await;
    assert!(page.body.contains("Complete in ") && !page.body.contains("Sample"), "{}", page.body);
    assert_eq!(page.body.matches("class=\"time\"").count(), 13, "each arrow has its time");
    for told in ["code_verifier", "code verifier, 43 characters, kept back", "RFC 7636 §4.1", "/token", "As curl"] {
        assert!(page.body.contains(told), "{told} in {}", page.body);
    }
    let page = browser.get(&format!("{origin}/flow?exchange=10")).await;
    for told in ["id token: header and claims, without the signature", "auth_time", "/userinfo"] {
        assert!(page.body.contains(told), "{told} in {}", page.body);
    }
}

/// RFC 9700 is about what leaks: a flow is for the browser that began it, and for nobody else.
#[tokio::test]
async fn another_browser_sees_nothing_of_it() {
    let (_house, _writing, origin) = recording().await;
    let (mut ada, mut other) = (Browser::default(), Browser::default());
    ada.sign_in(&origin, "/").await;
    flow_of(&mut ada, &origin, saw_up_to(13)).await;
    // With the session of the same user, too: it is another browser.
    other.cookies.insert("__Host-session".to_owned(), ada.cookies["__Host-session"].clone());
    for forged in [None, Some("A".repeat(43)), Some(String::new()), Some("x".to_owned())] {
        if let Some(forged) = forged {
            other.cookies.insert("__Host-flow".to_owned(), forged);
        }
        assert_eq!(other.get(&format!("{origin}/flow.json")).await.status, StatusCode::NOT_FOUND);
        assert_eq!(other.get(&format!("{origin}/flow.svg")).await.status, StatusCode::NOT_FOUND);
        let page = other.get(&format!("{origin}/flow")).await;
        assert!(page.body.contains("Sample") && !page.body.contains(" lit"), "{}", page.body);
    }
}

/// B25: what is secret is not in the flow, whatever way it is looked at.
#[tokio::test]
async fn no_secret_is_in_what_is_shown() {
    let (house, _writing, origin) = recording().await;
    let mut browser = Browser::default();
    browser.sign_in(&origin, "/").await;
    let mut shown = flow_of(&mut browser, &origin, saw_up_to(13)).await.to_string();
    for number in 1..=13 {
        shown += &browser.get(&format!("{origin}/flow?exchange={number}")).await.body;
    }
    shown += &browser.get(&format!("{origin}/flow.svg")).await.body;
    let code = browser.hops.iter().find_map(|hop| Some(hop.split_once("code=")?.1.split(['&', ' ']).next()?.to_owned()));
    let mut secrets = vec![code.unwrap(), PASSWORD.to_owned(), "eyJ".to_owned()];
    secrets.extend(house.refresh_tokens.lock().unwrap().clone());
    secrets.extend(browser.cookies.values().cloned());
    assert!(secrets.len() >= 6, "{secrets:?}");
    for secret in secrets {
        assert!(!shown.contains(&secret), "a secret is shown in {shown}");
    }
}

/// A flow is gone a quarter of an hour after the last of it.
#[tokio::test]
async fn a_flow_expires() {
    let (house, _writing, origin) = recording().await;
    let mut browser = Browser::default();
    browser.sign_in(&origin, "/").await;
    flow_of(&mut browser, &origin, saw_up_to(13)).await;
    house.clock.advance(SignedDuration::from_mins(15));
    assert_eq!(browser.get(&format!("{origin}/flow.json")).await.status, StatusCode::NOT_FOUND);
}

/// Whoever comes to this browser next sees nothing of who signed out.
#[tokio::test]
async fn signing_out_forgets_the_flow() {
    let (_house, _writing, origin) = recording().await;
    let mut browser = Browser::default();
    browser.sign_in(&origin, "/").await;
    flow_of(&mut browser, &origin, saw_up_to(13)).await;
    let kept = browser.cookies["__Host-flow"].clone();
    browser.post(&format!("{origin}/sign-out"), &[]).await;
    assert!(!browser.cookies.contains_key("__Host-flow"), "{:?}", browser.cookies);
    browser.cookies.insert("__Host-flow".to_owned(), kept);
    assert_eq!(browser.get(&format!("{origin}/flow.json")).await.status, StatusCode::NOT_FOUND);
}

/// A recorder that nobody writes for costs nobody a sign-in.
#[tokio::test]
async fn a_sign_in_does_not_need_its_record() {
    let listening = crate::listen();
    let house = crate::support::house().await;
    drop(listening.recorded);
    let mut browser = Browser::default();
    let page = browser.sign_in(&house.configuration.application.origin, "/").await;
    assert!(page.body.contains("Ada Lovelace"), "{}", page.body);
}

#[tokio::test]
async fn where_nothing_is_recorded_the_page_is_a_sample_and_sets_no_cookie() {
    let house = crate::support::house_with(|configuration| {
        configuration.flow = Some(server::configuration::Flow::Off);
    })
    .await;
    let origin = &house.configuration.application.origin;
    let mut browser = Browser::default();
    browser.sign_in(origin, "/flow").await;
    let page = browser.get(&format!("{origin}/flow")).await;
    assert!(page.body.contains("Sample") && page.body.contains("does not record"), "{}", page.body);
    assert!(!browser.cookies.contains_key("__Host-flow") && !page.body.contains("<script type=\"module\" src=\"/pkg/flow"));
    assert_eq!(browser.get(&format!("{origin}/flow.json")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.get(&format!("{origin}/flow/events")).await.status, StatusCode::NOT_FOUND);
}
