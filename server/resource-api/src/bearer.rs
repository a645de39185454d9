//! The bearer layer: RFC 6750 at the door, RFC 9068 for what the token must be, RFC 9449 where it is bound to a key.

use std::sync::Arc;

use axum::extract::{OriginalUri, Request, State};
use axum::http::{HeaderMap, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use protocol::Clock;
use protocol::claims::{ACCESS_TOKEN_TYPE, AccessTokenClaims};
use protocol::dpop::{self, Proven, Scheme, Target, fits};
use protocol::jose::{self, InvalidJwt, Keyring};
use protocol::secret::AccessToken;
use url::form_urlencoded;

use crate::keys::IssuerKeys;
use crate::proofs::UsedProofs;
use crate::refusal::{Refusal, Refused};

/// What a token must be to pass.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Who issued it.
    pub issuer: String,
    /// For whom: one of its audiences.
    pub audience: String,
    /// What it allows.
    pub scope: &'static str,
    /// Where the API is reached, without a slash at the end: what `htu` of a DPoP proof is held against, since `Host` can be
    /// anything.
    pub origin: String,
}

/// Judges the tokens that come.
pub struct Guard {
    terms: Terms,
    keys: IssuerKeys,
    clock: Arc<dyn Clock>,
    proofs: Arc<dyn UsedProofs>,
}

impl Guard {
    /// Lets tokens pass that keep the `terms`; `proofs` remembers the DPoP proofs that came with them.
    pub fn new(terms: Terms, http: reqwest::Client, clock: Arc<dyn Clock>, proofs: Arc<dyn UsedProofs>) -> Self {
        let keys = IssuerKeys::new(terms.issuer.clone(), http, Arc::clone(&clock));
        Self { terms, keys, clock, proofs }
    }

    /// Judges the token of a request (RFC 9068 §4), and its DPoP proof (RFC 9449 §7.1).
    ///
    /// # Errors
    /// [`Refused`] tells the first check that failed.
    pub async fn judge(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<AccessTokenClaims, Refused> {
        let presented = presented(headers, uri.query());
        let (scheme, token) = presented.map_err(|cause| Refused { scheme: Scheme::default(), cause })?;
        self.allow(method, uri, headers, scheme, &token).await.map_err(|cause| Refused { scheme, cause })
    }

    async fn allow(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        scheme: Scheme,
        token: &AccessToken,
    ) -> Result<AccessTokenClaims, Refusal> {
        let claims = self.verified(token.expose()).await?;
        jose::timely(self.clock.now(), claims.exp, None, Some(claims.iat))
            .map_err(|error| Refusal::Invalid(error.to_string()))?;
        if claims.iss != self.terms.issuer {
            return Err(Refusal::Invalid("it is of another issuer".to_owned()));
        }
        if !claims.aud.contains(&self.terms.audience) {
            return Err(Refusal::Invalid("it is for another audience".to_owned()));
        }
        let proven = match scheme {
            Scheme::Bearer => None,
            Scheme::Dpop => Some(self.proven(method, uri, headers, token)?),
        };
        fits(claims.cnf.as_ref(), proven.as_ref().map(|proven| &proven.key))?;
        if !claims.scope.contains(self.terms.scope) {
            return Err(Refusal::Scope(self.terms.scope));
        }
        // At the very end, so that only who holds the token and its key writes into the memory.
        if let Some(proven) = proven
            && !self.proofs.note(&proven.once(), proven.remembered(self.clock.now())).await?
        {
            return Err(Refusal::Replayed);
        }
        Ok(claims)
    }

    fn proven(&self, method: &Method, uri: &Uri, headers: &HeaderMap, token: &AccessToken) -> Result<Proven, Refusal> {
        let proof = dpop::presented(headers)?.ok_or(Refusal::NoProof)?;
        let uri = format!("{}{}", self.terms.origin, uri.path());
        let target = Target { method: method.as_str(), uri: &uri, access_token: Some(token) };
        Ok(dpop::judge(&proof, &target, self.clock.now())?)
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
pub async fn require(
    State(guard): State<Arc<Guard>>,
    OriginalUri(uri): OriginalUri,
    mut request: Request,
    next: Next,
) -> Response {
    match guard.judge(request.method(), &uri, request.headers()).await {
        Ok(claims) => {
            request.extensions_mut().insert(claims);
            next.run(request).await
        }
        Err(refused) => refused.into_response(),
    }
}

/// The token of the `Authorization` header, and how it was presented.
fn presented(headers: &HeaderMap, query: Option<&str>) -> Result<(Scheme, AccessToken), Refusal> {
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
    let scheme = Scheme::named(scheme).ok_or(Refusal::Missing)?;
    match token.trim() {
        "" => Err(Refusal::Malformed),
        token => Ok((scheme, AccessToken::new(token))),
    }
}
