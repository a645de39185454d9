//! Newtypes of what must never be printed: `Debug` says `[REDACTED]`, there is no `Display`.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use subtle::ConstantTimeEq as _;

use crate::flow::Shown;

macro_rules! secrets {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(SecretString);

        impl $name {
            /// Wraps the text of a secret.
            pub fn new(text: impl Into<String>) -> Self {
                Self(SecretString::from(text.into()))
            }

            /// The text itself; what is done with it must not print it.
            pub fn expose(&self) -> &str {
                self.0.expose_secret()
            }

            /// What may be shown of it.
            pub fn shown(&self) -> Shown {
                shown(stringify!($name), self.expose())
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "([REDACTED])"))
            }
        }

        /// Compares in constant time.
        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.expose().as_bytes().ct_eq(other.expose().as_bytes()).into()
            }
        }

        impl Eq for $name {}

        /// Secrets are written only into requests to their rightful end and into sealed records.
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.expose())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(Self::new)
            }
        }
    )+};
}

secrets! {
    /// An access token (RFC 6749 §1.4).
    AccessToken,
    /// A refresh token (RFC 6749 §1.5).
    RefreshToken,
    /// An ID token (OpenID Connect Core §2).
    IdToken,
    /// An authorization code (RFC 6749 §1.3.1).
    AuthorizationCode,
    /// A device code (RFC 8628 §3.2).
    DeviceCode,
    /// A PKCE code verifier (RFC 7636 §4.1).
    CodeVerifier,
    /// A client assertion (RFC 7523 §2.2).
    ClientAssertion,
    /// A client secret (RFC 6749 §2.3.1).
    ClientSecret,
    /// A resource owner's password.
    Password,
    /// The value of a cookie that stands for a session or binds a browser: 256 random bits, opaque.
    Ticket,
    /// The token of a link that was sent by e-mail: whoever has it reads the mailbox.
    LinkToken,
    /// A DPoP proof (RFC 9449 §4): good once, but good until then.
    DpopProof,
}

/// A token that both ends may read shows what it says; a password does not even tell its length.
fn shown(name: &str, secret: &str) -> Shown {
    let words = name.chars().fold(String::new(), |words, letter| match letter {
        'A'..='Z' if words.is_empty() => letter.to_lowercase().to_string(),
        'A'..='Z' => format!("{words} {}", letter.to_lowercase()),
        _ => format!("{words}{letter}"),
    });
    match name {
        "AccessToken" | "IdToken" => Shown::token(&words, secret),
        "Password" => Shown::Kept { kind: words, length: None },
        _ => Shown::kept(&words, secret),
    }
}

impl Ticket {
    /// A fresh ticket.
    pub fn issue(rng: &dyn crate::Rng) -> Self {
        Self::new(crate::entropy::opaque(rng))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// B25: a secret is redacted by its type.
    #[test]
    fn debug_prints_the_name_and_not_the_secret() {
        assert_eq!(format!("{:?}", RefreshToken::new("s3cret")), "RefreshToken([REDACTED])");
    }
}
