//! The authorization request (exchanges 3 and 4): pushed where the provider offers it (RFC 9126), else in the query.

use http::header::{ACCEPT, CONTENT_TYPE};
use openidconnect::{AsyncHttpClient as _, PkceCodeVerifier};
use protocol::secret::CodeVerifier;
use protocol::wire::PushedAuthorizationResponse;
use protocol::{Exchange, Scope, pkce};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::Instrument as _;
use url::{Url, form_urlencoded};

use super::{Metadata, Provider, ProviderError};

/// What varies from one authorization request to the next.
pub struct Asked<'a> {
    /// One-time, bound to the browser.
    pub state: &'a str,
    /// Comes back in the ID token.
    pub nonce: &'a str,
    /// Its challenge is sent.
    pub verifier: &'a CodeVerifier,
    /// What is asked for.
    pub scope: &'a Scope,
}

impl Provider {
    /// Where to send the browser: the authorization endpoint with `client_id` and `request_uri` only, or, at a provider
    /// without PAR, with the whole request.
    ///
    /// # Errors
    /// [`ProviderError`] where the provider does not take the request.
    pub async fn authorization_url(&self, metadata: &Metadata, asked: &Asked<'_>) -> Result<Url, ProviderError> {
        let challenge = openidconnect::PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(
            asked.verifier.expose().to_owned(),
        ));
        let request = [
            ("response_type", "code".to_owned()),
            ("redirect_uri", self.redirect_uri.clone()),
            ("scope", asked.scope.to_string()),
            ("state", asked.state.to_owned()),
            ("nonce", asked.nonce.to_owned()),
            ("code_challenge", challenge.as_str().to_owned()),
            ("code_challenge_method", pkce::METHOD.to_owned()),
            ("resource", self.audience.clone()),
        ];
        let mut url = metadata.authorization_endpoint().url().clone();
        if let Some(endpoint) = &metadata.additional_metadata().pushed_authorization_request_endpoint {
            let span = tracing::info_span!("exchange", number = Exchange::PushedAuthorizationRequest.number());
            let pushed = self.push(endpoint, &request).instrument(span).await?;
            url.query_pairs_mut().append_pair("client_id", &self.client_id).append_pair("request_uri", &pushed.request_uri);
        } else {
            url.query_pairs_mut().append_pair("client_id", &self.client_id).extend_pairs(&request);
        }
        Ok(url)
    }

    async fn push(&self, endpoint: &str, request: &[(&str, String)]) -> Result<PushedAuthorizationResponse, ProviderError> {
        let mut form = request.to_vec();
        form.extend(self.authentication()?);
        self.post(endpoint, &form).await
    }

    /// Posts a form and reads the JSON answer, or the error in it.
    pub(super) async fn post<T: DeserializeOwned>(&self, endpoint: &str, form: &[(&str, String)]) -> Result<T, ProviderError> {
        let body = self.post_form(endpoint, form).await?;
        serde_json::from_slice(&body).map_err(|error| ProviderError::Unacceptable(error.to_string()))
    }

    /// Posts a form; gives the body of a success.
    pub(super) async fn post_form(&self, endpoint: &str, form: &[(&str, String)]) -> Result<Vec<u8>, ProviderError> {
        let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = http::Request::post(endpoint)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .body(encoded.into_bytes())
            .map_err(|error| ProviderError::Unacceptable(error.to_string()))?;
        let answer = self.wire.call(request).await.map_err(|error| ProviderError::Unreachable(error.to_string()))?;
        if answer.status().is_success() {
            return Ok(answer.into_body());
        }
        let code = serde_json::from_slice::<Value>(answer.body()).ok();
        let code = code.as_ref().and_then(|body| body.get("error")?.as_str()).map(|code| code.chars().take(60).collect());
        Err(ProviderError::Refused(code.unwrap_or_else(|| format!("HTTP {}", answer.status()))))
    }
}
