//! `GET` and `POST /end_session`: signing out here (OpenID Connect RP-Initiated Logout).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use protocol::claims::{Audience, ID_TOKEN_TYPE, IdTokenClaims};
use protocol::fetch_metadata;
use protocol::seal::handle;
use protocol::secret::Ticket;
use protocol::wire::{Duplicate, Parameters};
use subtle::ConstantTimeEq as _;
use tower_cookies::Cookies;
use url::form_urlencoded;

use crate::authorize::with_query;
use crate::clients::Client;
use crate::form::{self, MalformedForm};
use crate::outage::Outage;
use crate::pages::{Problem, SignOutPage};
use crate::session::{self, Present};
use crate::state::AuthorizationServer;
use crate::{headers, problem};

/// Why `/end_session` does not go on.
#[derive(Debug, thiserror::Error)]
enum EndSessionError {
    #[error(transparent)]
    Duplicate(#[from] Duplicate),
    #[error(transparent)]
    Form(#[from] MalformedForm),
    #[error("id_token_hint is not an ID token of this provider")]
    ForeignHint,
    #[error("client_id is unknown, or not that of id_token_hint")]
    OtherClient,
    /// §4: an error is a page, and what is wrong leads nowhere.
    #[error("post_logout_redirect_uri is not registered for the client {0}")]
    UnknownAddress(String),
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl EndSessionError {
    fn respond(&self, server: &AuthorizationServer) -> Response {
        let problem = if matches!(self, Self::Outage(_)) { Problem::Unavailable } else { Problem::RequestInvalid };
        problem::page(server, problem, &self.to_string())
    }
}

/// What the client asks for.
struct Asked {
    client: Option<Arc<Client>>,
    hint: Option<IdTokenClaims>,
    /// The session that the client means, by its `sid`.
    sid: Option<String>,
    /// Where to return to, if registered.
    return_to: Option<String>,
    state: Option<String>,
}

/// `GET /end_session`: from a client, through the browser.
pub(crate) async fn get(State(server): State<Arc<AuthorizationServer>>, cookies: Cookies, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    begin(&server, &cookies, &query).await.unwrap_or_else(|error| error.respond(&server))
}

/// `POST /end_session`: the answer of our own page, or a client's request. The latter is asked to come again by GET, since with
/// a form of another site the browser does not send our session's cookie.
pub(crate) async fn post(
    State(server): State<Arc<AuthorizationServer>>,
    cookies: Cookies,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    let query = query.unwrap_or_default();
    confirm(&server, &cookies, &headers, &query, &body).await.unwrap_or_else(|error| error.respond(&server))
}

async fn begin(server: &AuthorizationServer, cookies: &Cookies, query: &str) -> Result<Response, EndSessionError> {
    let asked = Asked::read(server, &Parameters::parse(query.as_bytes())?).await?;
    match session::present(server, cookies).await? {
        None => Ok(asked.leave(server, StatusCode::FOUND)),
        Some(present) if asked.means(&present) => {
            session::end(server, cookies, &present).await?;
            Ok(asked.leave(server, StatusCode::FOUND))
        }
        Some(present) => Ok(asked.ask(server, &present.ticket)),
    }
}

async fn confirm(
    server: &AuthorizationServer,
    cookies: &Cookies,
    headers: &HeaderMap,
    query: &str,
    body: &[u8],
) -> Result<Response, EndSessionError> {
    let form = form::read(headers, body)?;
    let Some(sent) = form.get("csrf") else {
        let names = ["id_token_hint", "logout_hint", "client_id", "post_logout_redirect_uri", "state"];
        let mut carried = form_urlencoded::Serializer::new(String::new());
        carried.extend_pairs(names.iter().filter_map(|name| Some((*name, form.get(name)?))));
        let location = with_query(&server.url("/end_session"), &carried.finish());
        return Ok(headers::redirect(StatusCode::SEE_OTHER, &location));
    };
    let asked = Asked::read(server, &Parameters::parse(query.as_bytes())?).await?;
    let Some(present) = session::present(server, cookies).await? else {
        return Ok(asked.leave(server, StatusCode::SEE_OTHER));
    };
    let genuine = bool::from(sent.as_bytes().ct_eq(csrf(&present.ticket).as_bytes()));
    if !genuine || !fetch_metadata::is_same_origin(headers, server.origin()) {
        return Ok(asked.ask(server, &present.ticket));
    }
    session::end(server, cookies, &present).await?;
    Ok(asked.leave(server, StatusCode::SEE_OTHER))
}

fn csrf(ticket: &Ticket) -> String {
    handle("csrf:sign-out", ticket)
}

impl Asked {
    async fn read(server: &AuthorizationServer, parameters: &Parameters) -> Result<Self, EndSessionError> {
        let hint = match parameters.get("id_token_hint") {
            None => None,
            // An expired hint is as good as a fresh one (RP-Initiated Logout §2).
            Some(hint) => {
                server.keys.acquaint(hint).await?;
                let claims: Option<IdTokenClaims> = server.keys.read(hint, ID_TOKEN_TYPE).ok();
                Some(claims.filter(|claims| claims.iss == server.issuer()).ok_or(EndSessionError::ForeignHint)?)
            }
        };
        let client = match (parameters.get("client_id"), &hint) {
            (Some(client_id), hint) => {
                let client = server.clients.find(client_id).await?.ok_or(EndSessionError::OtherClient)?;
                if hint.as_ref().is_some_and(|claims| !claims.aud.contains(client_id)) {
                    return Err(EndSessionError::OtherClient);
                }
                Some(client)
            }
            // Ours have one audience, the client.
            (None, Some(claims)) => match &claims.aud {
                Audience::One(client_id) => server.clients.find(client_id).await?,
                Audience::Many(_) => None,
            },
            (None, None) => None,
        };
        let return_to = match (parameters.owned("post_logout_redirect_uri"), &client) {
            (Some(uri), Some(client)) if !client.returns_to(&uri) => {
                return Err(EndSessionError::UnknownAddress(client.client_id.clone()));
            }
            (Some(uri), Some(_)) => Some(uri),
            // Without a client there is nobody to return to (§3).
            _ => None,
        };
        Ok(Self { client, hint, sid: parameters.owned("logout_hint"), return_to, state: parameters.owned("state") })
    }

    /// Whether the request shows that it is about this very session: then its user has asked already, at the client.
    fn means(&self, present: &Present) -> bool {
        let session = &present.session;
        let same = |sid: &str| bool::from(sid.as_bytes().ct_eq(session.sid.as_bytes()));
        let by_hint = self
            .hint
            .as_ref()
            .is_some_and(|hint| hint.sub == session.subject.to_string() && hint.sid.as_deref().is_none_or(same));
        by_hint || (self.client.is_some() && self.sid.as_deref().is_some_and(same))
    }

    /// The page that asks. Where to go afterwards is carried along in the form's address and judged again then.
    fn ask(&self, server: &AuthorizationServer, ticket: &Ticket) -> Response {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let client_id = self.client.as_ref().map(|client| client.client_id.as_str());
        let pairs =
            [("client_id", client_id), ("post_logout_redirect_uri", self.return_to.as_deref()), ("state", self.state.as_deref())];
        query.extend_pairs(pairs.into_iter().filter_map(|(name, value)| Some((name, value?))));
        let html = server.boxes.pages.sign_out(&SignOutPage {
            action: with_query(&server.path("/end_session"), &query.finish()),
            csrf: csrf(ticket),
            client_name: self.client.as_ref().map(|client| client.name.clone()),
            home: server.path("/"),
        });
        let targets: Vec<&str> = self.return_to.as_deref().into_iter().collect();
        headers::page(StatusCode::OK, html, &targets)
    }

    /// The way on after signing out: home to the client where it registered one, else our own page.
    fn leave(&self, server: &AuthorizationServer, status: StatusCode) -> Response {
        let Some(return_to) = &self.return_to else {
            return headers::page(StatusCode::OK, server.boxes.pages.signed_out(), &[]);
        };
        match &self.state {
            None => headers::redirect(status, return_to),
            Some(state) => {
                let query = form_urlencoded::Serializer::new(String::new()).append_pair("state", state).finish();
                headers::redirect(status, &with_query(return_to, &query))
            }
        }
    }
}
