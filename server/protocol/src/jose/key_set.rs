//! A set of public keys as others write it (RFC 7517 §5).

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::Jwk;

/// A JWK set. When it is read, what is no key that we know is left out, as RFC 7517 §5 asks, and a key on Ed25519 whose `alg` is
/// the fully specified `Ed25519` (RFC 9864 §2.2) is what one with `EdDSA` is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwkSet {
    /// The keys.
    #[serde(deserialize_with = "known")]
    pub keys: Vec<Jwk>,
}

impl JwkSet {
    /// The key called `kid`.
    pub fn find(&self, kid: &str) -> Option<&Jwk> {
        self.keys.iter().find(|key| key.common.key_id.as_deref() == Some(kid))
    }
}

fn known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Jwk>, D::Error> {
    let keys = Vec::<Value>::deserialize(deserializer)?;
    Ok(keys.into_iter().filter_map(|key| serde_json::from_value(by_older_name(key)).ok()).collect())
}

/// The `jsonwebtoken` crate knows the algorithm by the older name only.
fn by_older_name(mut key: Value) -> Value {
    if key.get("crv").is_some_and(|curve| curve == "Ed25519")
        && let Some(algorithm) = key.get_mut("alg").filter(|algorithm| **algorithm == "Ed25519")
    {
        *algorithm = Value::from("EdDSA");
    }
    key
}

#[cfg(test)]
mod tests {
    use super::super::{ACCEPTED, Algorithm, KeyKind, Keyring, SigningKey};
    use super::*;
    use crate::OsRng;
    use serde_json::json;

    /// RFC 9864 §2.2: a key may say of itself that it goes with `Ed25519`, and is then no key for anything else.
    #[test]
    fn a_key_may_name_ed25519_by_either_name() {
        let key = SigningKey::generate_kind(KeyKind::Ed25519, &OsRng);
        let jwt = key.sign_as(Algorithm::EdDSA, "jwt", &json!({ "a": 1 })).unwrap();
        for (name, good) in [("EdDSA", true), ("Ed25519", true), ("Ed448", false), ("ES256", false), ("ed25519", false)] {
            let mut written = serde_json::to_value(key.public_jwk()).unwrap();
            written["alg"] = json!(name);
            let set: JwkSet = serde_json::from_value(json!({ "keys": [written] })).unwrap();
            let verified = Keyring::from(&set).verify::<Value>(&jwt, &ACCEPTED, Some("jwt"));
            assert_eq!(verified.is_ok(), good, "{name}");
        }
    }

    /// RFC 7517 §5: keys of kinds that nobody here knows, and ones that are no keys, are in nobody's way.
    #[test]
    fn an_unknown_key_is_in_nobodys_way() {
        let key = SigningKey::generate(&OsRng);
        let keys = json!([{ "kty": "AKP", "kid": "later", "alg": "ML-DSA-44", "pub": "AAAA" }, key.public_jwk(), 7, {}]);
        let set: JwkSet = serde_json::from_value(json!({ "keys": keys })).unwrap();
        assert!(set.find(key.kid()).is_some());
        let jwt = key.sign_as(Algorithm::ES256, "jwt", &json!({ "a": 1 })).unwrap();
        assert!(Keyring::from(&set).verify::<Value>(&jwt, &ACCEPTED, Some("jwt")).is_ok());
        for odd in [json!({}), json!({ "keys": {} }), json!([])] {
            assert!(serde_json::from_value::<JwkSet>(odd).is_err());
        }
    }
}
