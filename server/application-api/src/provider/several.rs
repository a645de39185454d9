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
