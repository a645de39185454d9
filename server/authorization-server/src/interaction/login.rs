//! `/login/{interaction}`: who is it?

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::response::Response;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, StatusCode};
use protocol::flow::{Shown, tell};
use protocol::seal::handle;
use protocol::secret::{Password, Ticket};
use protocol::wire::Parameters;
use protocol::{ClientAddress, Exchange};
use tower_cookies::Cookies;
use tracing::Instrument as _;
use user_database::Account;

use super::ending;
use super::next::{self, Next};
use super::record::{self, Found, Open};
use super::{InteractionError, authenticated, check_origin, check_token, follow};
use crate::credentials::{self, Attempt};
use crate::outage::Outage;
use crate::pages::{Ask, LoginFault, LoginPage};
use crate::session::Whence;
use crate::slow_down::device;
use crate::state::AuthorizationServer;
use crate::{exchange, form, headers, links, session};

/// Longer than any name or e-mail address, in bytes.
const LONGEST_USERNAME: usize = 256;

/// `GET`: the page, or straight on where it is not needed (any more).
pub(crate) async fn get(State(server): State<Arc<AuthorizationServer>>, cookies: Cookies, Path(id): Path<String>) -> Response {
    let (show, asked) = (show(&server, &cookies, &id), ("GET", server.url("/login")));
    exchange::answered(Exchange::AuthorizationRequest, asked, show, |error| error.respond(&server)).await
}

/// `POST`: the credentials, or no.
pub(crate) async fn post(
    State(server): State<Arc<AuthorizationServer>>,
    cookies: Cookies,
    Path(id): Path<String>,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let from = From { cookies: &cookies, address: address.map(|Extension(address)| address), headers: &headers };
    let (submit, asked) = (submit(&server, &from, &id, &body), ("POST", server.url("/login")));
    exchange::answered(Exchange::AuthorizationRequest, asked, submit, |error| error.respond(&server)).await
}

/// Who sent the form.
struct From<'a> {
    cookies: &'a Cookies,
    address: Option<ClientAddress>,
    headers: &'a HeaderMap,
}

async fn show(server: &AuthorizationServer, cookies: &Cookies, id: &str) -> Result<Response, InteractionError> {
    let mut open = match record::find(server, cookies, id).await? {
        Found::Completed(location) => return Ok(headers::redirect(StatusCode::FOUND, &location)),
        Found::Open(open) => open,
    };
    let (present, errand) = (session::present(server, cookies).await?, Arc::clone(&open.errand));
    match next::decide(server, &errand, present.as_ref(), &open.pending.progress).await? {
        Next::Login => Ok(page(server, &open, errand.login_hint().unwrap_or_default(), StatusCode::OK, None)),
        next => follow(server, cookies, &mut open, next, StatusCode::FOUND).await,
    }
}

async fn submit(server: &AuthorizationServer, from: &From<'_>, id: &str, body: &[u8]) -> Result<Response, InteractionError> {
    let &From { cookies, headers, .. } = from;
    check_origin(server, headers)?;
    let form = form::read(headers, body)?;
    let mut open = match record::find(server, cookies, id).await? {
        Found::Completed(location) => return Ok(headers::redirect(StatusCode::SEE_OTHER, &location)),
        Found::Open(open) => open,
    };
    check_token(&form, &csrf(&open.ticket))?;
    let errand = Arc::clone(&open.errand);
    tell(|told| {
        told.plain("button", form::pressed(&form)).with("username", Shown::Kept { kind: "name".to_owned(), length: None });
        told.with("password", Password::new(form.get("password").unwrap_or_default()).shown());
    });
    if form::pressed(&form) == "deny" {
        let location = ending::finish(server, cookies, &mut open, errand.denied()).await?;
        return Ok(headers::redirect(StatusCode::SEE_OTHER, &location));
    }
    let username = form.get("username").unwrap_or_default().trim();
    let account = authenticate(server, from, &open, username, &form).await?;
    let account = match account {
        Ok(account) => account,
        Err(fault) => {
            let username = username.chars().take(LONGEST_USERNAME).collect();
            return Ok(page(server, &open, username, credentials::status(fault), Some(fault)));
        }
    };
    let present = session::begin(server, cookies, account, Whence::of(headers, from.address)).await?;
    device::remember(server, cookies, present.session.subject);
    authenticated(server, cookies, &mut open, &present).await
}

/// The account whose password this is. An unknown user, a wrong and an empty password take the same time and end alike, and are
/// slowed down alike.
async fn authenticate(
    server: &AuthorizationServer,
    from: &From<'_>,
    open: &Open,
    username: &str,
    form: &Parameters,
) -> Result<Result<Account, LoginFault>, Outage> {
    let password = Password::new(form.get("password").unwrap_or_default());
    let plausible = !username.contains(char::is_control) && username.len() <= LONGEST_USERNAME;
    let username = if plausible { username } else { "" };
    let found = server.boxes.accounts.by_login(username);
    let account = found.instrument(exchange::records("the account by its name, read")).await?;
    let client_id = open.errand.client_id();
    let attempt = Attempt { name: username, account, cookies: from.cookies, address: from.address, client_id };
    credentials::prove(server, attempt, password).await
}

fn csrf(ticket: &Ticket) -> String {
    handle("csrf", ticket)
}

fn page(server: &AuthorizationServer, open: &Open, username: String, status: StatusCode, fault: Option<LoginFault>) -> Response {
    let demo = &server.settings.demo_accounts;
    let html = server.boxes.pages.login(&LoginPage {
        action: server.path(&format!("/login/{}", open.id())),
        csrf: csrf(&open.ticket),
        leads_to: open.errand.leads_to(),
        username,
        fault,
        demo_accounts: demo.iter().map(|account| (account.username.clone(), account.password.clone())).collect(),
        sign_up: links::path_to(server, Ask::SignUp, Some(open.id())),
        password_reset: links::path_to(server, Ask::PasswordReset, Some(open.id())),
    });
    let mut response = headers::page(status, html, &open.errand.form_targets());
    if let Some(LoginFault::TooMany { seconds }) = fault {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
