//! `/userinfo`, `/introspect` and `/revoke`.

use serde_json::Value;

use super::rig::{Rig, Room, Told};
use crate::app::token;
use crate::dpop::Wallet;

use Room::{Cache, UserDatabase};

async fn tokens(rig: &Rig) -> Value {
    rig.grants.forget();
    rig.house.app.tokens(&rig.house, &mut rig.browser().await).await
}

/// OpenID Connect Core §5.3.
#[tokio::test]
async fn userinfo_is_an_outage_and_no_dead_token() {
    let rig = Rig::build().await;
    rig.takes_away(
        [UserDatabase],
        Told::Json,
        tokens,
        async |rig, tokens| rig.house.userinfo(token(tokens, "access_token")).await,
        async |_, _, trial, answer| assert_eq!(answer.status, 200, "{trial:?}"),
    )
    .await;
}

/// RFC 9449 §7.
#[tokio::test]
async fn userinfo_of_a_bound_token_is_an_outage_and_no_dead_token() {
    let (rig, wallet) = (Rig::build().await, Wallet::new());
    rig.takes_away(
        [UserDatabase, Cache],
        Told::Json,
        async |rig| {
            let code = rig.house.app.code(&rig.house, &mut rig.browser().await, &[]).await;
            wallet.redeem(&rig.house, &rig.house.app, &code).await.json()
        },
        async |rig, tokens| wallet.userinfo(&rig.house, token(tokens, "access_token")).await,
        async |_, _, trial, answer| assert_eq!(answer.status, 200, "{trial:?}"),
    )
    .await;
}

/// RFC 7662 §2.2: not even an outage makes a live token look dead.
#[tokio::test]
async fn introspection_is_an_outage_and_no_dead_token() {
    let rig = Rig::build().await;
    for kind in ["access_token", "refresh_token"] {
        rig.takes_away(
            [UserDatabase, Cache],
            Told::Json,
            tokens,
            async |rig, tokens| {
                let asked = [("token", token(tokens, kind).to_owned())];
                rig.house.app.post(&rig.house, "/introspect", &asked).await
            },
            async |_, _, trial, answer| assert_eq!(answer.json()["active"], true, "{trial:?}"),
        )
        .await;
    }
}

/// RFC 7009 §2.2.1: a client that is told 503 asks again, and the token is dead.
#[tokio::test]
async fn a_revocation_is_done_when_it_is_answered() {
    let rig = Rig::build().await;
    for kind in ["access_token", "refresh_token"] {
        rig.takes_away(
            [UserDatabase, Cache],
            Told::Json,
            tokens,
            async |rig, tokens| rig.house.app.revoke(&rig.house, token(tokens, kind)).await,
            async |rig, _, trial, answer| {
                assert_eq!(answer.status, 200, "{trial:?}");
                assert_eq!(rig.live().await, 0, "{trial:?}");
            },
        )
        .await;
    }
}
