//! Token revocation (RFC 7009).

use protocol::secret::RefreshToken;

use super::{Provider, ProviderError};

impl Provider {
    /// Revokes a refresh token, where the provider has a place for that.
    ///
    /// # Errors
    /// [`ProviderError`] where the provider does not confirm.
    pub async fn revoke(&self, token: &RefreshToken) -> Result<(), ProviderError> {
        let metadata = self.metadata().await?;
        let Some(endpoint) = metadata.additional_metadata().revocation_endpoint.as_deref() else { return Ok(()) };
        let mut form = vec![("token", token.expose().to_owned()), ("token_type_hint", "refresh_token".to_owned())];
        form.extend(self.authentication()?);
        let answer = self.wire.0.post(endpoint).form(&form).send().await;
        match answer {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) if answer.status().is_server_error() => Err(ProviderError::Unreachable(answer.status().to_string())),
            Ok(answer) => Err(ProviderError::Refused(answer.status().to_string())),
            Err(error) => Err(ProviderError::Unreachable(error.without_url().to_string())),
        }
    }
}
