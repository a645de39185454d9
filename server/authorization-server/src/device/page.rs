//! `/device`: where a user enters the code that their device shows (RFC 8628 §3.3).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Extension, RawQuery, State};
use axum::response::Response;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, StatusCode};
use protocol::ClientAddress;
use protocol::seal::handle;
use protocol::wire::Parameters;
use tower_cookies::Cookies;

use super::consent;
use super::entry;
use super::user_code::UserCode;
use crate::form::{self, MalformedForm};
use crate::headers;
use crate::interaction::{InteractionError, OwnPage, check_origin, check_token};
use crate::pages::{UserCodeFault, UserCodePage};
use crate::session::{self, Present};
use crate::state::AuthorizationServer;

/// Of what cannot be a code, no more than this is shown again, in characters.
const LONGEST: usize = 32;

/// `GET`: the page; with the code filled in where the address brings one (RFC 8628 §3.3.1), which is still to be compared.
pub(crate) async fn get(State(server): State<Arc<AuthorizationServer>>, cookies: Cookies, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    show(&server, &cookies, &query).await.unwrap_or_else(|error| error.respond(&server))
}

/// `POST`: the code.
pub(crate) async fn post(
    State(server): State<Arc<AuthorizationServer>>,
    cookies: Cookies,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let sent = Sent { cookies: &cookies, address: address.map(|Extension(address)| address), headers: &headers, body: &body };
    submit(&server, &sent).await.unwrap_or_else(|error| error.respond(&server))
}

/// A form, and who sent it.
pub(super) struct Sent<'a> {
    pub(super) cookies: &'a Cookies,
    pub(super) address: Option<ClientAddress>,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

/// What was typed, and the code that it is.
pub(super) struct Typed {
    pub(super) code: Option<UserCode>,
    text: String,
}

impl Typed {
    fn of(parameters: &Parameters) -> Self {
        let text = parameters.get("user_code").unwrap_or_default();
        Self { code: UserCode::read(text), text: text.chars().take(LONGEST).collect() }
    }

    /// As it is shown again.
    fn shown(&self) -> String {
        self.code.as_ref().map_or_else(|| self.text.clone(), UserCode::shown)
    }
}

/// A form of somebody who is signed in.
pub(super) struct Read {
    pub(super) form: Parameters,
    pub(super) typed: Typed,
    pub(super) present: Present,
}

/// Reads a form that a page of ours sent; an answer where its user is no longer signed in, and comes back with their code.
pub(super) async fn read(server: &AuthorizationServer, sent: &Sent<'_>) -> Result<Result<Read, Response>, InteractionError> {
    check_origin(server, sent.headers)?;
    let form = form::read(sent.headers, sent.body)?;
    let typed = Typed::of(&form);
    match session::present(server, sent.cookies).await? {
        Some(present) => Ok(Ok(Read { form, typed, present })),
        None => Ok(Err(sign_in(server, sent.cookies, typed, StatusCode::SEE_OTHER).await?)),
    }
}

async fn sign_in(
    server: &AuthorizationServer,
    cookies: &Cookies,
    typed: Typed,
    status: StatusCode,
) -> Result<Response, InteractionError> {
    OwnPage::Device { user_code: typed.code }.after_login(server, cookies, status).await
}

async fn show(server: &AuthorizationServer, cookies: &Cookies, query: &str) -> Result<Response, InteractionError> {
    let typed = Typed::of(&Parameters::parse(query.as_bytes()).map_err(MalformedForm::from)?);
    match session::present(server, cookies).await? {
        Some(present) => Ok(page(server, &present, &typed, None)),
        None => sign_in(server, cookies, typed, StatusCode::FOUND).await,
    }
}

async fn submit(server: &AuthorizationServer, sent: &Sent<'_>) -> Result<Response, InteractionError> {
    let Read { form, typed, present } = match read(server, sent).await? {
        Ok(read) => read,
        Err(elsewhere) => return Ok(elsewhere),
    };
    if check_token(&form, &csrf(&present)).is_err() {
        return Ok(page(server, &present, &typed, Some(UserCodeFault::Stale)));
    }
    match entry::find(server, &present, sent.address, typed.code.as_ref()).await? {
        Ok(device) => Ok(consent::page(server, &present, &device)),
        Err(fault) => Ok(page(server, &present, &typed, Some(fault))),
    }
}

fn csrf(present: &Present) -> String {
    handle("csrf:user-code", &present.ticket)
}

fn status(fault: UserCodeFault) -> StatusCode {
    match fault {
        UserCodeFault::Unknown => StatusCode::UNPROCESSABLE_ENTITY,
        UserCodeFault::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
        UserCodeFault::Stale => StatusCode::FORBIDDEN,
    }
}

/// The page, with what was typed before.
pub(super) fn page(server: &AuthorizationServer, present: &Present, typed: &Typed, fault: Option<UserCodeFault>) -> Response {
    let html = server.boxes.pages.user_code(&UserCodePage {
        action: server.path("/device"),
        csrf: csrf(present),
        user_code: typed.shown(),
        fault,
        user_name: present.account.name.clone(),
        user_email: present.account.email.clone(),
    });
    let mut response = headers::page(fault.map_or(StatusCode::OK, status), html, &[]);
    if let Some(UserCodeFault::TooMany { seconds }) = fault {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
