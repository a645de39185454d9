//! The session (exchange 11): the tokens, sealed in the Cache under a key derived from the cookie.
//!
//! The record lies under a hash of the ticket, so that a dump of the Cache holds neither a usable ticket nor a token. It ends
//! after a time without use, at an absolute age, with its refresh token, or by signing out; whatever ends it removes the record,
//! and nothing that is under way writes it back. The [`book`] knows the sessions of a user.

use bytes::Bytes;
use cache::Unavailable;
use jiff::{SignedDuration, Timestamp};
use protocol::Scope;
use protocol::dpop::ProofKey;
use protocol::seal::DoesNotOpen;
use protocol::secret::{AccessToken, RefreshToken, Ticket};
use protocol::step_up::Demand;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

use crate::{ApplicationApi, Visit};

pub mod book;
pub mod ended;
mod left;
mod record;

use record::{key, open, parts, seal_both, seal_identity};

/// The key of the record that `ticket` opens.
pub(crate) fn key_of(ticket: &Ticket) -> String {
    key(ticket)
}

/// Who a session is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The session's own identifier; it opens nothing.
    pub id: String,
    /// The provider that vouched, by its name in our configuration.
    pub provider: String,
    /// The same by issuer.
    pub issuer: String,
    /// The user there.
    pub subject: String,
    /// The provider's session, where it told (`sid`).
    pub provider_session: Option<String>,
    /// Full name, or what stands for it.
    pub name: String,
    /// E-mail address.
    pub email: Option<String>,
    /// When the session began.
    pub signed_in_at: Timestamp,
    /// When it ends, however busy.
    pub ends_at: Timestamp,
    /// When it was used last, to within a few minutes.
    pub seen_at: Timestamp,
    /// When the provider issued the ID token, by its own clock, in seconds of the epoch.
    pub issued_at: i64,
    /// What the provider granted.
    #[serde(default)]
    pub scope: Scope,
    /// The class in which the user authenticated, where the provider told (`acr`).
    #[serde(default)]
    pub acr: Option<String>,
    /// When the user authenticated, where the provider told (`auth_time`); by our own clock.
    #[serde(default)]
    pub authenticated_at: Option<Timestamp>,
}

impl Identity {
    /// How long ago the user authenticated, where the provider told.
    pub fn age(&self, now: Timestamp) -> Option<SignedDuration> {
        self.authenticated_at.map(|at| now.duration_since(at))
    }

    /// Whether both are of one user of one provider.
    pub(crate) fn is_same_user(&self, other: &Self) -> bool {
        (&self.provider, &self.issuer, &self.subject) == (&other.provider, &other.issuer, &other.subject)
    }
}

/// An access token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Access {
    /// The token itself.
    #[serde(rename = "access")]
    pub token: AccessToken,
    /// When it expires, where the provider told.
    #[serde(rename = "access_expires_at")]
    pub expires_at: Option<Timestamp>,
    /// When to refresh it: a little before.
    pub refresh_at: Option<Timestamp>,
}

/// The tokens of a session. They never leave the server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Tokens {
    /// The access token that the sign-in gave: for the first resource server that its provider is asked for, if it is for any.
    #[serde(flatten)]
    pub access: Access,
    /// Those for one other resource server each, by its resource indicator (RFC 8707). They are fetched when they are needed.
    #[serde(default)]
    pub others: BTreeMap<String, Access>,
    /// The refresh token, where one was given.
    pub refresh: Option<RefreshToken>,
    /// The key that the access tokens are bound to (RFC 9449); none for bearer tokens.
    pub proof_key: Option<ProofKey>,
}

impl Tokens {
    /// The access token for that other resource server; where none is named, the sign-in's own.
    pub fn of(&self, other: Option<&str>) -> Option<&Access> {
        match other {
            None => Some(&self.access),
            Some(resource) => self.others.get(resource),
        }
    }
}

/// A live session of this request, as it was read.
#[derive(Clone)]
pub struct Session {
    /// Who it is of.
    pub identity: Identity,
    ticket: Ticket,
    record: Bytes,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("identity", &self.identity).finish_non_exhaustive()
    }
}

impl Session {
    /// The key of the record in the Cache.
    pub fn key(&self) -> String {
        key(&self.ticket)
    }

    /// Whether `other` holds the very tokens that this one does; its identity may have been sealed anew.
    fn has_tokens_of(&self, other: &Self) -> bool {
        let tokens = |session: &Self| parts(&session.record).map(|(_, tokens)| tokens.to_vec()).ok();
        tokens(self) == tokens(other)
    }

    /// Opens the tokens.
    ///
    /// # Errors
    /// [`DoesNotOpen`] where the record was altered.
    pub fn tokens(&self) -> Result<Tokens, DoesNotOpen> {
        let (_, tokens) = parts(&self.record)?;
        open(&self.ticket, &self.key(), "tokens", tokens)
    }
}

impl ApplicationApi {
    /// The session of this request; `None` where there is no cookie, or the session has ended; with a provider that is configured no
    /// more, all its sessions have. Using it keeps it from running idle. It is as it was a moment ago ([`cache::Cache::look`]): a
    /// request that came a little earlier would have seen the same.
    ///
    /// # Errors
    /// [`Unavailable`] where the Cache does not answer: then nobody is signed out.
    pub async fn session(&self, visit: &Visit<'_>) -> Result<Option<Session>, Unavailable> {
        let Some(ticket) = visit.ticket() else { return Ok(None) };
        let key = key(&ticket);
        let record = self.cache.look(&key).await?;
        let Some(session) = record.and_then(|record| self.opened(ticket.clone(), &key, record)) else {
            self.revoke_what_was_left(&ticket).await?;
            return Ok(None);
        };
        if self.clock.now().duration_since(session.identity.seen_at) < self.settings.noticed_after() {
            return Ok(Some(session));
        }
        self.notice(session).await.map(Some)
    }

    /// The session of `ticket`, as it stands in the Cache now.
    pub(crate) async fn session_of(&self, ticket: Ticket) -> Result<Option<Session>, Unavailable> {
        let key = key(&ticket);
        let record = self.cache.get(&key).await?;
        Ok(record.and_then(|record| self.opened(ticket, &key, record.into())))
    }

    /// The session that lies in the `record` under `key`, unless it has ended.
    fn opened(&self, ticket: Ticket, key: &str, record: Bytes) -> Option<Session> {
        let identity = parts(&record).and_then(|(identity, _)| open::<Identity>(&ticket, key, "identity", identity));
        match identity {
            Ok(identity) if self.remaining(&identity).is_zero() || self.providers.of(&identity).is_none() => None,
            Ok(identity) => Some(Session { identity, ticket, record }),
            Err(DoesNotOpen) => {
                tracing::warn!("a session record does not open under its own ticket; it is treated as ended");
                None
            }
        }
    }

    /// Notes that a session is in use, unless another request did so in the same moment, or it ended meanwhile.
    async fn notice(&self, session: Session) -> Result<Session, Unavailable> {
        let identity = Identity { seen_at: self.clock.now(), ..session.identity.clone() };
        let record = seal_identity(self.rng.as_ref(), &session.ticket, &identity, &session.record)?;
        if !self.cache.replace(&session.key(), &session.record, &record, self.remaining(&identity)).await? {
            return Ok(session);
        }
        self.seen(&identity, &session.key()).await?;
        Ok(Session { identity, record: record.into(), ..session })
    }

    /// Begins a session under `ticket`, a fresh one.
    pub(crate) async fn store(&self, ticket: &Ticket, identity: &Identity, tokens: &Tokens) -> Result<(), Unavailable> {
        let record = seal_both(self.rng.as_ref(), ticket, identity, tokens)?;
        self.cache.put(&key(ticket), &record, self.remaining(identity)).await
    }

    /// Writes new tokens into a session, unless it ended or another wrote tokens since it was read: a sign-out is never undone.
    /// That it was noticed to be in use meanwhile is no obstacle.
    pub(crate) async fn renew(&self, session: &Session, tokens: &Tokens) -> Result<bool, Unavailable> {
        let mut current = session.clone();
        loop {
            let record = seal_both(self.rng.as_ref(), &current.ticket, &current.identity, tokens)?;
            let remaining = self.remaining(&current.identity);
            if self.cache.replace(&current.key(), &current.record, &record, remaining).await? {
                return Ok(true);
            }
            match self.reread(session).await? {
                Some(newer) if newer.has_tokens_of(session) => current = newer,
                _ => return Ok(false),
            }
        }
    }

    /// Reads the session again, as another request may have left it.
    pub(crate) async fn reread(&self, session: &Session) -> Result<Option<Session>, Unavailable> {
        self.session_of(session.ticket.clone()).await
    }

    /// Ends a session and gives its tokens for revocation; of many at once, one gets them.
    pub(crate) async fn end(&self, session: &Session) -> Result<Option<Tokens>, Unavailable> {
        let taken = self.cache.take(&session.key()).await?;
        self.struck_out(&session.identity, &session.key()).await;
        let Some(record) = taken else { return Ok(None) };
        let last = Session { identity: session.identity.clone(), ticket: session.ticket.clone(), record: record.into() };
        Ok(last.tokens().ok())
    }

    /// Ends a session as it was read, and not one that another has written to since.
    pub(crate) async fn end_unchanged(&self, session: &Session) -> Result<(), Unavailable> {
        if self.cache.replace(&session.key(), &session.record, b"", Duration::ZERO).await? {
            self.struck_out(&session.identity, &session.key()).await;
        }
        Ok(())
    }

    /// Removes a session that nobody holds the ticket of.
    pub(crate) async fn forget(&self, ticket: &Ticket, identity: &Identity) {
        let key = key(ticket);
        if let Err(error) = self.cache.remove(&key).await {
            tracing::error!(%error, "a session that nobody holds runs on to its end");
        }
        self.struck_out(identity, &key).await;
    }

    /// Strikes an ended session out of the book, where nobody misses an entry that stays: it is over all the same.
    async fn struck_out(&self, identity: &Identity, key: &str) {
        if let Err(error) = self.strike_out(identity, key).await {
            tracing::warn!(%error, "an ended session stays in the book until it would have ended by itself");
        }
    }

    /// Whether the user of `session` has authenticated as is demanded.
    pub(crate) fn meets(&self, session: &Session, demand: &Demand) -> bool {
        let identity = &session.identity;
        demand.is_met(identity.acr.as_deref(), identity.age(self.clock.now()))
    }

    /// When a session ends without being used again, never after its absolute end.
    pub fn idle_end(&self, identity: &Identity) -> Timestamp {
        let idle = SignedDuration::try_from(self.settings.session_idle).unwrap_or(SignedDuration::MAX);
        identity.seen_at.saturating_add(idle).unwrap_or(Timestamp::MAX).min(identity.ends_at)
    }

    /// How long a session lives on from now, unless it is used again: nothing where it is over.
    fn remaining(&self, identity: &Identity) -> Duration {
        Duration::try_from(self.clock.now().duration_until(self.idle_end(identity))).unwrap_or_default()
    }
}
