use http::HeaderMap;
use serde_json::json;

use super::wallet::{Wallet, challenges, refused, userinfo};
use crate::app::token;
use crate::house::{House, ISSUER};

/// RFC 9449 §7.1: the scheme has no case; GET and POST alike.
#[tokio::test]
async fn a_bound_token_comes_with_its_proof() {
    let (house, wallet) = (House::build().await, Wallet::new());
    let tokens = wallet.tokens(&house, &house.app).await;
    let access = token(&tokens, "access_token");
    for scheme in ["DPoP", "dpop", "DPOP"] {
        let proof = wallet.proof(&house, "GET", "/userinfo", Some(access), None);
        assert_eq!(userinfo(&house, scheme, access, &[&proof]).await.status, 200, "{scheme}");
    }
    let mut headers = HeaderMap::new();
    headers.insert("authorization", format!("DPoP {access}").parse().unwrap());
    headers.insert("dpop", wallet.proof(&house, "POST", "/userinfo", Some(access), None).parse().unwrap());
    assert_eq!(house.call("POST", "/userinfo", headers, String::new()).await.status, 200);
}

/// A12, attack 25, RFC 9449 §7.2: a stolen bound token is no bearer token, with a proof beside it or without.
#[tokio::test]
async fn a_bound_token_is_no_bearer_token() {
    let (house, wallet) = (House::build().await, Wallet::new());
    let tokens = wallet.tokens(&house, &house.app).await;
    let access = token(&tokens, "access_token");
    let proof = wallet.proof(&house, "GET", "/userinfo", Some(access), None);
    for proofs in [&[][..], &[proof.as_str()]] {
        let answer = userinfo(&house, "Bearer", access, proofs).await;
        assert_eq!(refused(&answer), (401, "invalid_token".to_owned()));
        let [bearer, dpop] = &challenges(&answer)[..] else { panic!("both schemes") };
        assert!(bearer.starts_with("Bearer error=\"invalid_token\""), "{bearer}");
        assert_eq!(dpop, "DPoP algs=\"ES256 PS256 EdDSA\"");
    }
}

/// RFC 9449 §7.1: without a token both schemes are named, and no error.
#[tokio::test]
async fn without_a_token_both_schemes_are_named() {
    let house = House::build().await;
    assert_eq!(challenges(&house.get("/userinfo").await), ["Bearer", "DPoP algs=\"ES256 PS256 EdDSA\""]);
}

/// Attack 25: no proof, another key, another token, another method, another place.
#[tokio::test]
async fn a_proof_for_anything_else_is_refused() {
    let (house, wallet, stranger) = (House::build().await, Wallet::new(), Wallet::new());
    let tokens = wallet.tokens(&house, &house.app).await;
    let access = token(&tokens, "access_token");
    let other = wallet.tokens(&house, &house.plain).await;
    for (proofs, error) in [
        (vec![], "invalid_dpop_proof"),
        (vec![stranger.proof(&house, "GET", "/userinfo", Some(access), None)], "invalid_token"),
        (vec![wallet.proof(&house, "GET", "/userinfo", Some(token(&other, "access_token")), None)], "invalid_dpop_proof"),
        (vec![wallet.proof(&house, "GET", "/userinfo", None, None)], "invalid_dpop_proof"),
        (vec![wallet.proof(&house, "POST", "/userinfo", Some(access), None)], "invalid_dpop_proof"),
        (vec![wallet.proof(&house, "GET", "/token", Some(access), None)], "invalid_dpop_proof"),
        (vec!["nonsense".to_owned()], "invalid_dpop_proof"),
        (vec![wallet.proof(&house, "GET", "/userinfo", Some(access), None); 2], "invalid_dpop_proof"),
    ] {
        let proofs: Vec<&str> = proofs.iter().map(String::as_str).collect();
        let answer = userinfo(&house, "DPoP", access, &proofs).await;
        assert_eq!(refused(&answer), (401, error.to_owned()), "{proofs:?}");
        let [dpop, bearer] = &challenges(&answer)[..] else { panic!("both schemes") };
        assert!(dpop.starts_with(&format!("DPoP error=\"{error}\"")) && dpop.contains("algs=\"ES256"), "{dpop}");
        assert_eq!(bearer, "Bearer");
    }
}

/// RFC 9449 §7.1: a token without a key does not become better by a proof.
#[tokio::test]
async fn a_bearer_token_does_not_come_under_dpop() {
    let (house, wallet) = (House::build().await, Wallet::new());
    let tokens = house.app.tokens(&house, &mut house.browser()).await;
    let answer = wallet.userinfo(&house, token(&tokens, "access_token")).await;
    assert_eq!(refused(&answer), (401, "invalid_token".to_owned()));
    assert_eq!(house.userinfo(token(&tokens, "access_token")).await.status, 200);
}

/// A23, attack 16: a token whose cnf was edited out does not verify.
#[tokio::test]
async fn the_binding_cannot_be_taken_off() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let (house, wallet) = (House::build().await, Wallet::new());
    let tokens = wallet.tokens(&house, &house.app).await;
    let access = token(&tokens, "access_token");
    let mut claims = crate::app::claims(access);
    assert_eq!(claims["iss"], json!(ISSUER));
    claims.as_object_mut().unwrap().remove("cnf");
    let parts: Vec<&str> = access.split('.').collect();
    let edited = format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(claims.to_string()), parts[2]);
    assert_eq!(house.userinfo(&edited).await.status, 401);
}
