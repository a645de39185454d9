//! Trouble, told as problem details (RFC 9457).

use app::details::ProblemDetails;
use application_api::devices::DevicesError;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    /// Nobody is signed in, or the session has ended.
    SignedOut,
    /// Another site made the browser ask.
    OtherSite,
    /// The header that only our own pages send is missing.
    NoHeader,
    /// There is no such device.
    NoSuchDevice,
    /// The access token has expired, and there is no refresh token.
    AccessExpired,
    /// The session's provider gives no token for the API behind.
    NoAccess,
    /// The path could mean another one upstream.
    AmbiguousPath,
    /// The path is asked in another way.
    MethodNotAllowed,
    /// The provider does not answer, and the access token has expired.
    ProviderUnreachable,
    /// The upstream does not answer.
    UpstreamUnreachable,
    /// The upstream was silent for too long.
    UpstreamSilent,
    /// The Cache does not answer; nobody is signed out by that.
    Unavailable,
}

impl Problem {
    fn told(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::SignedOut => (StatusCode::UNAUTHORIZED, "signed-out", "nobody is signed in: lead the browser to /login"),
            Self::OtherSite => (StatusCode::FORBIDDEN, "other-site", "the request came from another site"),
            Self::NoHeader => (StatusCode::FORBIDDEN, "no-header", "the request needs the header X-CSRF, with any value"),
            Self::NoSuchDevice => (StatusCode::NOT_FOUND, "no-such-device", "that device is not signed in"),
            Self::AccessExpired => {
                (StatusCode::UNAUTHORIZED, "access-expired", "access has expired: lead the browser to /login?renew=1")
            }
            Self::NoAccess => (StatusCode::FORBIDDEN, "no-access", "the sign-in provider gives no access to the API behind"),
            Self::AmbiguousPath => (StatusCode::BAD_REQUEST, "ambiguous-path", "the path could mean another one"),
            Self::ProviderUnreachable => {
                (StatusCode::BAD_GATEWAY, "provider-unreachable", "the sign-in provider does not answer")
            }
            Self::UpstreamUnreachable => (StatusCode::BAD_GATEWAY, "upstream-unreachable", "the API behind does not answer"),
            Self::UpstreamSilent => (StatusCode::GATEWAY_TIMEOUT, "upstream-silent", "the API behind took too long"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method", "the path is not asked by this method"),
            Self::Unavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "sessions cannot be looked up now, and none is lost")
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, kind, title) = self.told();
        ProblemDetails::new(status, kind, title).into_response()
    }
}

impl From<cache::Unavailable> for Problem {
    fn from(error: cache::Unavailable) -> Self {
        tracing::error!(%error, "a session could not be looked up");
        Self::Unavailable
    }
}

impl From<DevicesError> for Problem {
    fn from(error: DevicesError) -> Self {
        match error {
            DevicesError::SignedOut => Self::SignedOut,
            DevicesError::CrossSite => Self::OtherSite,
            DevicesError::Unavailable(error) => error.into(),
            DevicesError::Unaudited(error) => {
                tracing::error!(%error, "a session could not be ended");
                Self::Unavailable
            }
        }
    }
}
