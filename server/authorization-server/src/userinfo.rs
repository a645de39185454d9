//! `GET` and `POST /userinfo`: who the user is (OpenID Connect Core §5.3), to holders of an access token (RFC 6750).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use protocol::claims::UserInfo;
use protocol::secret::AccessToken;
use protocol::wire::Parameters;
use protocol::{ErrorCode, Exchange};
use tracing::Instrument as _;

use crate::outage::Outage;
use crate::state::AuthorizationServer;
use crate::token::access_token;
use crate::{exchange, form, headers, problem};

/// Why `/userinfo` said no (RFC 6750 §3.1).
#[derive(Debug, thiserror::Error)]
enum UserInfoError {
    #[error("no access token came in the Authorization header")]
    NoToken,
    #[error("the access token must come in the Authorization header, and only there")]
    Misplaced,
    #[error("the access token is malformed, expired, revoked, or not for this server")]
    InvalidToken,
    #[error("the access token lacks the scope openid")]
    InsufficientScope,
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl UserInfoError {
    fn respond(&self, server: &AuthorizationServer) -> Response {
        let (status, code) = match self {
            Self::Outage(outage) => return problem::outage(server, outage),
            Self::Misplaced => (StatusCode::BAD_REQUEST, ErrorCode::InvalidRequest),
            Self::NoToken | Self::InvalidToken => (StatusCode::UNAUTHORIZED, ErrorCode::InvalidToken),
            Self::InsufficientScope => (StatusCode::FORBIDDEN, ErrorCode::InsufficientScope),
        };
        let mut response = problem::refusal(status, code, &self.to_string());
        // RFC 6750 §3.1: a request without any token is told the scheme and no error code.
        let challenge = match self {
            Self::NoToken => "Bearer".to_owned(),
            _ => format!("Bearer error=\"{}\", error_description=\"{self}\"", code.as_str()),
        };
        if let Ok(challenge) = HeaderValue::from_str(&challenge) {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// `GET /userinfo`.
pub(crate) async fn get(
    State(server): State<Arc<AuthorizationServer>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    respond(&server, &headers, query.as_deref(), None).await
}

/// `POST /userinfo`.
pub(crate) async fn post(
    State(server): State<Arc<AuthorizationServer>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    respond(&server, &headers, query.as_deref(), form::is_form(&headers).then_some(&body)).await
}

async fn respond(server: &AuthorizationServer, headers: &HeaderMap, query: Option<&str>, form: Option<&Bytes>) -> Response {
    let elsewhere = [query.map(str::as_bytes), form.map(AsRef::as_ref)];
    let misplaced = elsewhere.into_iter().flatten().any(|encoded| {
        // One that came twice came as well.
        Parameters::parse(encoded).map_or(true, |parameters| parameters.get("access_token").is_some())
    });
    let answer = async { if misplaced { Err(UserInfoError::Misplaced) } else { answer(server, headers).await } };
    match answer.instrument(exchange::span(Exchange::TokenResponse)).await {
        Ok(user) => headers::json(StatusCode::OK, &user),
        Err(error) => error.respond(server),
    }
}

/// The token of the `Authorization` header; the scheme is compared without case (RFC 9110 §11.1).
fn bearer(headers: &HeaderMap) -> Option<AccessToken> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| AccessToken::new(token.trim()))
}

async fn answer(server: &AuthorizationServer, headers: &HeaderMap) -> Result<UserInfo, UserInfoError> {
    let token = bearer(headers).ok_or(UserInfoError::NoToken)?;
    let ours = access_token::read(server, &token).ok_or(UserInfoError::InvalidToken)?;
    if !ours.claims.scope.contains("openid") {
        return Err(UserInfoError::InsufficientScope);
    }
    if !ours.claims.aud.contains(server.issuer()) {
        return Err(UserInfoError::InvalidToken);
    }
    let grant = ours.grant.ok_or(UserInfoError::InvalidToken)?;
    let grant = server.boxes.grants.live(grant, server.now()).await.map_err(Outage::from)?;
    let grant = grant.ok_or(UserInfoError::InvalidToken)?;
    let found = server.boxes.accounts.by_subject(grant.subject);
    let account = found.instrument(exchange::span(Exchange::AccountAndConsentRecords)).await.map_err(Outage::from)?;
    let account = account.filter(|account| !account.disabled).ok_or(UserInfoError::InvalidToken)?;
    // Scope by scope (OpenID Connect Core §5.4).
    let (profile, email) = (ours.claims.scope.contains("profile"), ours.claims.scope.contains("email"));
    Ok(UserInfo {
        sub: account.subject.to_string(),
        name: profile.then_some(account.name),
        preferred_username: profile.then_some(account.username),
        email: email.then_some(account.email),
        email_verified: email.then_some(account.email_verified),
    })
}
