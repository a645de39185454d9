//! `/device/consent`: may the device? It is asked each time, whatever was allowed before, and what is said is not remembered for
//! another time: the device may be one that somebody else has in hand (RFC 8628 §5.4).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use protocol::ClientAddress;
use protocol::seal::handle;
use queue::Event;
use tower_cookies::Cookies;
use url::{Host, Url};

use super::entry::{self, Device};
use super::page::{self as code_page, Read, Sent};
use super::record::{self, Allowance, Standing, State as Decision};
use crate::clients::{Client, Voucher};
use crate::interaction::{InteractionError, check_token};
use crate::outage::Outage;
use crate::pages::{DeviceConsentPage, UserCodeFault};
use crate::session::Present;
use crate::state::AuthorizationServer;
use crate::{form, headers};

/// `GET`: a browser that was opened again; it begins with the code.
pub(crate) async fn get(State(server): State<Arc<AuthorizationServer>>) -> Response {
    headers::redirect(StatusCode::FOUND, &server.url("/device"))
}

/// `POST`: yes or no.
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

async fn submit(server: &AuthorizationServer, sent: &Sent<'_>) -> Result<Response, InteractionError> {
    let Read { form, typed, present } = match code_page::read(server, sent).await? {
        Ok(read) => read,
        Err(elsewhere) => return Ok(elsewhere),
    };
    // The code is looked up before the token, which is bound to what it leads to, and counts as a guess here as well.
    let device = match entry::find(server, &present, sent.address, typed.code.as_ref()).await? {
        Ok(device) => device,
        Err(fault) => return Ok(code_page::page(server, &present, &typed, Some(fault))),
    };
    if check_token(&form, &csrf(&device, &present)).is_err() {
        return Ok(code_page::page(server, &present, &typed, Some(UserCodeFault::Stale)));
    }
    if device.standing == Standing::Pending {
        match form::pressed(&form) {
            "allow" => allow(server, &device, &present).await?,
            "deny" => deny(server, &device, &present).await?,
            _ => {}
        }
    }
    // Somebody else may have been quicker.
    match entry::look(server, &present, &device.code).await? {
        Some(device) => Ok(page(server, &present, &device)),
        None => Ok(code_page::page(server, &present, &typed, Some(UserCodeFault::Unknown))),
    }
}

/// Tells the Queue first: an audit line too many, where the decision then cannot be written, is better than one missing.
async fn allow(server: &AuthorizationServer, device: &Device, present: &Present) -> Result<(), Outage> {
    let subject = present.session.subject;
    let (client_id, scope) = (device.client.client_id.clone(), device.transaction.scope.to_string());
    server.tell(Event::ConsentGranted { subject: subject.to_string(), client_id, scope }).await?;
    let allowance = Allowance { subject, auth_time: present.session.auth_time };
    record::decide(server, &device.handle, &Decision::Allowed(allowance)).await
}

async fn deny(server: &AuthorizationServer, device: &Device, present: &Present) -> Result<(), Outage> {
    let by = present.session.subject;
    server.tell(Event::ConsentDenied { subject: by.to_string(), client_id: device.client.client_id.clone() }).await?;
    record::decide(server, &device.handle, &Decision::Denied { by }).await
}

/// Bound to the session, the user and the device, so that nobody's yes counts as another's, or for another device.
fn csrf(device: &Device, present: &Present) -> String {
    handle(&format!("csrf:device:{}:{}", device.handle.as_str(), present.session.subject), &present.ticket)
}

/// The question; or the answer, where it was given before.
pub(super) fn page(server: &AuthorizationServer, present: &Present, device: &Device) -> Response {
    let (pages, client, account) = (&server.boxes.pages, &device.client, server.path("/account"));
    let html = match device.standing {
        Standing::Allowed => pages.device_done(&client.name, true, &account),
        Standing::Denied => pages.device_done(&client.name, false, &account),
        Standing::Pending => pages.device_consent(&DeviceConsentPage {
            action: server.path("/device/consent"),
            csrf: csrf(device, present),
            user_code: device.code.shown(),
            client_name: client.name.clone(),
            client_host: host(client),
            unverified: client.voucher == Voucher::Nobody,
            user_name: present.account.name.clone(),
            user_email: present.account.email.clone(),
            scopes: device.transaction.scope.iter().map(str::to_owned).collect(),
        }),
    };
    headers::page(StatusCode::OK, html, &[])
}

/// The host that the client redirects to, where it is registered for one that names somebody: a device need not be, and the
/// loopback interface is everybody's.
fn host(client: &Client) -> Option<String> {
    let urls = client.redirect_uris.iter().filter_map(|uri| Url::parse(uri).ok());
    let domains = urls.filter_map(|url| match url.host() {
        Some(Host::Domain(domain)) if matches!(url.scheme(), "https" | "http") && domain != "localhost" => {
            Some(domain.to_owned())
        }
        _ => None,
    });
    domains.into_iter().next()
}
