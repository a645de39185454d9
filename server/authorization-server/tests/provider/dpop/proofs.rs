use serde_json::json;

use super::wallet::{Wallet, redeem, redemption, refused, send_from};
use crate::house::{House, ISSUER};

fn invalid() -> (u16, String) {
    (400, "invalid_dpop_proof".to_owned())
}

/// A12: htm, htu, iat and jti are each checked at the token endpoint, and a refusal spends nothing.
#[tokio::test]
async fn every_claim_of_a_proof_counts() {
    let (house, wallet) = (House::build().await, Wallet::new());
    let code = house.app.code(&house, &mut house.browser(), &[]).await;
    let now = house.now().as_second();
    for (name, value) in [
        ("htm", json!("GET")),
        ("htu", json!(format!("{ISSUER}/par"))),
        ("htu", json!("https://evil.example/token")),
        ("htu", json!("http://provider.example/token")),
        ("htu", json!("/token")),
        ("iat", json!(now - 61)),
        ("iat", json!(now + 61)),
        ("iat", json!(null)),
        ("jti", json!("")),
        ("jti", json!("x".repeat(300))),
        ("jti", json!(null)),
    ] {
        let proof = wallet.odd_proof(&house, name, value.clone());
        let answer = redeem(&house, &house.app, &code, &[&proof]).await;
        assert_eq!(refused(&answer), invalid(), "{name} {value}");
    }
    for seconds in [-10, 10] {
        // FAPI 2.0 §5.3.2.1: clocks that differ by ten seconds differ honestly.
        let proof = wallet.odd_proof(&house, "iat", json!(now + seconds));
        let answer = redeem(&house, &house.app, "nonsense", &[&proof]).await;
        assert_eq!(refused(&answer).1, "invalid_grant", "the proof was good");
    }
    for (name, value) in [("nbf", json!(now + 3600)), ("exp", json!(now - 3600)), ("of-no-meaning", json!({"a": [1]}))] {
        // RFC 9449 §4.2: a proof may hold other claims. None of them says when it is good: iat does.
        let proof = wallet.odd_proof(&house, name, value);
        let answer = redeem(&house, &house.app, "nonsense", &[&proof]).await;
        assert_eq!(refused(&answer).1, "invalid_grant", "{name}: the proof was good");
    }
    let spelled = wallet.odd_proof(&house, "htu", json!("HTTPS://PROVIDER.example:443/%74oken?a=b#c"));
    assert_eq!(redeem(&house, &house.app, &code, &[&spelled]).await.status, 200);
}

/// A12: typ, alg and the key in the header.
#[tokio::test]
async fn every_member_of_the_header_counts() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    let (house, wallet) = (House::build().await, Wallet::new());
    let code = house.app.code(&house, &mut house.browser(), &[]).await;
    let good = wallet.proof(&house, "POST", "/token", None, None);
    let (_, rest) = good.split_once('.').unwrap();
    let public = serde_json::to_value(wallet.key.public_jwk()).unwrap();
    let mut private = public.clone();
    private["d"] = json!("AAAA");
    let other = serde_json::to_value(Wallet::new().key.public_jwk()).unwrap();
    for header in [
        json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": private}),
        json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": other}),
        json!({"typ": "dpop+jwt", "alg": "ES256"}),
        json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}}),
        json!({"typ": "dpop+jwt", "alg": "EdDSA", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}}),
        json!({"typ": "dpop+jwt", "alg": "none", "jwk": public}),
        json!({"typ": "dpop+jwt", "alg": "HS256", "jwk": {"kty": "oct", "k": "AAAA"}}),
        json!({"typ": "dpop+jwt", "alg": "RS256", "jwk": public}),
        json!({"typ": "JWT", "alg": "ES256", "jwk": public}),
        json!({"alg": "ES256", "jwk": public}),
        json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": public, "crit": ["b64"]}),
    ] {
        let proof = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()));
        assert_eq!(refused(&redeem(&house, &house.app, &code, &[&proof]).await), invalid(), "{header}");
    }
    for proof in ["", "nonsense", "a.b.c", &good[..good.len() - 4]] {
        assert_eq!(refused(&redeem(&house, &house.app, &code, &[proof]).await), invalid(), "{proof}");
    }
    assert_eq!(redeem(&house, &house.app, &code, &[&good]).await.status, 200);
}

/// RFC 9449 §4.3, item 1.
#[tokio::test]
async fn two_proofs_are_one_too_many() {
    let (house, wallet) = (House::build().await, Wallet::new());
    let code = house.app.code(&house, &mut house.browser(), &[]).await;
    let [a, b] = [(); 2].map(|()| wallet.proof(&house, "POST", "/token", None, None));
    assert_eq!(refused(&redeem(&house, &house.app, &code, &[&a, &b]).await), invalid());
    assert_eq!(refused(&redeem(&house, &house.app, &code, &[&format!("{a}, {b}")]).await), invalid());
}

/// A12: htu is held against the configured issuer; what Host and proxies say of us is nothing.
#[tokio::test]
async fn the_host_header_decides_nothing() {
    let (house, wallet) = (House::build().await, Wallet::new());
    let code = house.app.code(&house, &mut house.browser(), &[]).await;
    let host = [("host", "evil.example"), ("x-forwarded-host", "evil.example"), ("x-forwarded-proto", "http")];
    let parameters = redemption(&house.app, &code);
    let theirs = wallet.odd_proof(&house, "htu", json!("https://evil.example/token"));
    let answer = send_from(&house, &house.app, "/token", &parameters, &[&theirs], &host).await;
    assert_eq!(refused(&answer), invalid());
    let ours = wallet.proof(&house, "POST", "/token", None, None);
    assert_eq!(send_from(&house, &house.app, "/token", &parameters, &[&ours], &host).await.status, 200);
}
