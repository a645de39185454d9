//! All providers that people may sign in with.

use super::Provider;
use super::logout_token::{InvalidLogoutToken, LogoutToken, claimed_issuer};
use crate::backchannel_logout::LogoutError;
use crate::session::Identity;

/// The providers, in the order in which they are offered.
pub struct Providers(Vec<Provider>);

impl Providers {
    pub(crate) fn new(providers: Vec<Provider>) -> Self {
        Self(providers)
    }

    /// All of them, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Provider> {
        self.0.iter()
    }

    /// The only one, where there is one only.
    pub fn only(&self) -> Option<&Provider> {
        match self.0.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// The provider of that name.
    pub fn named(&self, name: &str) -> Option<&Provider> {
        self.iter().find(|provider| provider.name() == name)
    }

    /// The provider that a session came of; none where it is configured no more, or is another by now: then the session is over.
    pub fn of(&self, identity: &Identity) -> Option<&Provider> {
        self.named(&identity.provider).filter(|provider| provider.issuer() == identity.issuer)
    }

    /// Judges a logout token with the provider that it claims to be of.
    ///
    /// # Errors
    /// [`LogoutError::Invalid`] tells the first check that failed; [`LogoutError::Provider`] where there are no keys.
    pub(crate) async fn judge_logout_token(&self, token: &str) -> Result<LogoutToken, LogoutError> {
        let issuer = claimed_issuer(token)?;
        let mut judged = Err(InvalidLogoutToken::Issuer.into());
        // One issuer may know us as several clients: the token is for one of them.
        for provider in self.iter().filter(|provider| provider.issuer() == issuer) {
            judged = provider.judge_logout_token(token).await;
            if !matches!(judged, Err(LogoutError::Invalid(InvalidLogoutToken::Audience))) {
                break;
            }
        }
        judged
    }
}

impl<'a> IntoIterator for &'a Providers {
    type Item = &'a Provider;
    type IntoIter = std::slice::Iter<'a, Provider>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests stop at surprises")]
mod tests {
    use protocol::OsRng;
    use protocol::claims::LOGOUT_EVENT;
    use protocol::jose::SigningKey;
    use serde_json::json;

    use super::*;
    use crate::provider::samples::{ISSUER, NOW, metadata, provider_with};

    /// B18: the provider is that of `iss`, whose keys alone count; one that knows us as two clients may speak to either.
    #[tokio::test]
    async fn a_logout_token_is_judged_by_the_provider_that_it_is_of() {
        let (key, other_key) = (SigningKey::generate(&OsRng), SigningKey::generate(&OsRng));
        let mut providers = Vec::new();
        for (name, issuer, client_id, key) in
            [("a", "https://other.example", "app", &other_key), ("b", ISSUER, "one", &key), ("c", ISSUER, "two", &key)]
        {
            let provider = provider_with(|settings| {
                settings.name = name.to_owned();
                settings.issuer = issuer.to_owned();
                settings.client_id = client_id.to_owned();
            });
            provider.learn(metadata(key)).await;
            providers.push(provider);
        }
        let providers = Providers::new(providers);
        let token = |key: &SigningKey, issuer: &str, audience: &str| {
            let claims = json!({"iss": issuer, "aud": audience, "iat": NOW, "exp": NOW + 60, "jti": "1", "sub": "ada",
                "events": {LOGOUT_EVENT: {}}});
            key.sign("logout+jwt", &claims).unwrap()
        };
        let judged = async |token: String| match providers.judge_logout_token(&token).await {
            Ok(token) => Ok(token.issuer),
            Err(LogoutError::Invalid(error)) => Err(error),
            Err(error) => panic!("{error}"),
        };
        for audience in ["one", "two"] {
            assert_eq!(judged(token(&key, ISSUER, audience)).await.as_deref(), Ok(ISSUER), "{audience}");
        }
        assert_eq!(judged(token(&key, ISSUER, "app")).await, Err(InvalidLogoutToken::Audience));
        assert_eq!(judged(token(&key, "https://nobody.example", "one")).await, Err(InvalidLogoutToken::Issuer));
        // One provider cannot end the sessions of another.
        let foreign = judged(token(&other_key, ISSUER, "one")).await;
        assert_eq!(foreign, Err(InvalidLogoutToken::Jwt(protocol::jose::InvalidJwt::UnknownKey)));
        for nonsense in ["", "a.b.c", "eyJ9.e30.x"] {
            let refused = judged(nonsense.to_owned()).await;
            assert_eq!(refused, Err(InvalidLogoutToken::Jwt(protocol::jose::InvalidJwt::Malformed)), "{nonsense}");
        }
    }
}
