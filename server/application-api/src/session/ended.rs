//! How it becomes known that a session is over: to a sign-in that is still on its way, and to who has a connection open.

use cache::Unavailable;
use jiff::SignedDuration;
use std::time::Duration;

use super::book::Whose;
use super::{Identity, Session};
use crate::ApplicationApi;

const PURPOSE: &str = "ended at the provider";

/// How long it is remembered that the provider ended something: longer than any sign-in takes from the ID token on.
const MEMORY: Duration = Duration::from_mins(15);

/// How often an open connection looks whether its session lives.
const LOOK: Duration = Duration::from_millis(400);

impl ApplicationApi {
    /// Remembers that the provider ended what belongs to `whose`, at `at` by its own clock, in seconds of the epoch: a sign-in
    /// whose ID token is no younger must not begin a session any more.
    pub(crate) async fn remember_end(&self, whose: Whose<'_>, at: i64) -> Result<(), Unavailable> {
        let key = key(whose);
        loop {
            let value = at.to_be_bytes();
            let done = match self.cache.get(&key).await? {
                None => self.cache.add(&key, &value, MEMORY).await?,
                Some(before) if read(&before).is_some_and(|before| before >= at) => true,
                Some(before) => self.cache.replace(&key, &before, &value, MEMORY).await?,
            };
            if done {
                return Ok(());
            }
        }
    }

    /// Whether the provider ended meanwhile what `identity` came of.
    pub(crate) async fn was_ended(&self, identity: &Identity) -> Result<bool, Unavailable> {
        for whose in [Some(identity.of_subject()), identity.of_provider_session()].into_iter().flatten() {
            let ended_at = self.cache.get(&key(whose)).await?.as_deref().and_then(read);
            if ended_at.is_some_and(|ended_at| identity.issued_at <= ended_at) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Waits until `session` is over, or this process stops: true where it is over. A Cache that does not answer ends nothing.
    pub async fn until_ended(&self, session: &Session) -> bool {
        while self.stopping.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
            let over = session.identity.ends_at.duration_since(self.clock.now()) <= SignedDuration::ZERO;
            if over || matches!(self.cache.look(&session.key()).await, Ok(None)) {
                return true;
            }
        }
        false
    }
}

fn key(whose: Whose<'_>) -> String {
    format!("ended:{}", whose.digest(PURPOSE))
}

fn read(value: &[u8]) -> Option<i64> {
    value.try_into().ok().map(i64::from_be_bytes)
}
