//! How we prove to a provider who we are (OpenID Connect Core §9), in requests that we write ourselves.

use http::HeaderValue;
use protocol::client_assertion;
use url::form_urlencoded;

use super::settings::Authentication;
use super::{Provider, ProviderError};

/// What a request brings to prove who sends it.
pub(super) struct Credentials {
    /// For the form.
    pub(super) form: Vec<(&'static str, String)>,
    /// For the `Authorization` header.
    pub(super) header: Option<HeaderValue>,
}

impl Provider {
    /// Fresh credentials for one request.
    pub(super) fn credentials(&self) -> Result<Credentials, ProviderError> {
        let client_id = ("client_id", self.settings.client_id.clone());
        let in_form = |form| Ok(Credentials { form, header: None });
        match &self.settings.authentication {
            Authentication::PrivateKeyJwt(_) => {
                let mut form = vec![client_id];
                form.extend(self.assertion()?);
                in_form(form)
            }
            Authentication::SecretPost(secret) => in_form(vec![client_id, ("client_secret", secret.expose().to_owned())]),
            Authentication::SecretBasic(secret) => {
                Ok(Credentials { form: Vec::new(), header: Some(self.basic(secret.expose())?) })
            }
            Authentication::None => in_form(vec![client_id]),
        }
    }

    /// A fresh assertion where we authenticate by one (`private_key_jwt`, RFC 7523 §2.2); the audience is the issuer.
    pub(super) fn assertion(&self) -> Result<Vec<(&'static str, String)>, ProviderError> {
        let Authentication::PrivateKeyJwt(key) = &self.settings.authentication else { return Ok(Vec::new()) };
        let (client_id, issuer) = (&self.settings.client_id, &self.settings.issuer);
        let assertion = client_assertion::assert(client_id, issuer, key, self.clock.now(), self.rng.as_ref())
            .map_err(|error| ProviderError::Unacceptable(error.to_string()))?;
        Ok(vec![
            ("client_assertion_type", client_assertion::ASSERTION_TYPE.to_owned()),
            ("client_assertion", assertion.expose().to_owned()),
        ])
    }

    /// Identifier and secret are form-encoded before they are joined (RFC 6749 §2.3.1).
    fn basic(&self, secret: &str) -> Result<HeaderValue, ProviderError> {
        use base64::Engine as _;
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let joined = format!("{}:{}", encoded(&self.settings.client_id), encoded(secret));
        let value = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(joined));
        let mut value = HeaderValue::try_from(value).map_err(|error| ProviderError::Unacceptable(error.to_string()))?;
        value.set_sensitive(true);
        Ok(value)
    }
}
