//! `/register/{client_id}`: a client looks after its own registration (RFC 7592), by the token that it got with it.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::response::Response;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue, StatusCode};
use protocol::secret::{AccessToken, ClientSecret};
use queue::Event;
use serde_json::{Map, Value};
use user_database::StoredClient;

use super::{RegisterError, bearer, fresh_secret, judge, manages, read};
use crate::clients::{Registration, SecretDigest, Voucher, restore, store};
use crate::headers;
use crate::outage::Outage;
use crate::state::AuthorizationServer;

/// What only the server says (RFC 7592 §2.2).
const NOT_SENT: [&str; 4] =
    ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"];

/// Where the client of `client_id` looks after its registration; identifiers of such clients are base64url.
pub(super) fn uri(server: &AuthorizationServer, client_id: &str) -> String {
    server.url(&format!("/register/{client_id}"))
}

/// `GET`: what is registered; the secret is not, only its digest, so that it is not in the answer.
pub(crate) async fn get(
    State(server): State<Arc<AuthorizationServer>>,
    headers: HeaderMap,
    Path(client_id): Path<String>,
) -> Response {
    let answer = async {
        let (stored, token) = find(&server, &headers, &client_id).await?;
        let client = restore(&stored)?;
        let registration = Registration::of(&client).issued(stored.created_at);
        Ok(registration.managed(token, uri(&server, &client_id)))
    };
    match answer.await {
        Ok(registration) => headers::json(StatusCode::OK, &registration),
        Err(error) => RegisterError::respond(&error, &server),
    }
}

/// `PUT`: the whole registration anew.
pub(crate) async fn put(
    State(server): State<Arc<AuthorizationServer>>,
    headers: HeaderMap,
    Path(client_id): Path<String>,
    body: Bytes,
) -> Response {
    match replace(&server, &headers, &client_id, &body).await {
        Ok(registration) => headers::json(StatusCode::OK, &registration),
        Err(error) => error.respond(&server),
    }
}

/// `DELETE`: the client is no more, nor is anything that it was granted.
pub(crate) async fn delete(
    State(server): State<Arc<AuthorizationServer>>,
    headers: HeaderMap,
    Path(client_id): Path<String>,
) -> Response {
    match remove(&server, &headers, &client_id).await {
        Ok(()) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(error) => error.respond(&server),
    }
}

/// The client of the token. A client that is no more, and another client's token, are told alike (RFC 7592 §2).
async fn find(
    server: &AuthorizationServer,
    headers: &HeaderMap,
    client_id: &str,
) -> Result<(StoredClient, AccessToken), RegisterError> {
    let token = bearer(headers).ok_or(RegisterError::NoToken)?;
    let stored = server.boxes.clients.find(client_id).await.map_err(Outage::from)?;
    let stored = stored.filter(|stored| manages(stored.registration_digest.as_deref(), &token));
    Ok((stored.ok_or(RegisterError::OtherToken)?, token))
}

async fn replace(
    server: &AuthorizationServer,
    headers: &HeaderMap,
    client_id: &str,
    body: &[u8],
) -> Result<Registration, RegisterError> {
    let (stored, token) = find(server, headers, client_id).await?;
    let document = read(headers, body)?;
    check_identity(&document, &stored)?;
    let metadata = judge::metadata(document)?;
    // The secret stays while a method needs one; a method that begins to need one gets one.
    let kept = stored.secret_digest.as_deref().filter(|_| metadata.needs_secret()).map(SecretDigest::stored);
    let (secret, digest) = match kept {
        Some(kept) => (None, Some(kept)),
        None => fresh_secret(server, &metadata).unzip(),
    };
    let client = metadata.into_client(client_id, digest, Voucher::Nobody)?.settled();
    judge::client(&client, &server.boxes.outbound)?;
    let renewed = store(&client, stored.registration_digest.clone(), stored.created_at)?;
    server.tell(Event::ClientChanged { client_id: client_id.to_owned(), name: client.name.clone() }).await?;
    if !server.boxes.clients.replace(&renewed).await.map_err(Outage::from)? {
        return Err(RegisterError::OtherToken);
    }
    server.clients.forget(client_id);
    let registration = Registration::of(&client).issued(stored.created_at).with_secret(secret);
    Ok(registration.managed(token, uri(server, client_id)))
}

/// The body is about the client of the token, and says nothing that only we say.
fn check_identity(document: &Map<String, Value>, stored: &StoredClient) -> Result<(), RegisterError> {
    if let Some(name) = NOT_SENT.into_iter().find(|name| document.contains_key(*name)) {
        return Err(RegisterError::Unexpected(name));
    }
    if document.get("client_id").and_then(Value::as_str) != Some(stored.client_id.as_str()) {
        return Err(RegisterError::OtherClient);
    }
    let Some(sent) = document.get("client_secret") else { return Ok(()) };
    let sent = ClientSecret::new(sent.as_str().unwrap_or_default());
    let known = stored.secret_digest.as_deref().map(SecretDigest::stored);
    if SecretDigest::fits(known.as_ref(), &sent) { Ok(()) } else { Err(RegisterError::OtherSecret) }
}

async fn remove(server: &AuthorizationServer, headers: &HeaderMap, client_id: &str) -> Result<(), RegisterError> {
    let (stored, _) = find(server, headers, client_id).await?;
    server.tell(Event::ClientRemoved { client_id: stored.client_id }).await?;
    server.boxes.clients.remove(client_id).await.map_err(Outage::from)?;
    server.clients.forget(client_id);
    Ok(())
}
