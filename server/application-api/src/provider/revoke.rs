//! Token revocation (RFC 7009).

use protocol::secret::RefreshToken;

use super::push::Aloud;
use super::{Provider, ProviderError};

impl Provider {
    /// Revokes a refresh token, where the provider has a place for that.
    ///
    /// # Errors
    /// [`ProviderError`] where the provider does not confirm.
    pub async fn revoke(&self, token: &RefreshToken) -> Result<(), ProviderError> {
        let metadata = self.metadata().await?;
        let Some(endpoint) = metadata.additional_metadata().revocation_endpoint.as_deref() else { return Ok(()) };
        let form = vec![("token", token.expose().to_owned()), ("token_type_hint", "refresh_token".to_owned())];
        self.post_form(endpoint, form, Aloud::Silent).await.map(drop)
    }
}
