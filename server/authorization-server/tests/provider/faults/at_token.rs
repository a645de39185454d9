//! `/token`.

use serde_json::json;

use super::rig::{Rig, Room, Told, Trial};
use crate::answer::Answer;
use crate::app::{claims, token};
use crate::dpop::Wallet;
use crate::machines::ask;

use Room::{Cache, Queue, UserDatabase};

/// A code of the house's first client.
async fn code(rig: &Rig) -> String {
    rig.grants.forget();
    // The ID token is asked to hold something of the account, which is looked up for it.
    let wanted = json!({ "id_token": { "email": null } }).to_string();
    rig.house.app.code(&rig.house, &mut rig.browser().await, &[("claims", &wanted)]).await
}

/// The tokens of a redemption belong to the one grant that lives; a code that is refused left none.
async fn redeemed(rig: &Rig, trial: Trial, answer: Answer) {
    let live = rig.grants.live(rig.house.now()).await;
    if answer.status == 200 {
        let tokens = answer.json();
        let gid = claims(token(&tokens, "access_token"))["gid"].as_str().unwrap().to_owned();
        assert_eq!(claims(token(&tokens, "id_token"))["email"], "demo@example.com");
        assert!(live.iter().any(|id| id.to_string() == gid), "{trial:?}");
        // Written, and not answered: its refresh token is nobody's, and nobody could be asked to take it back.
        let most = if trial.was_lost() && trial.room == UserDatabase { 2 } else { 1 };
        assert!(live.len() <= most, "{trial:?}");
        assert_eq!(rig.house.app.refresh(&rig.house, token(&tokens, "refresh_token"), &[]).await.status, 200, "{trial:?}");
    } else {
        assert!(trial.was_lost(), "the code was lost without an answer: {trial:?}");
        assert_eq!((answer.error().as_str(), live.len()), ("invalid_grant", 0), "{trial:?}");
    }
}

/// RFC 6749 §4.1.3: a code is not lost to an outage, and leaves no second grant.
#[tokio::test]
async fn a_code_outlives_what_is_taken_away() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache],
        Told::Json,
        code,
        async |rig, code| rig.house.app.redeem(&rig.house, code, &[]).await,
        async |rig, _, trial, answer| redeemed(rig, trial, answer).await,
    )
    .await;
}

/// The same with a DPoP key.
#[tokio::test]
async fn a_code_for_a_key_outlives_what_is_taken_away() {
    let (rig, wallet) = (Rig::build().await, Wallet::new());
    rig.takes_away(
        [UserDatabase, Cache],
        Told::Json,
        code,
        async |rig, code| wallet.redeem(&rig.house, &rig.house.app, code).await,
        async |rig, _, trial, answer| {
            assert!(answer.status == 200 || trial.was_lost(), "{trial:?} {answer:?}");
            let live = rig.live().await;
            assert!(live <= if trial.was_lost() && trial.room == UserDatabase { 2 } else { 1 }, "{trial:?}");
        },
    )
    .await;
}

/// A8: a replayed code revokes what it gave, and is audited once, whatever is taken away meanwhile.
#[tokio::test]
async fn a_replayed_code_revokes_and_is_audited_once() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache, Queue],
        Told::Json,
        async |rig| {
            let code = code(rig).await;
            assert_eq!(rig.house.app.redeem(&rig.house, &code, &[]).await.status, 200);
            (code, rig.told("token_replayed"))
        },
        async |rig, (code, _)| rig.house.app.redeem(&rig.house, code, &[]).await,
        async |rig, (_, before), trial, answer| {
            assert_eq!(answer.error(), "invalid_grant", "{trial:?}");
            assert_eq!(rig.live().await, 0, "{trial:?}");
            assert_eq!(rig.told("token_replayed"), before + 1, "{trial:?}");
        },
    )
    .await;
}

/// A15: an outage costs no refresh token, and makes no second family.
#[tokio::test]
async fn a_refresh_token_outlives_what_is_taken_away() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache],
        Told::Json,
        async |rig| {
            let code = code(rig).await;
            let tokens = rig.house.app.redeem(&rig.house, &code, &[]).await.json();
            token(&tokens, "refresh_token").to_owned()
        },
        async |rig, refresh| rig.house.app.refresh(&rig.house, refresh, &[]).await,
        async |rig, _, trial, answer| {
            assert_eq!(answer.status, 200, "{trial:?} {answer:?}");
            assert_eq!(rig.live().await, 1, "{trial:?}");
            let next = rig.house.app.refresh(&rig.house, token(&answer.json(), "refresh_token"), &[]).await;
            assert_eq!(next.status, 200, "{trial:?}");
        },
    )
    .await;
}

/// A15: a replayed refresh token revokes its family, and is audited once, whatever is taken away meanwhile.
#[tokio::test]
async fn a_replayed_refresh_token_revokes_and_is_audited_once() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase, Cache, Queue],
        Told::Json,
        async |rig| {
            let code = code(rig).await;
            let tokens = rig.house.app.redeem(&rig.house, &code, &[]).await.json();
            let old = token(&tokens, "refresh_token").to_owned();
            assert_eq!(rig.house.app.refresh(&rig.house, &old, &[]).await.status, 200);
            rig.house.wait(60);
            (old, rig.told("token_replayed"))
        },
        async |rig, (old, _)| rig.house.app.refresh(&rig.house, old, &[]).await,
        async |rig, (_, before), trial, answer| {
            assert_eq!(answer.error(), "invalid_grant", "{trial:?}");
            assert_eq!(rig.live().await, 0, "{trial:?}");
            assert_eq!(rig.told("token_replayed"), before + 1, "{trial:?}");
        },
    )
    .await;
}

/// RFC 6749 §4.4: a client that acts for itself asks again and is answered.
#[tokio::test]
async fn a_machine_asks_again() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase],
        Told::Json,
        async |_| (),
        async |rig, ()| ask(&rig.house, "machine", &[]).await,
        async |_, (), trial, answer| assert_eq!(answer.status, 200, "{trial:?}"),
    )
    .await;
}
