//! `/authorize`: the authorization endpoint (RFC 6749 §3.1, OpenID Connect Core §3.1.2).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Extension, RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use protocol::flow::tell;
use protocol::wire::{Duplicate, Parameters};
use protocol::{ClientAddress, ErrorCode, Exchange};
use tower_cookies::Cookies;

use crate::form::{self, MalformedForm};
use crate::interaction::InteractionError;
use crate::outage::Outage;
use crate::pages::Problem;
use crate::state::AuthorizationServer;
use crate::{exchange, headers, interaction, problem, pushed, session};

mod checks;
mod request;

pub(crate) use checks::Refusal;
pub(crate) use checks::prompt::PROMPTS;
pub(crate) use request::{AuthorizeRequest, Checked, Record, ReturnAddress, with_query};

/// The parameters by which a client is told what is wrong with its request.
const TELLING: [&str; 4] = ["client_id", "redirect_uri", "state", "response_mode"];
/// RFC 6749 §4.1.2.1.
const DOUBLED: Refusal = Refusal { code: ErrorCode::InvalidRequest, description: "a parameter came more than once" };

/// A longer form cannot be carried over into a URL, in bytes.
const LONGEST_QUERY: usize = 16 * 1024;

/// Why nobody can be sent back: the client or the redirect URI is not right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Distrusted {
    #[error("client_id is missing")]
    NoClient,
    #[error("client_id names no client")]
    UnknownClient,
    #[error("redirect_uri is missing")]
    NoRedirectUri,
    #[error("redirect_uri is not registered for the client")]
    UnknownRedirectUri,
}

/// A check said no, and the client may be told.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) address: ReturnAddress,
    pub(crate) refusal: Refusal,
}

/// Why `/authorize` does not go on.
#[derive(Debug, thiserror::Error)]
enum AuthorizeError {
    #[error(transparent)]
    Distrusted(#[from] Distrusted),
    #[error(transparent)]
    Duplicate(#[from] Duplicate),
    #[error(transparent)]
    Form(#[from] MalformedForm),
    #[error("the form is too long to be carried over")]
    TooLong,
    #[error("the pushed request is unknown, expired or already completed")]
    Expired,
    #[error("the pushed request is another client's")]
    OtherClient,
    #[error("{}", .0.refusal)]
    Refused(Box<Refused>),
    #[error(transparent)]
    Interaction(#[from] InteractionError),
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl AuthorizeError {
    fn respond(self, server: &AuthorizationServer) -> Response {
        let cause = self.to_string();
        match self {
            Self::Refused(refused) => {
                tracing::info!(cause, "an authorization request was refused");
                headers::redirect(StatusCode::FOUND, &refused.address.refusal(server.issuer(), refused.refusal))
            }
            Self::Expired => problem::page(server, Problem::RequestExpired, &cause),
            Self::Outage(_) => problem::page(server, Problem::Unavailable, &cause),
            Self::Interaction(error) => error.respond(server),
            Self::Distrusted(_) | Self::Duplicate(_) | Self::Form(_) | Self::TooLong | Self::OtherClient => {
                problem::page(server, Problem::RequestInvalid, &cause)
            }
        }
    }
}

/// `GET /authorize`.
pub(crate) async fn get(
    State(server): State<Arc<AuthorizationServer>>,
    address: Option<Extension<ClientAddress>>,
    cookies: Cookies,
    RawQuery(query): RawQuery,
) -> Response {
    let address = address.map(|Extension(address)| address);
    let answer = async {
        let query = query.as_deref().unwrap_or_default();
        tell(|told| {
            told.form(query.as_bytes());
        });
        answer(&server, &cookies, address, query).await
    };
    let asked = ("GET", server.url("/authorize"));
    exchange::answered(Exchange::AuthorizationRequest, asked, answer, |error| error.respond(&server)).await
}

/// `POST /authorize`: the same as a GET (OpenID Connect Core §3.1.2.1). The browser is asked to come again by GET, since with a
/// form of another site it does not send the cookie of the provider's session.
pub(crate) async fn post(State(server): State<Arc<AuthorizationServer>>, headers: HeaderMap, body: Bytes) -> Response {
    again(&server, &headers, &body).unwrap_or_else(|error| error.respond(&server))
}

fn again(server: &AuthorizationServer, headers: &HeaderMap, body: &[u8]) -> Result<Response, AuthorizeError> {
    match form::read(headers, body) {
        // It is told at the GET.
        Err(MalformedForm::Duplicate(Duplicate(name))) if !TELLING.contains(&name.as_str()) => {}
        read => drop(read?),
    }
    let query = std::str::from_utf8(body).ok().filter(|query| query.bytes().all(|byte| (0x21..=0x7e).contains(&byte)));
    let query = query.filter(|query| query.len() <= LONGEST_QUERY).ok_or(AuthorizeError::TooLong)?;
    Ok(headers::redirect(StatusCode::SEE_OTHER, &server.url(&format!("/authorize?{}", query.replace('#', "%23")))))
}

async fn answer(
    server: &AuthorizationServer,
    cookies: &Cookies,
    address: Option<ClientAddress>,
    query: &str,
) -> Result<Response, AuthorizeError> {
    let parameters = match Parameters::parse(query.as_bytes()) {
        Ok(parameters) => parameters,
        Err(duplicate) => return Err(doubled(server, query, duplicate).await?),
    };
    let (request, pushed) = if let Some(uri) = parameters.owned("request_uri").filter(|uri| uri.starts_with(pushed::URN)) {
        (brought(server, &parameters, &uri).await?, Some(pushed::Spendable::of(&uri)))
    } else {
        if let Some(hint) = parameters.get("id_token_hint") {
            server.keys.acquaint(hint).await?;
        }
        let request = AuthorizeRequest::plain(&server.clients, parameters).await??;
        (request.check(server).map_err(|refused| AuthorizeError::Refused(Box::new(refused)))?, None)
    };
    let present = session::present_to(server, cookies, &request.client).await?;
    let present = present.as_ref().map(|(present, allowed)| (present, allowed));
    Ok(interaction::enter(server, cookies, address, &request, pushed, present).await?)
}

/// How it is told that a parameter came more than once: to the client, unless it is one of those by which the client is told.
async fn doubled(server: &AuthorizationServer, query: &str, duplicate: Duplicate) -> Result<AuthorizeError, AuthorizeError> {
    let (parameters, doubled) = Parameters::singles(query.as_bytes());
    if TELLING.iter().any(|name| doubled.contains(*name)) {
        return Ok(duplicate.into());
    }
    let request = AuthorizeRequest::plain(&server.clients, parameters).await??;
    Ok(AuthorizeError::Refused(Box::new(request.refuse(DOUBLED))))
}

/// The pushed request that the browser brings; it was checked when it was pushed, and is bound to its client (RFC 9126 §2.2).
async fn brought(
    server: &AuthorizationServer,
    parameters: &Parameters,
    request_uri: &str,
) -> Result<AuthorizeRequest<Checked>, AuthorizeError> {
    let record = pushed::load(server, request_uri).await?.ok_or(AuthorizeError::Expired)?;
    if parameters.get("client_id").ok_or(Distrusted::NoClient)? != record.client_id {
        return Err(AuthorizeError::OtherClient);
    }
    Ok(AuthorizeRequest::restore(&server.clients, record).await?.ok_or(Distrusted::UnknownClient)?)
}
