//! A begun sign-in (exchange 2): what must be remembered until the callback.
//!
//! It lies in the Cache under a digest of `state`, sealed under the ticket of its own cookie: neither the Cache nor another
//! browser can complete it. Each tab has its own, so that completing one never breaks another.

use cache::{Cache, Unavailable};
use protocol::dpop::ProofKey;
use protocol::seal::{Sealer, digest};
use protocol::secret::{CodeVerifier, Ticket};
use protocol::step_up::Demand;
use protocol::{LocalPath, Rng};
use serde::{Deserialize, Serialize};
use std::time::Duration;

const PURPOSE: &str = "sign-in transaction";

/// What is remembered of a begun sign-in.
#[derive(Debug, Serialize, Deserialize)]
pub struct Transaction {
    /// The provider it was begun with, by name; the response must come to its redirect URI.
    pub provider: String,
    /// The same by issuer; the response must come from no other.
    pub issuer: String,
    /// The ID token must carry it.
    pub nonce: String,
    /// The PKCE verifier.
    pub verifier: CodeVerifier,
    /// The key that the tokens are to be bound to, where they are.
    pub proof_key: Option<ProofKey>,
    /// Where the user wanted to go.
    pub return_to: LocalPath,
    /// What was demanded of how the user authenticates.
    #[serde(default)]
    pub demand: Demand,
}

/// What came of asking for a transaction.
#[derive(Debug)]
pub enum Taken {
    /// It was there, and this browser began it. It is gone now.
    Ours(Transaction),
    /// It is there, but another browser began it. It stays for that one.
    Foreign,
    /// Unknown, expired, or used before.
    Gone,
}

/// The name of the flow of `state`, for its cookie: not secret, and says nothing about `state`.
pub fn flow(state: &str) -> String {
    digest("sign-in flow", state.as_bytes()).chars().take(16).collect()
}

fn key(state: &str) -> String {
    format!("transaction:{}", digest(PURPOSE, state.as_bytes()))
}

/// Ends the transaction of `state` before its time, as its expiry would.
///
/// # Errors
/// [`Unavailable`] where the Cache does not answer.
pub async fn expire(cache: &dyn Cache, state: &str) -> Result<(), Unavailable> {
    cache.remove(&key(state)).await
}

impl Transaction {
    /// Writes it into the Cache for `lifetime`.
    ///
    /// # Errors
    /// [`Unavailable`] where the Cache does not answer.
    pub async fn remember(
        &self,
        cache: &dyn Cache,
        rng: &dyn Rng,
        state: &str,
        ticket: &Ticket,
        lifetime: Duration,
    ) -> Result<(), Unavailable> {
        let plain = serde_json::to_vec(self).map_err(|error| Unavailable(error.into()))?;
        let key = key(state);
        let sealed = Sealer::derive(ticket.expose().as_bytes(), PURPOSE).seal(rng, key.as_bytes(), &plain);
        cache.put(&key, &sealed, lifetime).await
    }

    /// Takes it out of the Cache, where this browser holds the ticket; of many at once, one gets it.
    ///
    /// # Errors
    /// [`Unavailable`] where the Cache does not answer.
    pub async fn take(cache: &dyn Cache, state: &str, ticket: Option<&Ticket>) -> Result<Taken, Unavailable> {
        let key = key(state);
        let Some(sealed) = cache.get(&key).await? else { return Ok(Taken::Gone) };
        let opened = ticket.and_then(|ticket| {
            let plain = Sealer::derive(ticket.expose().as_bytes(), PURPOSE).open(key.as_bytes(), &sealed).ok()?;
            serde_json::from_slice(&plain).ok()
        });
        match opened {
            None => Ok(Taken::Foreign),
            Some(transaction) if cache.take(&key).await?.is_some() => Ok(Taken::Ours(transaction)),
            Some(_) => Ok(Taken::Gone),
        }
    }
}
