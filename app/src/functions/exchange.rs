//! Reads the request for a server function or a page, and writes what it decided into the response.

use http::header::{LOCATION, RETRY_AFTER, SET_COOKIE};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use protocol::fetch_metadata::is_navigation;
use protocol::{ClientAddress, LocalPath};

use crate::details::RETRY_SECONDS;
use crate::error::PageError;
use crate::ports::{Outcome, Ports, Visit};

/// The request being answered, as the boxes need it.
pub(crate) fn visit() -> Option<Visit> {
    use_context::<Parts>().map(|parts| visit_of(&parts))
}

/// The same from the request itself.
pub(crate) fn visit_of(parts: &Parts) -> Visit {
    Visit {
        headers: parts.headers.clone(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        address: parts.extensions.get::<ClientAddress>().copied(),
    }
}

/// What follows `prefix` in the path of the request.
pub(crate) fn below(prefix: &str) -> Option<String> {
    let parts = use_context::<Parts>()?;
    parts.uri.path().strip_prefix(prefix).map(str::to_owned)
}

/// The ports, and the request to ask them with.
///
/// # Errors
/// [`PageError::Unavailable`] outside a request.
pub(crate) fn asked() -> Result<(Ports, Visit), PageError> {
    use_context::<Ports>().zip(visit()).ok_or(PageError::Unavailable)
}

/// Gives the response the status of an error, and with 503 the time to wait.
pub(crate) fn set_status_of(error: PageError) {
    set_status(error.status());
}

/// Sets the response's status; with 503 also the time to wait.
pub(crate) fn set_status(status: u16) {
    if let Some(response) = use_context::<ResponseOptions>() {
        response.set_status(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
        if status == StatusCode::SERVICE_UNAVAILABLE.as_u16() {
            response.insert_header(RETRY_AFTER, RETRY_SECONDS);
        }
    }
}

/// Leads a navigation to `location`, a path of this origin or a URL of the provider; anything else gets 401 and no way (B5).
pub(crate) fn lead(location: &str) {
    let navigation = visit().is_some_and(|visit| is_navigation(&visit.headers));
    let location = HeaderValue::from_str(location).ok().filter(|_| navigation);
    match (location, use_context::<ResponseOptions>()) {
        (Some(location), Some(response)) => {
            response.insert_header(LOCATION, location);
            response.set_status(StatusCode::SEE_OTHER);
        }
        _ => set_status(StatusCode::UNAUTHORIZED.as_u16()),
    }
}

/// The path and query of the request, to come back to.
pub(crate) fn this_page() -> LocalPath {
    let parts = use_context::<Parts>();
    let path = parts.as_ref().and_then(|parts| parts.uri.path_and_query());
    path.and_then(|path| LocalPath::parse(path.as_str()).ok()).unwrap_or_else(LocalPath::home)
}

/// Passes a port's answer on, its error with the status that goes with it.
///
/// # Errors
/// The error it was given.
pub(crate) fn settle<T>(answer: Result<T, PageError>) -> Result<T, PageError> {
    answer.inspect_err(|error| set_status_of(*error))
}

/// Applies the outcome of a sign-in step: cookies, then where to go.
///
/// # Errors
/// A [`PageError`] where the outcome leads nowhere and the caller is no navigation. A navigation is led to the page that
/// explains instead, so a person never sees JSON.
pub(crate) fn apply(visit: &Visit, outcome: Outcome) -> Result<(), PageError> {
    let response = use_context::<ResponseOptions>().ok_or(PageError::Unavailable)?;
    for cookie in outcome.cookies {
        response.append_header(SET_COOKIE, cookie);
    }
    if let Some(location) = outcome.location {
        response.insert_header(LOCATION, location);
        response.set_status(outcome.status.unwrap_or(StatusCode::FOUND));
        return Ok(());
    }
    let (error, page) = explained(outcome.status);
    if is_navigation(&visit.headers) {
        response.insert_header(LOCATION, HeaderValue::from_static(page));
        response.set_status(StatusCode::SEE_OTHER);
        return Ok(());
    }
    set_status(outcome.status.map_or_else(|| error.status(), |status| status.as_u16()));
    Err(error)
}

/// The error and the page for an outcome that leads nowhere.
fn explained(status: Option<StatusCode>) -> (PageError, &'static str) {
    match status {
        Some(StatusCode::UNAUTHORIZED) => (PageError::SignedOut, "/sign-in"),
        Some(StatusCode::FORBIDDEN) => (PageError::CrossSite, "/problem/cross-site"),
        Some(StatusCode::BAD_REQUEST) => (PageError::BadRequest, "/problem/invalid-response"),
        Some(StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT) => {
            (PageError::ProviderUnreachable, "/problem/provider-unreachable")
        }
        _ => (PageError::Unavailable, "/problem/unavailable"),
    }
}

#[cfg(test)]
mod tests {
    use http::header::ACCEPT;
    use leptos::prelude::{Owner, provide_context};

    use super::*;

    fn applied(accept: &'static str, outcome: Outcome) -> (Result<(), PageError>, leptos_axum::ResponseParts) {
        let owner = Owner::new();
        owner.with(|| {
            let response = ResponseOptions::default();
            provide_context(response.clone());
            let mut visit = Visit::default();
            visit.headers.insert(ACCEPT, HeaderValue::from_static(accept));
            let result = apply(&visit, outcome);
            let parts = std::mem::take(&mut *response.0.write().unwrap());
            (result, parts)
        })
    }

    #[test]
    fn every_cookie_goes_out_and_a_redirect_is_302_where_nothing_is_said() {
        let outcome = Outcome {
            cookies: vec![HeaderValue::from_static("a=1"), HeaderValue::from_static("b=2")],
            location: Some(HeaderValue::from_static("https://provider.example/authorize")),
            status: None,
        };
        let (result, parts) = applied("text/html", outcome);
        assert_eq!(result, Ok(()));
        assert_eq!(parts.status, Some(StatusCode::FOUND));
        assert_eq!(parts.headers.get_all(SET_COOKIE).iter().count(), 2);
    }

    #[test]
    fn a_redirect_after_a_form_keeps_the_status_it_was_given() {
        let outcome = Outcome {
            location: Some(HeaderValue::from_static("/signed-out")),
            status: Some(StatusCode::SEE_OTHER),
            ..Outcome::default()
        };
        assert_eq!(applied("text/html", outcome).1.status, Some(StatusCode::SEE_OTHER));
    }

    /// B5: a fetch without a session gets 401 JSON, never a redirect.
    #[test]
    fn a_fetch_that_may_not_begin_a_sign_in_gets_the_error_and_no_location() {
        let outcome = Outcome { status: Some(StatusCode::UNAUTHORIZED), ..Outcome::default() };
        let (result, parts) = applied("application/json", outcome);
        assert_eq!(result, Err(PageError::SignedOut));
        assert_eq!(parts.status, Some(StatusCode::UNAUTHORIZED));
        assert!(parts.headers.get(LOCATION).is_none());
    }

    #[test]
    fn a_navigation_that_leads_nowhere_is_led_to_the_page_that_explains() {
        let outcome = Outcome { status: Some(StatusCode::FORBIDDEN), ..Outcome::default() };
        let (result, parts) = applied("text/html", outcome);
        assert_eq!(result, Ok(()));
        assert_eq!(parts.status, Some(StatusCode::SEE_OTHER));
        assert_eq!(parts.headers.get(LOCATION).unwrap(), "/problem/cross-site");
    }

    #[test]
    fn trouble_tells_when_to_come_back() {
        let (result, parts) = applied("*/*", Outcome::default());
        assert_eq!(result, Err(PageError::Unavailable));
        assert_eq!(parts.headers.get(RETRY_AFTER).unwrap(), "5");
    }
}
