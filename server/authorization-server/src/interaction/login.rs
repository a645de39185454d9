//! `/login/{interaction}`: who is it?

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use protocol::Exchange;
use protocol::seal::handle;
use protocol::secret::{Password, Ticket};
use protocol::wire::Parameters;
use queue::Event;
use tower_cookies::Cookies;
use tracing::Instrument as _;
use user_database::Account;

use super::ending::{self, Ending};
use super::next::{self, Next};
use super::record::{self, Found, Open};
use super::{DENIED, InteractionError, check_origin, check_token, follow};
use crate::outage::Outage;
use crate::pages::{LoginFault, LoginPage};
use crate::state::AuthorizationServer;
use crate::{exchange, form, headers, session};

/// How many passwords may be tried in one interaction.
const ATTEMPTS: u32 = 10;
/// Longer than any name or e-mail address, in bytes.
const LONGEST_USERNAME: usize = 256;

/// `GET`: the page, or straight on where it is not needed (any more).
pub(crate) async fn get(State(server): State<Arc<AuthorizationServer>>, cookies: Cookies, Path(id): Path<String>) -> Response {
    let show = show(&server, &cookies, &id).instrument(exchange::span(Exchange::AuthorizationRequest));
    show.await.unwrap_or_else(|error| error.respond(&server))
}

/// `POST`: the credentials, or no.
pub(crate) async fn post(
    State(server): State<Arc<AuthorizationServer>>,
    cookies: Cookies,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let submit = submit(&server, &cookies, &id, &headers, &body).instrument(exchange::span(Exchange::AuthorizationRequest));
    submit.await.unwrap_or_else(|error| error.respond(&server))
}

async fn show(server: &AuthorizationServer, cookies: &Cookies, id: &str) -> Result<Response, InteractionError> {
    let mut open = match record::find(server, cookies, id).await? {
        Found::Completed(location) => return Ok(headers::redirect(StatusCode::FOUND, &location)),
        Found::Open(open) => open,
    };
    let present = session::present(server, cookies).await?;
    match next::decide(server, &open.request, present.as_ref(), &open.pending.progress).await? {
        Next::Login => {
            let username = open.request.demand().login_hint.clone().unwrap_or_default();
            Ok(page(server, &open, username, StatusCode::OK, None))
        }
        next => follow(server, cookies, &mut open, next, StatusCode::FOUND).await,
    }
}

async fn submit(
    server: &AuthorizationServer,
    cookies: &Cookies,
    id: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Response, InteractionError> {
    check_origin(server, headers)?;
    let form = form::read(headers, body)?;
    let mut open = match record::find(server, cookies, id).await? {
        Found::Completed(location) => return Ok(headers::redirect(StatusCode::SEE_OTHER, &location)),
        Found::Open(open) => open,
    };
    check_token(&form, &csrf(&open.ticket))?;
    if form::pressed(&form) == "deny" {
        let location = ending::finish(server, cookies, &mut open, Ending::Refusal(DENIED)).await?;
        return Ok(headers::redirect(StatusCode::SEE_OTHER, &location));
    }
    // Counted before the password is looked at, so that guesses sent all at once are counted too.
    if let Some(location) = open.note(server, |progress| progress.attempts = progress.attempts.saturating_add(1)).await? {
        return Ok(headers::redirect(StatusCode::SEE_OTHER, &location));
    }
    let username = form.get("username").unwrap_or_default().trim();
    let account = if open.pending.progress.attempts > ATTEMPTS {
        Err(LoginFault::TooMany)
    } else {
        authenticate(server, &open, username, &form).await?
    };
    let account = match account {
        Ok(account) => account,
        Err(fault) => {
            let username = username.chars().take(LONGEST_USERNAME).collect();
            return Ok(page(server, &open, username, status(fault), Some(fault)));
        }
    };
    let present = session::begin(server, cookies, account).await?;
    let authenticated_at = present.session.auth_time;
    if let Some(location) = open.note(server, |progress| progress.authenticated_at = Some(authenticated_at)).await? {
        return Ok(headers::redirect(StatusCode::SEE_OTHER, &location));
    }
    let next = next::decide(server, &open.request, Some(&present), &open.pending.progress).await?;
    follow(server, cookies, &mut open, next, StatusCode::SEE_OTHER).await
}

/// Not 401, which would have to name an HTTP authentication scheme; 422 makes browsers and password managers see a refused form.
fn status(fault: LoginFault) -> StatusCode {
    match fault {
        LoginFault::Credentials => StatusCode::UNPROCESSABLE_ENTITY,
        LoginFault::TooMany => StatusCode::TOO_MANY_REQUESTS,
    }
}

/// The account whose password this is. An unknown user, a wrong and an empty password take the same time and end alike.
async fn authenticate(
    server: &AuthorizationServer,
    open: &Open,
    username: &str,
    form: &Parameters,
) -> Result<Result<Account, LoginFault>, Outage> {
    let password = Password::new(form.get("password").unwrap_or_default());
    let plausible = !username.contains(char::is_control) && username.len() <= LONGEST_USERNAME;
    let username = if plausible { username } else { "" };
    let found = server.boxes.accounts.by_login(username);
    let account = found.instrument(exchange::span(Exchange::AccountAndConsentRecords)).await?;
    let phc = account.as_ref().map(|account| account.password_hash.clone());
    let Ok(fits) = server.passwords.verify(password, phc).await else { return Ok(Err(LoginFault::TooMany)) };
    let subject = account.as_ref().map(|account| account.subject.to_string());
    if let Some(account) = account.filter(|account| fits && !account.disabled) {
        return Ok(Ok(account));
    }
    let client_id = open.request.client.client_id.clone();
    server.tell(Event::SignInFailed { subject, client_id }).await?;
    Ok(Err(LoginFault::Credentials))
}

fn csrf(ticket: &Ticket) -> String {
    handle("csrf", ticket)
}

fn page(server: &AuthorizationServer, open: &Open, username: String, status: StatusCode, fault: Option<LoginFault>) -> Response {
    let demo = &server.settings.demo_accounts;
    let html = server.boxes.pages.login(&LoginPage {
        action: server.path(&format!("/login/{}", open.id())),
        csrf: csrf(&open.ticket),
        client_name: open.request.client.name.clone(),
        username,
        fault,
        demo_accounts: demo.iter().map(|account| (account.username.clone(), account.password.clone())).collect(),
    });
    headers::page(status, html, &[&open.request.address.redirect_uri])
}
