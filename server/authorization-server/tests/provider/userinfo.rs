use http::HeaderMap;
use serde_json::json;

use crate::app::token;
use crate::house::{DEMO, House, form};

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

/// OpenID Connect Core §5.3.1, RFC 6750 §2.2: a bearer token may come in a form that is posted.
#[tokio::test]
async fn userinfo_takes_a_bearer_token_in_a_form() {
    let house = House::build().await;
    let tokens = house.app.tokens(&house, &mut house.browser()).await;
    let answer = house.post("/userinfo", &[("access_token", token(&tokens, "access_token"))]).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["sub"]), (200, &json!(DEMO.to_string())), "{answer:?}");
    let refused = house.post("/userinfo", &[("access_token", token(&tokens, "id_token"))]).await;
    assert_eq!((refused.status.as_u16(), refused.error().as_str()), (401, "invalid_token"));
    let nothing = house.post("/userinfo", &[("other", "x")]).await;
    assert_eq!((nothing.status.as_u16(), nothing.header("www-authenticate")), (401, "Bearer"));
}

/// A12, RFC 9449 §7.2: a token that is bound to a key is no bearer token in a form either.
#[tokio::test]
async fn a_bound_token_in_a_form_is_refused() {
    let (house, wallet) = (House::build().await, crate::dpop::Wallet::new());
    let tokens = wallet.tokens(&house, &house.app).await;
    let access = token(&tokens, "access_token");
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
    headers.insert("dpop", wallet.proof(&house, "POST", "/userinfo", Some(access), None).parse().unwrap());
    let answer = house.call("POST", "/userinfo", headers, form(&[("access_token", access)])).await;
    assert_eq!((answer.status.as_u16(), answer.error().as_str()), (401, "invalid_token"));
}

/// Attack 29, RFC 6750 §2.3: a token in a query is refused; §2: one that comes in two ways as well, though both be the same.
#[tokio::test]
async fn a_token_in_the_query_or_in_two_places_is_refused() {
    let house = House::build().await;
    let tokens = house.app.tokens(&house, &mut house.browser()).await;
    let access = token(&tokens, "access_token");
    let in_query = format!("/userinfo?access_token={access}");
    let bearer = format!("Bearer {access}");
    let sent = form(&[("access_token", access)]);
    let twice = format!("{sent}&{sent}");
    for (method, path, headers, body) in [
        ("GET", in_query.as_str(), 0, ""),
        ("POST", in_query.as_str(), 0, ""),
        ("POST", in_query.as_str(), 0, sent.as_str()),
        ("GET", in_query.as_str(), 1, ""),
        ("POST", "/userinfo", 1, sent.as_str()),
        ("POST", "/userinfo", 0, twice.as_str()),
        ("GET", "/userinfo", 2, ""),
    ] {
        let mut sent = HeaderMap::new();
        sent.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
        for _ in 0..headers {
            sent.append("authorization", bearer.parse().unwrap());
        }
        let answer = house.call(method, path, sent, body.to_owned()).await;
        let told = (answer.status.as_u16(), answer.error());
        assert_eq!(told, (400, "invalid_request".to_owned()), "{method} {headers} headers, {} bytes", body.len());
    }
    // With a GET there is no form.
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
    assert_eq!(house.call("GET", "/userinfo", headers, sent).await.status, 401);
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
