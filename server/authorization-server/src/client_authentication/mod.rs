//! Who the client of `/par`, `/token`, `/introspect` and `/revoke` is (RFC 6749 §2.3): a table of methods, a file each.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode};
use protocol::ErrorCode;
use protocol::client_assertion::Refused;
use protocol::wire::Parameters;

use crate::clients::Client;
use crate::outage::Outage;
use crate::problem;
use crate::state::AuthorizationServer;

mod client_secret_basic;
mod client_secret_post;
mod none;
mod private_key_jwt;
mod shared_secret;

/// A request, as far as its client may prove who it is by it.
struct Presented<'a> {
    server: &'a AuthorizationServer,
    headers: &'a HeaderMap,
    parameters: &'a Parameters,
}

/// RFC 7617 §2: the realm is not optional.
const CHALLENGE: HeaderValue = HeaderValue::from_static("Basic realm=\"clients\"");

/// A method at work.
type Attempt<'a> = Pin<Box<dyn Future<Output = Result<Arc<Client>, ClientError>> + Send + 'a>>;

/// A method: its registered name, and how it authenticates a request that uses it; none where the request does not.
struct Method {
    name: &'static str,
    attempt: for<'a> fn(&'a Presented<'a>) -> Option<Attempt<'a>>,
}

const METHODS: [Method; 4] = [
    Method { name: "private_key_jwt", attempt: private_key_jwt::attempt },
    Method { name: "client_secret_basic", attempt: client_secret_basic::attempt },
    Method { name: "client_secret_post", attempt: client_secret_post::attempt },
    Method { name: "none", attempt: none::attempt },
];

/// The methods on offer, by their registered names.
pub(crate) fn names() -> Vec<String> {
    METHODS.iter().map(|method| method.name.to_owned()).collect()
}

/// The methods by which a client proves who it is, by their registered names.
pub(crate) fn proofs() -> Vec<String> {
    names().into_iter().filter(|name| name != "none").collect()
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
    #[error("the Authorization header does not hold Basic credentials")]
    Header,
    #[error("the secret is not that of the client")]
    WrongSecret,
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
    let presented = Presented { server, headers, parameters };
    let mut attempts = METHODS.iter().filter_map(|method| (method.attempt)(&presented));
    let attempt = attempts.next().ok_or(ClientError::NoMethod)?;
    if attempts.next().is_some() {
        return Err(ClientError::TwoMethods);
    }
    let client = attempt.await?;
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
            Self::Unknown | Self::OtherMethod | Self::WrongSecret | Self::Assertion(_) | Self::Replayed | Self::Nobody => {
                "client authentication failed".to_owned()
            }
            told => told.to_string(),
        };
        let mut response = problem::refusal(status, code, &description);
        // RFC 6749 §5.2: a client that used the header is answered by the header.
        if status == StatusCode::UNAUTHORIZED && headers.contains_key(http::header::AUTHORIZATION) {
            response.headers_mut().insert(http::header::WWW_AUTHENTICATE, CHALLENGE);
        }
        response
    }
}
