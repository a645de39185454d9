//! What happens between an authorization request and its answer: login, consent, and the way back to the client. A page of our
//! own that has to know who is there leads to the same login, and the login back to it ([`OwnPage`]).
//!
//! Each interaction has a cookie of its own and a record in the Cache that only this cookie opens, so that tabs never
//! disturb one another and no other browser can take over.

use std::sync::Arc;

use axum::response::Response;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::SignedDuration;
use protocol::wire::Parameters;
use protocol::{ClientAddress, ErrorCode, Scope, fetch_metadata};
use subtle::ConstantTimeEq as _;
use tower_cookies::Cookies;

use crate::authorize::{AuthorizeRequest, Checked, Refusal};
use crate::form::MalformedForm;
use crate::outage::Outage;
use crate::pages::Problem;
use crate::pushed::Spendable;
use crate::session::Present;
use crate::slow_down::{self, whole_seconds};
use crate::state::AuthorizationServer;
use crate::{headers, problem};

pub(crate) mod consent;
mod ending;
mod errand;
pub(crate) mod login;
mod next;
mod own_page;
mod record;

use ending::Ending;
use errand::Written;
use next::Next;
pub(crate) use own_page::OwnPage;
use record::{Found, Open, Progress};

/// Why an interaction does not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InteractionError {
    #[error("this browser has no cookie of the interaction")]
    OtherBrowser,
    #[error("the interaction is unknown, expired or already completed")]
    Expired,
    #[error("the form was not sent by a page of ours")]
    CrossSite,
    #[error("the form's anti-forgery token is not that of the interaction")]
    Forged,
    #[error(transparent)]
    Form(#[from] MalformedForm),
    #[error("too many sign-ins have begun on this network")]
    TooMany(SignedDuration),
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl InteractionError {
    /// The page that explains.
    pub(crate) fn respond(&self, server: &AuthorizationServer) -> Response {
        let problem = match self {
            Self::OtherBrowser | Self::CrossSite | Self::Forged => Problem::OtherBrowser,
            Self::Expired => Problem::RequestExpired,
            Self::Form(_) => Problem::RequestInvalid,
            Self::TooMany(_) => Problem::Crowded,
            Self::Outage(_) => Problem::Unavailable,
        };
        let mut response = problem::page(server, problem, &self.to_string());
        if let Self::TooMany(wait) = self {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(whole_seconds(*wait)));
        }
        response
    }
}

/// The user said no (RFC 6749 §4.1.2.1).
const DENIED: Refusal = Refusal { code: ErrorCode::AccessDenied, description: "the user denied the request" };

/// Answers a checked authorization request: at once where the user is `present` and has allowed it before, else by leading to a
/// page.
pub(crate) async fn enter(
    server: &AuthorizationServer,
    cookies: &Cookies,
    address: Option<ClientAddress>,
    request: &AuthorizeRequest<Checked>,
    pushed: Option<Spendable>,
    present: Option<(&Present, &Scope)>,
) -> Result<Response, InteractionError> {
    let page = match next::of_request(server, request, present, &Progress::default()) {
        Next::End(ending) => return end(server, ending, pushed).await,
        Next::Login => "login",
        Next::Consent(..) => "consent",
    };
    slow_down::begin_sign_in(server, address).await?.map_err(InteractionError::TooMany)?;
    lead(server, cookies, Written::Authorization(Box::new(request.record())), pushed, page, StatusCode::FOUND).await
}

/// Ends at once what needed no page.
async fn end(server: &AuthorizationServer, ending: Ending<'_>, pushed: Option<Spendable>) -> Result<Response, InteractionError> {
    // The request is used up last, so that an outage does not cost it. Whoever comes too late has made a code that nobody is told.
    let location = ending.location(server).await?;
    if let Some(pushed) = pushed
        && !pushed.spend(server, &server.opaque()).await?
    {
        return Err(InteractionError::Expired);
    }
    Ok(headers::redirect(StatusCode::FOUND, &location))
}

/// Begins an interaction and leads to its first page.
async fn lead(
    server: &AuthorizationServer,
    cookies: &Cookies,
    errand: Written,
    pushed: Option<Spendable>,
    page: &str,
    status: StatusCode,
) -> Result<Response, InteractionError> {
    let id = record::begin(server, cookies, errand, pushed).await?;
    Ok(headers::redirect(status, &server.url(&format!("/{page}/{id}"))))
}

/// Leads on from a page to whatever comes next.
async fn follow(
    server: &AuthorizationServer,
    cookies: &Cookies,
    open: &mut Open,
    next: Next<'_>,
    status: StatusCode,
) -> Result<Response, InteractionError> {
    let location = match next {
        Next::Login => server.url(&format!("/login/{}", open.id())),
        Next::Consent(..) => server.url(&format!("/consent/{}", open.id())),
        Next::End(ending) => ending::finish(server, cookies, open, ending).await?,
    };
    Ok(headers::redirect(status, &location))
}

/// Goes on with what the interaction is for, after its user has proved just now who they are.
async fn authenticated(
    server: &AuthorizationServer,
    cookies: &Cookies,
    open: &mut Open,
    present: &Present,
) -> Result<Response, InteractionError> {
    let authenticated_at = present.session.auth_time;
    if let Some(location) = open.note(server, |progress| progress.authenticated_at = Some(authenticated_at)).await? {
        return Ok(headers::redirect(StatusCode::SEE_OTHER, &location));
    }
    let errand = Arc::clone(&open.errand);
    let next = next::decide(server, &errand, Some(present), &open.pending.progress).await?;
    follow(server, cookies, open, next, StatusCode::SEE_OTHER).await
}

/// The sign-in `id` that is under way in this browser; none where it is over, or another browser's.
async fn under_way(server: &AuthorizationServer, cookies: &Cookies, id: &str) -> Result<Option<Box<Open>>, InteractionError> {
    match record::find(server, cookies, id).await {
        Ok(Found::Open(open)) => Ok(Some(open)),
        Ok(Found::Completed(_)) | Err(InteractionError::OtherBrowser | InteractionError::Expired) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Goes on with the sign-in `id`, whose user has proved elsewhere just now who they are; none where this browser has no such (any
/// more).
pub(crate) async fn go_on(
    server: &AuthorizationServer,
    cookies: &Cookies,
    id: &str,
    present: &Present,
) -> Result<Option<Response>, InteractionError> {
    let Some(mut open) = under_way(server, cookies, id).await? else { return Ok(None) };
    authenticated(server, cookies, &mut open, present).await.map(Some)
}

/// Where a form may lead after which the sign-in `id` goes on, beside our own pages.
pub(crate) async fn form_targets(
    server: &AuthorizationServer,
    cookies: &Cookies,
    id: &str,
) -> Result<Vec<String>, InteractionError> {
    let open = under_way(server, cookies, id).await?;
    Ok(open.map_or_else(Vec::new, |open| open.errand.form_targets().into_iter().map(str::to_owned).collect()))
}

/// Refuses a form that no page of ours sent, by what the browser says of it.
pub(crate) fn check_origin(server: &AuthorizationServer, headers: &HeaderMap) -> Result<(), InteractionError> {
    if fetch_metadata::is_same_origin(headers, server.origin()) { Ok(()) } else { Err(InteractionError::CrossSite) }
}

/// Refuses a form whose anti-forgery token is not the expected one.
pub(crate) fn check_token(form: &Parameters, expected: &str) -> Result<(), InteractionError> {
    let sent = form.get("csrf").unwrap_or_default();
    if bool::from(sent.as_bytes().ct_eq(expected.as_bytes())) { Ok(()) } else { Err(InteractionError::Forged) }
}
