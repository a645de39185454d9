use serde_json::{Value, json};

use crate::app::{claims, token};
use crate::browser::Browser;
use crate::house::{DEMO, House, OTHER};

/// The tokens of a sign-in with the scope openid that asks for `wanted`.
async fn tokens(house: &House, browser: &mut Browser, wanted: &Value) -> Value {
    let code = house.app.code(house, browser, &[("scope", "openid"), ("claims", &wanted.to_string())]).await;
    house.app.redeem(house, &code, &[]).await.json()
}

/// A5, OpenID Connect Core §5.5: what is asked for userinfo comes from there, under the scope that covers it.
#[tokio::test]
async fn a_claim_asked_for_userinfo_is_answered_there() {
    let house = House::build().await;
    let wanted = json!({ "userinfo": { "name": { "essential": true }, "nickname": null, "phone_number": null } });
    let tokens = tokens(&house, &mut house.browser(), &wanted).await;
    assert_eq!(tokens["scope"], "openid profile", "and the token response says what was granted");
    let user = house.userinfo(token(&tokens, "access_token")).await.json();
    assert_eq!(user, json!({ "sub": DEMO.to_string(), "name": "The demo account", "preferred_username": "demo" }));
    assert_eq!(claims(token(&tokens, "id_token"))["name"], Value::Null);
}

/// A5, OpenID Connect Core §5.5: what is asked for the ID token is in it, with the types of §5.1, and nothing else is.
#[tokio::test]
async fn a_claim_asked_for_the_id_token_is_in_it() {
    let house = House::build().await;
    let wanted = json!({ "id_token": {
        "email": null, "email_verified": { "value": false }, "auth_time": { "essential": true }, "acr": { "values": ["1"] },
    } });
    let told = claims(token(&tokens(&house, &mut house.browser(), &wanted).await, "id_token"));
    assert_eq!((&told["email"], &told["email_verified"]), (&json!("demo@example.com"), &json!(true)));
    assert!(told["auth_time"].is_i64());
    assert_eq!((&told["name"], &told["acr"]), (&Value::Null, &Value::Null));
}

/// A18: a claim is consented to like the scope that covers it; it is no way around the user, or around the registration.
#[tokio::test]
async fn a_claim_is_no_way_around_consent_or_registration() {
    let house = House::with(|settings| settings.clients[0].scope = protocol::Scope::parse("openid profile").unwrap()).await;
    let mut browser = house.browser();
    house.app.code(&house, &mut browser, &[("scope", "openid")]).await;
    let wanted = json!({ "userinfo": { "name": null, "email": null } }).to_string();
    let silent = [("scope", "openid"), ("claims", wanted.as_str()), ("prompt", "none")];
    let answer = browser.open(&house.app.begin(&house, &silent).await).await;
    assert_eq!(answer.sent("error").as_deref(), Some("consent_required"));
    let page = browser.open(&house.app.begin(&house, &silent[..2]).await).await;
    assert_eq!((page.page(), page.field("scopes").as_str()), ("consent", "openid profile"));
}

/// OpenID Connect Core §5.5.1: a `sub` says who must be signed in.
#[tokio::test]
async fn a_subject_that_is_asked_for_must_be_signed_in() {
    let house = House::build().await;
    let mut browser = house.browser();
    house.app.code(&house, &mut browser, &[("scope", "openid")]).await;
    for (sub, expected) in
        [(DEMO.to_string(), None), (OTHER.to_string(), Some("login_required")), ("x".into(), Some("login_required"))]
    {
        for member in ["id_token", "userinfo"] {
            let wanted = json!({ member: { "sub": { "value": sub } } }).to_string();
            let request = [("scope", "openid"), ("claims", wanted.as_str()), ("prompt", "none")];
            let answer = browser.open(&house.app.begin(&house, &request).await).await;
            assert_eq!(answer.sent("error").as_deref(), expected, "{wanted}");
        }
    }
}

/// What is no claims request is told to the client; members that nobody knows are not.
#[tokio::test]
async fn a_malformed_claims_request_is_invalid() {
    let house = House::build().await;
    for wanted in ["", "name", "[]", "null", "{\"userinfo\":[]}", "{\"id_token\":{\"name\":true}}", "{\"id_token\":\"name\"}"] {
        let answer = house.browser().get(&house.plain.plainly(&[("claims", wanted)])).await;
        let expected = (!wanted.is_empty()).then_some("invalid_request");
        assert_eq!(answer.sent("error").as_deref(), expected, "{wanted}");
    }
    for wanted in
        ["{}", "{\"userinfo\":null}", "{\"verified_claims\":{\"a\":[1]}}", "{\"userinfo\":{\"name\":{\"purpose\":\"x\"}}}"]
    {
        let page = house.browser().open(&house.plain.plainly(&[("claims", wanted)])).await;
        assert_eq!(page.page(), "login", "{wanted}");
    }
}

/// OpenID Connect Core §5.5.1.1: an essential `acr` of some value cannot be promised, which is told; one that is only wished for, or
/// essential without a value, breaks nothing.
#[tokio::test]
async fn an_essential_acr_that_cannot_be_met_is_told() {
    let house = House::build().await;
    for (acr, refused) in [
        (json!({ "essential": true, "values": ["urn:example:gold"] }), true),
        (json!({ "essential": true, "value": "1" }), true),
        (json!({ "essential": true }), false),
        (json!({ "essential": true, "values": [] }), false),
        (json!({ "essential": false, "value": "1" }), false),
        (json!({ "values": ["1"] }), false),
        (json!(null), false),
    ] {
        let wanted = json!({ "id_token": { "acr": acr } }).to_string();
        let answer = house.browser().open(&house.plain.plainly(&[("claims", &wanted)])).await;
        if refused {
            assert_eq!(answer.sent("error").as_deref(), Some("unmet_authentication_requirements"), "{wanted}");
            let pushed = house.app.push(&house, &[("claims", &wanted)]).await;
            assert_eq!((pushed.status.as_u16(), pushed.error().as_str()), (400, "unmet_authentication_requirements"));
        } else {
            assert_eq!(answer.page(), "login", "{wanted}");
        }
    }
}

/// A5: accounts have no postal address and no telephone number; asking for the scopes breaks nothing and promises nothing.
#[tokio::test]
async fn address_and_phone_are_left_out() {
    let house = House::build().await;
    let code = house.app.code(&house, &mut house.browser(), &[("scope", "openid address phone email")]).await;
    let tokens = house.app.redeem(&house, &code, &[]).await.json();
    assert_eq!(tokens["scope"], "email openid");
    let metadata = house.get("/.well-known/openid-configuration").await.json();
    assert_eq!(metadata["scopes_supported"], json!(["openid", "profile", "email", "offline_access"]));
}
