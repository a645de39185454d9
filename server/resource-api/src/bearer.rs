//! The bearer layer: RFC 6750 at the door, RFC 9068 for what the token must be.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use protocol::claims::{ACCESS_TOKEN_TYPE, AccessTokenClaims};
use protocol::jose::{self, InvalidJwt, Keyring};
use protocol::wire::ErrorResponse;
use protocol::{Clock, ErrorCode};
use url::form_urlencoded;

use crate::keys::{IssuerKeys, NoKeys};

/// What a token must be to pass.
pub struct Guard {
    issuer: String,
    audience: String,
    scope: &'static str,
    keys: IssuerKeys,
    clock: Arc<dyn Clock>,
}

/// Why a request does not pass.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No bearer token at all: the challenge carries no error (RFC 6750 §3.1).
    #[error("an access token is needed")]
    Missing,
    /// Sent in another way than one `Authorization: Bearer` header.
    #[error("the access token must come in one Authorization header")]
    Malformed,
    /// It does not verify, or is not for us.
    #[error("the access token is not valid here: {0}")]
    Invalid(String),
    /// It lacks the scope.
    #[error("the access token lacks the scope {0}")]
    Scope(&'static str),
    /// The keys to judge it by cannot be read.
    #[error(transparent)]
    NoKeys(#[from] NoKeys),
}

impl Guard {
    /// Lets tokens of `issuer` pass that name `audience` and hold `scope`.
    pub fn new(issuer: String, audience: String, scope: &'static str, http: reqwest::Client, clock: Arc<dyn Clock>) -> Self {
        let keys = IssuerKeys::new(issuer.clone(), http, Arc::clone(&clock));
        Self { issuer, audience, scope, keys, clock }
    }

    /// Judges the token of a request (RFC 9068 §4).
    ///
    /// # Errors
    /// [`Refusal`] tells the first check that failed.
    pub async fn judge(&self, headers: &HeaderMap, query: Option<&str>) -> Result<AccessTokenClaims, Refusal> {
        let token = token(headers, query)?;
        let claims = self.verified(token).await?;
        jose::timely(self.clock.now(), claims.exp, None, Some(claims.iat))
            .map_err(|error| Refusal::Invalid(error.to_string()))?;
        if claims.iss != self.issuer {
            return Err(Refusal::Invalid("it is of another issuer".to_owned()));
        }
        if !claims.aud.contains(&self.audience) {
            return Err(Refusal::Invalid("it is for another audience".to_owned()));
        }
        if !claims.scope.contains(self.scope) {
            return Err(Refusal::Scope(self.scope));
        }
        Ok(claims)
    }

    async fn verified(&self, token: &str) -> Result<AccessTokenClaims, Refusal> {
        let with = |keys: &Keyring| keys.verify(token, &jose::ACCEPTED, Some(ACCESS_TOKEN_TYPE));
        match with(self.keys.current().await?.as_ref()) {
            Err(InvalidJwt::UnknownKey) => with(self.keys.renewed().await?.as_ref()),
            judged => judged,
        }
        .map_err(|error| Refusal::Invalid(error.to_string()))
    }
}

/// Lets a request pass with its claims in the extensions, or answers why not.
pub async fn require(State(guard): State<Arc<Guard>>, mut request: Request, next: Next) -> Response {
    match guard.judge(request.headers(), request.uri().query()).await {
        Ok(claims) => {
            request.extensions_mut().insert(claims);
            next.run(request).await
        }
        Err(refusal) => refusal.into_response(),
    }
}

fn token<'a>(headers: &'a HeaderMap, query: Option<&str>) -> Result<&'a str, Refusal> {
    // RFC 9700 §4.3.2: a token in a query string ends up in logs, so such a request is refused as a whole.
    if form_urlencoded::parse(query.unwrap_or_default().as_bytes()).any(|(name, _)| name == "access_token") {
        return Err(Refusal::Malformed);
    }
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Err(Refusal::Missing) };
    if values.next().is_some() {
        return Err(Refusal::Malformed);
    }
    let value = value.to_str().map_err(|_| Refusal::Malformed)?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    match token.trim() {
        _ if !scheme.eq_ignore_ascii_case("bearer") => Err(Refusal::Missing),
        "" => Err(Refusal::Malformed),
        token => Ok(token),
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, error) = match &self {
            Self::Missing => (StatusCode::UNAUTHORIZED, None),
            Self::Malformed => (StatusCode::BAD_REQUEST, Some(ErrorCode::InvalidRequest)),
            Self::Invalid(_) => (StatusCode::UNAUTHORIZED, Some(ErrorCode::InvalidToken)),
            Self::Scope(_) => (StatusCode::FORBIDDEN, Some(ErrorCode::InsufficientScope)),
            Self::NoKeys(_) => (StatusCode::SERVICE_UNAVAILABLE, Some(ErrorCode::TemporarilyUnavailable)),
        };
        let description = match &self {
            Self::NoKeys(error) => {
                tracing::error!(%error, "a token could not be judged");
                "the token cannot be judged right now".to_owned()
            }
            refusal => refusal.to_string(),
        };
        let challenge = match (&self, error) {
            (Self::NoKeys(_), _) => None,
            (_, None) => Some("Bearer".to_owned()),
            (Self::Scope(scope), Some(error)) => Some(format!("Bearer error=\"{}\", scope=\"{scope}\"", error.as_str())),
            (_, Some(error)) => Some(format!("Bearer error=\"{}\"", error.as_str())),
        };
        let mut response = match error {
            Some(error) => (status, Json(ErrorResponse { error, error_description: Some(description) })).into_response(),
            None => status.into_response(),
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(value) = challenge.and_then(|text| HeaderValue::from_str(&text).ok()) {
            headers.insert(header::WWW_AUTHENTICATE, value);
        }
        if matches!(self, Self::NoKeys(_)) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}
