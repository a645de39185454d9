//! The token of a link: 256 bits, in the message and nowhere else.

use protocol::seal::{derived, digest, fingerprint};
use protocol::secret::LinkToken;
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

const PURPOSE: &str = "mailed link";
/// Characters of an unpadded base64url text of 256 bits.
const LENGTH: usize = 43;
/// How many characters of a hash stand in a path: enough to tell the links of one browser apart.
const FLOW: usize = 22;

/// The token of the link that `event` asked for. It is the same when the event is handled again, so that a message that was sent
/// twice says the same twice, and nobody makes it without the provider's secret.
pub(super) fn of(secret: &SecretString, event: Uuid) -> LinkToken {
    LinkToken::new(derived(secret.expose_secret().as_bytes(), PURPOSE, event.as_bytes()))
}

/// Reads what came with a link; none where it can be no token.
pub(super) fn read(text: &str) -> Option<LinkToken> {
    is_opaque(text).then(|| LinkToken::new(text))
}

/// Whether the text has the shape of what we hand out.
pub(super) fn is_opaque(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// What the User Database knows it by.
pub(super) fn digest_of(token: &LinkToken) -> String {
    digest(PURPOSE, token.expose().as_bytes())
}

/// What its pages go by, in paths and names of cookies.
pub(super) fn flow(token: &LinkToken) -> String {
    digest("page of a mailed link", token.expose().as_bytes()).chars().take(FLOW).collect()
}

/// The identity of the event that the use of a link is, so that it is told once.
pub(super) fn event(digest_of_token: &str) -> Uuid {
    let bytes = fingerprint("use of a mailed link", digest_of_token.as_bytes());
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Attack 28: neither the event in the Queue nor the digest in the User Database gives the token.
    #[test]
    fn a_token_comes_of_the_secret_and_of_its_event() {
        let (secret, event) = (SecretString::from("secret"), Uuid::from_u128(7));
        let token = of(&secret, event);
        assert_eq!(of(&secret, event), token);
        assert_ne!(of(&SecretString::from("another"), event), token);
        assert_ne!(of(&secret, Uuid::from_u128(8)), token);
        assert_eq!(read(token.expose()), Some(token.clone()));
        assert_ne!(digest_of(&token), token.expose());
        assert!(!token.expose().starts_with(&flow(&token)) && !digest_of(&token).starts_with(&flow(&token)));
    }

    #[test]
    fn what_is_no_token_is_not_looked_for() {
        let token = of(&SecretString::from("secret"), Uuid::from_u128(7));
        let (longer, shorter) = (format!("{}A", token.expose()), &token.expose()[1..]);
        for text in ["", &longer, shorter, &format!("{shorter}="), &format!("{shorter}\u{0}"), &format!("{shorter}%")] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn each_link_is_used_by_an_event_of_its_own() {
        assert_eq!(event("one"), event("one"));
        assert_ne!(event("one"), event("two"));
    }
}
