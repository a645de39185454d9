use http::HeaderMap;
use serde_json::json;

use crate::app::token;
use crate::house::{DEMO, House};

/// A5; OpenID Connect Core §5.3, §5.4: claims by scope.
#[tokio::test]
async fn userinfo_answers_what_the_scope_covers() {
    let house = House::build().await;
    let mut browser = house.browser();
    let tokens = house.app.tokens(&house, &mut browser).await;
    let answer = house.userinfo(token(&tokens, "access_token")).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let full = json!({
        "sub": DEMO.to_string(), "name": "The demo account", "preferred_username": "demo",
        "email": "demo@example.com", "email_verified": true,
    });
    assert_eq!(answer.json(), full);
    let code = house.app.code(&house, &mut browser, &[("scope", "openid")]).await;
    let tokens = house.app.redeem(&house, &code, &[]).await.json();
    assert_eq!(house.userinfo(token(&tokens, "access_token")).await.json(), json!({ "sub": DEMO.to_string() }));
}

/// OpenID Connect Core §5.3.1: GET and POST; RFC 9110 §11.1: the scheme has no case.
#[tokio::test]
async fn userinfo_takes_post_and_any_case_of_bearer() {
    let house = House::build().await;
    let tokens = house.app.tokens(&house, &mut house.browser()).await;
    let mut headers = HeaderMap::new();
    headers.insert("authorization", format!("bEaReR {}", token(&tokens, "access_token")).parse().unwrap());
    assert_eq!(house.call("POST", "/userinfo", headers, String::new()).await.status, 200);
}

/// RFC 6750 §3: without a token the scheme is named, and no error.
#[tokio::test]
async fn without_a_token_the_scheme_is_named() {
    let house = House::build().await;
    let answer = house.get("/userinfo").await;
    assert_eq!((answer.status.as_u16(), answer.header("www-authenticate")), (401, "Bearer"));
}

/// Attack 29: a token in a query or a body is refused.
#[tokio::test]
async fn a_token_outside_the_header_is_refused() {
    let house = House::build().await;
    let tokens = house.app.tokens(&house, &mut house.browser()).await;
    let access = token(&tokens, "access_token");
    let query = house.get(&format!("/userinfo?access_token={access}")).await;
    assert_eq!((query.status.as_u16(), query.error().as_str()), (400, "invalid_request"));
    let body = house.post("/userinfo", &[("access_token", access)]).await;
    assert_eq!(body.status, 400);
    let mut headers = HeaderMap::new();
    for _ in 0..2 {
        headers.append("authorization", format!("Bearer {access}").parse().unwrap());
    }
    let twice = house.call("GET", "/userinfo", headers, String::new()).await;
    assert_eq!((twice.status.as_u16(), twice.error().as_str()), (400, "invalid_request"), "attack 6");
}

/// Attack 16 and A14: an ID token is no access token, and what is altered, expired or foreign is invalid.
#[tokio::test]
async fn only_a_live_access_token_of_ours_is_good() {
    let house = House::build().await;
    let other = House::build().await;
    let tokens = house.app.tokens(&house, &mut house.browser()).await;
    let foreign = other.app.tokens(&other, &mut other.browser()).await;
    let access = token(&tokens, "access_token");
    let mut altered = access.to_owned();
    altered.replace_range(access.len() - 4.., "AAAA");
    for bad in [token(&tokens, "id_token"), token(&foreign, "access_token"), &altered, "nonsense", ""] {
        let answer = house.userinfo(bad).await;
        assert_eq!(answer.status, 401, "{bad}");
        assert!(answer.header("www-authenticate").starts_with("Bearer error=\"invalid_token\""), "{bad}");
    }
    house.wait(299);
    assert_eq!(house.userinfo(access).await.status, 200);
    house.wait(1);
    assert_eq!(house.userinfo(access).await.status, 401);
}

/// A14: an access token without openid does not open userinfo.
#[tokio::test]
async fn an_access_token_without_openid_is_insufficient() {
    let house = House::build().await;
    let code = house.app.code(&house, &mut house.browser(), &[("scope", "notes")]).await;
    let tokens = house.app.redeem(&house, &code, &[]).await.json();
    let answer = house.userinfo(token(&tokens, "access_token")).await;
    assert_eq!((answer.status.as_u16(), answer.error().as_str()), (403, "insufficient_scope"));
}
