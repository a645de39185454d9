//! Every clause of RFC 9449 §4.3, and the attacks on it.

use serde_json::json;

use super::*;
use crate::OsRng;

const TARGET: Target<'_> = Target { method: "POST", uri: "https://provider.example/token", access_token: None };

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn good() -> Value {
    json!({"jti": "1", "htm": "POST", "htu": TARGET.uri, "iat": now().as_second()})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = good();
    claims[name] = value;
    claims
}

/// A proof signed with `key`, of any header and claims.
fn signed(key: &SigningKey, typ: &str, claims: &Value) -> DpopProof {
    DpopProof::new(key.sign_with_public_key(typ, claims).unwrap())
}

/// The same proof under another header; the signature no longer fits, unless what is checked before fails first.
fn under(proof: &DpopProof, change: impl FnOnce(&mut Value)) -> DpopProof {
    let mut header = header(proof.expose()).unwrap();
    change(&mut header);
    let rest = proof.expose().split_once('.').unwrap().1;
    DpopProof::new(format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string())))
}

fn judged(proof: &DpopProof) -> Result<Proven, InvalidProof> {
    judge(proof, &TARGET, now())
}

#[test]
fn what_we_prove_we_accept_and_each_proof_has_a_name_of_its_own() {
    let key = SigningKey::generate(&OsRng);
    let token = AccessToken::new("a-token");
    let target = Target { method: "GET", uri: "https://api.example/profile?a=b", access_token: Some(&token) };
    let [a, b] = [(); 2].map(|()| judge(&prove(&key, &target, Some("n"), now(), &OsRng).unwrap(), &target, now()).unwrap());
    assert_eq!((a.key.as_str(), a.nonce.as_deref()), (key.kid(), Some("n")));
    assert_ne!(a.once(), b.once());
    let claimed = prove(&key, &target, None, now(), &OsRng).unwrap();
    let payload = claimed.expose().split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    assert_eq!(claims["htu"], "https://api.example/profile", "RFC 9449 §4.2: without query and fragment");
}

/// A12: typ, jti, htm, htu and iat are each checked.
#[test]
fn every_claim_out_of_line_is_refused() {
    let key = SigningKey::generate(&OsRng);
    let iat = now().as_second();
    assert!(judged(&signed(&key, TYPE, &good())).is_ok());
    assert_eq!(judged(&signed(&key, "JWT", &good())), Err(InvalidProof::Jwt(InvalidJwt::Type)));
    for (claims, expected) in [
        (with("jti", json!("")), InvalidProof::Identifier),
        (with("jti", json!("j".repeat(257))), InvalidProof::Identifier),
        (with("jti", Value::Null), InvalidProof::Jwt(InvalidJwt::Malformed)),
        (with("jti", json!(1)), InvalidProof::Jwt(InvalidJwt::Malformed)),
        (with("htm", json!("GET")), InvalidProof::Method),
        (with("htm", json!("post")), InvalidProof::Method),
        (with("htm", Value::Null), InvalidProof::Jwt(InvalidJwt::Malformed)),
        (with("htu", json!("https://provider.example/par")), InvalidProof::Uri),
        (with("htu", json!("https://evil.example/token")), InvalidProof::Uri),
        (with("htu", json!("")), InvalidProof::Uri),
        (with("iat", json!(iat - 61)), InvalidProof::Untimely),
        (with("iat", json!(iat + 61)), InvalidProof::Untimely),
        (with("iat", json!(i64::MIN)), InvalidProof::Untimely),
        (with("iat", json!("now")), InvalidProof::Jwt(InvalidJwt::Malformed)),
    ] {
        assert_eq!(judged(&signed(&key, TYPE, &claims)), Err(expected), "{claims}");
    }
    for seconds in [-60, -10, 10, 60] {
        assert!(judged(&signed(&key, TYPE, &with("iat", json!(iat + seconds)))).is_ok(), "{seconds}");
    }
}

/// A12, RFC 9449 §4.3 item 12: at a resource the proof is for the token that came with it.
#[test]
fn a_proof_for_another_access_token_is_refused() {
    let key = SigningKey::generate(&OsRng);
    let (token, other) = (AccessToken::new("a-token"), AccessToken::new("another"));
    let at = |token| Target { access_token: Some(token), ..TARGET };
    let proof = prove(&key, &at(&token), None, now(), &OsRng).unwrap();
    assert!(judge(&proof, &at(&token), now()).is_ok());
    assert_eq!(judge(&proof, &at(&other), now()), Err(InvalidProof::AccessToken));
    let without = prove(&key, &TARGET, None, now(), &OsRng).unwrap();
    assert_eq!(judge(&without, &at(&token), now()), Err(InvalidProof::AccessToken));
}

/// A12, attack 14: alg is asymmetric and among the accepted ones; FAPI 2.0 leaves RS256 out.
#[test]
fn other_algorithms_are_refused() {
    let proof = signed(&SigningKey::generate(&OsRng), TYPE, &good());
    for algorithm in ["none", "HS256", "RS256", "ES384", "XX999", ""] {
        let forged = under(&proof, |header| header["alg"] = json!(algorithm));
        assert_eq!(judged(&forged), Err(InvalidProof::Jwt(InvalidJwt::Algorithm)), "{algorithm}");
    }
    // The algorithm is one we accept, and the key is of another kind.
    for algorithm in ["PS256", "EdDSA"] {
        let forged = under(&proof, |header| header["alg"] = json!(algorithm));
        assert_eq!(judged(&forged), Err(InvalidProof::Jwt(InvalidJwt::UnknownKey)), "{algorithm}");
    }
}

/// A12: the key is embedded, public, and the one that signed.
#[test]
fn the_embedded_key_must_be_public_and_have_signed() {
    let (key, other) = (SigningKey::generate(&OsRng), SigningKey::generate(&OsRng));
    let proof = signed(&key, TYPE, &good());
    let private = under(&proof, |header| header["jwk"]["d"] = json!("AAAA"));
    assert_eq!(judged(&private), Err(InvalidProof::PrivateKey));
    let none = under(&proof, |header| drop(header.as_object_mut().unwrap().remove("jwk")));
    assert_eq!(judged(&none), Err(InvalidProof::Key));
    let swapped = under(&proof, |header| header["jwk"] = serde_json::to_value(other.public_jwk()).unwrap());
    assert_eq!(judged(&swapped), Err(InvalidProof::Jwt(InvalidJwt::Signature)));
    let symmetric = under(&proof, |header| *header = json!({"typ": TYPE, "alg": "HS256", "jwk": {"kty": "oct", "k": "AAAA"}}));
    assert_eq!(judged(&symmetric), Err(InvalidProof::PrivateKey));
    // Attack 15: a name for the key leads nowhere else.
    let named = under(&proof, |header| header["kid"] = json!("../../dev/null"));
    assert_eq!(judged(&named), Err(InvalidProof::Jwt(InvalidJwt::Signature)), "the header is signed as well");
}

#[test]
fn what_is_no_proof_is_malformed() {
    let proof = signed(&SigningKey::generate(&OsRng), TYPE, &good());
    let critical = under(&proof, |header| header["crit"] = json!(["b64"]));
    let long = signed(&SigningKey::generate(&OsRng), TYPE, &with("more", json!("x".repeat(LONGEST))));
    for text in ["", "a.b.c", "nonsense", critical.expose(), long.expose(), &format!("{0},{0}", proof.expose())] {
        assert!(judged(&DpopProof::new(text)).is_err(), "{text}");
    }
}

/// RFC 9449 §4.3, item 1: there is one header or none.
#[test]
fn a_request_brings_one_proof_at_the_most() {
    let mut headers = HeaderMap::new();
    assert_eq!(presented(&headers), Ok(None));
    headers.append(HEADER, "a.b.c".parse().unwrap());
    assert_eq!(presented(&headers), Ok(Some(DpopProof::new("a.b.c"))));
    headers.append(HEADER, "a.b.c".parse().unwrap());
    assert_eq!(presented(&headers), Err(InvalidProof::Doubled));
}

/// A12: a use is remembered until the proof would be refused for its age.
#[test]
fn a_use_is_remembered_as_long_as_the_proof_is_good() {
    let key = SigningKey::generate(&OsRng);
    let proven = judged(&signed(&key, TYPE, &with("iat", json!(now().as_second() + 60)))).unwrap();
    assert_eq!(proven.remembered(now()), Duration::from_secs(121));
    assert_eq!(proven.remembered(now() + jiff::SignedDuration::from_secs(500)), Duration::ZERO);
    let again = judged(&signed(&key, TYPE, &good())).unwrap();
    assert_eq!(proven.once(), again.once(), "the same key and jti");
    let stranger = judged(&signed(&SigningKey::generate(&OsRng), TYPE, &good())).unwrap();
    assert_ne!(proven.once(), stranger.once(), "nobody spends the jti of another");
}

/// A12: each accepted algorithm, and the thumbprint of its kind of key.
#[test]
fn keys_of_every_kind_prove() {
    for kind in crate::jose::KeyKind::ALL {
        let key = SigningKey::generate_kind(kind, &OsRng);
        let proven = judged(&prove(&key, &TARGET, None, now(), &OsRng).unwrap()).unwrap();
        assert_eq!(proven.key.as_str(), key.kid(), "{kind:?}");
    }
}
