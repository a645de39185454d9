use protocol::jose::{self, JwkSet};
use user_database::AccountKeeper;

use crate::app::{API, App, claims, header, token};
use crate::house::{DEMO, House, ISSUER};

/// A14: The whole of it: RFC 6749 §4.1, OpenID Connect Core §3.1, RFC 9068.
#[tokio::test]
async fn a_sign_in_gives_three_tokens() {
    let house = House::build().await;
    let code = house.app.code(&house, &mut house.browser(), &[]).await;
    let answer = house.app.redeem(&house, &code, &[]).await;
    assert_eq!(answer.status, 200);
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
    let tokens = answer.json();
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 300);
    assert_eq!(tokens["scope"], "email offline_access openid profile");
    assert_eq!(token(&tokens, "refresh_token").len(), 43);

    let set: JwkSet = serde_json::from_value(house.get("/jwks").await.json()).unwrap();
    let now = house.now().as_second();
    let access = token(&tokens, "access_token");
    jose::verify::<serde_json::Value>(access, &set, &jose::ACCEPTED, Some("at+jwt")).unwrap();
    assert_eq!(header(access)["alg"], "ES256");
    let access_claims = claims(access);
    assert_eq!(access_claims["iss"], ISSUER);
    assert_eq!(access_claims["aud"], serde_json::json!([API, ISSUER]));
    assert_eq!(access_claims["sub"], DEMO.to_string());
    assert_eq!(access_claims["client_id"], "app");
    assert_eq!(access_claims["exp"], now + 300);
    assert_eq!(access_claims["scope"], "email offline_access openid profile");

    let id = token(&tokens, "id_token");
    jose::verify::<serde_json::Value>(id, &set, &jose::ACCEPTED, Some("jwt")).unwrap();
    let id_claims = claims(id);
    assert_eq!(id_claims["iss"], ISSUER);
    assert_eq!(id_claims["aud"], "app");
    assert_eq!(id_claims["sub"], DEMO.to_string());
    assert_eq!(id_claims["nonce"], "the-nonce");
    assert_eq!(id_claims["auth_time"], now);
    let at_hash = protocol::claims::at_hash(&protocol::secret::AccessToken::new(access), jose::Algorithm::ES256);
    assert_eq!(id_claims["at_hash"], at_hash);
    assert!(id_claims["sid"].as_str().unwrap().len() >= 22, "128 bits");
}

/// RFC 6749 §3.3, OpenID Connect Core §11: what was not asked for is not given.
#[tokio::test]
async fn without_openid_there_is_no_id_token_and_without_offline_access_no_refresh_token() {
    let house = House::build().await;
    let code = house.app.code(&house, &mut house.browser(), &[("scope", "notes")]).await;
    let tokens = house.app.redeem(&house, &code, &[]).await.json();
    assert_eq!(tokens.get("id_token"), None);
    assert_eq!(tokens.get("refresh_token"), None);
    assert_eq!(claims(token(&tokens, "access_token"))["aud"], API);
}

/// RFC 8707 §2: the access token is for the resource server that was asked for.
#[tokio::test]
async fn the_access_token_is_for_the_resource_asked_for() {
    let house = House::build().await;
    let mut browser = house.browser();
    let code = house.app.code(&house, &mut browser, &[("resource", "https://second.example")]).await;
    let tokens = house.app.redeem(&house, &code, &[]).await.json();
    assert_eq!(claims(token(&tokens, "access_token"))["aud"][0], "https://second.example");
    let code = house.app.code(&house, &mut browser, &[("resource", "https://second.example")]).await;
    assert_eq!(house.app.redeem(&house, &code, &[("resource", API)]).await.error(), "invalid_target");
}

/// A8, attack 9, RFC 6749 §4.1.2: a code is used once; whoever uses it again revokes what it gave.
#[tokio::test]
async fn a_replayed_code_revokes_its_tokens() {
    let house = House::build().await;
    let code = house.app.code(&house, &mut house.browser(), &[]).await;
    let tokens = house.app.redeem(&house, &code, &[]).await.json();
    assert_eq!(house.userinfo(token(&tokens, "access_token")).await.status, 200);
    let replay = house.app.redeem(&house, &code, &[]).await;
    assert_eq!((replay.status.as_u16(), replay.error().as_str()), (400, "invalid_grant"));
    assert_eq!(house.userinfo(token(&tokens, "access_token")).await.status, 401);
    let refreshed = house.app.refresh(&house, token(&tokens, "refresh_token"), &[]).await;
    assert_eq!(refreshed.error(), "invalid_grant");
    assert_eq!(house.queue.kinds(), ["consent_granted", "token_replayed"]);
}

/// A8: a replay is known long after the code would have expired.
#[tokio::test]
async fn a_replay_is_known_minutes_later() {
    let house = House::build().await;
    let code = house.app.code(&house, &mut house.browser(), &[]).await;
    let tokens = house.app.redeem(&house, &code, &[]).await.json();
    house.wait(200);
    assert_eq!(house.app.redeem(&house, &code, &[]).await.error(), "invalid_grant");
    assert_eq!(house.userinfo(token(&tokens, "access_token")).await.status, 401);
}

/// A8, attack 9: of fifty redemptions at once one succeeds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_redemptions_at_once_one_succeeds() {
    let house = std::sync::Arc::new(House::build().await);
    let code = house.app.code(&house, &mut house.browser(), &[]).await;
    let mut redemptions = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (house, code) = (std::sync::Arc::clone(&house), code.clone());
        redemptions.spawn(async move { house.app.redeem(&house, &code, &[]).await });
    }
    let answers = redemptions.join_all().await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((won.len(), lost.len()), (1, 49));
    for answer in lost {
        assert_eq!(answer.error(), "invalid_grant");
    }
    // The others were replays, and a replay revokes.
    let tokens = won[0].json();
    assert_eq!(house.userinfo(token(&tokens, "access_token")).await.status, 401);
}

/// A8: a code lives for sixty seconds.
#[tokio::test]
async fn a_late_code_is_refused() {
    let house = House::build().await;
    let code = house.app.code(&house, &mut house.browser(), &[]).await;
    house.wait(60);
    assert_eq!(house.app.redeem(&house, &code, &[]).await.error(), "invalid_grant");
}

/// Attacks 10 and 11, A9: a code is bound to its client, its redirect URI and its verifier, and a wrong try spends nothing.
#[tokio::test]
async fn a_code_is_bound_to_client_redirect_uri_and_verifier() {
    let house = House::build().await;
    let code = house.app.code(&house, &mut house.browser(), &[]).await;
    let other = house.plain.redeem(&house, &code, &[("redirect_uri", &house.app.redirect_uri())]).await;
    assert_eq!(other.error(), "invalid_grant");
    for (changes, expected) in [
        (&[("redirect_uri", "https://app.example/other")][..], "invalid_grant"),
        (&[("redirect_uri", "")], "invalid_request"),
        (&[("code_verifier", "")], "invalid_request"),
        (&[("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl")], "invalid_grant"),
        (&[("code_verifier", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")], "invalid_grant"),
        (&[("code", "nonsense")], "invalid_grant"),
        (&[("code", "")], "invalid_request"),
        (&[("grant_type", "password")], "unsupported_grant_type"),
        (&[("grant_type", "")], "invalid_request"),
    ] {
        let answer = house.app.redeem(&house, &code, changes).await;
        assert_eq!((answer.status.as_u16(), answer.error().as_str()), (400, expected), "{changes:?}");
    }
    assert_eq!(house.app.redeem(&house, &code, &[]).await.status, 200);
}

/// Attack 10: a code does not serve a client with another's name and its own key.
#[tokio::test]
async fn a_stranger_redeems_nothing() {
    let house = House::build().await;
    let code = house.app.code(&house, &mut house.browser(), &[]).await;
    let stranger = App::new("app");
    let answer = stranger.redeem(&house, &code, &[]).await;
    assert_eq!((answer.status.as_u16(), answer.error().as_str()), (401, "invalid_client"));
}

/// A8: what ends the grants of an account ends the codes on their way to become some: they are refused, and leave nothing behind.
#[tokio::test]
async fn a_code_of_an_account_that_may_no_longer_sign_in_is_refused() {
    let house = House::build().await;
    let code = house.app.code(&house, &mut house.browser(), &[]).await;
    let before = house.now() - jiff::SignedDuration::from_secs(1);
    AccountKeeper::set_disabled(&*house.users, DEMO, true, before).await.unwrap();
    assert_eq!(house.app.redeem(&house, &code, &[]).await.error(), "invalid_grant");
    AccountKeeper::set_disabled(&*house.users, DEMO, false, before).await.unwrap();
    let now = house.now() + jiff::SignedDuration::from_secs(1);
    AccountKeeper::set_password(&*house.users, DEMO, "$argon2id$new", now).await.unwrap();
    assert_eq!(house.app.redeem(&house, &code, &[]).await.error(), "invalid_grant");
    AccountKeeper::remove(&*house.users, DEMO).await.unwrap();
    let gone = house.app.redeem(&house, &code, &[]).await;
    assert_eq!((gone.status.as_u16(), gone.error().as_str()), (400, "invalid_grant"));
}
