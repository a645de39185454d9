//! The token exchange (exchanges 9 and 10): code for tokens, and refresh token for tokens.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use openidconnect::core::CoreErrorResponseType;
use openidconnect::{OAuth2TokenResponse as _, PkceCodeVerifier, RedirectUrl, RequestTokenError};
use protocol::dpop::{ProofKey, Scheme};
use protocol::flow::tell;
use protocol::secret::{AccessToken, AuthorizationCode, CodeVerifier, IdToken, RefreshToken};
use protocol::step_up::Demand;
use protocol::{Exchange, Scope};
use tracing::Instrument as _;

use super::client::{Answer, TokenError};
use super::settings::Use;
use super::wire::ProvingWire;
use super::{Metadata, Provider, ProviderError};
use crate::flow as telling;
use crate::proof::NONCE_WANTED;
use crate::session::{Access, Tokens};

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
    /// What was granted.
    pub scope: Scope,
    /// The class in which the user authenticated, where the provider told.
    pub acr: Option<String>,
    /// When the user authenticated, where the provider told; by our own clock.
    pub authenticated_at: Option<Timestamp>,
    /// Full name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
}

/// What a refresh gives.
pub struct Renewed {
    /// The access token that was asked for.
    pub access: Access,
    /// The refresh token in place of the one that was used; none where that stays in use.
    pub refresh: Option<RefreshToken>,
}

/// What a browser brought back, and what was kept for it.
#[derive(Clone, Copy)]
pub struct Redeemed<'a> {
    /// The authorization code.
    pub code: &'a AuthorizationCode,
    /// The PKCE verifier of the request.
    pub verifier: &'a CodeVerifier,
    /// The nonce of the request.
    pub nonce: &'a str,
    /// The key that the code is bound to, where tokens are to be.
    pub proof_key: Option<&'a ProofKey>,
    /// What was demanded of how the user authenticates.
    pub demand: &'a Demand,
}

/// How long before its expiry an access token is refreshed, in seconds; of a short-lived one, a quarter of its life.
const AHEAD_SECONDS: i64 = 30;

impl Provider {
    /// Exchanges a code for tokens and checks everything that came (B13).
    ///
    /// # Errors
    /// [`ProviderError`]: unreachable, refused (a replayed code), or unacceptable (an ID token that does not verify).
    pub async fn exchange(&self, redeemed: Redeemed<'_>) -> Result<Exchanged, ProviderError> {
        let metadata = self.metadata().await?;
        let span = tracing::info_span!("exchange", number = Exchange::TokenRequest.number());
        let answer = async {
            let answer = match self.redeem(&metadata, redeemed).await {
                Err(error) if wants_nonce(&error) => self.redeem(&metadata, redeemed).await,
                answered => answered,
            };
            telling::trouble(&answer);
            answer
        };
        let answer = answer.instrument(span).await?;
        let span = tracing::info_span!("exchange", number = Exchange::TokenResponse.number());
        async {
            tell_of(&answer);
            match self.judged(&metadata, &answer, redeemed).await {
                Ok(exchanged) => Ok(exchanged),
                Err(error) => {
                    tell(|told| {
                        told.trouble(&error);
                    });
                    // What was given and will not be used must not lie about.
                    if let Some(refresh) = answer.refresh_token() {
                        drop(self.revoke(&RefreshToken::new(refresh.secret().clone())).await);
                    }
                    Err(error)
                }
            }
        }
        .instrument(span)
        .await
    }

    async fn redeem(&self, metadata: &Metadata, redeemed: Redeemed<'_>) -> Result<Answer, ProviderError> {
        let redirect_uri = RedirectUrl::new(self.redirect_uri.clone()).map_err(|error| unacceptable(&error))?;
        let client = self.client(metadata).set_redirect_uri(redirect_uri);
        let mut request = client
            .exchange_code(openidconnect::AuthorizationCode::new(redeemed.code.expose().to_owned()))
            .map_err(|error| unacceptable(&error))?
            .set_pkce_verifier(PkceCodeVerifier::new(redeemed.verifier.expose().to_owned()));
        // The authorization is for all of them, this token for one alone (RFC 8707 §2.2).
        if let Some(resource) = self.settings.resources.first() {
            request = request.add_extra_param("resource", resource.clone());
        }
        for (name, value) in self.assertion()? {
            request = request.add_extra_param(name, value);
        }
        match request.request_async(&self.proving(redeemed.proof_key)).await {
            Ok(answer) => Ok(answer),
            Err(error) => {
                if let Some(refresh) = unread(&error) {
                    drop(self.revoke(&refresh).await);
                }
                Err(token_error(&error))
            }
        }
    }

    /// Checks the kind of token and the ID token, then asks userinfo.
    async fn judged(
        &self,
        metadata: &Arc<Metadata>,
        answer: &Answer,
        redeemed: Redeemed<'_>,
    ) -> Result<Exchanged, ProviderError> {
        let bound = binding(answer, redeemed.proof_key, self.settings.dpop)?.cloned();
        let vouched = self.vouched(metadata, answer, redeemed.nonce).await?;
        // OpenID Connect Core §2: whoever is asked for max_age tells auth_time.
        if redeemed.demand.max_age.is_some() && vouched.auth_time.is_none() {
            return Err(ProviderError::Unacceptable("auth_time is missing, though max_age was asked".to_owned()));
        }
        let authenticated_at = vouched.auth_time.and_then(|at| self.at_our_clock(at, vouched.issued_at));
        let userinfo = self.userinfo(metadata, answer, &vouched.subject, bound.as_ref()).await?;
        let (name, email) = self.named_in(&[userinfo.as_ref().unwrap_or(&vouched.claims), &vouched.claims]);
        let tokens =
            Tokens { access: self.access(answer), others: BTreeMap::new(), refresh: refresh_token(answer), proof_key: bound };
        let (subject, provider_session, issued_at) = (vouched.subject, vouched.provider_session, vouched.issued_at);
        let (scope, acr) = (self.granted(answer), vouched.acr);
        Ok(Exchanged { tokens, subject, provider_session, issued_at, scope, acr, authenticated_at, name, email })
    }

    /// What was granted: what was asked for, unless the provider says otherwise (RFC 6749 §5.1).
    fn granted(&self, answer: &Answer) -> Scope {
        let told = answer.scopes().map(|scopes| scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" "));
        told.map_or_else(|| self.settings.scope.clone(), |told| Scope::parse(&told).unwrap_or_default())
    }

    /// An instant of the provider's clock by our own, in which the ID token is issued just now: so that a clock that differs makes
    /// nobody's sign-in older or younger than it is.
    fn at_our_clock(&self, at: i64, issued_at: i64) -> Option<Timestamp> {
        let age = issued_at.saturating_sub(at).max(0);
        Timestamp::from_second(self.clock.now().as_second().checked_sub(age)?).ok()
    }

    /// Refreshes the tokens (RFC 6749 §6), proven with the key that they are bound to: the access token for `other`, a resource
    /// server that the authorization was for (RFC 8707 §2.2), or the sign-in's own. A provider that does not rotate keeps the old
    /// refresh token in use.
    ///
    /// # Errors
    /// [`ProviderError::Refused`] with `invalid_grant` where the refresh token is dead, with `invalid_target` where there is no
    /// token for that resource server.
    pub async fn refresh(
        &self,
        refresh: &RefreshToken,
        proof_key: Option<&ProofKey>,
        other: Option<&str>,
    ) -> Result<Renewed, ProviderError> {
        let metadata = self.metadata().await?;
        let resource = other.or(self.settings.resources.first().map(String::as_str));
        let answer = match self.renew(&metadata, refresh, proof_key, resource).await {
            Err(error) if wants_nonce(&error) => self.renew(&metadata, refresh, proof_key, resource).await,
            answered => answered,
        }?;
        // What was bound stays bound.
        binding(&answer, proof_key, Use::Always)?;
        Ok(Renewed { access: self.access(&answer), refresh: refresh_token(&answer) })
    }

    async fn renew(
        &self,
        metadata: &Metadata,
        refresh: &RefreshToken,
        proof_key: Option<&ProofKey>,
        resource: Option<&str>,
    ) -> Result<Answer, ProviderError> {
        let client = self.client(metadata);
        let token = openidconnect::RefreshToken::new(refresh.expose().to_owned());
        let mut request = client.exchange_refresh_token(&token).map_err(|error| unacceptable(&error))?;
        if let Some(resource) = resource {
            request = request.add_extra_param("resource", resource.to_owned());
        }
        for (name, value) in self.assertion()? {
            request = request.add_extra_param(name, value);
        }
        request.request_async(&self.proving(proof_key)).await.map_err(|error| token_error(&error))
    }

    pub(super) fn proving<'a>(&'a self, key: Option<&'a ProofKey>) -> ProvingWire<'a> {
        ProvingWire { wire: &self.wire, prover: &self.prover, key }
    }

    fn access(&self, answer: &Answer) -> Access {
        let lifetime = answer.expires_in().and_then(|lifetime| i64::try_from(lifetime.as_secs()).ok());
        let after = |seconds: i64| {
            let second = self.clock.now().as_second().checked_add(seconds)?;
            Timestamp::from_second(second).ok()
        };
        Access {
            token: AccessToken::new(answer.access_token().secret().clone()),
            expires_at: lifetime.and_then(after),
            refresh_at: lifetime.and_then(|seconds| after(seconds - AHEAD_SECONDS.min(seconds / 4))),
        }
    }
}

/// What came, masked by its type.
fn tell_of(answer: &Answer) {
    tell(|told| {
        told.plain("token_type", answer.token_type().as_ref());
        told.with("access_token", AccessToken::new(answer.access_token().secret().clone()).shown());
        if let Some(token) = refresh_token(answer) {
            told.with("refresh_token", token.shown());
        }
        if let Some(token) = answer.extra_fields().id_token() {
            told.with("id_token", IdToken::new(token.to_string()).shown());
        }
        if let Some(lifetime) = answer.expires_in() {
            told.plain("expires_in", &lifetime.as_secs().to_string());
        }
        if let Some(scopes) = answer.scopes() {
            told.plain("scope", &scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" "));
        }
    });
}

fn refresh_token(answer: &Answer) -> Option<RefreshToken> {
    answer.refresh_token().map(|token| RefreshToken::new(token.secret().clone()))
}

/// The key that the token of `answer` is bound to: `offered`, or none where the provider gave a bearer token and may
/// (RFC 9449 §5). A token of a kind that was not asked for is of no use (RFC 6749 §7.1).
fn binding<'k>(answer: &Answer, offered: Option<&'k ProofKey>, dpop: Use) -> Result<Option<&'k ProofKey>, ProviderError> {
    match (Scheme::named(answer.token_type().as_ref()), offered) {
        (Some(Scheme::Dpop), Some(key)) => Ok(Some(key)),
        (Some(Scheme::Bearer), None) => Ok(None),
        (Some(Scheme::Bearer), Some(_)) if dpop == Use::Auto => Ok(None),
        (Some(Scheme::Bearer), Some(_)) => Err(ProviderError::Unacceptable("the token is not bound to our key".to_owned())),
        (Some(Scheme::Dpop), None) => Err(ProviderError::Unacceptable("the token is bound to a key that is not ours".to_owned())),
        (None, _) => Err(ProviderError::Unacceptable("the token is of an unknown type".to_owned())),
    }
}

/// The refresh token of an answer that does not parse as a whole.
fn unread(error: &TokenError) -> Option<RefreshToken> {
    let RequestTokenError::Parse(_, body) = error else { return None };
    let answer: serde_json::Value = serde_json::from_slice(body).ok()?;
    Some(RefreshToken::new(answer.get("refresh_token")?.as_str()?))
}

/// Whether the token endpoint wants the request again, with the nonce that it gave (RFC 9449 §8).
fn wants_nonce(error: &ProviderError) -> bool {
    matches!(error, ProviderError::Refused(code) if code == NONCE_WANTED)
}

pub(super) fn unacceptable(error: &dyn std::error::Error) -> ProviderError {
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
