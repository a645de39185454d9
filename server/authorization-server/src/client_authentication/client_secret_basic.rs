//! `client_secret_basic`: a secret in the `Authorization` header (RFC 6749 §2.3.1, RFC 7617).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use percent_encoding::percent_decode_str;
use protocol::secret::ClientSecret;

use super::{Attempt, ClientError, Presented, shared_secret};
use crate::clients::{Authentication, Client};

pub(super) fn attempt<'a>(presented: &'a Presented<'a>) -> Option<Attempt<'a>> {
    // Whatever stands in the header is meant to authenticate somebody.
    presented.headers.contains_key(AUTHORIZATION).then(|| Box::pin(verify(presented)) as Attempt<'a>)
}

async fn verify(presented: &Presented<'_>) -> Result<Arc<Client>, ClientError> {
    let (client_id, secret) = read(presented).ok_or(ClientError::Header)?;
    shared_secret::verify(presented.server, &client_id, &secret, |authentication| match authentication {
        Authentication::ClientSecretBasic(secret) => Some(secret),
        _ => None,
    })
    .await
}

/// Both halves of the credentials, each encoded as in a form.
fn read(presented: &Presented<'_>) -> Option<(String, ClientSecret)> {
    let mut values = presented.headers.get_all(AUTHORIZATION).iter();
    let (scheme, credentials) = values.next()?.to_str().ok()?.split_once(' ')?;
    if values.next().is_some() || !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let credentials = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (client_id, secret) = credentials.split_once(':')?;
    Some((decode(client_id)?, ClientSecret::new(decode(secret)?)))
}

/// Undoes `application/x-www-form-urlencoded` of one value (RFC 6749 appendix B).
fn decode(half: &str) -> Option<String> {
    let spaced = half.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_half_is_decoded_as_a_form_is() {
        assert_eq!(decode("a+b%3A%25%C3%BC").as_deref(), Some("a b:%ü"));
        assert_eq!(decode("%FF"), None);
    }
}
