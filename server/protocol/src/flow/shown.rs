//! Values as they may be shown: what is secret is kept back, by its type.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::secret::{
    AccessToken, AuthorizationCode, ClientAssertion, ClientSecret, CodeVerifier, DeviceCode, DpopProof, IdToken, Password,
    RefreshToken,
};

/// The longest text that is shown whole, in characters.
const LONGEST: usize = 300;
/// The largest header and claims of a token that are shown, in bytes.
const LARGEST: usize = 4096;
/// How much of a value that is good once is shown, in characters: enough to know it again, too little to use.
const ENOUGH: usize = 6;

/// What may be shown of a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "kebab-case")]
pub enum Shown {
    /// All of it: it is no secret.
    Plain {
        /// The value, cut where it is very long.
        text: String,
    },
    /// How it begins, so that it is known again where it comes back.
    Beginning {
        /// Six characters.
        text: String,
        /// How long it is, in characters.
        length: usize,
    },
    /// The header and the claims of a JWT (RFC 7519), never its signature.
    Jwt {
        /// What kind of token it is.
        kind: String,
        /// The JOSE header.
        header: Value,
        /// The claims.
        claims: Value,
    },
    /// Its kind, and how long it is where that tells nothing.
    Kept {
        /// What kind of secret it is.
        kind: String,
        /// In characters.
        length: Option<usize>,
    },
}

impl Shown {
    /// A value that is no secret.
    pub fn plain(text: &str) -> Self {
        let cut = text.chars().count() > LONGEST;
        let shown = text.chars().take(LONGEST).chain(cut.then_some('…')).collect();
        Self::Plain { text: shown }
    }

    /// A value that is good once, and not alone: `state`, `nonce`, `request_uri`.
    pub fn beginning(text: &str) -> Self {
        let (length, value) = (text.chars().count(), text.rsplit(':').next().unwrap_or_default());
        if value.chars().count() < 4 * ENOUGH {
            return Self::Kept { kind: "one-time value".to_owned(), length: Some(length) };
        }
        let prefix = text.strip_suffix(value).unwrap_or_default();
        Self::Beginning { text: prefix.chars().chain(value.chars().take(ENOUGH)).collect(), length }
    }

    /// A secret of which its kind and its length are told.
    pub(crate) fn kept(kind: &str, secret: &str) -> Self {
        Self::Kept { kind: kind.to_owned(), length: Some(secret.chars().count()) }
    }

    /// A token: its header and claims, where it has some that can be read.
    pub(crate) fn token(kind: &str, token: &str) -> Self {
        let parts: Vec<&str> = token.split('.').collect();
        let &[header, claims, _signature] = parts.as_slice() else { return Self::kept(kind, token) };
        match (object(header), object(claims)) {
            (Some(header), Some(claims)) => Self::Jwt { kind: kind.to_owned(), header, claims },
            _ => Self::kept(kind, token),
        }
    }
}

fn object(part: &str) -> Option<Value> {
    let bytes = URL_SAFE_NO_PAD.decode(part).ok().filter(|bytes| bytes.len() <= LARGEST)?;
    serde_json::from_slice(&bytes).ok().filter(Value::is_object)
}

/// A parameter with its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// As it is called on the wire.
    pub name: String,
    /// What may be shown of it.
    pub value: Shown,
}

impl Parameter {
    /// A parameter whose value was masked by its type.
    pub fn new(name: &str, value: Shown) -> Self {
        Self { name: name.chars().take(60).collect(), value }
    }

    /// A parameter that is no secret.
    pub fn plain(name: &str, text: &str) -> Self {
        Self::new(name, Shown::plain(text))
    }

    /// A parameter of a form or a query, whose name says what type its value has. What has no name that is known is kept back.
    pub fn on_the_wire(name: &str, value: &str) -> Self {
        let shown = match name {
            "state" | "nonce" | "request_uri" => Shown::beginning(value),
            "code" => AuthorizationCode::new(value).shown(),
            "code_verifier" => CodeVerifier::new(value).shown(),
            "client_assertion" => ClientAssertion::new(value).shown(),
            "client_secret" => ClientSecret::new(value).shown(),
            "access_token" => AccessToken::new(value).shown(),
            "refresh_token" => RefreshToken::new(value).shown(),
            "id_token" | "id_token_hint" => IdToken::new(value).shown(),
            "device_code" => DeviceCode::new(value).shown(),
            "dpop" => DpopProof::new(value).shown(),
            "password" => Password::new(value).shown(),
            name if PLAIN.contains(&name) => Shown::plain(value),
            _ => Shown::kept("value", value),
        };
        Self::new(name, shown)
    }
}

/// The parameters whose values are no secrets (RFC 6749, RFC 7523, RFC 7636, RFC 8707, RFC 9126, RFC 9207, RFC 9449, OpenID
/// Connect Core), and our own.
const PLAIN: [&str; 28] = [
    "acr_values",
    "audience",
    "claims",
    "client_assertion_type",
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "display",
    "dpop_jkt",
    "error",
    "error_description",
    "expires_in",
    "grant_type",
    "iss",
    "issued_token_type",
    "max_age",
    "prompt",
    "provider",
    "redirect_uri",
    "renew",
    "resource",
    "response_mode",
    "response_type",
    "return_to",
    "scope",
    "token_type",
    "ui_locales",
    "button",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Ticket;
    use serde_json::json;

    fn jwt(header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.the-signature-of-it", part(header), part(claims))
    }

    fn written(parameter: &Parameter) -> String {
        serde_json::to_string(parameter).unwrap()
    }

    /// B25: codes, verifiers, refresh tokens, cookies and assertions tell their kind and length alone.
    #[test]
    fn a_secret_tells_its_kind_and_length() {
        let secret = "a-secret-of-thirty-two-characters";
        for name in ["code", "code_verifier", "client_assertion", "client_secret", "refresh_token", "device_code", "dpop"] {
            let shown = written(&Parameter::on_the_wire(name, secret));
            assert!(!shown.contains("secret-of"), "{shown}");
            assert!(shown.contains("\"length\":33"), "{shown}");
        }
        assert_eq!(Ticket::new(secret).shown(), Shown::Kept { kind: "ticket".to_owned(), length: Some(33) });
        let shown = AuthorizationCode::new(secret).shown();
        assert_eq!(shown, Shown::Kept { kind: "authorization code".to_owned(), length: Some(33) });
    }

    /// A password's length is a part of it.
    #[test]
    fn a_password_does_not_tell_its_length() {
        let Shown::Kept { length: None, .. } = Parameter::on_the_wire("password", "ada-loves-tea").value else { panic!() };
    }

    /// RFC 7515 §3: the signature is what makes a token good.
    #[test]
    fn a_token_shows_its_header_and_claims_and_never_its_signature() {
        let (header, claims) = (json!({"alg": "ES256"}), json!({"sub": "1", "nonce": "n"}));
        let token = jwt(&header, &claims);
        let Shown::Jwt { header: told, claims: also, .. } = IdToken::new(token.clone()).shown() else { panic!() };
        assert_eq!((told, also), (header.clone(), claims));
        assert!(!written(&Parameter::on_the_wire("access_token", &token)).contains("signature-of"));
        // An assertion is a JWT as well, but one that could be shown to somebody else.
        assert!(!written(&Parameter::on_the_wire("client_assertion", &token)).contains("ES256"));
        for opaque in ["opaque", "a.b.c", &jwt(&json!("x"), &json!([])), &format!("{token}.more")] {
            assert!(matches!(AccessToken::new(opaque).shown(), Shown::Kept { .. }), "{opaque}");
        }
        let huge = jwt(&header, &json!({"a": "a".repeat(LARGEST)}));
        assert!(matches!(IdToken::new(huge).shown(), Shown::Kept { .. }));
    }

    #[test]
    fn a_one_time_value_shows_enough_to_be_known_again() {
        let state = "0123456789012345678901234567890123456789012";
        assert_eq!(Shown::beginning(state), Shown::Beginning { text: "012345".to_owned(), length: 43 });
        let urn = format!("urn:ietf:params:oauth:request_uri:{state}");
        let Shown::Beginning { text, .. } = Shown::beginning(&urn) else { panic!() };
        assert_eq!(text, "urn:ietf:params:oauth:request_uri:012345");
        assert!(matches!(Shown::beginning("short"), Shown::Kept { .. }), "half of it would be too much");
    }

    #[test]
    fn a_parameter_that_nobody_knows_is_kept_back() {
        assert!(!written(&Parameter::on_the_wire("surprise", "what-this-is-nobody-knows")).contains("nobody"));
        assert_eq!(Parameter::on_the_wire("scope", "openid"), Parameter::plain("scope", "openid"));
        let long = Parameter::plain("scope", &"ü".repeat(LONGEST + 1));
        assert_eq!(long.value, Shown::Plain { text: "ü".repeat(LONGEST) + "…" });
    }
}
