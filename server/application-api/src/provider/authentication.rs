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

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests stop at surprises")]
mod tests {
    use base64::Engine as _;
    use protocol::secret::ClientSecret;

    use super::*;
    use crate::provider::samples::provider_with;

    fn credentials(authentication: Authentication) -> Credentials {
        let provider = provider_with(|settings| {
            settings.client_id = "app:1".to_owned();
            settings.authentication = authentication;
        });
        provider.credentials().unwrap()
    }

    fn names(credentials: &Credentials) -> Vec<&str> {
        credentials.form.iter().map(|(name, _)| *name).collect()
    }

    /// B10, RFC 6749 §2.3.1: in the header, identifier and secret are form-encoded first; and nothing of it is in the form.
    #[test]
    fn a_secret_goes_into_the_header_or_into_the_form() {
        let secret = || ClientSecret::new("p%ss: wörd+/=");
        let basic = credentials(Authentication::SecretBasic(secret()));
        let header = basic.header.as_ref().unwrap();
        let decoded = base64::engine::general_purpose::STANDARD.decode(&header.as_bytes()["Basic ".len()..]).unwrap();
        assert_eq!(decoded, b"app%3A1:p%25ss%3A+w%C3%B6rd%2B%2F%3D");
        assert!(header.is_sensitive() && basic.form.is_empty());
        let post = credentials(Authentication::SecretPost(secret()));
        assert_eq!((names(&post), post.header.is_none()), (vec!["client_id", "client_secret"], true));
        let none = credentials(Authentication::None);
        assert_eq!((names(&none), none.header.is_none()), (vec!["client_id"], true));
    }

    /// B10: each request has an assertion of its own, for the issuer alone.
    #[test]
    fn an_assertion_is_made_for_one_request() {
        let key = protocol::jose::SigningKey::generate(&protocol::OsRng);
        let [one, other] = [(); 2].map(|()| credentials(Authentication::PrivateKeyJwt(key.clone())));
        assert_eq!(names(&one), ["client_id", "client_assertion_type", "client_assertion"]);
        assert_ne!(one.form, other.form);
        let keys = protocol::jose::JwkSet { keys: vec![key.public_jwk().clone()] };
        let assertion = protocol::secret::ClientAssertion::new(one.form[2].1.clone());
        let (issuer, now) = (crate::provider::samples::ISSUER, crate::provider::samples::now());
        assert!(client_assertion::verify(&assertion, "app:1", issuer, &keys, &protocol::jose::ACCEPTED, now).is_ok());
    }
}
