//! Requests and responses as they go over the wire, and how parameters are read.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use crate::claims::{Audience, Confirmation};
use crate::secret::{AccessToken, DeviceCode, IdToken, RefreshToken};
use crate::{ErrorCode, Scope};

/// The only parameter that may come more than once (RFC 8707 §2).
const REPEATED: &str = "resource";

/// The parameters of a query or a form, each at most once (RFC 6749 §3.1, §3.2), but for `resource`; an empty value counts as absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

/// A parameter came more than once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the parameter {0} came more than once")]
pub struct Duplicate(pub String);

impl Parameters {
    /// Reads `application/x-www-form-urlencoded` text.
    ///
    /// # Errors
    /// [`Duplicate`] names the first parameter that came twice.
    pub fn parse(encoded: &[u8]) -> Result<Self, Duplicate> {
        let mut read: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(encoded) {
            if name != REPEATED && read.iter().any(|(known, _)| *known == name) {
                return Err(Duplicate(name.chars().filter(char::is_ascii_graphic).take(40).collect()));
            }
            read.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(read))
    }

    /// Reads the text as far as each parameter comes once, or may come more often; which others did is said beside, and none of their
    /// values counts.
    pub fn singles(encoded: &[u8]) -> (Self, BTreeSet<String>) {
        let mut read: Vec<(String, String)> = Vec::new();
        let mut doubled = BTreeSet::new();
        for (name, value) in form_urlencoded::parse(encoded) {
            if name != REPEATED && read.iter().any(|(known, _)| *known == name) {
                doubled.insert(name.into_owned());
            } else {
                read.push((name.into_owned(), value.into_owned()));
            }
        }
        read.retain(|(name, _)| !doubled.contains(name));
        (Self(read), doubled)
    }

    /// The value of `name`, unless it is absent or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The resource servers that are named (RFC 8707 §2), each once.
    pub fn resources(&self) -> Vec<&str> {
        let mut named: Vec<&str> = Vec::new();
        for (_, value) in self.0.iter().filter(|(name, value)| name == REPEATED && !value.is_empty()) {
            if !named.contains(&value.as_str()) {
                named.push(value);
            }
        }
        named
    }

    /// The value of `name`, owned.
    pub fn owned(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }
}

/// What the pushed authorization request endpoint answers (RFC 9126 §2.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushedAuthorizationResponse {
    /// Stands for the pushed request.
    pub request_uri: String,
    /// For how many seconds.
    pub expires_in: u64,
}

/// What the device authorization endpoint answers (RFC 8628 §3.2).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeviceAuthorizationResponse {
    /// What the device asks the token endpoint with.
    pub device_code: DeviceCode,
    /// What the device shows and its user types.
    pub user_code: String,
    /// Where the user types it.
    pub verification_uri: String,
    /// The same with the code in it, for a QR code or a link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification_uri_complete: Option<String>,
    /// Seconds until both codes expire.
    pub expires_in: u64,
    /// Seconds that the device waits between two questions; five where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<u64>,
}

/// What the token endpoint answers (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TokenResponse {
    /// The access token.
    pub access_token: AccessToken,
    /// `Bearer`, or `DPoP` for a token that is bound to a key (RFC 9449 §5).
    pub token_type: String,
    /// Seconds until the access token expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
    /// The refresh token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<RefreshToken>,
    /// The ID token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token: Option<IdToken>,
    /// What was granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
}

/// An error answer (RFC 6749 §5.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorResponse {
    /// A registered code.
    pub error: ErrorCode,
    /// Human words that leak nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
}

/// What the introspection endpoint answers (RFC 7662 §2.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntrospectionResponse {
    /// Whether the token works, as far as the asker may know.
    pub active: bool,
    /// What is known of it, where it does.
    #[serde(flatten)]
    pub about: Option<Introspection>,
}

/// What is told of a token that works (RFC 7662 §2.2). Times are seconds of the epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Introspection {
    /// What it allows.
    #[serde(default)]
    pub scope: Scope,
    /// The client it was issued to.
    pub client_id: String,
    /// How it is used; a refresh token has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_type: Option<String>,
    /// Expiry.
    pub exp: i64,
    /// When it was issued.
    pub iat: i64,
    /// The resource owner, or the client where it acts for itself.
    pub sub: String,
    /// The resource servers it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aud: Option<Audience>,
    /// Who issued it.
    pub iss: String,
    /// Its own identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// When the resource owner last authenticated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// The key that its bearer must hold (RFC 9449 §6.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
}

impl IntrospectionResponse {
    /// Of a token that does not work, or is not the asker's business.
    pub const INACTIVE: Self = Self { active: false, about: None };

    /// Of a token that works.
    pub fn active(about: Introspection) -> Self {
        Self { active: true, about: Some(about) }
    }
}

/// What comes back to the redirect URI (RFC 6749 §4.1.2, RFC 9207 §2).
#[derive(Debug, Clone, Default)]
pub struct AuthorizationResponse {
    /// The authorization code.
    pub code: Option<crate::secret::AuthorizationCode>,
    /// The client's state.
    pub state: Option<String>,
    /// The issuer that answers.
    pub iss: Option<String>,
    /// An error code, in the provider's words.
    pub error: Option<String>,
}

impl AuthorizationResponse {
    /// Reads the query of the redirect URI.
    ///
    /// # Errors
    /// [`Duplicate`] where a parameter came twice.
    pub fn parse(query: &str) -> Result<Self, Duplicate> {
        let parameters = Parameters::parse(query.as_bytes())?;
        Ok(Self {
            code: parameters.owned("code").map(crate::secret::AuthorizationCode::new),
            state: parameters.owned("state"),
            iss: parameters.owned("iss"),
            error: parameters.owned("error"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_parameter_that_comes_twice_is_refused() {
        assert_eq!(Parameters::parse(b"state=a&code=1&state=a"), Err(Duplicate("state".into())));
        assert_eq!(Parameters::parse(b"st%61te=a&state=b"), Err(Duplicate("state".into())));
    }

    /// RFC 8707 §2: a request may name several resource servers.
    #[test]
    fn resource_alone_may_come_more_than_once() {
        let read = Parameters::parse(b"resource=https%3A%2F%2Fa&state=1&resource=b&resource=&resource=b").unwrap();
        assert_eq!(read.resources(), ["https://a", "b"]);
        assert_eq!(Parameters::parse(b"state=1&resource=").unwrap().resources(), [] as [&str; 0]);
    }

    /// Attack 6: no value counts of what came more than once.
    #[test]
    fn of_what_comes_more_than_once_nothing_counts() {
        let (parameters, doubled) =
            Parameters::singles(b"state=a&nonce=1&st%61te=a&scope=x&nonce=2&nonce=3&resource=a&resource=b");
        assert_eq!(doubled.into_iter().collect::<Vec<_>>(), ["nonce", "state"]);
        assert_eq!((parameters.get("state"), parameters.get("nonce"), parameters.get("scope")), (None, None, Some("x")));
        assert_eq!(parameters.resources(), ["a", "b"]);
    }

    #[test]
    fn an_empty_parameter_counts_as_absent() {
        assert_eq!(Parameters::parse(b"state=&code=1").unwrap().get("state"), None);
    }

    proptest! {
        #[test]
        fn reading_never_fails_but_for_duplicates(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let names: Vec<_> = form_urlencoded::parse(&bytes).map(|(name, _)| name.into_owned()).collect();
            let distinct: std::collections::BTreeSet<_> = names.iter().collect();
            prop_assert_eq!(Parameters::parse(&bytes).is_ok(), names.len() == distinct.len());
            let (parameters, doubled) = Parameters::singles(&bytes);
            prop_assert_eq!(doubled.is_empty(), names.len() == distinct.len());
            prop_assert!(doubled.iter().all(|name| parameters.get(name).is_none()));
        }
    }
}
