//! The grants of the token endpoint: a table, a file each. To add a grant, add a file and a line.

use std::future::Future;
use std::pin::Pin;

use protocol::dpop::Thumbprint;
use protocol::wire::{Parameters, TokenResponse};

use super::TokenError;
use crate::clients::Client;
use crate::device;
use crate::state::AuthorizationServer;

mod authorization_code;
mod client_credentials;
mod device_code;
mod first;
mod provisional;
mod refresh_token;

/// A grant: its registered name, and how it answers.
pub(super) struct GrantType {
    name: &'static str,
    pub(super) answer: for<'a> fn(&'a Asked<'a>) -> Answer<'a>,
}

static GRANTS: [GrantType; 4] = [
    GrantType { name: "authorization_code", answer: authorization_code::answer },
    GrantType { name: "refresh_token", answer: refresh_token::answer },
    GrantType { name: "client_credentials", answer: client_credentials::answer },
    GrantType { name: device::GRANT_TYPE, answer: device_code::answer },
];

/// What a grant may look at; the client has proved who it is.
pub(super) struct Asked<'a> {
    pub(super) server: &'a AuthorizationServer,
    pub(super) client: &'a Client,
    pub(super) parameters: &'a Parameters,
    /// The DPoP key that the request proved, to which its tokens are bound.
    pub(super) key: Option<&'a Thumbprint>,
}

/// A grant's answer, in time.
pub(super) type Answer<'a> = Pin<Box<dyn Future<Output = Result<TokenResponse, TokenError>> + Send + 'a>>;

/// The grants on offer, by their registered names.
pub(crate) fn names() -> Vec<String> {
    GRANTS.iter().map(|grant| grant.name.to_owned()).collect()
}

/// The grant of `name`.
pub(super) fn find(name: &str) -> Option<&'static GrantType> {
    GRANTS.iter().find(|grant| grant.name == name)
}

impl Asked<'_> {
    /// The value of a parameter that must be there.
    fn required(&self, name: &'static str) -> Result<&str, TokenError> {
        self.parameters.get(name).ok_or(TokenError::Missing(name))
    }
}
