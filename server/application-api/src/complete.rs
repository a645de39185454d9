//! `GET /callback` (exchanges 8 to 13): the decision table, and the session at its end.

use http::StatusCode;
use jiff::SignedDuration;
use protocol::flow::{Trace, tell};
use protocol::secret::Ticket;
use protocol::wire::AuthorizationResponse;
use protocol::{Exchange, LocalPath};
use queue::Event;
use tower_cookies::Cookie;
use tracing::Instrument as _;

use crate::cookies::{self, SESSION, SIGN_IN};
use crate::provider::push::UNMET;
use crate::provider::settings::{DEFAULT, callback_path};
use crate::provider::token::{Exchanged, Redeemed};
use crate::provider::{Provider, ProviderError};
use crate::session::{self, Identity, Session, Tokens};
use crate::transaction::{Taken, Transaction, flow};
use crate::{ApplicationApi, Visit, flow as telling};

/// What `GET /callback` comes to: each row has an outcome for the user, and none leads back into the flow by itself.
#[derive(Debug)]
pub enum Completion {
    /// All is well: go there, with these cookies.
    SignedIn(LocalPath, Vec<Cookie<'static>>),
    /// The sign-in was used up, but somebody is signed in (the Back button): go home.
    SignedInAlready,
    /// `error=access_denied`: the user said no.
    Denied(LocalPath),
    /// Another `error`, or the token endpoint said no (a replayed code for one), with the code that it gave.
    ProviderRefused(LocalPath, String),
    /// The state is unknown, expired, or used before, and nobody is signed in.
    Expired,
    /// The state is another browser's, or this browser lost its cookie.
    OtherBrowser,
    /// No state, duplicate parameters, another provider's redirect URI, or an issuer that is not the one asked: nothing was sent
    /// anywhere.
    InvalidResponse,
    /// No provider has that redirect URI.
    UnknownProvider,
    /// What the provider issued does not verify.
    Unacceptable(LocalPath),
    /// The user has not authenticated as was demanded, or cannot: the session is as it was.
    Insufficient(LocalPath),
    /// The provider does not answer.
    ProviderUnreachable(LocalPath),
    /// The Cache or the Queue does not answer.
    Unavailable(LocalPath),
}

impl ApplicationApi {
    /// Completes a sign-in with the authorization response in the query; `name` is that of the provider whose redirect URI it
    /// came to, where the path has one.
    pub async fn complete(&self, visit: &Visit<'_>, name: Option<&str>) -> Completion {
        let span = tracing::info_span!("exchange", number = Exchange::Callback.number());
        let Some(provider) = self.providers.named(name.unwrap_or(DEFAULT)) else { return Completion::UnknownProvider };
        async {
            telling::asked(&self.settings.origin, &callback_path(provider.name()), visit);
            let completion = self.completing(visit, provider).await;
            telling::completed(&completion);
            completion
        }
        .instrument(span)
        .await
    }

    async fn completing(&self, visit: &Visit<'_>, provider: &Provider) -> Completion {
        let Ok(response) = AuthorizationResponse::parse(visit.query) else { return Completion::InvalidResponse };
        let denied = response.error.as_deref() == Some("access_denied");
        let Some(state) = response.state.as_deref() else {
            return if denied { Completion::Denied(LocalPath::home()) } else { Completion::InvalidResponse };
        };
        let trace = Trace::of_state(state);
        tell(|told| {
            told.of(trace);
        });
        telling::within(trace, self.answering(visit, provider, &response, state, denied)).await
    }

    /// Completes the sign-in of `state`; its user has `denied` it, or not.
    async fn answering(
        &self,
        visit: &Visit<'_>,
        provider: &Provider,
        response: &AuthorizationResponse,
        state: &str,
        denied: bool,
    ) -> Completion {
        let bound = SIGN_IN.find(&flow(state), visit.cookies());
        if let Some((name, ticket)) = &bound {
            tell(|told| telling::cookie(told, name, ticket));
        }
        let transaction = match Transaction::take(self.cache.as_ref(), state, bound.as_ref().map(|(_, ticket)| ticket)).await {
            Ok(Taken::Ours(transaction)) => transaction,
            Ok(Taken::Foreign) => return Completion::OtherBrowser,
            Ok(Taken::Gone) if denied => return Completion::Denied(LocalPath::home()),
            Ok(Taken::Gone) => return self.gone(visit).await,
            Err(error) => return unavailable(&error, LocalPath::home()),
        };
        if let Err(refusal) = judge(provider, &transaction, response).await {
            return refusal;
        }
        let Some(code) = &response.code else { return Completion::InvalidResponse };
        let Transaction { verifier, nonce, proof_key, demand, .. } = &transaction;
        let redeemed = Redeemed { code, verifier, nonce, proof_key: proof_key.as_ref(), demand };
        let exchanged = match provider.exchange(redeemed).await {
            Ok(exchanged) => exchanged,
            Err(error) => return no_tokens(&error, transaction.return_to),
        };
        let age = exchanged.authenticated_at.map(|at| self.clock.now().duration_since(at));
        if !transaction.demand.is_met(exchanged.acr.as_deref(), age) {
            tracing::warn!("a user has not authenticated as was demanded");
            self.drop_tokens(visit, provider, exchanged).await;
            return Completion::Insufficient(transaction.return_to);
        }
        match self.begin_session(visit, provider, exchanged).await {
            Ok(ticket) => {
                let span = tracing::info_span!("exchange", number = Exchange::SessionCookie.number());
                span.in_scope(|| {
                    tell(|told| {
                        telling::cookie(told.status(StatusCode::FOUND), SESSION, &ticket);
                        told.plain("Location", transaction.return_to.as_str());
                    });
                    let mut set = vec![cookies::carry(SESSION.to_owned(), &ticket, None)];
                    set.extend(bound.map(|(name, _)| cookies::remove(name)));
                    Completion::SignedIn(transaction.return_to, set)
                })
            }
            Err(NoSession::Ended) => Completion::Expired,
            Err(error) => unavailable(&error, transaction.return_to),
        }
    }

    /// Revokes what was given and is not used, unless a session of the same user goes on, whose tokens may be of the same grant to the
    /// provider (RFC 7009 §2.1); where that cannot be found out, it may.
    async fn drop_tokens(&self, visit: &Visit<'_>, provider: &Provider, exchanged: Exchanged) {
        let goes_on = self.session(visit).await.map(|session| {
            session.is_some_and(|session| {
                let identity = &session.identity;
                identity.provider == provider.name() && identity.subject == exchanged.subject
            })
        });
        if matches!(goes_on, Ok(false))
            && let Some(refresh) = exchanged.tokens.refresh
            && let Err(error) = provider.revoke(&refresh).await
        {
            tracing::error!(%error, "a refresh token could not be revoked");
        }
    }

    /// Used, expired or unknown: whoever is signed in goes home, others are told.
    async fn gone(&self, visit: &Visit<'_>) -> Completion {
        match self.session(visit).await {
            Ok(Some(_)) => Completion::SignedInAlready,
            Ok(None) => Completion::Expired,
            Err(error) => unavailable(&error, LocalPath::home()),
        }
    }

    /// Ends the session that this browser had before. The new one stands already, so trouble is only logged.
    ///
    /// The tokens of another user or provider are revoked. Those of the same are dropped: to many providers both sign-ins are one
    /// grant, and revoking a token ends its grant (RFC 7009 §2.1), and with it the tokens that have just come.
    async fn end_former(&self, former: Result<Option<Session>, cache::Unavailable>, new: &Identity) {
        let ended = match former {
            Ok(Some(former)) => self.end(&former).await.map(|tokens| tokens.map(|tokens| (former.identity, tokens))),
            Ok(None) => return,
            Err(error) => Err(error),
        };
        match ended {
            Ok(Some((identity, _))) if identity.is_same_user(new) => {}
            Ok(Some((identity, tokens))) => self.revoke(&identity, tokens).await,
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "the session before this one runs on to its end"),
        }
    }

    /// Stores the session (11) and the audit event (12); both are durable before the cookie goes out. The session that this
    /// browser had before ends.
    async fn begin_session(&self, visit: &Visit<'_>, provider: &Provider, exchanged: Exchanged) -> Result<Ticket, NoSession> {
        let now = self.clock.now();
        let lifetime = SignedDuration::try_from(self.settings.session_lifetime)?;
        let identity = Identity {
            id: self.opaque(),
            provider: provider.name().to_owned(),
            issuer: provider.issuer().to_owned(),
            name: exchanged.name.clone().or_else(|| exchanged.email.clone()).unwrap_or_else(|| exchanged.subject.clone()),
            subject: exchanged.subject,
            provider_session: exchanged.provider_session,
            email: exchanged.email.clone(),
            signed_in_at: now,
            ends_at: now.checked_add(lifetime)?,
            seen_at: now,
            issued_at: exchanged.issued_at,
            scope: exchanged.scope,
            acr: exchanged.acr,
            authenticated_at: exchanged.authenticated_at,
        };
        // Nothing that an ended session left is revoked from here on: that could end the new tokens.
        let former = match visit.ticket() {
            Some(ticket) => self.session_of(ticket).await,
            None => Ok(None),
        };
        let ticket = Ticket::issue(self.rng.as_ref());
        let span = tracing::info_span!("exchange", number = Exchange::SessionStorage.number());
        let written = async {
            tell(|told| {
                telling::cookie(told, SESSION, &ticket);
                told.with("access_token", exchanged.tokens.access.token.shown());
                if let Some(refresh) = &exchanged.tokens.refresh {
                    told.with("refresh_token", refresh.shown());
                }
                told.plain("sub", &identity.subject).plain("ends_at", &identity.ends_at.to_string());
            });
            let written = self.write(visit, &ticket, &identity, &exchanged.tokens).await;
            telling::trouble(&written);
            written
        };
        if let Err(error) = written.instrument(span).await {
            self.forget(&ticket, &identity).await;
            self.revoke(&identity, exchanged.tokens).await;
            return Err(error);
        }

        let event = Event::SignedIn {
            issuer: identity.issuer.clone(),
            subject: identity.subject.clone(),
            email: exchanged.email,
            name: exchanged.name,
            user_agent: visit.user_agent(),
            address: visit.address.map(|address| address.to_string()),
        };
        let span = tracing::info_span!("exchange", number = Exchange::AuditEvent.number());
        let audited = async {
            tell(|told| {
                told.plain("event", event.kind()).plain("sub", &identity.subject);
            });
            let audited = self.audit(event.clone()).await;
            telling::trouble(&audited);
            audited
        };
        if let Err(error) = audited.instrument(span).await {
            // Nobody holds the ticket yet: the session must not outlive this request.
            self.forget(&ticket, &identity).await;
            self.revoke(&identity, exchanged.tokens).await;
            return Err(error.into());
        }
        self.end_former(former, &identity).await;
        Ok(ticket)
    }

    /// Writes the session and its entry in the book. The provider may have ended its own session while this one was on its way:
    /// then it knew of none to end here, and this one must not begin.
    async fn write(&self, visit: &Visit<'_>, ticket: &Ticket, identity: &Identity, tokens: &Tokens) -> Result<(), NoSession> {
        self.enter(identity, &session::key_of(ticket), visit).await?;
        self.store(ticket, identity, tokens).await?;
        if self.was_ended(identity).await? { Err(NoSession::Ended) } else { Ok(()) }
    }
}

/// Before anything else: a response that came to the redirect URI of another provider than the one asked (RFC 9700 §4.4.2.2), or
/// of another issuer (RFC 9207 §2.4), is not listened to. Then the provider's error.
async fn judge(provider: &Provider, transaction: &Transaction, response: &AuthorizationResponse) -> Result<(), Completion> {
    if transaction.provider != provider.name() || transaction.issuer != provider.issuer() {
        tracing::warn!("an authorization response came to another provider's redirect URI; no token request was made");
        return Err(Completion::InvalidResponse);
    }
    let metadata = provider.metadata().await.map_err(|error| no_tokens(&error, transaction.return_to.clone()))?;
    let issuer_is_right = match response.iss.as_deref() {
        Some(issuer) => issuer == transaction.issuer,
        None => !Provider::promises_issuer(&metadata),
    };
    if !issuer_is_right {
        tracing::warn!("an authorization response came from another issuer than the one asked; no token request was made");
        return Err(Completion::InvalidResponse);
    }
    match response.error.as_deref() {
        None => Ok(()),
        Some("access_denied") => Err(Completion::Denied(transaction.return_to.clone())),
        Some("temporarily_unavailable") => Err(Completion::ProviderUnreachable(transaction.return_to.clone())),
        Some(UNMET) => Err(Completion::Insufficient(transaction.return_to.clone())),
        Some(error) => {
            let error: String = error.chars().take(60).collect();
            tracing::warn!(error, "the provider answered with an error");
            Err(Completion::ProviderRefused(transaction.return_to.clone(), error))
        }
    }
}

/// Why no session begins.
#[derive(Debug, thiserror::Error)]
enum NoSession {
    /// The provider ended its own while this one was on its way.
    #[error("the provider has ended its session meanwhile")]
    Ended,
    /// The Cache does not answer.
    #[error(transparent)]
    Cache(#[from] cache::Unavailable),
    /// The Queue does not answer.
    #[error(transparent)]
    Queue(#[from] queue::Unavailable),
    /// An instant cannot be.
    #[error(transparent)]
    Time(#[from] jiff::Error),
}

fn unavailable(error: &(impl std::fmt::Display + ?Sized), return_to: LocalPath) -> Completion {
    tracing::error!(%error, "a sign-in could not be completed");
    Completion::Unavailable(return_to)
}

fn no_tokens(error: &ProviderError, return_to: LocalPath) -> Completion {
    tracing::error!(%error, "a sign-in could not be completed");
    match error {
        ProviderError::Unreachable(_) => Completion::ProviderUnreachable(return_to),
        ProviderError::Refused(code) => Completion::ProviderRefused(return_to, code.clone()),
        ProviderError::Unacceptable(_) => Completion::Unacceptable(return_to),
    }
}
