//! `/account`: where users look after their account. Its forms are a table, a file each; to add one, add a file and a line.
//!
//! Every form is bound to the session: its anti-forgery token is made from the ticket, and it must come from a page of ours.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::response::Response;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, StatusCode};
use protocol::ClientAddress;
use protocol::seal::handle;
use protocol::secret::Ticket;
use protocol::wire::Parameters;
use tower_cookies::Cookies;

use crate::interaction::{InteractionError, OwnPage, check_origin, check_token};
use crate::outage::Outage;
use crate::pages::{AccountFault, AccountPage, Device, Notice};
use crate::session::{self, Present};
use crate::state::AuthorizationServer;
use crate::{form, headers, home};

mod activity;
mod applications;
mod devices;
mod name;
pub(crate) mod notice;
mod password;

/// A form of the page: the last part of its path, and what it does.
struct Form {
    name: &'static str,
    submit: for<'a> fn(Sent<'a>) -> Done<'a>,
}

static FORMS: [Form; 4] = [
    Form { name: "name", submit: name::submit },
    Form { name: "password", submit: password::submit },
    Form { name: "devices", submit: devices::submit },
    Form { name: "applications", submit: applications::submit },
];

/// What a form was sent with, and by whom.
#[derive(Clone, Copy)]
struct Sent<'a> {
    server: &'a AuthorizationServer,
    cookies: &'a Cookies,
    headers: &'a HeaderMap,
    address: Option<ClientAddress>,
    present: &'a Present,
    form: &'a Parameters,
}

/// What a form has done, in time; nothing where there was nothing to do.
type Done<'a> = Pin<Box<dyn Future<Output = Result<Result<Option<Notice>, AccountFault>, Outage>> + Send + 'a>>;

/// `GET`: the page; by way of the login where nobody is signed in.
pub(crate) async fn get(State(server): State<Arc<AuthorizationServer>>, cookies: Cookies) -> Response {
    show(&server, &cookies).await.unwrap_or_else(|error| error.respond(&server))
}

/// `POST`: one of its forms.
pub(crate) async fn post(
    State(server): State<Arc<AuthorizationServer>>,
    cookies: Cookies,
    Path(name): Path<String>,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(form) = FORMS.iter().find(|form| form.name == name) else { return home::not_found(State(server)).await };
    let address = address.map(|Extension(address)| address);
    let submit = submit(&server, &cookies, form, address, &headers, &body).await;
    submit.unwrap_or_else(|error| error.respond(&server))
}

async fn show(server: &AuthorizationServer, cookies: &Cookies) -> Result<Response, InteractionError> {
    match session::present(server, cookies).await? {
        None => OwnPage::Account.after_login(server, cookies, StatusCode::FOUND).await,
        Some(present) => {
            let html = render(server, &present, notice::take(cookies), None).await?;
            Ok(headers::page(StatusCode::OK, html, &[]))
        }
    }
}

async fn submit(
    server: &AuthorizationServer,
    cookies: &Cookies,
    form: &Form,
    address: Option<ClientAddress>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Response, InteractionError> {
    check_origin(server, headers)?;
    let parameters = form::read(headers, body)?;
    let Some(present) = session::present(server, cookies).await? else {
        return OwnPage::Account.after_login(server, cookies, StatusCode::SEE_OTHER).await;
    };
    check_token(&parameters, &csrf(&present.ticket))?;
    let sent = Sent { server, cookies, headers, address, present: &present, form: &parameters };
    match (form.submit)(sent).await? {
        Ok(done) => {
            if let Some(done) = done {
                notice::leave(cookies, done);
            }
            Ok(headers::redirect(StatusCode::SEE_OTHER, &server.url("/account")))
        }
        Err(fault) => {
            let html = render(server, &present, None, Some(fault)).await?;
            let mut response = headers::page(status(fault), html, &[]);
            if let AccountFault::TooMany { seconds } = fault {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
            }
            Ok(response)
        }
    }
}

fn status(fault: AccountFault) -> StatusCode {
    match fault {
        AccountFault::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

fn csrf(ticket: &Ticket) -> String {
    handle("csrf:account", ticket)
}

async fn render(
    server: &AuthorizationServer,
    present: &Present,
    notice: Option<Notice>,
    fault: Option<AccountFault>,
) -> Result<String, Outage> {
    let account = &present.account;
    let devices = session::of_account(server, account).await?.into_iter().map(|entry| Device {
        current: entry.sid == present.session.sid,
        id: entry.sid,
        user_agent: entry.user_agent,
        address: entry.address,
        since: entry.began_at,
    });
    Ok(server.boxes.pages.account(&AccountPage {
        action: server.path("/account"),
        csrf: csrf(&present.ticket),
        sign_out: server.path("/end_session"),
        username: account.username.clone(),
        name: account.name.clone(),
        email: account.email.clone(),
        email_verified: account.email_verified,
        devices: devices.collect(),
        applications: applications::connected(server, account.subject).await?,
        activity: activity::recent(server, account.subject).await?,
        now: server.now(),
        notice,
        fault,
    }))
}
