//! Why a request does not pass, and how it is told (RFC 6750 §3, RFC 9449 §7.1).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use protocol::ErrorCode;
use protocol::dpop::{InvalidProof, Misbound, Scheme};
use protocol::wire::ErrorResponse;

use crate::keys::NoKeys;
use crate::proofs::Unavailable;

/// Why a request does not pass.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No access token at all: the challenge carries no error (RFC 6750 §3.1).
    #[error("an access token is needed")]
    Missing,
    /// Sent in another way than one `Authorization` header.
    #[error("the access token must come in one Authorization header")]
    Malformed,
    /// It does not verify, or is not for us.
    #[error("the access token is not valid here: {0}")]
    Invalid(String),
    /// It is bound to a key and came without it, or the other way round.
    #[error(transparent)]
    Misbound(#[from] Misbound),
    /// The scheme `DPoP` without its proof.
    #[error("a DPoP proof is needed")]
    NoProof,
    /// The proof is not one for this request.
    #[error(transparent)]
    Proof(#[from] InvalidProof),
    /// The proof was used before, here or at another replica.
    #[error("the DPoP proof was used before")]
    Replayed,
    /// It lacks the scope.
    #[error("the access token lacks the scope {0}")]
    Scope(&'static str),
    /// The keys to judge it by cannot be read.
    #[error(transparent)]
    NoKeys(#[from] NoKeys),
    /// Whether the proof is new cannot be told.
    #[error(transparent)]
    NoMemory(#[from] Unavailable),
}

/// A refusal in the scheme of the request.
#[derive(Debug, thiserror::Error)]
#[error("{cause}")]
pub struct Refused {
    /// How the token was presented.
    pub scheme: Scheme,
    /// What was wrong.
    #[source]
    pub cause: Refusal,
}

impl Refusal {
    fn answer(&self) -> (StatusCode, Option<ErrorCode>) {
        match self {
            Self::Missing => (StatusCode::UNAUTHORIZED, None),
            Self::Malformed => (StatusCode::BAD_REQUEST, Some(ErrorCode::InvalidRequest)),
            Self::Invalid(_) | Self::Misbound(_) => (StatusCode::UNAUTHORIZED, Some(ErrorCode::InvalidToken)),
            Self::NoProof | Self::Proof(_) | Self::Replayed => (StatusCode::UNAUTHORIZED, Some(ErrorCode::InvalidDpopProof)),
            Self::Scope(_) => (StatusCode::FORBIDDEN, Some(ErrorCode::InsufficientScope)),
            Self::NoKeys(_) | Self::NoMemory(_) => (StatusCode::SERVICE_UNAVAILABLE, Some(ErrorCode::TemporarilyUnavailable)),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, error) = self.cause.answer();
        let outage = status == StatusCode::SERVICE_UNAVAILABLE;
        let description = if outage {
            tracing::error!(error = %self.cause, "a token could not be judged");
            "the token cannot be judged right now".to_owned()
        } else {
            self.cause.to_string()
        };
        let mut response = match error {
            Some(error) => (status, Json(ErrorResponse { error, error_description: Some(description) })).into_response(),
            None => status.into_response(),
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if outage {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            return response;
        }
        let mut told: Vec<(&str, &str)> = error.iter().map(|error| ("error", error.as_str())).collect();
        if let Refusal::Scope(scope) = self.cause {
            told.push(("scope", scope));
        }
        for challenge in self.scheme.challenges(&told).iter().filter_map(|value| HeaderValue::from_str(value).ok()) {
            headers.append(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
