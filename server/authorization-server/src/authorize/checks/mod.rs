//! What is checked in an authorization request: the list, in order. To add a check, add a file and a line.

use protocol::ErrorCode;
use protocol::dpop::Thumbprint;
use protocol::wire::Parameters;

use super::request::{Arrival, Demand};
use crate::clients::Client;
use crate::state::AuthorizationServer;

pub(super) mod client;
pub(super) mod redirect_uri;

mod claims;
mod dpop_jkt;
mod grant_type;
mod id_token_hint;
mod login_hint;
mod max_age;
mod nonce;
mod pkce;
pub(super) mod prompt;
mod pushed;
mod request_object;
mod resource;
mod response_mode;
mod response_type;
mod scope;

/// The checks whose failure may be told to the client. Before them, `client` and `redirect_uri` must have passed: until
/// both are right, a failure is a page and never a redirect (RFC 6749 §4.1.2.1).
pub(super) const CHECKS: [Check; 15] = [
    request_object::check,
    pushed::check,
    response_type::check,
    grant_type::check,
    response_mode::check,
    pkce::check,
    scope::check,
    nonce::check,
    prompt::check,
    max_age::check,
    resource::check,
    login_hint::check,
    id_token_hint::check,
    claims::check,
    dpop_jkt::check,
];

/// A check reads the request and notes what it found in the demand.
type Check = fn(&Asked<'_>, &mut Demand) -> Result<(), Refusal>;

/// What a check may look at.
pub(super) struct Asked<'a> {
    pub(super) server: &'a AuthorizationServer,
    pub(super) client: &'a Client,
    pub(super) parameters: &'a Parameters,
    pub(super) arrival: Arrival,
    /// The key whose proof came with a pushed request.
    pub(super) proven: Option<&'a Thumbprint>,
}

/// What a check says no with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{description}")]
pub(crate) struct Refusal {
    pub(crate) code: ErrorCode,
    /// Words of ours, never the client's.
    pub(crate) description: &'static str,
}

/// Says no.
pub(super) fn refuse<T>(code: ErrorCode, description: &'static str) -> Result<T, Refusal> {
    Err(Refusal { code, description })
}
