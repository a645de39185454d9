use crate::app::{claims, token};
use crate::house::House;

/// A15, RFC 9700 §4.14.2: refresh tokens rotate; the new ones work.
#[tokio::test]
async fn a_refresh_gives_new_tokens() {
    let house = House::build().await;
    let first = house.app.tokens(&house, &mut house.browser()).await;
    house.wait(250);
    let answer = house.app.refresh(&house, token(&first, "refresh_token"), &[]).await;
    assert_eq!(answer.status, 200);
    let second = answer.json();
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_ne!(second["access_token"], first["access_token"]);
    assert_eq!(house.userinfo(token(&second, "access_token")).await.status, 200);
    let (before, after) = (claims(token(&first, "id_token")), claims(token(&second, "id_token")));
    // OpenID Connect Core §12.2: the same user and login, a new instant, and no nonce.
    for same in ["iss", "sub", "aud", "auth_time", "sid"] {
        assert_eq!(before[same], after[same], "{same}");
    }
    assert!(after["iat"].as_i64() > before["iat"].as_i64());
    assert_eq!(after.get("nonce"), None);
    assert_eq!(house.app.refresh(&house, token(&second, "refresh_token"), &[]).await.status, 200);
}

/// A15, attack 23: within a short grace the old token gives the same successor, so that parallel refreshes agree.
#[tokio::test]
async fn a_refresh_that_is_repeated_at_once_gives_the_same_successor() {
    let house = House::build().await;
    let tokens = house.app.tokens(&house, &mut house.browser()).await;
    let old = token(&tokens, "refresh_token");
    let (a, b) = tokio::join!(house.app.refresh(&house, old, &[]), house.app.refresh(&house, old, &[]));
    assert_eq!((a.status.as_u16(), b.status.as_u16()), (200, 200));
    assert_eq!(a.json()["refresh_token"], b.json()["refresh_token"]);
    assert_eq!(house.app.refresh(&house, token(&a.json(), "refresh_token"), &[]).await.status, 200);
}

/// A15, attack 22: after the grace, the old token revokes its family.
#[tokio::test]
async fn an_old_refresh_token_revokes_its_family() {
    let house = House::build().await;
    let first = house.app.tokens(&house, &mut house.browser()).await;
    let second = house.app.refresh(&house, token(&first, "refresh_token"), &[]).await.json();
    house.wait(60);
    let replay = house.app.refresh(&house, token(&first, "refresh_token"), &[]).await;
    assert_eq!((replay.status.as_u16(), replay.error().as_str()), (400, "invalid_grant"));
    assert_eq!(house.app.refresh(&house, token(&second, "refresh_token"), &[]).await.error(), "invalid_grant");
    assert_eq!(house.userinfo(token(&second, "access_token")).await.status, 401);
    assert_eq!(house.queue.kinds().last(), Some(&"token_replayed"));
}

/// A15, attack 24: the scope may narrow, and never widens; a wrong question costs nothing.
#[tokio::test]
async fn the_scope_may_narrow_and_never_widens() {
    let house = House::build().await;
    let mut browser = house.browser();
    let code = house.app.code(&house, &mut browser, &[("scope", "openid email offline_access")]).await;
    let tokens = house.app.redeem(&house, &code, &[]).await.json();
    let refresh = token(&tokens, "refresh_token");
    for wider in ["openid profile", "notes", "openid \""] {
        assert_eq!(house.app.refresh(&house, refresh, &[("scope", wider)]).await.error(), "invalid_scope", "{wider}");
    }
    let narrow = house.app.refresh(&house, refresh, &[("scope", "openid")]).await.json();
    assert_eq!(narrow["scope"], "openid");
    let user = house.userinfo(token(&narrow, "access_token")).await.json();
    assert_eq!(user.get("email"), None);
    // RFC 6749 §6: the refresh token itself keeps what was granted.
    let again = house.app.refresh(&house, token(&narrow, "refresh_token"), &[]).await.json();
    assert_eq!(again["scope"], "email offline_access openid");
}

/// A15, RFC 6749 §6: a refresh token is bound to its client.
#[tokio::test]
async fn the_refresh_token_of_another_client_is_unknown() {
    let house = House::build().await;
    let tokens = house.app.tokens(&house, &mut house.browser()).await;
    let refresh = token(&tokens, "refresh_token");
    assert_eq!(house.plain.refresh(&house, refresh, &[]).await.error(), "invalid_grant");
    assert_eq!(house.plain.refresh(&house, refresh, &[("scope", "openid")]).await.error(), "invalid_grant");
    assert_eq!(house.app.refresh(&house, refresh, &[]).await.status, 200);
}

/// A grant ends at its absolute age.
#[tokio::test]
async fn a_grant_ends_after_thirty_days() {
    let house = House::build().await;
    let tokens = house.app.tokens(&house, &mut house.browser()).await;
    house.wait(30 * 24 * 3600);
    assert_eq!(house.app.refresh(&house, token(&tokens, "refresh_token"), &[]).await.error(), "invalid_grant");
}

/// RFC 8707 §2.2: a refresh may ask for another resource of the client, and for no other.
#[tokio::test]
async fn a_refresh_may_name_its_resource() {
    let house = House::build().await;
    let tokens = house.app.tokens(&house, &mut house.browser()).await;
    let refresh = token(&tokens, "refresh_token");
    let elsewhere = house.app.refresh(&house, refresh, &[("resource", "https://elsewhere.example")]).await;
    assert_eq!(elsewhere.error(), "invalid_target");
    let second = house.app.refresh(&house, refresh, &[("resource", "https://second.example")]).await.json();
    assert_eq!(claims(token(&second, "access_token"))["aud"][0], "https://second.example");
}

/// RFC 8707 §2.2: the resource that was asked for at the authorization is not forgotten, and no other is given for it.
#[tokio::test]
async fn a_refresh_remembers_the_resource_of_the_authorization() {
    let house = House::build().await;
    let code = house.app.code(&house, &mut house.browser(), &[("resource", "https://second.example")]).await;
    let tokens = house.app.redeem(&house, &code, &[]).await.json();
    let renewed = house.app.refresh(&house, token(&tokens, "refresh_token"), &[]).await.json();
    assert_eq!(claims(token(&renewed, "access_token"))["aud"][0], "https://second.example");
    let refresh = token(&renewed, "refresh_token");
    assert_eq!(house.app.refresh(&house, refresh, &[("resource", crate::app::API)]).await.error(), "invalid_target");
    let named = house.app.refresh(&house, refresh, &[("resource", "https://second.example")]).await.json();
    assert_eq!(claims(token(&named, "access_token"))["aud"][0], "https://second.example");
}

/// B22, RFC 8707 §2: an authorization may be for several resource servers; each access token is for one of them, and no other.
#[tokio::test]
async fn a_grant_for_several_resources_gives_a_token_for_one_at_a_time() {
    let house = House::build().await;
    let both = [("resource", "https://second.example"), ("resource", crate::app::API), ("resource", crate::app::API)];
    let code = house.app.code(&house, &mut house.browser(), &both).await;
    let tokens = house.app.redeem(&house, &code, &[("resource", crate::app::API)]).await.json();
    let audience = |tokens: &serde_json::Value| claims(token(tokens, "access_token"))["aud"].clone();
    assert_eq!(audience(&tokens)[0], crate::app::API);
    let mut refresh = token(&tokens, "refresh_token").to_owned();
    for (asked, given) in [
        (&[("resource", "https://second.example")][..], "https://second.example"),
        (&[("resource", crate::app::API)], crate::app::API),
        (&[], "https://second.example"),
    ] {
        let renewed = house.app.refresh(&house, &refresh, asked).await.json();
        let aud = audience(&renewed);
        assert_eq!((&aud[0], aud.as_array().map(Vec::len)), (&serde_json::json!(given), Some(2)), "it and we, for userinfo");
        refresh = token(&renewed, "refresh_token").to_owned();
    }
    // Neither two at once nor a third; and the question costs no token.
    for asked in [&both[..], &[("resource", "https://elsewhere.example")]] {
        assert_eq!(house.app.refresh(&house, &refresh, asked).await.error(), "invalid_target");
    }
    assert_eq!(house.app.refresh(&house, &refresh, &[]).await.status.as_u16(), 200);
    let elsewhere = [("resource", crate::app::API), ("resource", "https://elsewhere.example")];
    assert_eq!(house.app.push(&house, &elsewhere).await.error(), "invalid_target");
}
