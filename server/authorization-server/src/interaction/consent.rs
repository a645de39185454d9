//! `/consent/{interaction}`: may the client?

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use protocol::Exchange;
use protocol::flow::tell;
use protocol::seal::handle;
use queue::Event;
use tower_cookies::Cookies;
use tracing::Instrument as _;
use url::Url;

use super::ending::{self, Ending};
use super::next::{self, Next};
use super::record::{self, Found, Open};
use super::{DENIED, InteractionError, check_origin, check_token, follow};
use crate::authorize::{AuthorizeRequest, Checked};
use crate::clients::Voucher;
use crate::outage::Outage;
use crate::pages::ConsentPage;
use crate::session::Present;
use crate::state::AuthorizationServer;
use crate::{exchange, form, headers, session};

/// `GET`: the page, or straight on where it is not needed (any more).
pub(crate) async fn get(State(server): State<Arc<AuthorizationServer>>, cookies: Cookies, Path(id): Path<String>) -> Response {
    let (show, asked) = (show(&server, &cookies, &id), ("GET", server.url("/consent")));
    exchange::answered(Exchange::AuthorizationRequest, asked, show, |error| error.respond(&server)).await
}

/// `POST`: yes or no.
pub(crate) async fn post(
    State(server): State<Arc<AuthorizationServer>>,
    cookies: Cookies,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (submit, asked) = (submit(&server, &cookies, &id, &headers, &body), ("POST", server.url("/consent")));
    exchange::answered(Exchange::AuthorizationRequest, asked, submit, |error| error.respond(&server)).await
}

async fn show(server: &AuthorizationServer, cookies: &Cookies, id: &str) -> Result<Response, InteractionError> {
    let mut open = match record::find(server, cookies, id).await? {
        Found::Completed(location) => return Ok(headers::redirect(StatusCode::FOUND, &location)),
        Found::Open(open) => open,
    };
    let (present, errand) = (session::present(server, cookies).await?, Arc::clone(&open.errand));
    match next::decide(server, &errand, present.as_ref(), &open.pending.progress).await? {
        Next::Consent(request, present) => Ok(page(server, &open, request, present)),
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
    let (present, errand) = (session::present(server, cookies).await?, Arc::clone(&open.errand));
    let next = next::decide(server, &errand, present.as_ref(), &open.pending.progress).await?;
    let Next::Consent(request, present) = next else {
        return follow(server, cookies, &mut open, next, StatusCode::SEE_OTHER).await;
    };
    check_token(&form, &csrf(&open, present))?;
    tell(|told| {
        told.plain("button", form::pressed(&form)).plain("scope", &request.demand().scope.to_string());
    });
    match form::pressed(&form) {
        "allow" => {
            allow(server, request, present).await?;
            let subject = present.session.subject;
            if let Some(location) = open.note(server, |progress| progress.consented = Some(subject)).await? {
                return Ok(headers::redirect(StatusCode::SEE_OTHER, &location));
            }
            let next = next::decide(server, &errand, Some(present), &open.pending.progress).await?;
            follow(server, cookies, &mut open, next, StatusCode::SEE_OTHER).await
        }
        "deny" => {
            let client_id = request.client.client_id.clone();
            server.tell(Event::ConsentDenied { subject: present.session.subject.to_string(), client_id }).await?;
            let location = ending::finish(server, cookies, &mut open, Ending::Refusal(request, DENIED)).await?;
            Ok(headers::redirect(StatusCode::SEE_OTHER, &location))
        }
        _ => follow(server, cookies, &mut open, Next::Consent(request, present), StatusCode::SEE_OTHER).await,
    }
}

/// Tells the Queue first: an audit line too many, where the consent then cannot be written, is better than one missing.
async fn allow(server: &AuthorizationServer, request: &AuthorizeRequest<Checked>, present: &Present) -> Result<(), Outage> {
    let (subject, client_id) = (present.session.subject, &request.client.client_id);
    let scope = &request.demand().scope;
    let event = Event::ConsentGranted { subject: subject.to_string(), client_id: client_id.clone(), scope: scope.to_string() };
    server.tell(event).await?;
    let allow = server.boxes.consents.allow(subject, client_id, scope, server.now());
    Ok(allow.instrument(exchange::records("what the user allows, written")).await?)
}

/// Bound to the interaction and to the user, so that nobody's yes counts as another's.
fn csrf(open: &Open, present: &Present) -> String {
    handle(&format!("csrf:{}", present.session.subject), &open.ticket)
}

fn page(server: &AuthorizationServer, open: &Open, request: &AuthorizeRequest<Checked>, present: &Present) -> Response {
    let redirect_uri = &request.address.redirect_uri;
    let host = Url::parse(redirect_uri).ok().and_then(|uri| uri.host_str().map(str::to_owned));
    let html = server.boxes.pages.consent(&ConsentPage {
        action: server.path(&format!("/consent/{}", open.id())),
        csrf: csrf(open, present),
        client_name: request.client.name.clone(),
        client_host: host.unwrap_or_else(|| redirect_uri.clone()),
        unverified: request.client.voucher == Voucher::Nobody,
        user_name: present.account.name.clone(),
        user_email: present.account.email.clone(),
        scopes: request.demand().scope.iter().map(str::to_owned).collect(),
    });
    headers::page(StatusCode::OK, html, &[redirect_uri])
}
