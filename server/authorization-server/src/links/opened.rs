//! `/confirm`: where the link in a message leads.
//!
//! The token leaves the address at once: a cookie carries it on to `/confirm/{link}`, and the page there holds the form. Until that is
//! sent nothing is changed, so that whoever opens links on others' behalf (scanners, previews) opens no account and spends no link.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Extension, Path, RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use protocol::ClientAddress;
use protocol::secret::Password;
use protocol::wire::Parameters;
use tower_cookies::Cookies;
use user_database::{Account, Link, LinkPurpose};

use super::held::{self, Held};
use super::{CONFIRM, new_account, new_password, path_to, token};
use crate::account::notice;
use crate::credentials::{self, Attempt};
use crate::interaction::{InteractionError, check_origin, check_token};
use crate::outage::Outage;
use crate::pages::{Ask, LinkFault, Notice, SpentLinkPage};
use crate::session::Whence;
use crate::slow_down::{self, device, whole_seconds};
use crate::state::AuthorizationServer;
use crate::{form, headers, interaction, session};

/// How long a used link still goes on to where it led, for a form that was sent twice with the password that counts.
const REMEMBERED: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

/// Who sent a form.
#[derive(Clone, Copy)]
pub(super) struct From<'a> {
    pub(super) cookies: &'a Cookies,
    pub(super) address: Option<ClientAddress>,
    pub(super) headers: &'a HeaderMap,
}

/// What came of a form.
pub(super) enum Done {
    /// Its user may go on.
    SignedIn(Box<Account>, Notice),
    /// It is to be sent again.
    Again(LinkFault),
    /// The link cannot be used (any more).
    Spent,
}

/// `GET /confirm?token=…`: on to the page, without the token.
pub(crate) async fn enter(
    State(server): State<Arc<AuthorizationServer>>,
    cookies: Cookies,
    RawQuery(query): RawQuery,
) -> Response {
    let query = Parameters::parse(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let response = match query.get("token").and_then(token::read) {
        Some(token) => {
            let flow = token::flow(&token);
            held::keep(&server, &cookies, &flow, &token);
            headers::redirect(StatusCode::FOUND, &server.url(&format!("{CONFIRM}/{flow}")))
        }
        None => spent(&server),
    };
    headers::without_referrer(response)
}

/// `GET /confirm/{link}`: the form.
pub(crate) async fn get(State(server): State<Arc<AuthorizationServer>>, cookies: Cookies, Path(flow): Path<String>) -> Response {
    show(&server, &cookies, &flow).await.unwrap_or_else(|error| error.respond(&server))
}

/// `POST /confirm/{link}`: the form is sent.
pub(crate) async fn post(
    State(server): State<Arc<AuthorizationServer>>,
    cookies: Cookies,
    Path(flow): Path<String>,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let from = From { cookies: &cookies, address: address.map(|Extension(address)| address), headers: &headers };
    submit(&server, from, &flow, &body).await.unwrap_or_else(|error| error.respond(&server))
}

async fn show(server: &AuthorizationServer, cookies: &Cookies, flow: &str) -> Result<Response, InteractionError> {
    let Some(held) = held::find(server, cookies, flow).await?.filter(|held| held.link.used_at.is_none()) else {
        return Ok(spent(server));
    };
    page(server, cookies, &held, &Parameters::default(), None).await
}

async fn submit(server: &AuthorizationServer, from: From<'_>, flow: &str, body: &[u8]) -> Result<Response, InteractionError> {
    check_origin(server, from.headers)?;
    let form = form::read(from.headers, body)?;
    let Some(held) = held::find(server, from.cookies, flow).await? else { return Ok(spent(server)) };
    check_token(&form, &held.csrf())?;
    match take(server, from, &held, &form).await? {
        Done::Spent => Ok(spent(server)),
        Done::Again(fault) => page(server, from.cookies, &held, &form, Some(fault)).await,
        Done::SignedIn(account, notice) => sign_in(server, from, &held, *account, notice).await,
    }
}

/// Does what the link is for. A link that another form has used in the same moment goes on for whoever knows the password that
/// counts: the user pressed twice, or the answer was lost.
async fn take(server: &AuthorizationServer, from: From<'_>, held: &Held, form: &Parameters) -> Result<Done, Outage> {
    if let Some(used_at) = held.link.used_at {
        return sent_twice(server, from, &held.link, used_at, form).await;
    }
    if let Err(wait) = slow_down::take_for_link(server, &held.link.digest).await? {
        return Ok(Done::Again(LinkFault::TooMany { seconds: whole_seconds(wait) }));
    }
    let done = match held.link.purpose {
        LinkPurpose::SignUp => new_account::submit(server, from, &held.link, form).await?,
        LinkPurpose::PasswordReset => new_password::submit(server, from, &held.link, form).await?,
    };
    if !matches!(done, Done::Spent) {
        return Ok(done);
    }
    match server.boxes.links.find(&held.link.digest, server.now()).await? {
        Some(Link { used_at: Some(used_at), .. }) => sent_twice(server, from, &held.link, used_at, form).await,
        _ => Ok(Done::Spent),
    }
}

async fn sent_twice(
    server: &AuthorizationServer,
    from: From<'_>,
    link: &Link,
    used_at: jiff::Timestamp,
    form: &Parameters,
) -> Result<Done, Outage> {
    if server.now().duration_since(used_at) > REMEMBERED {
        return Ok(Done::Spent);
    }
    let Some(account) = server.boxes.accounts.by_subject(link.subject).await? else { return Ok(Done::Spent) };
    let name = account.username.clone();
    let attempt = Attempt { name: &name, account: Some(account), cookies: from.cookies, address: from.address, client_id: None };
    let password = Password::new(form.get("new-password").unwrap_or_default());
    let proved = credentials::prove(server, attempt, password).await?;
    Ok(proved.map_or(Done::Spent, |account| Done::SignedIn(Box::new(account), notice_of(link))))
}

fn notice_of(link: &Link) -> Notice {
    match link.purpose {
        LinkPurpose::SignUp => Notice::AccountOpened,
        LinkPurpose::PasswordReset => Notice::PasswordReset,
    }
}

/// Begins a session, and goes on with the sign-in that is under way in this browser, else to the account page.
async fn sign_in(
    server: &AuthorizationServer,
    from: From<'_>,
    held: &Held,
    account: Account,
    notice: Notice,
) -> Result<Response, InteractionError> {
    let cookies = from.cookies;
    let present = session::begin(server, cookies, account, Whence::of(from.headers, from.address)).await?;
    device::remember(server, cookies, present.session.subject);
    let gone_on = match &held.link.sign_in {
        Some(id) => interaction::go_on(server, cookies, id, &present).await?,
        None => None,
    };
    held.forget(cookies);
    Ok(gone_on.unwrap_or_else(|| {
        notice::leave(cookies, notice);
        headers::redirect(StatusCode::SEE_OTHER, &server.url("/account"))
    }))
}

async fn page(
    server: &AuthorizationServer,
    cookies: &Cookies,
    held: &Held,
    form: &Parameters,
    fault: Option<LinkFault>,
) -> Result<Response, InteractionError> {
    let html = match held.link.purpose {
        LinkPurpose::SignUp => new_account::page(server, held, form, fault).await?,
        LinkPurpose::PasswordReset => new_password::page(server, held, fault).await?,
    };
    let Some(html) = html else { return Ok(spent(server)) };
    let targets = match &held.link.sign_in {
        Some(id) => interaction::form_targets(server, cookies, id).await?,
        None => Vec::new(),
    };
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    let mut response = headers::page(fault.map_or(StatusCode::OK, status), html, &targets);
    if let Some(LinkFault::TooMany { seconds }) = fault {
        response.headers_mut().insert(http::header::RETRY_AFTER, http::HeaderValue::from(seconds));
    }
    Ok(response)
}

fn status(fault: LinkFault) -> StatusCode {
    match fault {
        LinkFault::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// One page for every link that cannot be used, whatever the reason.
fn spent(server: &AuthorizationServer) -> Response {
    let html = server.boxes.pages.spent_link(&SpentLinkPage {
        sign_up: path_to(server, Ask::SignUp, None),
        password_reset: path_to(server, Ask::PasswordReset, None),
        account: server.path("/account"),
    });
    headers::page(StatusCode::GONE, html, &[])
}
