//! Calls that the proxy makes, before anything else of the origin is asked: no route can be behind a page.

use std::sync::Arc;

use app::details::ProblemDetails;
use application_api::ApplicationApi;
use application_api::proxy::{Demander, ProxyError, allow};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::Problem;

/// Answers what a route names, and passes everything else on.
pub async fn first(State(api): State<Arc<ApplicationApi>>, request: Request, next: Next) -> Response {
    if api.proxies(request.uri().path()) { call(&api, request).await } else { next.run(request).await }
}

async fn call(api: &Arc<ApplicationApi>, request: Request) -> Response {
    match api.proxy(request).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::info!(%error, "a call was not answered by its upstream");
            told(error)
        }
    }
}

fn told(error: ProxyError) -> Response {
    let problem = match error {
        ProxyError::Method(methods) => {
            let mut response = Problem::MethodNotAllowed.into_response();
            response.headers_mut().extend(allow(&methods));
            return response;
        }
        ProxyError::NoRoute | ProxyError::Path(_) => Problem::AmbiguousPath,
        ProxyError::OtherSite => Problem::OtherSite,
        ProxyError::NoHeader => Problem::NoHeader,
        ProxyError::SignedOut => Problem::SignedOut,
        ProxyError::StepUp(demand, demander) => {
            return ProblemDetails::step_up(&demand, demander == Demander::Upstream).into_response();
        }
        ProxyError::NoAccess => Problem::NoAccess,
        ProxyError::AccessExpired => Problem::AccessExpired,
        ProxyError::ProviderUnreachable => Problem::ProviderUnreachable,
        ProxyError::Unreachable(_) => Problem::UpstreamUnreachable,
        ProxyError::Silent => Problem::UpstreamSilent,
        ProxyError::Unavailable(error) => error.into(),
    };
    problem.into_response()
}
