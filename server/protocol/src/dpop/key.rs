//! The key that a proof carries in its header: public, of a kind we accept, and written in the one way.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::proof::InvalidProof;
use super::thumbprint::Thumbprint;
use crate::jose::Jwk;

/// The members of a JWK that belong to its owner alone (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The sizes of RSA moduli that we verify with, in bytes: 2048 to 4096 bits.
const RSA_MODULUS: std::ops::RangeInclusive<usize> = 256..=512;
const RSA_EXPONENT: std::ops::RangeInclusive<usize> = 1..=4;

/// Reads `jwk` of a proof's header.
///
/// Sizes are judged here: a shorter encoding of a coordinate would be the same key under another thumbprint, or none at all.
pub(super) fn read(jwk: &Value) -> Result<(Jwk, Thumbprint), InvalidProof> {
    let members = jwk.as_object().ok_or(InvalidProof::Key)?;
    if PRIVATE.iter().any(|private| members.contains_key(*private)) {
        return Err(InvalidProof::PrivateKey);
    }
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let sound = match (text("kty"), text("crv")) {
        (Some("EC"), Some("P-256")) => size(members, "x") == Some(32) && size(members, "y") == Some(32),
        (Some("OKP"), Some("Ed25519")) => size(members, "x") == Some(32),
        (Some("RSA"), _) => {
            number(members, "n").is_some_and(|size| RSA_MODULUS.contains(&size))
                && number(members, "e").is_some_and(|size| RSA_EXPONENT.contains(&size))
        }
        _ => false,
    };
    if !sound {
        return Err(InvalidProof::Key);
    }
    let key: Jwk = serde_json::from_value(jwk.clone()).map_err(|_| InvalidProof::Key)?;
    let thumbprint = key.thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256).map_err(|_| InvalidProof::Key)?;
    Ok((key, thumbprint.parse().map_err(|_| InvalidProof::Key)?))
}

fn decoded(members: &Map<String, Value>, name: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(members.get(name)?.as_str()?).ok()
}

fn size(members: &Map<String, Value>, name: &str) -> Option<usize> {
    Some(decoded(members, name)?.len())
}

/// The size of a whole number, which has no leading zeros (RFC 7518 §2, `Base64urlUInt`).
fn number(members: &Map<String, Value>, name: &str) -> Option<usize> {
    decoded(members, name).filter(|bytes| bytes.first().is_some_and(|first| *first != 0)).map(|bytes| bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// RFC 9449 §4.2, figure 2, and its thumbprint in §6.1.
    #[test]
    fn a_key_has_the_thumbprint_of_its_required_members() {
        let mut jwk = json!({"kty": "EC", "crv": "P-256", "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
            "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"});
        let expected = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
        assert_eq!(read(&jwk).unwrap().1.as_str(), expected);
        jwk["kid"] = json!("any");
        jwk["alg"] = json!("ES256");
        jwk["use"] = json!("sig");
        assert_eq!(read(&jwk).unwrap().1.as_str(), expected, "RFC 7638 §3.2: other members do not count");
    }

    /// RFC 7638 §3.1.
    #[test]
    fn an_rsa_key_has_the_thumbprint_of_the_specification() {
        let modulus = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3\
                       oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zg\
                       dAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csF\
                       Cur-kEgU8awapJzKnqDKgw";
        let jwk = json!({"kty": "RSA", "n": modulus, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"});
        assert_eq!(read(&jwk).unwrap().1.as_str(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        for (n, e) in [(&modulus[..100], "AQAB"), (modulus, "AAEAAQ"), (modulus, ""), (modulus, "AQABAQAB"), ("AAAA", "AQAB")] {
            assert_eq!(read(&json!({"kty": "RSA", "n": n, "e": e})).unwrap_err(), InvalidProof::Key);
        }
    }

    /// A12: a private key in a proof is refused.
    #[test]
    fn a_key_with_a_private_member_is_refused() {
        for private in PRIVATE {
            let mut jwk = json!({"kty": "EC", "crv": "P-256", "x": "A".repeat(43), "y": "A".repeat(43)});
            jwk[private] = json!("AAAA");
            assert_eq!(read(&jwk).unwrap_err(), InvalidProof::PrivateKey, "{private}");
        }
    }

    #[test]
    fn a_key_of_another_kind_or_size_is_refused() {
        let (full, short) = ("A".repeat(43), "A".repeat(42));
        for jwk in [
            json!({"kty": "OKP", "crv": "Ed25519", "x": short}),
            json!({"kty": "OKP", "crv": "Ed25519", "x": format!("{full}AA")}),
            json!({"kty": "OKP", "crv": "Ed25519", "x": ""}),
            json!({"kty": "OKP", "crv": "Ed25519", "x": format!("{full}=")}),
            json!({"kty": "OKP", "crv": "X25519", "x": full}),
            json!({"kty": "EC", "crv": "P-256", "x": short, "y": format!("{full}A")}),
            json!({"kty": "EC", "crv": "P-256", "x": full}),
            json!({"kty": "EC", "crv": "P-384", "x": "A".repeat(64), "y": "A".repeat(64)}),
            json!({"kty": "EC", "x": full, "y": full}),
            json!({"crv": "P-256", "x": full, "y": full}),
            json!({}),
            json!("key"),
            Value::Null,
        ] {
            assert_eq!(read(&jwk).unwrap_err(), InvalidProof::Key, "{jwk}");
        }
    }
}
