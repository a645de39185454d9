//! RFC 7662: what a client and a resource server may know about a token.

use std::sync::atomic::Ordering;

use authorization_server::{Authentication, Client, Settings};
use serde_json::{Value, json};

use crate::app::{API, App, SCOPE, token};
use crate::house::{DEMO, House, ISSUER};
use crate::machines::{ask, machine};
use crate::methods::{SECRET, basic, client, secret, send};

fn with_others(settings: &mut Settings) {
    settings.clients.push(machine("machine"));
    let by_secret = |client_id| client(client_id, Authentication::ClientSecretBasic(secret()));
    settings.clients.push(Client { serves: vec![API.to_owned()], ..by_secret("api") });
    settings.clients.push(Client { serves: vec!["https://other-api.example".to_owned()], ..by_secret("other-api") });
    settings.clients.push(client("public", Authentication::None));
}

async fn about(house: &House, app: &App, token: &str) -> Value {
    let answer = app.post(house, "/introspect", &[("token", token.to_owned())]).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"), "{answer:?}");
    answer.json()
}

async fn about_for(house: &House, client_id: &str, token: &str) -> Value {
    let answer = send(house, "/introspect", &basic(client_id, SECRET), &[("token", token)]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn inactive() -> Value {
    json!({ "active": false })
}

/// RFC 7662 §2.2: a client learns about its own tokens.
#[tokio::test]
async fn a_client_learns_about_its_own_tokens() {
    let house = House::build().await;
    let tokens = house.app.tokens(&house, &mut house.browser()).await;
    let now = house.now().as_second();
    let access = about(&house, &house.app, token(&tokens, "access_token")).await;
    assert!(access["jti"].is_string());
    let expected = json!({
        "active": true, "scope": SCOPE.split(' ').collect::<std::collections::BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" "),
        "client_id": "app", "token_type": "Bearer", "exp": now + 300, "iat": now, "sub": DEMO.to_string(),
        "aud": [API, ISSUER], "iss": ISSUER, "jti": access["jti"], "auth_time": now,
    });
    assert_eq!(access, expected);
    let refresh = about(&house, &house.app, token(&tokens, "refresh_token")).await;
    assert_eq!((refresh["active"].as_bool(), refresh["sub"].as_str()), (Some(true), Some(DEMO.to_string().as_str())));
    assert!(refresh.get("token_type").is_none());
}

/// A16, attack 26: of a token that is somebody else's, made up, or no access token, one learns nothing.
#[tokio::test]
async fn a_foreign_token_is_not_active() {
    let house = House::with(with_others).await;
    let tokens = house.app.tokens(&house, &mut house.browser()).await;
    for kind in ["access_token", "refresh_token"] {
        assert_eq!(about(&house, &house.plain, token(&tokens, kind)).await, inactive(), "{kind}");
        assert_eq!(about_for(&house, "other-api", token(&tokens, kind)).await, inactive(), "{kind}");
    }
    for made_up in ["nonsense", "a.b.c", token(&tokens, "id_token"), "x\0y"] {
        assert_eq!(about(&house, &house.app, made_up).await, inactive(), "{made_up}");
    }
}

/// What was never handed out is known by its shape: nobody is asked about it. What might have been is looked up.
#[tokio::test]
async fn only_what_could_be_a_token_is_looked_up() {
    let house = House::build().await;
    house.users.close().await;
    for shapeless in ["nonsense", &"a".repeat(42), &"a".repeat(44), &"ü".repeat(43), &".".repeat(43)] {
        let answer = house.app.post(&house, "/introspect", &[("token", shapeless.to_owned())]).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (200, inactive()), "{shapeless}");
    }
    let answer = house.app.post(&house, "/introspect", &[("token", "a".repeat(43))]).await;
    assert_eq!((answer.status.as_u16(), answer.error().as_str()), (503, "temporarily_unavailable"));
}

/// RFC 7662 §4: a resource server learns about access tokens for it, and about no refresh token.
#[tokio::test]
async fn a_resource_server_learns_about_access_tokens_for_it() {
    let house = House::with(with_others).await;
    let tokens = house.app.tokens(&house, &mut house.browser()).await;
    assert_eq!(about_for(&house, "api", token(&tokens, "access_token")).await["active"], true);
    assert_eq!(about_for(&house, "api", token(&tokens, "refresh_token")).await, inactive());
}

/// A16: what is expired, used up or revoked, or whose user may no longer sign in, is dead at once.
#[tokio::test]
async fn a_dead_token_is_not_active() {
    let house = House::with(with_others).await;
    let tokens = house.app.tokens(&house, &mut house.browser()).await;
    let [access, refresh] = ["access_token", "refresh_token"].map(|kind| token(&tokens, kind).to_owned());
    house.accounts.disabled.store(true, Ordering::SeqCst);
    assert_eq!(about(&house, &house.app, &access).await, inactive());
    assert_eq!(about(&house, &house.app, &refresh).await, inactive());
    house.accounts.disabled.store(false, Ordering::SeqCst);
    let renewed = house.app.refresh(&house, &refresh, &[]).await.json();
    assert_eq!(about(&house, &house.app, &refresh).await, inactive(), "used up");
    assert_eq!(about(&house, &house.app, &access).await["active"], true);
    house.wait(300);
    assert_eq!(about(&house, &house.app, &access).await, inactive(), "expired");
    assert_eq!(about(&house, &house.app, token(&renewed, "refresh_token")).await["active"], true);
    house.app.revoke(&house, token(&renewed, "refresh_token")).await;
    assert_eq!(about(&house, &house.app, token(&renewed, "refresh_token")).await, inactive());
    assert_eq!(about(&house, &house.app, token(&renewed, "access_token")).await, inactive());
}

/// RFC 7009 §2.1: a token behind which there is no grant can be revoked as well.
#[tokio::test]
async fn a_token_of_a_client_that_acts_for_itself_lives_until_it_is_revoked() {
    let house = House::with(with_others).await;
    let tokens = ask(&house, "machine", &[]).await.json();
    let token = token(&tokens, "access_token");
    assert_eq!(about_for(&house, "machine", token).await["sub"], "machine");
    assert_eq!(about_for(&house, "api", token).await["active"], true);
    assert_eq!(house.app.revoke(&house, token).await.status, 200);
    assert_eq!(about_for(&house, "machine", token).await["active"], true, "another client's word");
    assert_eq!(send(&house, "/revoke", &basic("machine", SECRET), &[("token", token)]).await.status, 200);
    assert_eq!(about_for(&house, "machine", token).await, inactive());
    assert_eq!(about_for(&house, "api", token).await, inactive());
}

/// A16, RFC 7662 §2.1, attack 27: nobody asks without proving who they are; a public client cannot.
#[tokio::test]
async fn nobody_asks_anonymously() {
    let house = House::with(with_others).await;
    let tokens = house.app.tokens(&house, &mut house.browser()).await;
    let token = token(&tokens, "access_token");
    for form in
        [vec![("token", token)], vec![("token", token), ("client_id", "public")], vec![("token", token), ("client_id", "app")]]
    {
        let answer = house.post("/introspect", &form).await;
        assert_eq!((answer.status.as_u16(), answer.error().as_str()), (401, "invalid_client"), "{form:?}");
    }
    assert_eq!(house.userinfo(token).await.status, 200);
    assert_eq!(house.get(&format!("/introspect?token={token}")).await.status, 405);
    assert_eq!(house.app.post(&house, "/introspect", &[]).await.error(), "invalid_request");
}

/// A database that is away is told as that, and never as a dead token.
#[tokio::test]
async fn an_outage_is_no_dead_token() {
    let house = House::build().await;
    let tokens = house.app.tokens(&house, &mut house.browser()).await;
    house.accounts.broken.store(true, Ordering::SeqCst);
    let answer = house.app.post(&house, "/introspect", &[("token", token(&tokens, "access_token").to_owned())]).await;
    assert_eq!((answer.status.as_u16(), answer.error().as_str()), (503, "temporarily_unavailable"));
}
