//! Who the client of `/par`, `/token` and `/revoke` is (RFC 6749 §2.3): a table of methods, a file each.

use std::sync::Arc;

use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode};
use protocol::ErrorCode;
use protocol::client_assertion::Refused;
use protocol::secret::ClientAssertion;
use protocol::wire::Parameters;

use crate::clients::Client;
use crate::outage::Outage;
use crate::problem;
use crate::state::AuthorizationServer;

mod private_key_jwt;
mod shared_secret;

/// What a request presents to prove who its client is.
pub(crate) enum Credentials {
    /// A signed assertion.
    Assertion(ClientAssertion),
    /// A secret, in the `Authorization` header or in the form.
    Secret,
}

/// A method: its registered name, and how a request that uses it looks.
struct Method {
    name: Option<&'static str>,
    presented: fn(&HeaderMap, &Parameters) -> Result<Option<Credentials>, ClientError>,
}

const METHODS: [Method; 3] = [
    Method { name: Some("private_key_jwt"), presented: private_key_jwt::presented },
    Method { name: None, presented: shared_secret::in_header },
    Method { name: None, presented: shared_secret::in_form },
];

/// The methods on offer, by their registered names.
pub(crate) fn names() -> Vec<String> {
    METHODS.iter().filter_map(|method| method.name).map(str::to_owned).collect()
}

/// Why a client is not believed (RFC 6749 §5.2).
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// RFC 6749 §2.3: at most one method in a request.
    #[error("the request authenticates its client in more than one way")]
    TwoMethods,
    #[error("the request does not authenticate its client")]
    NoMethod,
    #[error("client_assertion_type is missing or unknown")]
    AssertionType,
    #[error("the client assertion names no client")]
    Nobody,
    #[error("client_id is not the client that authenticates")]
    OtherClient,
    #[error("the client is unknown")]
    Unknown,
    #[error("the client is registered for another way to authenticate")]
    OtherMethod,
    #[error("the client assertion is not accepted: {0}")]
    Assertion(#[from] Refused),
    #[error("the client assertion was used before")]
    Replayed,
    #[error(transparent)]
    Outage(#[from] Outage),
}

/// The client of a request, once it has proved who it is.
pub(crate) async fn authenticate(
    server: &AuthorizationServer,
    headers: &HeaderMap,
    parameters: &Parameters,
) -> Result<Arc<Client>, ClientError> {
    let mut credentials = None;
    for method in &METHODS {
        if let Some(presented) = (method.presented)(headers, parameters)?
            && credentials.replace(presented).is_some()
        {
            return Err(ClientError::TwoMethods);
        }
    }
    let client = match credentials {
        None => return Err(ClientError::NoMethod),
        Some(Credentials::Assertion(assertion)) => private_key_jwt::verify(server, &assertion).await?,
        Some(Credentials::Secret) => return Err(ClientError::OtherMethod),
    };
    match parameters.get("client_id") {
        Some(client_id) if client_id != client.client_id => Err(ClientError::OtherClient),
        _ => Ok(client),
    }
}

impl ClientError {
    /// The answer of whichever endpoint asked.
    pub(crate) fn respond(&self, server: &AuthorizationServer, headers: &HeaderMap) -> Response {
        let (status, code) = match self {
            Self::TwoMethods | Self::AssertionType | Self::OtherClient => (StatusCode::BAD_REQUEST, ErrorCode::InvalidRequest),
            Self::Outage(outage) => return problem::outage(server, outage),
            _ => (StatusCode::UNAUTHORIZED, ErrorCode::InvalidClient),
        };
        tracing::info!(cause = %self, "a client was not believed");
        let description = match self {
            // Which clients there are, and what exactly was wrong with a proof, is not told.
            Self::Unknown | Self::OtherMethod | Self::Assertion(_) | Self::Replayed | Self::Nobody => {
                "client authentication failed".to_owned()
            }
            told => told.to_string(),
        };
        let mut response = problem::refusal(status, code, &description);
        // RFC 6749 §5.2: a client that used the header is answered by the header.
        if status == StatusCode::UNAUTHORIZED && headers.contains_key(http::header::AUTHORIZATION) {
            response.headers_mut().insert(http::header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic"));
        }
        response
    }
}
