//! A handler's refusal, in the way of who asked: people are led on, everything else gets problem details (B5).

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, LOCATION};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use protocol::LocalPath;
use protocol::fetch_metadata::is_navigation;

use super::Lack;
use crate::components::sign_in::with_return_to;
use crate::components::{sign_in_link, step_up_link};
use crate::details::ProblemDetails;
use crate::error::PageError;

/// Why a handler does not answer, and whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    lack: Lack,
    /// Where a navigation comes back to; none where the request is no navigation.
    back: Option<LocalPath>,
}

impl Refused {
    /// The refusal of the request in `parts`.
    pub fn of(parts: &Parts, lack: Lack) -> Self {
        let path = parts.uri.path_and_query().and_then(|path| LocalPath::parse(path.as_str()).ok());
        let back = is_navigation(&parts.headers).then(|| path.unwrap_or_else(LocalPath::home));
        Self { lack, back }
    }

    fn page(&self, back: &LocalPath) -> String {
        match &self.lack {
            Lack::Session => sign_in_link(None, back),
            Lack::Authentication(demand) => step_up_link(demand, false, back),
            Lack::Scope => with_return_to("/problem/no-access", back),
            Lack::Answer(PageError::ProviderUnreachable) => with_return_to("/problem/provider-unreachable", back),
            Lack::Answer(_) => with_return_to("/problem/unavailable", back),
        }
    }

    fn details(&self) -> ProblemDetails {
        match &self.lack {
            Lack::Session => ProblemDetails::signed_out(),
            Lack::Authentication(demand) => ProblemDetails::step_up(demand, false),
            Lack::Scope => {
                ProblemDetails::new(StatusCode::FORBIDDEN, "no-access", "the sign-in provider gives no access to this")
            }
            Lack::Answer(_) => ProblemDetails::unavailable(),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let location = self.back.as_ref().and_then(|back| HeaderValue::try_from(self.page(back)).ok());
        let mut response = match location {
            Some(location) => (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response(),
            None => self.details().into_response(),
        };
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}
