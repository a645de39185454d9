//! `GET` and `POST /userinfo`: who the user is (OpenID Connect Core §5.3), to holders of an access token (RFC 6750) and of its key
//! where it is bound to one (RFC 9449 §7).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::header::{AUTHORIZATION, ORIGIN, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use protocol::claims::{ACCESS_TOKEN_TYPE, AccessTokenClaims, UserInfo};
use protocol::dpop::{Misbound, Scheme, fits};
use protocol::secret::AccessToken;
use protocol::wire::Parameters;
use protocol::{ErrorCode, Exchange};
use tracing::Instrument as _;

use crate::dpop::{self, ProofError};
use crate::outage::Outage;
use crate::state::AuthorizationServer;
use crate::token::access_token;
use crate::{cors, exchange, form, headers, problem};

/// Why `/userinfo` said no (RFC 6750 §3.1, RFC 9449 §7.1).
#[derive(Debug, thiserror::Error)]
enum UserInfoError {
    #[error("no access token came")]
    NoToken,
    #[error("the access token must come once, in the Authorization header or in a form, and never in the query")]
    Misplaced,
    #[error("the access token is malformed, expired, revoked, or not for this server")]
    InvalidToken,
    #[error("the access token lacks the scope openid")]
    InsufficientScope,
    #[error("the scheme DPoP needs a DPoP proof")]
    NoProof,
    #[error(transparent)]
    Proof(#[from] ProofError),
    #[error(transparent)]
    Misbound(#[from] Misbound),
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl UserInfoError {
    fn respond(&self, server: &AuthorizationServer, scheme: Scheme) -> Response {
        let (status, code) = match self {
            Self::Outage(outage) | Self::Proof(ProofError::Outage(outage)) => return problem::outage(server, outage),
            Self::Misplaced => (StatusCode::BAD_REQUEST, ErrorCode::InvalidRequest),
            Self::NoToken | Self::InvalidToken | Self::Misbound(_) => (StatusCode::UNAUTHORIZED, ErrorCode::InvalidToken),
            Self::NoProof => (StatusCode::UNAUTHORIZED, ErrorCode::InvalidDpopProof),
            Self::Proof(error) => (StatusCode::UNAUTHORIZED, error.code()),
            Self::InsufficientScope => (StatusCode::FORBIDDEN, ErrorCode::InsufficientScope),
        };
        let mut response = problem::refusal(status, code, &self.to_string());
        let description = self.to_string();
        let told = [("error", code.as_str()), ("error_description", description.as_str())];
        // RFC 6750 §3.1: a request without any token is told the schemes and no error code.
        let told = if matches!(self, Self::NoToken) { &[] } else { &told[..] };
        for challenge in scheme.challenges(told).iter().filter_map(|value| HeaderValue::from_str(value).ok()) {
            response.headers_mut().append(WWW_AUTHENTICATE, challenge);
        }
        if matches!(self, Self::Proof(ProofError::Nonce)) {
            dpop::give_nonce(server, &mut response);
        }
        response
    }
}

/// `GET /userinfo`.
pub(crate) async fn get(
    State(server): State<Arc<AuthorizationServer>>,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    respond(&server, &method, &headers, query.as_deref(), None).await
}

/// `POST /userinfo`.
pub(crate) async fn post(
    State(server): State<Arc<AuthorizationServer>>,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Response {
    respond(&server, &method, &headers, query.as_deref(), form::is_form(&headers).then_some(&body)).await
}

async fn respond(
    server: &AuthorizationServer,
    method: &Method,
    headers: &HeaderMap,
    query: Option<&str>,
    form: Option<&Bytes>,
) -> Response {
    let presented = presented(headers, query, form.map(AsRef::as_ref));
    let known = presented.as_ref().ok().and_then(Option::as_ref);
    let client_id = client_of(server, headers, known);
    let scheme = known.map(|(scheme, _)| *scheme).unwrap_or_default();
    let answer = async {
        let (scheme, token) = presented?.ok_or(UserInfoError::NoToken)?;
        answer(server, method, headers, scheme, &token).await
    };
    let answer = async { answer.await.map(|user| headers::json(StatusCode::OK, &user)) };
    let asked = (method.as_str(), server.url("/userinfo"));
    let response = exchange::answered(Exchange::TokenResponse, asked, answer, |error| error.respond(server, scheme)).await;
    let response = dpop::with_nonce(server, headers, response);
    cors::readable(server, headers, client_id.as_deref(), response).await
}

/// Whose token it is, where a page of some origin sent it; an expired one, too, whose page must read that it is.
fn client_of(server: &AuthorizationServer, headers: &HeaderMap, presented: Option<&(Scheme, AccessToken)>) -> Option<String> {
    headers.get(ORIGIN)?;
    let claims: AccessTokenClaims = server.keys.read(presented?.1.expose(), ACCESS_TOKEN_TYPE).ok()?;
    Some(claims.client_id)
}

/// The token, and how it was presented: in the `Authorization` header, or as a bearer token in a form (RFC 6750 §2.1, §2.2); in one
/// of them (§2), once. In a query it would be in logs (§2.3).
fn presented(
    headers: &HeaderMap,
    query: Option<&str>,
    form: Option<&[u8]>,
) -> Result<Option<(Scheme, AccessToken)>, UserInfoError> {
    let token = |encoded: &[u8]| Parameters::parse(encoded).map(|parameters| parameters.owned("access_token"));
    // Of what came twice, one may have been the token.
    let in_query = token(query.unwrap_or_default().as_bytes()).map_err(|_| UserInfoError::Misplaced)?;
    let in_form = token(form.unwrap_or_default()).map_err(|_| UserInfoError::Misplaced)?;
    let in_headers = headers.get_all(AUTHORIZATION).iter().count();
    match (in_query, in_form, in_headers) {
        (None, None, 0 | 1) => Ok(in_header(headers)),
        (None, Some(token), 0) => Ok(Some((Scheme::Bearer, AccessToken::new(token)))),
        _ => Err(UserInfoError::Misplaced),
    }
}

fn in_header(headers: &HeaderMap) -> Option<(Scheme, AccessToken)> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    Some((Scheme::named(scheme)?, AccessToken::new(token.trim())))
}

async fn answer(
    server: &AuthorizationServer,
    method: &Method,
    headers: &HeaderMap,
    scheme: Scheme,
    token: &AccessToken,
) -> Result<UserInfo, UserInfoError> {
    let ours = access_token::read(server, token).await?.ok_or(UserInfoError::InvalidToken)?;
    exchange::is_of_headers(headers);
    let key = match scheme {
        Scheme::Bearer => None,
        Scheme::Dpop => {
            let key = dpop::proven(server, headers, method, "/userinfo", Some(token)).await?;
            Some(key.ok_or(UserInfoError::NoProof)?)
        }
    };
    fits(ours.claims.cnf.as_ref(), key.as_ref())?;
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
    let account = found.instrument(exchange::records("the account of the token, read")).await.map_err(Outage::from)?;
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
