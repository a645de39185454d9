use http::HeaderMap;
use protocol::client_assertion::ASSERTION_TYPE;
use serde_json::json;

use crate::app::App;
use crate::house::{House, ISSUER, form};

async fn push_with(house: &House, assertion: &str) -> crate::answer::Answer {
    let mut parameters = house.app.request();
    parameters.push(("client_assertion_type", ASSERTION_TYPE.to_owned()));
    parameters.push(("client_assertion", assertion.to_owned()));
    let pairs: Vec<_> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
    house.post("/par", &pairs).await
}

/// Attack 17, A11: an assertion is good once, at whichever endpoint.
#[tokio::test]
async fn an_assertion_is_good_once() {
    let house = House::build().await;
    let assertion = house.app.assertion(&house);
    assert_eq!(push_with(&house, &assertion).await.status, 201);
    let again = push_with(&house, &assertion).await;
    assert_eq!((again.status.as_u16(), again.error().as_str()), (401, "invalid_client"));
    let elsewhere = house
        .post("/token", &[("grant_type", "x"), ("client_assertion_type", ASSERTION_TYPE), ("client_assertion", &assertion)])
        .await;
    assert_eq!(elsewhere.error(), "invalid_client");
}

/// A11: the audience is the issuer as a string only; other keys, clients and times are refused. None of it is explained.
#[tokio::test]
async fn an_assertion_that_is_not_right_is_refused_without_saying_why() {
    let house = House::build().await;
    let now = house.now().as_second();
    let good = json!({"iss": "app", "sub": "app", "aud": ISSUER, "jti": "1", "iat": now, "exp": now + 60});
    let signed = |name: &str, value: serde_json::Value| {
        let mut claims = good.clone();
        claims[name] = value;
        house.app.key.sign("JWT", &claims).unwrap()
    };
    for assertion in [
        signed("aud", json!([ISSUER])),
        signed("aud", json!(format!("{ISSUER}/token"))),
        signed("aud", json!(format!("{ISSUER}/par"))),
        signed("iss", json!("plain")),
        signed("sub", json!("nobody")),
        signed("exp", json!(now - 120)),
        signed("exp", json!(now + 86_400)),
        signed("exp", json!(null)),
        signed("exp", json!("soon")),
        signed("nbf", json!(now + 61)),
        signed("iat", json!(now + 61)),
        signed("aud", json!(format!("{ISSUER}/"))),
        signed("aud", json!(null)),
        signed("aud", json!([ISSUER, "https://other.example"])),
        signed("iat", json!(now + 120)),
        signed("jti", json!("")),
        App::new("app").assertion(&house),
        "nonsense".to_owned(),
        "a.b.c".to_owned(),
    ] {
        let answer = push_with(&house, &assertion).await;
        assert_eq!((answer.status.as_u16(), answer.error().as_str()), (401, "invalid_client"), "{assertion}");
        assert_eq!(answer.json()["error_description"], "client authentication failed");
    }
    for (jti, name) in [("2", "iat"), ("3", "nbf")] {
        let mut claims = good.clone();
        claims[name] = json!(now + 10);
        claims["jti"] = json!(jti);
        assert_eq!(push_with(&house, &house.app.key.sign("JWT", &claims).unwrap()).await.status, 201, "{name}");
    }
}

/// A1, RFC 6749 §2.3, attack 18: a request uses one method only.
#[tokio::test]
async fn two_methods_at_once_are_refused() {
    let house = House::build().await;
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
    headers.insert("authorization", "Basic YXBwOnNlY3JldA==".parse().unwrap());
    let assertion = house.app.assertion(&house);
    let both = form(&[("client_assertion_type", ASSERTION_TYPE), ("client_assertion", &assertion), ("token", "x")]);
    let answer = house.call("POST", "/revoke", headers.clone(), both).await;
    assert_eq!((answer.status.as_u16(), answer.error().as_str()), (400, "invalid_request"));
    let secret = form(&[("client_secret", "x"), ("client_id", "app"), ("token", "x")]);
    assert_eq!(house.call("POST", "/revoke", headers, secret).await.error(), "invalid_request");
}

/// RFC 6749 §5.2: a client that used the Authorization header is answered with WWW-Authenticate.
#[tokio::test]
async fn a_method_that_the_client_is_not_registered_for_is_refused() {
    let house = House::build().await;
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
    headers.insert("authorization", "Basic YXBwOnNlY3JldA==".parse().unwrap());
    let answer = house.call("POST", "/token", headers, form(&[("grant_type", "authorization_code")])).await;
    assert_eq!((answer.status.as_u16(), answer.error().as_str()), (401, "invalid_client"));
    assert_eq!(answer.header("www-authenticate"), "Basic realm=\"clients\"");
    let posted = house.post("/token", &[("client_id", "app"), ("client_secret", "x")]).await;
    assert_eq!((posted.status.as_u16(), posted.header("www-authenticate")), (401, ""));
    let unsigned = house.post("/token", &[("client_id", "app"), ("grant_type", "authorization_code")]).await;
    assert_eq!(unsigned.error(), "invalid_client");
    let odd = [("client_assertion", "a.b.c"), ("client_assertion_type", "urn:other")];
    assert_eq!(house.post("/token", &odd).await.error(), "invalid_request");
}

/// RFC 6749 §3.2, A13: a form, each parameter once; JSON errors that nobody keeps.
#[tokio::test]
async fn what_is_not_a_form_is_an_invalid_request() {
    let house = House::build().await;
    for path in ["/par", "/token", "/revoke"] {
        let json = house.call("POST", path, HeaderMap::new(), "{}".to_owned()).await;
        assert_eq!((json.status.as_u16(), json.error().as_str()), (400, "invalid_request"), "{path}");
        assert_eq!((json.header("cache-control"), json.header("content-type")), ("no-store", "application/json"));
        let twice = house.post(path, &[("client_id", "app"), ("client_id", "app")]).await;
        assert_eq!(twice.error(), "invalid_request", "{path}");
    }
}
