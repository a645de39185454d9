//! The token exchange (exchanges 9 and 10): code for tokens, the ID token's checks, and userinfo.

use jiff::Timestamp;
use openidconnect::core::{CoreErrorResponseType, CoreGenderClaim, CoreJwsSigningAlgorithm};
use openidconnect::{
    AccessTokenHash, ClaimsVerificationError, Nonce, OAuth2TokenResponse as _, PkceCodeVerifier, RedirectUrl, RequestTokenError,
    SignatureVerificationError, TokenResponse as _, UserInfoClaims,
};
use protocol::Exchange;
use protocol::jose::SKEW_SECONDS;
use protocol::secret::{AccessToken, AuthorizationCode, CodeVerifier, RefreshToken};
use tracing::Instrument as _;

use super::client::{Answer, SessionClaim, TokenError};
use super::{Metadata, Provider, ProviderError};
use crate::session::Tokens;

/// What a completed exchange gives.
pub struct Exchanged {
    /// The tokens to keep.
    pub tokens: Tokens,
    /// The user.
    pub subject: String,
    /// The provider's session.
    pub provider_session: Option<String>,
    /// When the ID token was issued, in seconds of the epoch.
    pub issued_at: i64,
    /// From userinfo: full name.
    pub name: Option<String>,
    /// From userinfo: e-mail address.
    pub email: Option<String>,
}

/// How long before its expiry an access token is refreshed, in seconds; of a short-lived one, a quarter of its life.
const AHEAD_SECONDS: i64 = 30;

/// What an ID token tells, verified.
struct Vouched {
    subject: String,
    provider_session: Option<String>,
    issued_at: i64,
}

/// The same, with what userinfo adds: name, e-mail address.
type Judged = (Vouched, Option<String>, Option<String>);

impl Provider {
    /// Exchanges `code` for tokens and checks everything that came (B13).
    ///
    /// # Errors
    /// [`ProviderError`]: unreachable, refused (a replayed code), or unacceptable (an ID token that does not verify).
    pub async fn exchange(
        &self,
        code: &AuthorizationCode,
        verifier: &CodeVerifier,
        nonce: &str,
    ) -> Result<Exchanged, ProviderError> {
        let metadata = self.metadata().await?;
        let client = self
            .client(&metadata)
            .set_redirect_uri(RedirectUrl::new(self.redirect_uri.clone()).map_err(|error| unacceptable(&error))?);
        let mut request = client
            .exchange_code(openidconnect::AuthorizationCode::new(code.expose().to_owned()))
            .map_err(|error| unacceptable(&error))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose().to_owned()))
            .add_extra_param("resource", self.audience.clone());
        for (name, value) in self.authentication()?.into_iter().skip(1) {
            request = request.add_extra_param(name, value);
        }
        let span = tracing::info_span!("exchange", number = Exchange::TokenRequest.number());
        let answer = request.request_async(&self.wire).instrument(span).await.map_err(|error| token_error(&error))?;

        let span = tracing::info_span!("exchange", number = Exchange::TokenResponse.number());
        async {
            let tokens = self.kept(&answer, None);
            match self.judged(&metadata, &answer, nonce).await {
                Ok((vouched, name, email)) => {
                    let Vouched { subject, provider_session, issued_at } = vouched;
                    Ok(Exchanged { tokens, subject, provider_session, issued_at, name, email })
                }
                Err(error) => {
                    // What was given and will not be used must not lie about.
                    if let Some(refresh) = &tokens.refresh {
                        drop(self.revoke(refresh).await);
                    }
                    Err(error)
                }
            }
        }
        .instrument(span)
        .await
    }

    /// Checks the ID token, then asks userinfo.
    async fn judged(&self, metadata: &Metadata, answer: &Answer, nonce: &str) -> Result<Judged, ProviderError> {
        let vouched = self.verified(metadata, answer, nonce).await?;
        let (name, email) = self.userinfo(metadata, answer, &vouched.subject).await?;
        Ok((vouched, name, email))
    }

    /// Refreshes the tokens (RFC 6749 §6). A provider that does not rotate keeps the old refresh token in use.
    ///
    /// # Errors
    /// [`ProviderError::Refused`] with `invalid_grant` where the refresh token is dead.
    pub async fn refresh(&self, refresh: &RefreshToken) -> Result<Tokens, ProviderError> {
        let metadata = self.metadata().await?;
        let client = self.client(&metadata);
        let token = openidconnect::RefreshToken::new(refresh.expose().to_owned());
        let mut request = client.exchange_refresh_token(&token).map_err(|error| unacceptable(&error))?;
        for (name, value) in self.authentication()?.into_iter().skip(1) {
            request = request.add_extra_param(name, value);
        }
        let answer = request.request_async(&self.wire).await.map_err(|error| token_error(&error))?;
        Ok(self.kept(&answer, Some(refresh)))
    }

    fn kept(&self, answer: &Answer, previous: Option<&RefreshToken>) -> Tokens {
        let lifetime = answer.expires_in().and_then(|lifetime| i64::try_from(lifetime.as_secs()).ok());
        let after = |seconds: i64| {
            let second = self.clock.now().as_second().checked_add(seconds)?;
            Timestamp::from_second(second).ok()
        };
        Tokens {
            access: AccessToken::new(answer.access_token().secret().clone()),
            access_expires_at: lifetime.and_then(after),
            refresh_at: lifetime.and_then(|seconds| after(seconds - AHEAD_SECONDS.min(seconds / 4))),
            refresh: answer.refresh_token().map(|token| RefreshToken::new(token.secret().clone())).or_else(|| previous.cloned()),
        }
    }

    /// Verifies the ID token: signature, issuer, audience, times, nonce, `at_hash`. An unknown key makes us fetch the keys once.
    async fn verified(&self, metadata: &Metadata, answer: &Answer, nonce: &str) -> Result<Vouched, ProviderError> {
        match self.verified_with(metadata, answer, nonce) {
            Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey)) => {
                let renewed = self.renewed_metadata().await?;
                self.verified_with(&renewed, answer, nonce)
            }
            judged => judged,
        }
        .map_err(|error| unacceptable(&error))
    }

    fn verified_with(&self, metadata: &Metadata, answer: &Answer, nonce: &str) -> Result<Vouched, ClaimsVerificationError> {
        let client = self.client(metadata);
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
        Ok(Vouched {
            subject: claims.subject().to_string(),
            provider_session: claims.additional_claims().sid.clone(),
            issued_at: claims.issue_time().timestamp(),
        })
    }

    /// Asks userinfo (OpenID Connect Core §5.3); its `sub` must be the ID token's.
    async fn userinfo(
        &self,
        metadata: &Metadata,
        answer: &Answer,
        subject: &str,
    ) -> Result<(Option<String>, Option<String>), ProviderError> {
        if metadata.userinfo_endpoint().is_none() {
            return Ok((None, None));
        }
        let client = self.client(metadata);
        let expected = openidconnect::SubjectIdentifier::new(subject.to_owned());
        let request = client.user_info(answer.access_token().clone(), Some(expected)).map_err(|error| unacceptable(&error))?;
        let claims: UserInfoClaims<SessionClaim, CoreGenderClaim> =
            request.request_async(&self.wire).await.map_err(|error| match error {
                openidconnect::UserInfoError::Request(error) => ProviderError::Unreachable(error.to_string()),
                other => unacceptable(&other),
            })?;
        let name = claims.name().and_then(|name| name.get(None)).map(|name| name.to_string());
        let username = claims.preferred_username().map(|name| name.to_string());
        Ok((name.or(username), claims.email().map(|email| email.to_string())))
    }
}

fn unacceptable(error: &dyn std::error::Error) -> ProviderError {
    ProviderError::Unacceptable(error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}")))
}

fn token_error(error: &TokenError) -> ProviderError {
    match error {
        RequestTokenError::ServerResponse(response) => match response.error() {
            CoreErrorResponseType::Extension(code) if code == "temporarily_unavailable" || code == "server_error" => {
                ProviderError::Unreachable(code.clone())
            }
            code => ProviderError::Refused(code.as_ref().to_owned()),
        },
        RequestTokenError::Request(error) => ProviderError::Unreachable(error.to_string()),
        // The body is not repeated: it may hold tokens.
        RequestTokenError::Parse(..) => ProviderError::Unacceptable("the token response does not parse".to_owned()),
        RequestTokenError::Other(why) => ProviderError::Unacceptable(why.clone()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests stop at surprises")]
mod tests {
    use protocol::OsRng;
    use protocol::claims::at_hash;
    use protocol::jose::{Algorithm, KeyKind, SigningKey};
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
