//! Records in the Cache that only the holder of a secret can find and open.
//!
//! A record is kept under a hash of its secret (a ticket, a code, a `request_uri`) and sealed under a key derived from it, so
//! that a dump of the Cache holds nothing that can be used.

use std::marker::PhantomData;

use jiff::SignedDuration;
use protocol::seal::{Sealer, digest};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::outage::Outage;
use crate::state::AuthorizationServer;

/// A kind of record, by the name that separates its keys from those of other kinds.
pub(crate) struct Shelf<T> {
    purpose: &'static str,
    record: PhantomData<fn() -> T>,
}

/// A record as it was found; what is needed to replace it and nothing newer.
pub(crate) struct Held<T> {
    pub(crate) value: T,
    raw: Vec<u8>,
}

impl<T: Serialize + DeserializeOwned> Shelf<T> {
    pub(crate) const fn new(purpose: &'static str) -> Self {
        Self { purpose, record: PhantomData }
    }

    /// Where the record of `secret` is kept.
    pub(crate) fn key(&self, secret: &str) -> String {
        format!("provider:{}:{}", self.purpose, digest(self.purpose, secret.as_bytes()))
    }

    fn seal(&self, server: &AuthorizationServer, secret: &str, value: &T) -> Result<Vec<u8>, Outage> {
        let plain = serde_json::to_vec(value).map_err(|_| Outage::Internal("a record does not serialise"))?;
        let sealer = Sealer::derive(secret.as_bytes(), self.purpose);
        Ok(sealer.seal(&*server.boxes.rng, self.key(secret).as_bytes(), &plain))
    }

    /// Writes the record of `secret`.
    pub(crate) async fn put(
        &self,
        server: &AuthorizationServer,
        secret: &str,
        value: &T,
        lifetime: SignedDuration,
    ) -> Result<(), Outage> {
        let sealed = self.seal(server, secret, value)?;
        Ok(server.boxes.cache.put(&self.key(secret), &sealed, lifetime.unsigned_abs()).await?)
    }

    /// Writes the record of `secret` only where there is none; tells whether it did. Of many at once, one does.
    pub(crate) async fn add(
        &self,
        server: &AuthorizationServer,
        secret: &str,
        value: &T,
        lifetime: SignedDuration,
    ) -> Result<bool, Outage> {
        let sealed = self.seal(server, secret, value)?;
        Ok(server.boxes.cache.add(&self.key(secret), &sealed, lifetime.unsigned_abs()).await?)
    }

    /// The record of `secret`, unless there is none; one that does not open counts as none.
    pub(crate) async fn get(&self, server: &AuthorizationServer, secret: &str) -> Result<Option<Held<T>>, Outage> {
        let key = self.key(secret);
        let Some(raw) = server.boxes.cache.get(&key).await? else { return Ok(None) };
        let plain = Sealer::derive(secret.as_bytes(), self.purpose).open(key.as_bytes(), &raw).ok();
        Ok(plain.and_then(|plain| serde_json::from_slice(&plain).ok()).map(|value| Held { value, raw }))
    }

    /// Replaces the record only where nobody else did since `held` was read; tells whether it did.
    pub(crate) async fn replace(
        &self,
        server: &AuthorizationServer,
        secret: &str,
        held: &Held<T>,
        value: &T,
        lifetime: SignedDuration,
    ) -> Result<bool, Outage> {
        let sealed = self.seal(server, secret, value)?;
        Ok(server.boxes.cache.replace(&self.key(secret), &held.raw, &sealed, lifetime.unsigned_abs()).await?)
    }

    /// Removes the record of `secret` and gives it as it was last: of many at once, to one.
    pub(crate) async fn take(&self, server: &AuthorizationServer, secret: &str) -> Result<Option<T>, Outage> {
        let key = self.key(secret);
        let Some(raw) = server.boxes.cache.take(&key).await? else { return Ok(None) };
        let plain = Sealer::derive(secret.as_bytes(), self.purpose).open(key.as_bytes(), &raw).ok();
        Ok(plain.and_then(|plain| serde_json::from_slice(&plain).ok()))
    }
}
