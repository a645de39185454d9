//! What `/revoke` and `/introspect` have in common: a client that proves who it is, and a token that it asks about.

use std::sync::Arc;

use axum::response::Response;
use http::{HeaderMap, StatusCode};
use protocol::ErrorCode;
use protocol::secret::{AccessToken, RefreshToken};

use crate::client_authentication::{self, ClientError};
use crate::clients::Client;
use crate::form::{self, MalformedForm};
use crate::outage::Outage;
use crate::problem;
use crate::state::AuthorizationServer;

/// A question about a token. What kind of token it is is seen from itself, so that it is read as either; `token_type_hint` is
/// not needed (RFC 7009 §2.1, RFC 7662 §2.1).
pub(crate) struct Question {
    pub(crate) client: Arc<Client>,
    pub(crate) as_access_token: AccessToken,
    pub(crate) as_refresh_token: RefreshToken,
}

/// Why a question gets no answer (RFC 7009 §2.2.1, RFC 7662 §2.3).
#[derive(Debug, thiserror::Error)]
pub(crate) enum QuestionError {
    #[error(transparent)]
    Form(#[from] MalformedForm),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("the parameter token is missing")]
    NoToken,
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl Question {
    /// Reads the question, once its client has proved who it is.
    pub(crate) async fn read(server: &AuthorizationServer, headers: &HeaderMap, body: &[u8]) -> Result<Self, QuestionError> {
        let parameters = form::read(headers, body)?;
        let client = client_authentication::authenticate(server, headers, &parameters).await?;
        let token = parameters.get("token").ok_or(QuestionError::NoToken)?;
        Ok(Self { client, as_access_token: AccessToken::new(token), as_refresh_token: RefreshToken::new(token) })
    }
}

impl QuestionError {
    /// The answer of whichever endpoint was asked.
    pub(crate) fn respond(&self, server: &AuthorizationServer, headers: &HeaderMap) -> Response {
        match self {
            Self::Client(error) => error.respond(server, headers),
            Self::Outage(outage) => problem::outage(server, outage),
            Self::Form(_) | Self::NoToken => {
                problem::refusal(StatusCode::BAD_REQUEST, ErrorCode::InvalidRequest, &self.to_string())
            }
        }
    }
}
