//! A14, attack 16: of all that the provider hands out, each is good for its own purpose and for no other.

use protocol::client_assertion::ASSERTION_TYPE;

use crate::app::token;
use crate::house::{House, form};

/// Everything that one sign-in hands out, by name; the code is still good.
async fn handed_out(house: &House) -> Vec<(&'static str, String)> {
    let mut browser = house.browser();
    let tokens = house.app.tokens(house, &mut browser).await;
    let pushed = house.app.push(house, &[]).await.json()["request_uri"].as_str().unwrap().to_owned();
    let code = house.app.code(house, &mut browser, &[]).await;
    let mut all = vec![("code", code), ("request_uri", pushed), ("assertion", house.app.assertion(house))];
    all.extend(["access_token", "refresh_token", "id_token"].map(|name| (name, token(&tokens, name).to_owned())));
    all.push(("ticket", browser.cookies["__Host-provider"].clone()));
    all.push(("sid", crate::app::claims(token(&tokens, "id_token"))["sid"].as_str().unwrap().to_owned()));
    all
}

/// A14: an ID token is no access token, nor the reverse; a refresh token is no code; a ticket is nothing but a ticket.
#[tokio::test]
async fn nothing_passes_for_anything_else() {
    let house = House::build().await;
    for (name, value) in handed_out(&house).await {
        if name != "access_token" {
            assert_eq!(house.userinfo(&value).await.status, 401, "{name} as an access token");
        }
        if name != "refresh_token" {
            assert_eq!(house.app.refresh(&house, &value, &[]).await.error(), "invalid_grant", "{name} as a refresh token");
        }
        if name != "code" {
            assert_eq!(house.app.redeem(&house, &value, &[]).await.error(), "invalid_grant", "{name} as a code");
        }
        if !["access_token", "refresh_token"].contains(&name) {
            let asked = house.app.post(&house, "/introspect", &[("token", value.clone())]).await;
            assert_eq!(asked.json(), serde_json::json!({ "active": false }), "{name} as a token");
        }
        if name != "assertion" {
            let fields = [("token", "x"), ("client_assertion_type", ASSERTION_TYPE), ("client_assertion", value.as_str())];
            assert_eq!(house.post("/revoke", &fields).await.error(), "invalid_client", "{name} as an assertion");
        }
        if name != "id_token" {
            let hint = house.app.push(&house, &[("id_token_hint", &value)]).await;
            assert_eq!(hint.error(), "invalid_request", "{name} as a hint");
            let ended = house.browser().get(&format!("/end_session?{}", form(&[("id_token_hint", &value)]))).await;
            assert_eq!(ended.page(), "problem RequestInvalid", "{name} as a hint");
        }
        if name != "ticket" {
            let mut browser = house.browser();
            browser.cookies.insert("__Host-provider".to_owned(), value.clone());
            assert_eq!(browser.get("/").await.field("user"), "nobody", "{name} as a ticket");
        }
    }
}

/// A14: an access token for one resource server is none for another, and none for us without openid.
#[tokio::test]
async fn an_access_token_is_for_its_audience_alone() {
    let house = House::build().await;
    let code = house.app.code(&house, &mut house.browser(), &[("scope", "notes"), ("resource", "https://second.example")]).await;
    let tokens = house.app.redeem(&house, &code, &[]).await.json();
    let claims = crate::app::claims(token(&tokens, "access_token"));
    assert_eq!(claims["aud"], "https://second.example");
    assert_eq!(house.userinfo(token(&tokens, "access_token")).await.status, 403);
}
