//! Attack 58: signing out reaches the session here, the provider's session, and the refresh token.

use jiff::SignedDuration;
use reqwest::{Method, StatusCode};

use crate::support::{Browser, Engines, Running, house, house_on};

async fn signed_in(house: &Running) -> (Browser, String) {
    let mut browser = Browser::default();
    browser.sign_in(&house.configuration.application.origin, "/").await;
    (browser, house.last_refresh_token())
}

async fn status(house: &Running, browser: &mut Browser) -> StatusCode {
    browser.fetch(Method::GET, &format!("{}/session", house.configuration.application.origin)).await.status
}

/// Attack 58, B17: of the browser that signs out.
#[tokio::test]
async fn signing_out_ends_the_session_the_refresh_token_and_the_providers_session() {
    let house = house().await;
    let origin = house.configuration.application.origin.clone();
    let (mut browser, token) = signed_in(&house).await;
    let before = browser.cookies.clone();
    assert!(house.is_live(&token).await);
    browser.post(&format!("{origin}/sign-out"), &[]).await;
    assert!(!house.is_live(&token).await);
    let mut former = Browser { cookies: before, ..Browser::default() };
    assert_eq!(status(&house, &mut former).await, StatusCode::UNAUTHORIZED);
    // The provider asks for the password again.
    let page = former.get(&format!("{origin}/login")).await;
    assert!(page.body.contains("id=\"password\""), "{}", page.body);
}

/// Attack 58: of another browser: its ticket alone opens the token, and the next request that carries it has it revoked, once.
#[tokio::test]
async fn a_browser_that_was_signed_out_elsewhere_has_its_token_revoked_when_it_comes_by() {
    for engines in [Engines::Embedded, Engines::Servers] {
        let Some(house) = house_on(engines).await else { continue };
        let origin = house.configuration.application.origin.clone();
        let (mut phone, of_phone) = signed_in(&house).await;
        let (mut desk, of_desk) = signed_in(&house).await;
        let answer = desk.fetch(Method::DELETE, &format!("{origin}/session/devices")).await;
        assert!(answer.body.contains("\"signed_out\":1"), "{}", answer.body);
        // Nobody else's request opens it: not that of the browser that ended it, nor one with a made-up ticket.
        assert_eq!(status(&house, &mut desk).await, StatusCode::OK);
        let made_up = [("__Host-session".to_owned(), "made-up".to_owned())].into();
        assert_eq!(status(&house, &mut Browser { cookies: made_up, ..Browser::default() }).await, StatusCode::UNAUTHORIZED);
        assert!(house.is_live(&of_phone).await);
        assert_eq!(status(&house, &mut phone).await, StatusCode::UNAUTHORIZED);
        house.is_revoked(&of_phone).await;
        // What was put aside opens no session, however often it is asked for.
        assert_eq!(status(&house, &mut phone).await, StatusCode::UNAUTHORIZED);
        assert!(house.is_live(&of_desk).await);
        assert_eq!(status(&house, &mut desk).await, StatusCode::OK);
    }
}

/// Attack 58: what the provider ended is revoked in the same way, and a sign-in with the old cookie is the request that does it.
#[tokio::test]
async fn a_new_sign_in_has_the_token_of_the_ended_session_revoked() {
    let house = house().await;
    let origin = house.configuration.application.origin.clone();
    let (mut phone, of_phone) = signed_in(&house).await;
    let (mut desk, _) = signed_in(&house).await;
    desk.fetch(Method::DELETE, &format!("{origin}/session/devices")).await;
    phone.sign_in(&origin, "/").await;
    house.is_revoked(&of_phone).await;
    assert_eq!(status(&house, &mut phone).await, StatusCode::OK);
}

/// B15: a dead refresh token ends the session at the next call that needs it, here and in the list; another session lives on.
#[tokio::test]
async fn a_dead_refresh_token_ends_the_session() {
    let house = house().await;
    let origin = house.configuration.application.origin.clone();
    let (mut phone, of_phone) = signed_in(&house).await;
    let (mut desk, _) = signed_in(&house).await;
    house.kill(&of_phone).await;
    assert_eq!(status(&house, &mut phone).await, StatusCode::OK, "the access token is good for a while");
    house.clock.advance(SignedDuration::from_mins(6));
    assert!(!phone.get(&format!("{origin}/resource?ask=1")).await.body.contains("token_expires_in_seconds"));
    assert_eq!(status(&house, &mut phone).await, StatusCode::UNAUTHORIZED);
    let devices = desk.fetch(Method::GET, &format!("{origin}/session/devices")).await.body;
    assert_eq!(devices.matches("\"id\"").count(), 1, "{devices}");
    assert!(desk.get(&format!("{origin}/resource?ask=1")).await.body.contains("token_expires_in_seconds"));
}
