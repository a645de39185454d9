//! `/sign-up` and `/reset-password`: whoever asks says which mailbox is to be written to.
//!
//! The answer is one and the same for every address, after the same work: the request is counted and handed to the Queue (attack 45).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Extension, RawQuery, State};
use axum::response::Response;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, StatusCode};
use protocol::ClientAddress;
use protocol::seal::handle;
use protocol::secret::Ticket;
use protocol::wire::Parameters;
use queue::Event;
use queue::mailer::is_address;
use tower_cookies::Cookies;

use super::{path, token, with_sign_in};
use crate::form::{self, MalformedForm};
use crate::interaction::{InteractionError, check_origin, check_token};
use crate::pages::{Ask, AskFault, AskPage, SentPage};
use crate::session::Whence;
use crate::slow_down::{self, whole_seconds};
use crate::state::AuthorizationServer;
use crate::{headers, session};

/// What binds the form to this browser before anybody is known in it.
const COOKIE: &str = "__Host-visitor";
/// Of what is no address, no more than this is shown again, in characters.
const LONGEST: usize = 254;

/// `GET`: the page.
pub(crate) async fn get(
    State(server): State<Arc<AuthorizationServer>>,
    Extension(ask): Extension<Ask>,
    cookies: Cookies,
    RawQuery(query): RawQuery,
) -> Response {
    match sign_in_of(query) {
        Ok(sign_in) => page(&server, ask, &cookies, sign_in, "", None),
        Err(error) => InteractionError::from(error).respond(&server),
    }
}

/// `POST`: the address.
pub(crate) async fn post(
    State(server): State<Arc<AuthorizationServer>>,
    Extension(ask): Extension<Ask>,
    cookies: Cookies,
    address: Option<Extension<ClientAddress>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let address = address.map(|Extension(address)| address);
    let submit = submit(&server, ask, &cookies, address, &headers, &body);
    submit.await.unwrap_or_else(|error| error.respond(&server))
}

/// `GET …/sent`: the page after that.
pub(crate) async fn sent(
    State(server): State<Arc<AuthorizationServer>>,
    Extension(ask): Extension<Ask>,
    RawQuery(query): RawQuery,
) -> Response {
    match sign_in_of(query) {
        Ok(sign_in) => {
            let html = server.boxes.pages.sent(&SentPage {
                ask,
                minutes: server.settings.lifetimes.link.as_mins().unsigned_abs(),
                again: server.path(&with_sign_in(path(ask), sign_in.as_deref())),
                back: back(&server, sign_in.as_deref()),
            });
            headers::page(StatusCode::OK, html, &[])
        }
        Err(error) => InteractionError::from(error).respond(&server),
    }
}

async fn submit(
    server: &AuthorizationServer,
    ask: Ask,
    cookies: &Cookies,
    address: Option<ClientAddress>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Response, InteractionError> {
    check_origin(server, headers)?;
    let form = form::read(headers, body)?;
    let sign_in = sign_in(&form);
    let email = form.get("email").unwrap_or_default().trim();
    let again = |fault| Ok(page(server, ask, cookies, sign_in.clone(), email, Some(fault)));
    if visitor(cookies).is_none_or(|ticket| check_token(&form, &csrf(ask, &ticket)).is_err()) {
        return again(AskFault::Stale);
    }
    if !is_address(email) {
        return again(AskFault::Email);
    }
    let turn = match slow_down::take_for_message(server, email, address).await? {
        Ok(turn) => turn,
        Err(wait) => return again(AskFault::TooMany { seconds: whole_seconds(wait) }),
    };
    let Whence { user_agent, address } = Whence::of(headers, address);
    let (email, carried) = (email.to_owned(), sign_in.clone());
    let told = server.tell(match ask {
        Ask::SignUp => Event::SignUpAsked { email, sign_in: carried, user_agent, address },
        Ask::PasswordReset => Event::PasswordResetAsked { email, sign_in: carried, user_agent, address },
    });
    if let Err(outage) = told.await {
        // Nothing will be sent, so nothing counts.
        turn.give_back(server).await?;
        return Err(outage.into());
    }
    let location = with_sign_in(&format!("{}/sent", path(ask)), sign_in.as_deref());
    Ok(headers::redirect(StatusCode::SEE_OTHER, &server.url(&location)))
}

/// The sign-in under way that a query names.
fn sign_in_of(query: Option<String>) -> Result<Option<String>, MalformedForm> {
    Ok(sign_in(&Parameters::parse(query.unwrap_or_default().as_bytes())?))
}

fn sign_in(parameters: &Parameters) -> Option<String> {
    parameters.owned("sign_in").filter(|id| token::is_opaque(id))
}

/// The way back: to the login of the sign-in under way, or to that of the account page.
fn back(server: &AuthorizationServer, sign_in: Option<&str>) -> String {
    server.path(&sign_in.map_or_else(|| "/account".to_owned(), |id| format!("/login/{id}")))
}

fn visitor(cookies: &Cookies) -> Option<Ticket> {
    cookies.get(COOKIE).map(|cookie| Ticket::new(cookie.value()))
}

fn csrf(ask: Ask, ticket: &Ticket) -> String {
    handle(&format!("csrf:{}", path(ask)), ticket)
}

fn status(fault: AskFault) -> StatusCode {
    match fault {
        AskFault::Email => StatusCode::UNPROCESSABLE_ENTITY,
        AskFault::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
        AskFault::Stale => StatusCode::FORBIDDEN,
    }
}

fn page(
    server: &AuthorizationServer,
    ask: Ask,
    cookies: &Cookies,
    sign_in: Option<String>,
    email: &str,
    fault: Option<AskFault>,
) -> Response {
    let ticket = visitor(cookies).unwrap_or_else(|| {
        let ticket = Ticket::issue(&*server.boxes.rng);
        cookies.add(session::cookie(COOKIE.to_owned(), ticket.expose().to_owned()));
        ticket
    });
    let html = server.boxes.pages.ask(&AskPage {
        ask,
        action: server.path(path(ask)),
        csrf: csrf(ask, &ticket),
        back: back(server, sign_in.as_deref()),
        sign_in,
        email: email.chars().take(LONGEST).collect(),
        fault,
    });
    let mut response = headers::page(fault.map_or(StatusCode::OK, status), html, &[]);
    if let Some(AskFault::TooMany { seconds }) = fault {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
