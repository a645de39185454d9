//! B18: the provider ends sessions here.

use std::time::Duration;

use reqwest::{Method, StatusCode};

use crate::support::{Browser, Engines, Running, house, house_on};

async fn status(house: &Running, browser: &mut Browser) -> StatusCode {
    browser.fetch(Method::GET, &format!("{}/session", house.configuration.application.origin)).await.status
}

/// Waits until `browser` is signed out: the logout token travels by way of the Queue.
async fn signed_out(house: &Running, browser: &mut Browser) {
    let out = async {
        while status(house, browser).await != StatusCode::UNAUTHORIZED {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), out).await.expect("the session ends");
}

/// Whoever signs out at the provider is signed out of the application, in that browser and in no other.
#[tokio::test]
async fn signing_out_at_the_provider_signs_out_here() {
    for engines in [Engines::Embedded, Engines::Servers] {
        let Some(house) = house_on(engines).await else { continue };
        let (origin, issuer) = (&house.configuration.application.origin, &house.configuration.provider.issuer);
        let (mut browser, mut other) = (Browser::default(), Browser::default());
        browser.sign_in(origin, "/").await;
        other.sign_in(origin, "/").await;
        let page = browser.get(&format!("{issuer}/end_session")).await;
        browser.submit(&page, &[], "sign-out").await;
        signed_out(&house, &mut browser).await;
        assert_eq!(status(&house, &mut other).await, StatusCode::OK);
        browser.sign_in(origin, "/").await;
        assert_eq!(status(&house, &mut browser).await, StatusCode::OK, "and may sign in again");
    }
}

/// A21: an application that its user removes at the provider ends its sessions, on every device.
#[tokio::test]
async fn an_application_that_is_removed_signs_its_user_out_everywhere() {
    let house = house().await;
    let (origin, issuer) = (&house.configuration.application.origin, &house.configuration.provider.issuer);
    let (mut browser, mut other) = (Browser::default(), Browser::default());
    browser.sign_in(origin, "/").await;
    other.sign_in(origin, "/").await;
    let page = browser.get(&format!("{issuer}/account")).await;
    let csrf = page.body.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let client_id = house.configuration.application.client_id.as_str();
    browser.post(&format!("{issuer}/account/applications"), &[("csrf", &csrf), ("application", client_id)]).await;
    signed_out(&house, &mut browser).await;
    signed_out(&house, &mut other).await;
}

/// Attack 57: what is no logout token of our provider's is refused, and the session is as it was.
#[tokio::test]
async fn a_bad_logout_token_ends_nothing() {
    let house = house().await;
    let origin = &house.configuration.application.origin;
    let mut browser = Browser::default();
    browser.sign_in(origin, "/").await;
    let client = reqwest::Client::new();
    for body in ["", "logout_token=", "logout_token=a.b.c", "logout_token=x&logout_token=y", "other=1"] {
        let answer = client.post(format!("{origin}/backchannel-logout")).body(body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        assert!(answer.text().await.unwrap().contains("invalid_request"));
    }
    assert_eq!(status(&house, &mut browser).await, StatusCode::OK);
}
