//! What a device is given in the end.

use std::sync::Arc;

use authorization_server::Client;
use serde_json::Value;

use super::gadget::{
    GRANT, allow, allowed, ask, begin, codes, enter, house, poll, poll_as, press, refused, registered, replica, with_devices,
};
use crate::answer::Answer;
use crate::app::{API, claims, header, token};
use crate::dpop::wallet::{PUBLIC, Wallet};
use crate::house::{DEMO, House, ISSUER, form};

async fn refresh(house: &House, client_id: &str, tokens: &Value) -> Answer {
    let token = token(tokens, "refresh_token");
    house.post("/token", &[("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", client_id)]).await
}

/// RFC 8628 §3.5, RFC 6749 §5.1: three tokens, by the same rules as those of a code.
#[tokio::test]
async fn a_device_is_given_three_tokens() {
    let house = house().await;
    let codes = begin(&house).await;
    let mut browser = house.browser();
    super::gadget::open(&mut browser, "/device").await;
    let signed_in = house.now().as_second();
    house.wait(60);
    allow(&mut browser, &codes).await;
    let answer = poll(&house, &codes).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control"), answer.header("pragma")), (200, "no-store", "no-cache"));
    let tokens = answer.json();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&"Bearer".into(), &300.into()));
    assert_eq!(tokens["scope"], "email offline_access openid");

    let access = claims(token(&tokens, "access_token"));
    assert_eq!(header(token(&tokens, "access_token"))["typ"], "at+jwt");
    assert_eq!((&access["sub"], &access["client_id"]), (&DEMO.to_string().into(), &"tv".into()));
    assert_eq!(access["aud"], serde_json::json!([API, ISSUER]));
    let id = claims(token(&tokens, "id_token"));
    assert_eq!((&id["aud"], &id["sub"], &id["auth_time"]), (&"tv".into(), &DEMO.to_string().into(), &signed_in.into()));
    assert_eq!(id.get("nonce"), None);
    let told = house.userinfo(token(&tokens, "access_token")).await.json();
    assert_eq!(told["email"], "demo@example.com");

    let next = refresh(&house, "tv", &tokens).await;
    assert_eq!(next.status, 200, "{next:?}");
    assert_ne!(next.json()["refresh_token"], tokens["refresh_token"]);
}

/// RFC 6749 §3.3: what was not asked for, and what the client cannot use, is not given.
#[tokio::test]
async fn without_openid_there_is_no_id_token_and_without_offline_access_no_refresh_token() {
    let house = House::with(|settings| {
        with_devices(settings);
        settings.clients.push(Client { grant_types: vec![GRANT.to_owned()], ..registered("once") });
    })
    .await;
    let mut browser = house.browser();
    let notes = codes(&ask(&house, "tv", &[("scope", "notes")]).await);
    allow(&mut browser, &notes).await;
    let tokens = poll(&house, &notes).await.json();
    assert!(tokens.get("id_token").is_none() && tokens.get("refresh_token").is_none());
    let once = codes(&ask(&house, "once", &[]).await);
    allow(&mut browser, &once).await;
    let tokens = poll_as(&house, "once", &once).await.json();
    assert!(tokens.get("id_token").is_some() && tokens.get("refresh_token").is_none());
}

/// A8: a device code is used once; whoever uses it again revokes what it gave.
#[tokio::test]
async fn a_replayed_device_code_revokes_its_tokens() {
    let house = house().await;
    let codes = allowed(&house).await;
    let tokens = poll(&house, &codes).await.json();
    assert_eq!(house.userinfo(token(&tokens, "access_token")).await.status, 200);
    // Another client cannot even do that.
    assert_eq!(poll_as(&house, "radio", &codes).await.error(), "invalid_grant");
    assert_eq!(house.userinfo(token(&tokens, "access_token")).await.status, 200);
    assert_eq!(refused(&poll(&house, &codes).await), (400, "invalid_grant".to_owned()));
    assert_eq!(house.userinfo(token(&tokens, "access_token")).await.status, 401);
    assert_eq!(refresh(&house, "tv", &tokens).await.error(), "invalid_grant");
    assert_eq!(house.queue.kinds(), ["consent_granted", "token_replayed"]);
}

/// A8: a replay is known until after the code would have expired.
#[tokio::test]
async fn a_replay_is_known_minutes_later() {
    let house = house().await;
    let codes = allowed(&house).await;
    let tokens = poll(&house, &codes).await.json();
    house.wait(15 * 60);
    assert_eq!(poll(&house, &codes).await.error(), "invalid_grant");
    assert_eq!(refresh(&house, "tv", &tokens).await.error(), "invalid_grant");
    assert!(house.queue.kinds().contains(&"token_replayed"));
}

/// A8, attack 9: of fifty redemptions at once, at two replicas, one succeeds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_redemptions_at_once_one_succeeds() {
    let house = house().await;
    let second = replica(&house, Arc::clone(&house.cache) as _).await;
    fifty_at_once(house, second).await;
}

pub(super) async fn fifty_at_once(house: House, second: axum::Router) {
    let codes = allowed(&house).await;
    let mut redemptions = tokio::task::JoinSet::new();
    for number in 0..50 {
        let mut device = house.browser();
        if number % 2 == 1 {
            device.router = second.clone();
        }
        let body = form(&[("grant_type", GRANT), ("device_code", &codes.device_code), ("client_id", "tv")]);
        redemptions.spawn(async move {
            device.send("POST", "/token", &[("content-type", "application/x-www-form-urlencoded")], body).await
        });
    }
    let answers = redemptions.join_all().await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((won.len(), lost.len()), (1, 49));
    assert!(lost.iter().all(|answer| answer.error() == "invalid_grant"));
    // The others were replays, and a replay revokes.
    assert_eq!(house.userinfo(token(&won[0].json(), "access_token")).await.status, 401);
}

async fn poll_with(house: &House, wallet: &Wallet, device_code: &str) -> Answer {
    let parameters = [("grant_type", GRANT.to_owned()), ("device_code", device_code.to_owned())];
    let proof = wallet.proof(house, "POST", "/token", None, None);
    let app = crate::app::App::new(PUBLIC);
    crate::dpop::wallet::send(house, &app, "/token", &parameters, &[&proof]).await
}

/// A12, RFC 9449 §5: a device that proves a key gets tokens that are bound to it, and refreshes with that key only.
#[tokio::test]
async fn a_proof_binds_the_tokens_of_a_device() {
    let house = House::with(|settings| {
        settings.clients.push(Client { dpop_bound_access_tokens: true, ..registered(PUBLIC) });
    })
    .await;
    let (wallet, other) = (Wallet::new(), Wallet::new());
    let given = codes(&ask(&house, PUBLIC, &[]).await);
    assert_eq!(poll_with(&house, &wallet, &given.device_code).await.error(), "authorization_pending");
    allow(&mut house.browser(), &given).await;
    let bearer = poll_as(&house, PUBLIC, &given).await;
    assert_eq!(refused(&bearer), (400, "invalid_request".to_owned()), "no way down to bearer tokens");
    let answer = poll_with(&house, &wallet, &given.device_code).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let tokens = answer.json();
    assert_eq!(tokens["token_type"], "DPoP");
    assert_eq!(claims(token(&tokens, "access_token"))["cnf"]["jkt"], wallet.thumbprint().as_str());
    assert_eq!(wallet.userinfo(&house, token(&tokens, "access_token")).await.status, 200);
    let app = crate::app::App::new(PUBLIC);
    assert_eq!(other.refresh(&house, &app, token(&tokens, "refresh_token")).await.error(), "invalid_grant");
    assert_eq!(wallet.refresh(&house, &app, token(&tokens, "refresh_token")).await.status, 200);
}

/// An account that was disabled after it had said yes gives nothing any more.
#[tokio::test]
async fn a_disabled_account_gives_no_tokens() {
    let house = house().await;
    let codes = allowed(&house).await;
    let keeper: &dyn user_database::AccountKeeper = &*house.users;
    // Not its sessions are over, but it is disabled.
    assert!(keeper.set_disabled(DEMO, true, house.now() - jiff::SignedDuration::from_secs(3600)).await.unwrap());
    assert_eq!(refused(&poll(&house, &codes).await), (400, "invalid_grant".to_owned()));
}

/// A yes ends with the sessions of its user: another password before the device has redeemed it, and it is worth nothing.
#[tokio::test]
async fn another_password_ends_what_was_allowed_and_not_redeemed() {
    let house = house().await;
    let codes = allowed(&house).await;
    house.wait(1);
    let keeper: &dyn user_database::AccountKeeper = &*house.users;
    assert!(keeper.set_password(DEMO, "another hash", house.now()).await.unwrap());
    assert_eq!(refused(&poll(&house, &codes).await), (400, "invalid_grant".to_owned()));
}

/// A21: what a device may is listed among what is connected, and ends when the user takes it back.
#[tokio::test]
async fn a_device_is_disconnected_at_the_account() {
    let house = house().await;
    let codes = allowed(&house).await;
    let connections = || user_database::Consents::connections(&*house.users, DEMO, house.now());
    assert_eq!(connections().await.unwrap(), [], "nothing yet");
    let tokens = poll(&house, &codes).await.json();
    let connected = connections().await.unwrap();
    assert_eq!((connected.len(), connected[0].client_id.as_str()), (1, "tv"));
    assert_eq!(connected[0].scope.to_string(), "email offline_access openid");
    user_database::Consents::withdraw(&*house.users, DEMO, "tv", house.now()).await.unwrap();
    assert_eq!(refresh(&house, "tv", &tokens).await.error(), "invalid_grant");
    assert_eq!(house.userinfo(token(&tokens, "access_token")).await.status, 401);
}

/// The database gone in the middle: nothing is half-written, and the device code is still good.
#[tokio::test]
async fn without_the_database_no_device_code_is_used_up() {
    let house = house().await;
    let codes = allowed(&house).await;
    house.users.close().await;
    assert_eq!(refused(&poll(&house, &codes).await), (503, "temporarily_unavailable".to_owned()));
    let users = crate::house::open_users(&house.directory).await;
    let house = House { users, ..house };
    let router = replica(&house, Arc::clone(&house.cache) as _).await;
    let house = House { router, ..house };
    assert_eq!(poll(&house, &codes).await.status, 200);
}

/// A20: a device keeps its tokens when its user signs out in the browser, and knows nothing of that session.
#[tokio::test]
async fn a_device_does_not_sign_out_with_the_browser() {
    let house = House::with(|settings| {
        let backchannel_logout_uri = Some("https://tv.example/logout".parse().unwrap());
        settings.clients.push(Client { backchannel_logout_uri, ..registered("tv") });
    })
    .await;
    let mut browser = house.browser();
    let by_code = house.app.tokens(&house, &mut browser).await;
    let given = begin(&house).await;
    allow(&mut browser, &given).await;
    let tokens = poll(&house, &given).await.json();
    assert_ne!(claims(token(&tokens, "id_token"))["sid"], claims(token(&by_code, "id_token"))["sid"]);
    // With its ID token nobody ends the browser's session without being asked.
    let hint = form(&[("id_token_hint", token(&tokens, "id_token"))]);
    let question = browser.open(&format!("/end_session?{hint}")).await;
    assert_eq!(question.page(), "sign-out");
    browser.press(&question, "sign-out").await;
    assert_eq!(browser.open("/device").await.page(), "login", "signed out");
    assert_eq!(refresh(&house, "tv", &tokens).await.status, 200);
    assert!(!house.queue.kinds().contains(&"session_ended"), "nobody had to be told");
}

/// RFC 8628 §5.4: what was allowed to a device is asked again for the next one, and for the same client by code.
#[tokio::test]
async fn consent_to_a_device_is_asked_each_time() {
    let house = house().await;
    let mut browser = house.browser();
    for _ in 0..2 {
        let given = begin(&house).await;
        let page = enter(&mut browser, &given.user_code).await;
        assert_eq!(page.page(), "device-consent");
        press(&mut browser, &page, "allow").await;
    }
    let allowed = |client_id: &'static str| {
        let users = Arc::clone(&house.users);
        async move { user_database::Consents::allowed(&*users, DEMO, client_id).await.unwrap() }
    };
    assert!(allowed("tv").await.is_empty(), "nothing is remembered");
    // Nor does what was allowed by code go for a device of the same client.
    let scope = protocol::Scope::parse(crate::app::SCOPE).unwrap();
    user_database::Consents::allow(&*house.users, DEMO, "tv", &scope, house.now()).await.unwrap();
    let given = begin(&house).await;
    assert_eq!(enter(&mut browser, &given.user_code).await.page(), "device-consent");
}
