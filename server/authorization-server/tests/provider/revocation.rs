use crate::app::{App, token};
use crate::house::House;

/// RFC 7009 §2.1, A16: revoking either token ends the family.
#[tokio::test]
async fn revoking_a_token_ends_its_grant() {
    let house = House::build().await;
    for kind in ["refresh_token", "access_token"] {
        let tokens = house.app.tokens(&house, &mut house.browser()).await;
        let answer = house.app.revoke(&house, token(&tokens, kind)).await;
        assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (200, "no-store"), "{kind}");
        assert_eq!(house.userinfo(token(&tokens, "access_token")).await.status, 401, "{kind}");
        let refreshed = house.app.refresh(&house, token(&tokens, "refresh_token"), &[]).await;
        assert_eq!(refreshed.error(), "invalid_grant", "{kind}");
    }
}

/// RFC 7009 §2.2, attack 26: a foreign or unknown token is answered alike and changes nothing.
#[tokio::test]
async fn a_foreign_or_unknown_token_changes_nothing() {
    let house = House::build().await;
    let tokens = house.app.tokens(&house, &mut house.browser()).await;
    for kind in ["refresh_token", "access_token"] {
        assert_eq!(house.plain.revoke(&house, token(&tokens, kind)).await.status, 200);
    }
    assert_eq!(house.app.revoke(&house, "nonsense").await.status, 200);
    assert_eq!(house.userinfo(token(&tokens, "access_token")).await.status, 200);
    assert_eq!(house.app.refresh(&house, token(&tokens, "refresh_token"), &[]).await.status, 200);
}

/// A16, RFC 7009 §2.1: the client authenticates first.
#[tokio::test]
async fn nobody_revokes_without_authenticating() {
    let house = House::build().await;
    let tokens = house.app.tokens(&house, &mut house.browser()).await;
    let anonymous = house.post("/revoke", &[("token", token(&tokens, "refresh_token"))]).await;
    assert_eq!((anonymous.status.as_u16(), anonymous.error().as_str()), (401, "invalid_client"));
    let stranger = App::new("app").revoke(&house, token(&tokens, "refresh_token")).await;
    assert_eq!(stranger.status, 401);
    assert_eq!(house.userinfo(token(&tokens, "access_token")).await.status, 200);
    assert_eq!(house.app.post(&house, "/revoke", &[]).await.error(), "invalid_request");
}
