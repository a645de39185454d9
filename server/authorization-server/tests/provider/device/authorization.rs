//! `POST /device_authorization`.

use http::HeaderMap;
use serde_json::json;

use super::gadget::{GRANT, SCOPE, allow, ask, begin, codes, house, poll, poll_with_secret, refused};
use crate::app::{API, claims, token};
use crate::house::ISSUER;
use crate::methods::{SECRET, basic, send};

/// RFC 8628 §3.2: two codes, where to go with them, for how long, and how often to ask; as JSON that nobody keeps.
#[tokio::test]
async fn a_device_is_given_two_codes() {
    let house = house().await;
    let answer = ask(&house, "tv", &[]).await;
    assert_eq!((answer.header("cache-control"), answer.header("content-type")), ("no-store", "application/json"));
    let body = answer.json();
    let code = body["user_code"].as_str().unwrap().to_owned();
    let expected = json!({
        "device_code": body["device_code"],
        "user_code": code,
        "verification_uri": format!("{ISSUER}/device"),
        "verification_uri_complete": format!("{ISSUER}/device?user_code={code}"),
        "expires_in": 600,
        "interval": 5,
    });
    assert_eq!(body, expected);
    // RFC 8628 §5.2: the device code cannot be guessed; §6.1: the user code is for people.
    assert_eq!(body["device_code"].as_str().unwrap().len(), 43, "256 bits");
    let (first, second) = code.split_once('-').unwrap();
    for half in [first, second] {
        assert!(half.len() == 4 && half.chars().all(|letter| "BCDFGHJKLMNPQRSTVWXZ".contains(letter)), "{code}");
    }
    let other = begin(&house).await;
    assert!(other.user_code != code && other.device_code != body["device_code"]);
}

/// RFC 8628 §4.
#[tokio::test]
async fn discovery_names_the_endpoint_and_the_grant() {
    let metadata = house().await.get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(metadata["device_authorization_endpoint"], format!("{ISSUER}/device_authorization"));
    assert!(metadata["grant_types_supported"].as_array().unwrap().contains(&json!(GRANT)));
}

/// RFC 8628 §3.1, A1: the client proves who it is as at the token endpoint.
#[tokio::test]
async fn the_client_authenticates_as_at_the_token_endpoint() {
    let house = house().await;
    let pairs = [("scope", SCOPE)];
    let given = codes(&send(&house, "/device_authorization", &basic("till", SECRET), &pairs).await);
    allow(&mut house.browser(), &given).await;
    assert_eq!(poll_with_secret(&house, &given).await.status, 200);
    for header in [basic("till", "wrong"), basic("nobody", SECRET)] {
        let answer = send(&house, "/device_authorization", &header, &pairs).await;
        assert_eq!(refused(&answer), (401, "invalid_client".to_owned()));
        assert_eq!(answer.header("www-authenticate"), "Basic realm=\"clients\"");
    }
    // A client that keeps a secret is not believed by its name, and nobody is by none.
    for client_id in ["till", "nobody", ""] {
        assert_eq!(refused(&ask(&house, client_id, &[]).await), (401, "invalid_client".to_owned()), "{client_id}");
    }
    let two = [("client_id", "till"), ("client_secret", SECRET), ("scope", SCOPE)];
    let answer = send(&house, "/device_authorization", &basic("till", SECRET), &two).await;
    assert_eq!(refused(&answer), (400, "invalid_request".to_owned()));
}

/// RFC 6749 §5.2: only for clients that are registered for the grant, here and at the token endpoint.
#[tokio::test]
async fn a_client_that_is_not_registered_for_the_grant_is_refused() {
    let house = house().await;
    let asked = house.app.post(&house, "/device_authorization", &[("scope", SCOPE.to_owned())]).await;
    assert_eq!(refused(&asked), (400, "unauthorized_client".to_owned()));
    let codes = begin(&house).await;
    let parameters = [("grant_type", GRANT.to_owned()), ("device_code", codes.device_code)];
    let polled = house.app.post(&house, "/token", &parameters).await;
    assert_eq!(refused(&polled), (400, "unauthorized_client".to_owned()));
}

/// RFC 8628 §3.1, RFC 6749 §3.2: a form by POST, each parameter once.
#[tokio::test]
async fn only_a_form_is_read() {
    let house = house().await;
    assert_eq!(house.get("/device_authorization?client_id=tv&scope=openid").await.status, 405);
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/json".parse().unwrap());
    let body = json!({ "client_id": "tv", "scope": SCOPE }).to_string();
    let answer = house.call("POST", "/device_authorization", headers, body).await;
    assert_eq!(refused(&answer), (400, "invalid_request".to_owned()));
    let twice = house.post("/device_authorization", &[("client_id", "tv"), ("scope", "openid"), ("scope", "email")]).await;
    assert_eq!(refused(&twice), (400, "invalid_request".to_owned()));
}

/// Attack 24, RFC 8707 §2: scope and resource within what is registered; unknown parameters are ignored.
#[tokio::test]
async fn a_device_asks_for_no_more_than_it_is_registered_for() {
    let house = house().await;
    for scope in ["", "admin", "no\"quotes"] {
        assert_eq!(refused(&ask(&house, "tv", &[("scope", scope)]).await), (400, "invalid_scope".to_owned()), "{scope}");
    }
    let elsewhere = ask(&house, "tv", &[("resource", "https://third.example")]).await;
    assert_eq!(refused(&elsewhere), (400, "invalid_target".to_owned()));
    let changes = [("scope", "openid notes admin"), ("resource", "https://second.example"), ("prompt", "none"), ("x", "y")];
    let given = codes(&ask(&house, "tv", &changes).await);
    allow(&mut house.browser(), &given).await;
    let other = [("grant_type", GRANT), ("device_code", given.device_code.as_str()), ("client_id", "tv"), ("resource", API)];
    assert_eq!(house.post("/token", &other).await.error(), "invalid_target");
    let tokens = poll(&house, &given).await.json();
    assert_eq!(tokens["scope"], "notes openid");
    assert_eq!(claims(token(&tokens, "access_token"))["aud"][0], "https://second.example");
}

/// A22: where the Cache does not answer, the device is told to come again.
#[tokio::test]
async fn without_the_cache_no_code_is_given() {
    let house = house().await;
    let codes = begin(&house).await;
    house.cache.broken.store(true, std::sync::atomic::Ordering::SeqCst);
    for answer in [ask(&house, "tv", &[]).await, poll(&house, &codes).await] {
        assert_eq!(refused(&answer), (503, "temporarily_unavailable".to_owned()));
        assert!(!answer.body.contains("secret-host-name"));
    }
}
