//! Logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.4, §2.6).

use protocol::claims::{Audience, LOGOUT_EVENT};
use protocol::jose::{self, InvalidJwt, JwkSet, Keyring, SKEW_SECONDS};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Metadata, Provider};
use crate::backchannel_logout::LogoutError;

/// How old a token without expiry may be, in seconds.
const OLDEST: i64 = 600;

/// A logout token that stands up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutToken {
    /// Who issued it.
    pub issuer: String,
    /// When, in seconds of the epoch.
    pub issued_at: i64,
    /// Its own identifier.
    pub jti: String,
    /// The user, where it names one.
    pub subject: Option<String>,
    /// The provider's session, where it names one. One of the two is named.
    pub sid: Option<String>,
    /// How long the token could be used again, in seconds.
    pub remembered_seconds: i64,
}

/// Why a logout token does not stand up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLogoutToken {
    /// Signature, algorithm, key, or shape.
    #[error(transparent)]
    Jwt(#[from] InvalidJwt),
    /// `iss` is no provider of ours.
    #[error("the token is of another issuer")]
    Issuer,
    /// `aud` is not us.
    #[error("the token is for another client")]
    Audience,
    /// `exp`, or `iat`.
    #[error("the token is out of time")]
    Time,
    /// `events` does not hold the logout event with an object.
    #[error("the token is of no logout event")]
    Event,
    /// There is a `nonce`, so that it could be an ID token.
    #[error("the token has a nonce")]
    Nonce,
    /// Neither `sub` nor `sid`.
    #[error("the token names neither a user nor a session")]
    Nobody,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    iat: i64,
    exp: Option<i64>,
    jti: String,
    events: Map<String, Value>,
    sub: Option<String>,
    sid: Option<String>,
    nonce: Option<Value>,
}

impl Provider {
    /// Judges a logout token: signature by our provider's keys, issuer, audience, times, event, no nonce, somebody named. An
    /// unknown key makes us fetch the keys, at most once an interval.
    ///
    /// # Errors
    /// [`LogoutError::Invalid`] tells the first check that failed; [`LogoutError::Provider`] where there are no keys.
    pub async fn judge_logout_token(&self, token: &str) -> Result<LogoutToken, LogoutError> {
        let metadata = self.metadata().await?;
        let claims = match verified(token, &metadata) {
            Err(InvalidJwt::UnknownKey) => verified(token, self.renewed_metadata(&metadata).await?.as_ref()),
            judged => judged,
        };
        Ok(self.judge_claims(claims.map_err(InvalidLogoutToken::Jwt)?)?)
    }

    fn judge_claims(&self, claims: Claims) -> Result<LogoutToken, InvalidLogoutToken> {
        let now = self.clock.now();
        if claims.iss != self.settings.issuer {
            return Err(InvalidLogoutToken::Issuer);
        }
        if !claims.aud.contains(&self.settings.client_id) {
            return Err(InvalidLogoutToken::Audience);
        }
        let expiry = claims.exp.unwrap_or_else(|| claims.iat.saturating_add(OLDEST));
        jose::timely(now, expiry, None, Some(claims.iat)).map_err(|_| InvalidLogoutToken::Time)?;
        if !claims.events.get(LOGOUT_EVENT).is_some_and(Value::is_object) {
            return Err(InvalidLogoutToken::Event);
        }
        if claims.nonce.is_some() {
            return Err(InvalidLogoutToken::Nonce);
        }
        if claims.sub.is_none() && claims.sid.is_none() {
            return Err(InvalidLogoutToken::Nobody);
        }
        Ok(LogoutToken {
            issuer: claims.iss,
            issued_at: claims.iat,
            jti: claims.jti,
            subject: claims.sub,
            sid: claims.sid,
            remembered_seconds: expiry.saturating_sub(now.as_second()).saturating_add(SKEW_SECONDS).max(1),
        })
    }
}

/// The issuer that a token claims to be of, unverified: to know whose keys to verify it with.
pub(super) fn claimed_issuer(token: &str) -> Result<String, InvalidLogoutToken> {
    use base64::Engine as _;
    let payload = token.split('.').nth(1).ok_or(InvalidJwt::Malformed)?;
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).map_err(|_| InvalidJwt::Malformed)?;
    let claims: Map<String, Value> = serde_json::from_slice(&payload).map_err(|_| InvalidJwt::Malformed)?;
    let issuer = claims.get("iss").and_then(Value::as_str).ok_or(InvalidJwt::Malformed)?;
    Ok(issuer.to_owned())
}

fn verified(token: &str, metadata: &Metadata) -> Result<Claims, InvalidJwt> {
    let keys = serde_json::to_value(metadata.jwks()).ok().and_then(|keys| serde_json::from_value::<JwkSet>(keys).ok());
    Keyring::from(&keys.ok_or(InvalidJwt::UnknownKey)?).verify(token, &jose::ACCEPTED, None)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests stop at surprises")]
mod tests {
    use protocol::OsRng;
    use protocol::jose::{KeyKind, SigningKey};
    use serde_json::json;

    use super::*;
    use crate::provider::samples::{ISSUER, NOW, metadata, provider};

    fn claims() -> Value {
        json!({"iss": ISSUER, "aud": "app", "iat": NOW, "exp": NOW + 120, "jti": "1", "sub": "ada", "sid": "s",
            "events": {LOGOUT_EVENT: {}}})
    }

    fn with(changes: &Value) -> Value {
        let mut claims = claims();
        for (name, value) in changes.as_object().unwrap() {
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(name);
            } else {
                claims[name] = value.clone();
            }
        }
        claims
    }

    fn judged(key: &SigningKey, typ: &str, claims: &Value) -> Result<LogoutToken, InvalidLogoutToken> {
        let token = key.sign(typ, claims).unwrap();
        provider().judge_claims(verified(&token, &metadata(key))?)
    }

    /// Back-Channel Logout §2.4: of each algorithm, by session, by user or both, with the explicit type or the usual one.
    #[test]
    fn a_logout_token_names_a_session_or_a_user() {
        for kind in KeyKind::ALL {
            let key = SigningKey::generate_kind(kind, &OsRng);
            for typ in ["logout+jwt", "JWT"] {
                let token = judged(&key, typ, &claims()).unwrap();
                assert_eq!((token.sid.as_deref(), token.subject.as_deref()), (Some("s"), Some("ada")));
                assert_eq!((token.issued_at, token.remembered_seconds), (NOW, 120 + SKEW_SECONDS));
            }
        }
        let key = SigningKey::generate(&OsRng);
        assert_eq!(judged(&key, "JWT", &with(&json!({"sub": null}))).unwrap().subject, None);
        assert_eq!(judged(&key, "JWT", &with(&json!({"sid": null}))).unwrap().sid, None);
        let without_expiry = judged(&key, "JWT", &with(&json!({"exp": null}))).unwrap();
        assert_eq!(without_expiry.remembered_seconds, OLDEST + SKEW_SECONDS);
    }

    /// Attack 57: each fault by itself.
    #[test]
    fn a_bad_logout_token_is_refused_for_what_is_wrong_with_it() {
        use InvalidLogoutToken::{Audience, Event, Issuer, Jwt, Nobody, Nonce, Time};
        let key = SigningKey::generate(&OsRng);
        for (changes, expected) in [
            (json!({"iss": "https://other.example"}), Issuer),
            (json!({"aud": "other"}), Audience),
            (json!({"aud": ["other"]}), Audience),
            (json!({"exp": NOW - SKEW_SECONDS}), Time),
            (json!({"iat": NOW + SKEW_SECONDS + 1}), Time),
            (json!({"exp": null, "iat": NOW - OLDEST - SKEW_SECONDS}), Time),
            (json!({"events": {}}), Event),
            (json!({"events": {LOGOUT_EVENT: true}}), Event),
            (json!({"events": {"http://schemas.example/other": {}}}), Event),
            (json!({"nonce": "n"}), Nonce),
            (json!({"sub": null, "sid": null}), Nobody),
            (json!({"jti": null}), Jwt(InvalidJwt::Malformed)),
            (json!({"events": null}), Jwt(InvalidJwt::Malformed)),
            (json!({"iat": null}), Jwt(InvalidJwt::Malformed)),
        ] {
            assert_eq!(judged(&key, "logout+jwt", &with(&changes)), Err(expected), "{changes}");
        }
    }

    /// Attack 57, 14: the signature is of a key of our provider's, and of an asymmetric algorithm.
    #[test]
    fn a_logout_token_of_another_key_or_of_none_is_refused() {
        let (key, other) = (SigningKey::generate(&OsRng), SigningKey::generate(&OsRng));
        let token = key.sign("logout+jwt", &claims()).unwrap();
        assert!(matches!(verified(&token, &metadata(&other)), Err(InvalidJwt::UnknownKey)));
        let none = format!("eyJhbGciOiJub25lIn0.{}.", token.split('.').nth(1).unwrap());
        assert!(matches!(verified(&none, &metadata(&key)), Err(InvalidJwt::Algorithm)));
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let first = if signature.starts_with('A') { 'B' } else { 'A' };
        let altered = format!("{signed}.{first}{}", &signature[1..]);
        assert!(matches!(verified(&altered, &metadata(&key)), Err(InvalidJwt::Signature)));
    }
}
