use super::wallet::{Wallet, challenges, redeem, redemption, refused, send, userinfo};
use crate::answer::Answer;
use crate::app::{token, with};
use crate::house::House;

async fn demanding() -> House {
    House::with(|settings| settings.dpop_nonce = true).await
}

fn nonce(answer: &Answer) -> String {
    let nonce = answer.header("dpop-nonce").to_owned();
    assert!(!nonce.is_empty(), "{answer:?}");
    nonce
}

/// RFC 9449 §8: a proof without a nonce is sent back with one, and with that it is taken.
#[tokio::test]
async fn a_proof_must_hold_a_nonce_where_nonces_are_demanded() {
    let (house, wallet) = (demanding().await, Wallet::new());
    let code = house.app.code(&house, &mut house.browser(), &[]).await;
    let first = wallet.redeem(&house, &house.app, &code).await;
    assert_eq!(refused(&first), (400, "use_dpop_nonce".to_owned()));
    let proof = wallet.proof(&house, "POST", "/token", None, Some(&nonce(&first)));
    let answer = redeem(&house, &house.app, &code, &[&proof]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    // RFC 9449 §8.2: the next one comes along, and is good at the next endpoint.
    let (tokens, next) = (answer.json(), nonce(&answer));
    let access = token(&tokens, "access_token");
    let proof = wallet.proof(&house, "GET", "/userinfo", Some(access), Some(&next));
    let answer = userinfo(&house, "DPoP", access, &[&proof]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    nonce(&answer);
}

/// RFC 9449 §8, §9: the same at `/par` and at a resource, where the challenge says it.
#[tokio::test]
async fn every_endpoint_that_takes_proofs_gives_nonces() {
    let (house, wallet) = (demanding().await, Wallet::new());
    let refusal = wallet.push(&house, &house.app, &[]).await;
    assert_eq!(refused(&refusal), (400, "use_dpop_nonce".to_owned()));
    let proof = wallet.proof(&house, "POST", "/par", None, Some(&nonce(&refusal)));
    let pushed = send(&house, &house.app, "/par", &with(&house.app.request(), &[]), &[&proof]).await;
    assert_eq!(pushed.status, 201);

    let code = house.app.code(&house, &mut house.browser(), &[]).await;
    let proof = wallet.proof(&house, "POST", "/token", None, Some(&nonce(&pushed)));
    let tokens = redeem(&house, &house.app, &code, &[&proof]).await.json();
    let refusal = wallet.userinfo(&house, token(&tokens, "access_token")).await;
    assert_eq!(refused(&refusal), (401, "use_dpop_nonce".to_owned()));
    assert!(challenges(&refusal)[0].starts_with("DPoP error=\"use_dpop_nonce\""));
    nonce(&refusal);
}

/// A nonce is known on every replica, good for five minutes, and cannot be made up.
#[tokio::test]
async fn a_nonce_holds_for_five_minutes_on_every_replica() {
    let (house, wallet) = (demanding().await, Wallet::new());
    let given = nonce(&wallet.push(&house, &house.app, &[]).await);
    let replica = crate::start::replica(&house).await;
    let house = House { router: replica, ..house };
    let parameters = redemption(&house.app, "nonsense");
    let with_nonce = async |nonce: &str| {
        let proof = wallet.proof(&house, "POST", "/token", None, Some(nonce));
        let answer = send(&house, &house.app, "/token", &parameters, &[&proof]).await;
        let fresh = answer.headers.contains_key("dpop-nonce");
        (answer.error(), fresh)
    };
    // The replica does not demand nonces; whichever it is shown it checks all the same.
    assert_eq!(with_nonce(&given).await, ("invalid_grant".to_owned(), false));
    assert_eq!(with_nonce("made-up").await, ("use_dpop_nonce".to_owned(), true));
    house.wait(299);
    assert_eq!(with_nonce(&given).await.0, "invalid_grant");
    house.wait(1);
    assert_eq!(with_nonce(&given).await, ("use_dpop_nonce".to_owned(), true));
}

#[tokio::test]
async fn where_nonces_are_not_demanded_none_are_pressed_on_anybody() {
    let (house, wallet) = (House::build().await, Wallet::new());
    let pushed = wallet.push(&house, &house.app, &[]).await;
    assert_eq!((pushed.status.as_u16(), pushed.header("dpop-nonce")), (201, ""));
    let bearer = demanding().await;
    let answer = bearer.app.push(&bearer, &[]).await;
    assert_eq!((answer.status.as_u16(), answer.header("dpop-nonce")), (201, ""), "a client without proofs is not bothered");
}
