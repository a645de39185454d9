//! The ID token (OpenID Connect Core §3.1.3.7): what a provider vouches for, once everything about it holds (B13).

use std::sync::Arc;

use openidconnect::core::CoreJwsSigningAlgorithm;
use openidconnect::{
    AccessTokenHash, ClaimsVerificationError, Nonce, OAuth2TokenResponse as _, SignatureVerificationError, TokenResponse as _,
};
use protocol::jose::SKEW_SECONDS;
use serde_json::Value;

use super::client::Answer;
use super::token::unacceptable;
use super::{Metadata, Provider, ProviderError};

/// What an ID token tells, verified.
pub(super) struct Vouched {
    pub(super) subject: String,
    /// `sid`.
    pub(super) provider_session: Option<String>,
    /// Seconds of the epoch.
    pub(super) issued_at: i64,
    /// The class in which the user authenticated.
    pub(super) acr: Option<String>,
    /// When the user authenticated, in seconds of the epoch.
    pub(super) auth_time: Option<i64>,
    /// All claims.
    pub(super) claims: Value,
}

impl Provider {
    /// Verifies the ID token: signature, issuer, audience, times, nonce, `at_hash`. An unknown key makes us fetch the keys, at
    /// most once an interval.
    pub(super) async fn vouched(&self, metadata: &Arc<Metadata>, answer: &Answer, nonce: &str) -> Result<Vouched, ProviderError> {
        match self.verified_with(metadata, answer, nonce) {
            Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey)) => {
                let renewed = self.renewed_metadata(metadata).await?;
                self.verified_with(&renewed, answer, nonce)
            }
            judged => judged,
        }
        .map_err(|error| unacceptable(&error))
    }

    fn verified_with(&self, metadata: &Metadata, answer: &Answer, nonce: &str) -> Result<Vouched, ClaimsVerificationError> {
        let client = self.verifying_client(metadata);
        let now = self.clock.now().as_second();
        let at = |second: i64| chrono::DateTime::from_timestamp(second, 0).unwrap_or_default();
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs([
                CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
                CoreJwsSigningAlgorithm::RsaSsaPssSha256,
                CoreJwsSigningAlgorithm::EcdsaP256Sha256,
                CoreJwsSigningAlgorithm::EdDsa,
            ])
            .set_time_fn(move || at(now - SKEW_SECONDS))
            .set_issue_time_verifier_fn(move |issued| {
                if issued > at(now + SKEW_SECONDS) { Err("iat lies in the future".to_owned()) } else { Ok(()) }
            });
        let token = answer.id_token().ok_or_else(|| ClaimsVerificationError::Other("no ID token".to_owned()))?;
        let claims = token.claims(&verifier, &Nonce::new(nonce.to_owned()))?;
        // The crate leaves this to whoever knows its provider; where we are the only audience, it can be nobody else.
        if claims.authorized_party().is_some_and(|party| party.as_str() != self.settings.client_id) {
            return Err(ClaimsVerificationError::InvalidAudience("azp is another client".to_owned()));
        }
        if let Some(expected) = claims.access_token_hash() {
            let hashed = token
                .signing_alg()
                .ok()
                .zip(token.signing_key(&verifier).ok())
                .and_then(|(algorithm, key)| AccessTokenHash::from_token(answer.access_token(), algorithm, key).ok());
            if hashed.as_ref() != Some(expected) {
                return Err(ClaimsVerificationError::Other("at_hash does not match the access token".to_owned()));
            }
        }
        let (issued_at, auth_time) = (claims.issue_time().timestamp(), claims.auth_time().map(|at| at.timestamp()));
        if auth_time.is_some_and(|at| at > issued_at.saturating_add(SKEW_SECONDS)) {
            return Err(ClaimsVerificationError::Other("auth_time lies after iat".to_owned()));
        }
        Ok(Vouched {
            subject: claims.subject().to_string(),
            provider_session: claims.additional_claims().sid(),
            issued_at,
            acr: claims.auth_context_ref().map(|class| class.as_str().to_owned()),
            auth_time,
            claims: serde_json::to_value(claims).map_err(|error| ClaimsVerificationError::Other(error.to_string()))?,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests stop at surprises")]
mod tests {
    use protocol::OsRng;
    use protocol::claims::at_hash;
    use protocol::jose::{Algorithm, KeyKind, SigningKey};
    use protocol::secret::AccessToken;
    use serde_json::json;

    use super::*;
    use crate::provider::samples::{ISSUER, NOW, metadata, provider};

    const ACCESS: &str = "an-access-token";

    fn answer(key: &SigningKey, algorithm: Algorithm, at_hash: &str) -> Answer {
        let claims = json!({"iss": ISSUER, "sub": "ada", "aud": "app", "exp": NOW + 300, "iat": NOW, "nonce": "n", "sid": "s",
            "at_hash": at_hash});
        let id_token = key.sign_as(algorithm, "JWT", &claims).unwrap();
        serde_json::from_value(json!({"access_token": ACCESS, "token_type": "Bearer", "id_token": id_token})).unwrap()
    }

    /// A2, OpenID Connect Core §3.1.3.6: a provider may sign RS256, PS256, ES256 or `EdDSA`, and hash accordingly.
    #[test]
    fn an_id_token_of_each_algorithm_is_accepted_with_its_own_hash_only() {
        let provider = provider();
        for kind in KeyKind::ALL {
            let key = SigningKey::generate_kind(kind, &OsRng);
            let other = SigningKey::generate(&OsRng);
            for algorithm in kind.algorithms() {
                let hash = |algorithm| at_hash(&AccessToken::new(ACCESS), algorithm);
                let judged = |hash: &str, metadata: &Metadata| {
                    provider.verified_with(metadata, &answer(&key, *algorithm, hash), "n").map(|vouched| vouched.subject)
                };
                assert_eq!(judged(&hash(*algorithm), &metadata(&key)).unwrap(), "ada", "{algorithm:?}");
                let wrong = if *algorithm == Algorithm::EdDSA { Algorithm::ES256 } else { Algorithm::EdDSA };
                assert!(judged(&hash(wrong), &metadata(&key)).is_err(), "{algorithm:?}");
                assert!(judged(&hash(*algorithm), &metadata(&other)).is_err(), "{algorithm:?}");
            }
        }
    }
}
