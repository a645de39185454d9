//! The authorization request (exchanges 3 and 4): pushed where the provider offers it (RFC 9126), else in the query.

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use openidconnect::{AsyncHttpClient as _, HttpRequest, PkceCodeVerifier};
use protocol::dpop::Thumbprint;
use protocol::flow::{Shown, tell};
use protocol::secret::CodeVerifier;
use protocol::step_up::Demand;
use protocol::wire::PushedAuthorizationResponse;
use protocol::{Exchange, pkce};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::Instrument as _;
use url::{Url, form_urlencoded};

use super::settings::Use;
use super::{Metadata, Provider, ProviderError, demanded};
use crate::flow as telling;

/// What varies from one authorization request to the next.
pub struct Asked<'a> {
    /// One-time, bound to the browser.
    pub state: &'a str,
    /// Comes back in the ID token.
    pub nonce: &'a str,
    /// Its challenge is sent.
    pub verifier: &'a CodeVerifier,
    /// The key that the code is bound to (RFC 9449 §10), where tokens are to be.
    pub proof_key: Option<&'a Thumbprint>,
    /// What is demanded of how the user authenticates.
    pub demand: &'a Demand,
}

/// Whether a request is what the exchange under way is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Aloud {
    /// It is, and is told.
    Told,
    /// It happens in passing.
    Silent,
}

/// The error by which a provider says that it cannot have the user authenticate as is demanded (OpenID Connect Core Error Code
/// `unmet_authentication_requirements` 1.0 §2).
pub(crate) const UNMET: &str = "unmet_authentication_requirements";

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
        let settings = &self.settings;
        let mut request = vec![
            ("response_type", "code".to_owned()),
            ("redirect_uri", self.redirect_uri.clone()),
            ("scope", settings.scope.to_string()),
            ("state", asked.state.to_owned()),
            ("nonce", asked.nonce.to_owned()),
            ("code_challenge", challenge.as_str().to_owned()),
            ("code_challenge_method", pkce::METHOD.to_owned()),
        ];
        request.extend(settings.resources.iter().map(|resource| ("resource", resource.clone())));
        request.extend(asked.proof_key.map(|key| ("dpop_jkt", key.to_string())));
        let reads_claims = metadata.claims_parameter_supported() == Some(true);
        request.extend(demanded::parameters(asked.demand, &settings.parameters, reads_claims));
        let mut url = metadata.authorization_endpoint().url().clone();
        if let Some(endpoint) = self.pushes_to(metadata)? {
            let span = tracing::info_span!("exchange", number = Exchange::PushedAuthorizationRequest.number());
            let pushed = async {
                let pushed = self.push(endpoint, request).await;
                telling::trouble(&pushed);
                pushed
            };
            let pushed = pushed.instrument(span).await?;
            url.query_pairs_mut().append_pair("client_id", &settings.client_id).append_pair("request_uri", &pushed.request_uri);
        } else {
            url.query_pairs_mut().append_pair("client_id", &settings.client_id).extend_pairs(&request);
        }
        Ok(url)
    }

    /// Where requests are pushed to, if they are.
    fn pushes_to<'m>(&self, metadata: &'m Metadata) -> Result<Option<&'m str>, ProviderError> {
        let endpoint = metadata.additional_metadata().pushed_authorization_request_endpoint.as_deref();
        match (self.settings.par, endpoint) {
            (Use::Never, _) | (Use::Auto, None) => Ok(None),
            (Use::Auto | Use::Always, Some(endpoint)) => Ok(Some(endpoint)),
            (Use::Always, None) => Err(ProviderError::Unacceptable("it takes no pushed authorization requests".to_owned())),
        }
    }

    async fn push(&self, endpoint: &str, mut form: Vec<(&str, String)>) -> Result<PushedAuthorizationResponse, ProviderError> {
        // Where we authenticate by header, the request itself has to name us.
        form.push(("client_id", self.settings.client_id.clone()));
        let pushed: PushedAuthorizationResponse = self.post(endpoint, form).await?;
        tell(|told| {
            told.with("request_uri", Shown::beginning(&pushed.request_uri)).plain("expires_in", &pushed.expires_in.to_string());
        });
        Ok(pushed)
    }

    /// Posts a form and reads the JSON answer, or the error in it.
    pub(super) async fn post<T: DeserializeOwned>(&self, endpoint: &str, form: Vec<(&str, String)>) -> Result<T, ProviderError> {
        let body = self.post_form(endpoint, form, Aloud::Told).await?;
        serde_json::from_slice(&body).map_err(|error| ProviderError::Unacceptable(error.to_string()))
    }

    /// Posts a form, authenticated; gives the body of a success.
    ///
    /// What is posted so does no harm if it is done twice: a connection that is lost on the way is replaced, and the form sent
    /// once more, with an assertion of its own.
    pub(super) async fn post_form(
        &self,
        endpoint: &str,
        form: Vec<(&str, String)>,
        aloud: Aloud,
    ) -> Result<Vec<u8>, ProviderError> {
        let send = |request| async move {
            match aloud {
                Aloud::Told => self.wire.told(request).await,
                Aloud::Silent => self.wire.call(request).await,
            }
        };
        let answer = match send(self.authenticated(endpoint, form.clone())?).await {
            Err(error) if error.lost_the_connection() => send(self.authenticated(endpoint, form)?).await,
            answered => answered,
        };
        let answer = answer.map_err(|error| ProviderError::Unreachable(error.to_string()))?;
        if answer.status().is_success() {
            return Ok(answer.into_body());
        }
        let code = serde_json::from_slice::<Value>(answer.body()).ok();
        let code = code.as_ref().and_then(|body| body.get("error")?.as_str()).map(|code| code.chars().take(60).collect());
        Err(ProviderError::Refused(code.unwrap_or_else(|| format!("HTTP {}", answer.status()))))
    }

    /// A form, and who we are.
    fn authenticated(&self, endpoint: &str, mut form: Vec<(&str, String)>) -> Result<HttpRequest, ProviderError> {
        let credentials = self.credentials()?;
        for parameter in credentials.form {
            // A parameter comes once at the most (RFC 6749 §3.2).
            if !form.iter().any(|(name, _)| *name == parameter.0) {
                form.push(parameter);
            }
        }
        let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut request = http::Request::post(endpoint)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json");
        if let Some(header) = credentials.header {
            request = request.header(AUTHORIZATION, header);
        }
        request.body(encoded.into_bytes()).map_err(|error| ProviderError::Unacceptable(error.to_string()))
    }
}
