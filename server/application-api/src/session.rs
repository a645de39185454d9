//! The session (exchange 11): the tokens, sealed in the Cache under a key derived from the cookie.
//!
//! The record lies under a hash of the ticket, so that a dump of the Cache holds neither a usable ticket nor a token.
//! It has two sealed parts, so that "who am I" opens the small one only. Shape: 4 bytes of length (big endian) of the
//! first part, the identity, the tokens.

use cache::Unavailable;
use jiff::Timestamp;
use protocol::Rng;
use protocol::seal::{DoesNotOpen, Sealer, handle};
use protocol::secret::{AccessToken, RefreshToken, Ticket};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::time::Duration;

use crate::cookies::SESSION;
use crate::{ApplicationApi, Visit};

const PURPOSE: &str = "application session";

/// Who a session is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The provider that vouched.
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
}

/// The tokens of a session. They never leave the server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Tokens {
    /// The access token.
    pub access: AccessToken,
    /// When the access token expires, where the provider told.
    pub access_expires_at: Option<Timestamp>,
    /// When to refresh it: a little before.
    pub refresh_at: Option<Timestamp>,
    /// The refresh token, where one was given.
    pub refresh: Option<RefreshToken>,
}

/// A live session of this request, as it was read.
#[derive(Clone)]
pub struct Session {
    /// Who it is of.
    pub identity: Identity,
    ticket: Ticket,
    record: Vec<u8>,
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

    /// The record as it was read, sealed.
    pub(crate) fn record(&self) -> &[u8] {
        &self.record
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

fn key(ticket: &Ticket) -> String {
    format!("session:{}", handle(PURPOSE, ticket))
}

fn parts(record: &[u8]) -> Result<(&[u8], &[u8]), DoesNotOpen> {
    let (length, rest) = record.split_first_chunk::<4>().ok_or(DoesNotOpen)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| DoesNotOpen)?;
    rest.split_at_checked(length).ok_or(DoesNotOpen)
}

fn seal<T: Serialize>(rng: &dyn Rng, ticket: &Ticket, key: &str, part: &str, value: &T) -> Result<Vec<u8>, Unavailable> {
    let plain = serde_json::to_vec(value).map_err(|error| Unavailable(error.into()))?;
    Ok(Sealer::derive(ticket.expose().as_bytes(), part).seal(rng, key.as_bytes(), &plain))
}

fn open<T: DeserializeOwned>(ticket: &Ticket, key: &str, part: &str, sealed: &[u8]) -> Result<T, DoesNotOpen> {
    let plain = Sealer::derive(ticket.expose().as_bytes(), part).open(key.as_bytes(), sealed)?;
    serde_json::from_slice(&plain).map_err(|_| DoesNotOpen)
}

fn record(rng: &dyn Rng, ticket: &Ticket, identity: &Identity, tokens: &Tokens) -> Result<Vec<u8>, Unavailable> {
    let key = key(ticket);
    let identity = seal(rng, ticket, &key, "identity", identity)?;
    let length = u32::try_from(identity.len()).map_err(|error| Unavailable(error.into()))?;
    let mut record = length.to_be_bytes().to_vec();
    record.extend(identity);
    record.extend(seal(rng, ticket, &key, "tokens", tokens)?);
    Ok(record)
}

impl ApplicationApi {
    /// The session of this request; `None` where there is no cookie, or the session has ended.
    ///
    /// # Errors
    /// [`Unavailable`] where the Cache does not answer: then nobody is signed out.
    pub async fn session(&self, visit: &Visit<'_>) -> Result<Option<Session>, Unavailable> {
        match visit.cookies().find(|(name, _)| *name == SESSION) {
            Some((_, value)) => self.session_of(Ticket::new(value)).await,
            None => Ok(None),
        }
    }

    pub(crate) async fn session_of(&self, ticket: Ticket) -> Result<Option<Session>, Unavailable> {
        let key = key(&ticket);
        let Some(record) = self.cache.get(&key).await? else { return Ok(None) };
        let identity = parts(&record).and_then(|(identity, _)| open::<Identity>(&ticket, &key, "identity", identity));
        Ok(match identity {
            Ok(identity) if identity.ends_at > self.clock.now() => Some(Session { identity, ticket, record }),
            Ok(_) => None,
            Err(DoesNotOpen) => {
                tracing::warn!("a session record does not open under its own ticket; it is treated as ended");
                None
            }
        })
    }

    /// Begins a session under a fresh ticket.
    pub(crate) async fn store(&self, identity: &Identity, tokens: &Tokens) -> Result<Ticket, Unavailable> {
        let ticket = Ticket::issue(self.rng.as_ref());
        let record = record(self.rng.as_ref(), &ticket, identity, tokens)?;
        self.cache.put(&key(&ticket), &record, self.remaining(identity)).await?;
        Ok(ticket)
    }

    /// Writes new tokens into a session, unless it ended or changed since it was read: a sign-out is never undone.
    pub(crate) async fn renew(&self, session: &Session, tokens: &Tokens) -> Result<bool, Unavailable> {
        let record = record(self.rng.as_ref(), &session.ticket, &session.identity, tokens)?;
        self.cache.replace(&session.key(), &session.record, &record, self.remaining(&session.identity)).await
    }

    /// Reads the session again, as another request may have left it.
    pub(crate) async fn reread(&self, session: &Session) -> Result<Option<Session>, Unavailable> {
        self.session_of(session.ticket.clone()).await
    }

    /// Ends a session and gives its tokens for revocation; of many at once, one gets them.
    pub(crate) async fn end(&self, session: &Session) -> Result<Option<Tokens>, Unavailable> {
        let Some(record) = self.cache.take(&session.key()).await? else { return Ok(None) };
        let last = Session { identity: session.identity.clone(), ticket: session.ticket.clone(), record };
        Ok(last.tokens().ok())
    }

    /// Removes a session that nobody holds the ticket of.
    pub(crate) async fn forget(&self, ticket: &Ticket) {
        if let Err(error) = self.cache.remove(&key(ticket)).await {
            tracing::error!(%error, "a session that nobody holds runs on to its end");
        }
    }

    fn remaining(&self, identity: &Identity) -> Duration {
        Duration::try_from(self.clock.now().duration_until(identity.ends_at)).unwrap_or_default()
    }
}
