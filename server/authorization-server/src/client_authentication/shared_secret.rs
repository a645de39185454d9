//! `client_secret_basic` and `client_secret_post` (RFC 6749 §2.3.1): recognised, so that a request that uses one beside
//! another method is refused; no client is registered for them yet.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use protocol::wire::Parameters;

use super::{ClientError, Credentials};

/// A secret in the `Authorization` header.
#[expect(clippy::unnecessary_wraps, reason = "the table's signature; other methods can be malformed")]
pub(super) fn in_header(headers: &HeaderMap, _: &Parameters) -> Result<Option<Credentials>, ClientError> {
    Ok(headers.contains_key(AUTHORIZATION).then_some(Credentials::Secret))
}

/// A secret in the form.
#[expect(clippy::unnecessary_wraps, reason = "the table's signature; other methods can be malformed")]
pub(super) fn in_form(_: &HeaderMap, parameters: &Parameters) -> Result<Option<Credentials>, ClientError> {
    Ok(parameters.get("client_secret").map(|_| Credentials::Secret))
}
