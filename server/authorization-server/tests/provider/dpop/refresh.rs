use authorization_server::{Authentication, Client, Profile};
use serde_json::Value;

use super::wallet::{PUBLIC, Wallet, redeem, refresh, refused};
use crate::app::{App, claims, token};
use crate::house::House;

async fn with_public_client() -> (House, App) {
    let app = App::new(PUBLIC);
    let registered = Client { authentication: Authentication::None, ..app.registered(false) };
    (House::with(|settings| settings.clients.push(registered)).await, app)
}

/// Tokens of the public client, bound to the key of `wallet` where there is one.
async fn tokens(house: &House, app: &App, wallet: Option<&Wallet>) -> Value {
    let mut browser = house.browser();
    let login = browser.open(&app.plainly(&[])).await;
    let consent = browser.log_in(&login).await;
    let code = browser.press(&consent, "allow").await.sent("code").unwrap();
    let answer = match wallet {
        Some(wallet) => wallet.redeem(house, app, &code).await,
        None => redeem(house, app, &code, &[]).await,
    };
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// RFC 9449 §5: the key is all that a public client can prove itself by, so its refresh token is bound to it.
#[tokio::test]
async fn the_refresh_token_of_a_public_client_is_bound_to_its_key() {
    let ((house, app), wallet) = (with_public_client().await, Wallet::new());
    let first = tokens(&house, &app, Some(&wallet)).await;
    let old = token(&first, "refresh_token");
    assert_eq!(refused(&Wallet::new().refresh(&house, &app, old).await), (400, "invalid_grant".to_owned()));
    assert_eq!(refused(&refresh(&house, &app, old, &[]).await), (400, "invalid_request".to_owned()));
    // Neither try cost the token, however late its owner comes.
    house.wait(60);
    let second = wallet.refresh(&house, &app, old).await.json();
    assert_eq!(second["token_type"], "DPoP");
    let thief = Wallet::new().refresh(&house, &app, token(&second, "refresh_token")).await;
    assert_eq!(refused(&thief), (400, "invalid_grant".to_owned()));
    assert_eq!(wallet.refresh(&house, &app, token(&second, "refresh_token")).await.status, 200);
}

/// RFC 9449 §5: a refresh token that was not bound is bound by the first proof that comes with it.
#[tokio::test]
async fn the_first_proof_of_a_public_client_binds_its_refresh_tokens() {
    let ((house, app), wallet) = (with_public_client().await, Wallet::new());
    let unbound = tokens(&house, &app, None).await;
    let bound = wallet.refresh(&house, &app, token(&unbound, "refresh_token")).await.json();
    assert_eq!(bound["token_type"], "DPoP");
    let other = Wallet::new().refresh(&house, &app, token(&bound, "refresh_token")).await;
    assert_eq!(refused(&other), (400, "invalid_grant".to_owned()));
}

/// Of two keys that come with one unbound refresh token at once, one gets the grant and the other nothing.
#[tokio::test]
async fn of_two_first_keys_at_once_one_binds() {
    let ((house, app), [a, b]) = (with_public_client().await, [Wallet::new(), Wallet::new()]);
    let unbound = tokens(&house, &app, None).await;
    let old = token(&unbound, "refresh_token");
    let (first, second) = tokio::join!(a.refresh(&house, &app, old), b.refresh(&house, &app, old));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
}

/// A12: a confidential client has its own way to prove itself, so it may change its key.
#[tokio::test]
async fn a_confidential_client_may_refresh_with_a_new_key() {
    let (house, first, second) = (House::build().await, Wallet::new(), Wallet::new());
    let tokens = first.tokens(&house, &house.app).await;
    let answer = second.refresh(&house, &house.app, token(&tokens, "refresh_token")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let renewed = answer.json();
    assert_eq!(renewed["token_type"], "DPoP");
    assert_eq!(claims(token(&renewed, "access_token"))["cnf"]["jkt"], second.thumbprint().as_str());
    assert_eq!(second.userinfo(&house, token(&renewed, "access_token")).await.status, 200);
    assert_eq!(first.userinfo(&house, token(&renewed, "access_token")).await.status, 401);
}

/// A12: a bound grant does not go back to bearer tokens; the wrong question costs nothing.
#[tokio::test]
async fn a_bound_grant_is_not_refreshed_without_a_proof() {
    let (house, wallet) = (House::build().await, Wallet::new());
    let tokens = wallet.tokens(&house, &house.app).await;
    let old = token(&tokens, "refresh_token");
    assert_eq!(refused(&refresh(&house, &house.app, old, &[]).await), (400, "invalid_request".to_owned()));
    house.wait(60);
    assert_eq!(wallet.refresh(&house, &house.app, old).await.status, 200);
}

/// RFC 9449 §5: a grant of bearer tokens is bound by the first proof that comes, and stays bound.
#[tokio::test]
async fn the_first_proof_at_a_refresh_binds_the_grant() {
    let (house, wallet) = (House::build().await, Wallet::new());
    let tokens = house.app.tokens(&house, &mut house.browser()).await;
    let bound = wallet.refresh(&house, &house.app, token(&tokens, "refresh_token")).await.json();
    assert_eq!(bound["token_type"], "DPoP");
    let again = house.app.refresh(&house, token(&bound, "refresh_token"), &[]).await;
    assert_eq!(refused(&again), (400, "invalid_request".to_owned()));
}

/// A15: parallel refreshes of one token, each with its own proof, agree on the successor.
#[tokio::test]
async fn parallel_refreshes_with_proofs_agree() {
    let (house, wallet) = (House::build().await, Wallet::new());
    let tokens = wallet.tokens(&house, &house.app).await;
    let old = token(&tokens, "refresh_token");
    let (a, b) = tokio::join!(wallet.refresh(&house, &house.app, old), wallet.refresh(&house, &house.app, old));
    assert_eq!((a.status.as_u16(), b.status.as_u16()), (200, 200));
    assert_eq!(a.json()["refresh_token"], b.json()["refresh_token"]);
}

/// FAPI 2.0 §5.3.2.1: the refresh tokens of that profile do not rotate. A client whose answer was lost comes again, however late,
/// and with whatever key; revoked and expired, they are worth nothing.
#[tokio::test]
async fn a_fapi_client_keeps_its_refresh_token() {
    let house = House::with(|settings| settings.clients[0].profile = Profile::Fapi2).await;
    let wallet = Wallet::new();
    let tokens = wallet.tokens(&house, &house.app).await;
    let refresh_token = token(&tokens, "refresh_token");
    for _ in 0..3 {
        house.wait(30);
        let wallet = Wallet::new();
        let answer = wallet.refresh(&house, &house.app, refresh_token).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let renewed = answer.json();
        assert_eq!(renewed.get("refresh_token"), None);
        assert_ne!(renewed["access_token"], tokens["access_token"]);
        assert_eq!(wallet.userinfo(&house, token(&renewed, "access_token")).await.status, 200);
    }
    assert_eq!(refused(&wallet.refresh(&house, &house.plain, refresh_token).await), (400, "invalid_grant".to_owned()));
    assert!(!house.queue.kinds().contains(&"token_replayed"));
    assert_eq!(house.app.revoke(&house, refresh_token).await.status, 200);
    assert_eq!(refused(&wallet.refresh(&house, &house.app, refresh_token).await), (400, "invalid_grant".to_owned()));
}

/// A15: a refresh token that was used up stays so, whatever its client is registered for later.
#[tokio::test]
async fn a_used_refresh_token_does_not_revive_with_the_profile() {
    let (house, wallet) = (House::build().await, Wallet::new());
    let tokens = wallet.tokens(&house, &house.app).await;
    let (old, renewed) =
        (token(&tokens, "refresh_token"), wallet.refresh(&house, &house.app, token(&tokens, "refresh_token")).await);
    assert_eq!(renewed.status, 200);
    house.wait(60);
    let fapi = Client { profile: Profile::Fapi2, ..house.app.registered(true) };
    let later = House { router: crate::start::replica_for(&house, &[fapi]).await, ..house };
    assert_eq!(refused(&wallet.refresh(&later, &later.app, old).await), (400, "invalid_grant".to_owned()));
    let next = token(&renewed.json(), "refresh_token").to_owned();
    assert_eq!(
        refused(&wallet.refresh(&later, &later.app, &next).await),
        (400, "invalid_grant".to_owned()),
        "its family is revoked"
    );
}
