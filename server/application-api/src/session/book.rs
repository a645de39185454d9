//! The book of sessions: which sessions a user has, and which came of one session at the provider.
//!
//! A page of the book lies in the Cache under a hash of whose it is, and is sealed under the same: whoever reads the Cache learns
//! neither who is signed in nor where. It names sessions by the keys of their records, which open nothing. A page says where to
//! look; whether a session lives, its record alone says.

use cache::Unavailable;
use jiff::Timestamp;
use protocol::seal::{Sealer, digest};
use serde::{Deserialize, Serialize};
use std::time::Duration;

use super::{Identity, Session};
use crate::{ApplicationApi, Visit};

const PURPOSE: &str = "book of sessions";

/// How many sessions a page has room for, so that no sign-in costs more than another.
const ROOM: usize = 100;

/// A session, as its user sees it among the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The session's own identifier; it opens nothing.
    pub id: String,
    /// The key of its record in the Cache.
    key: String,
    /// When it began.
    pub signed_in_at: Timestamp,
    /// When it was used last, to within a few minutes.
    pub seen_at: Timestamp,
    /// When it ends, however busy.
    pub ends_at: Timestamp,
    /// The browser, by its own words.
    pub user_agent: Option<String>,
    /// Where the browser was, where that is known.
    pub address: Option<String>,
}

/// Whose page of the book it is.
#[derive(Debug, Clone, Copy)]
pub enum Whose<'a> {
    /// That of a user of a provider.
    Subject {
        /// The provider.
        issuer: &'a str,
        /// The user there.
        subject: &'a str,
    },
    /// That of a session at a provider.
    ProviderSession {
        /// The provider.
        issuer: &'a str,
        /// Its session.
        sid: &'a str,
    },
}

impl Whose<'_> {
    fn secret(&self) -> String {
        match self {
            Self::Subject { issuer, subject } => format!("subject\n{issuer}\n{subject}"),
            Self::ProviderSession { issuer, sid } => format!("sid\n{issuer}\n{sid}"),
        }
    }

    /// A hash of whose it is, to find something of theirs by.
    pub(crate) fn digest(&self, purpose: &str) -> String {
        digest(purpose, self.secret().as_bytes())
    }
}

impl Identity {
    /// The user's page.
    pub fn of_subject(&self) -> Whose<'_> {
        Whose::Subject { issuer: &self.issuer, subject: &self.subject }
    }

    /// The page of the provider's session, where the provider told which.
    pub fn of_provider_session(&self) -> Option<Whose<'_>> {
        self.provider_session.as_deref().map(|sid| Whose::ProviderSession { issuer: &self.issuer, sid })
    }

    fn pages(&self) -> impl Iterator<Item = Whose<'_>> {
        std::iter::once(self.of_subject()).chain(self.of_provider_session())
    }
}

impl ApplicationApi {
    /// Enters a session that is about to begin. Where a page has no room for it, the session ends that was not used for the longest time.
    pub(crate) async fn enter(&self, identity: &Identity, key: &str, visit: &Visit<'_>) -> Result<(), Unavailable> {
        let entry = Entry {
            id: identity.id.clone(),
            key: key.to_owned(),
            signed_in_at: identity.signed_in_at,
            seen_at: identity.seen_at,
            ends_at: identity.ends_at,
            user_agent: visit.user_agent(),
            address: visit.address.map(|address| address.to_string()),
        };
        for page in identity.pages() {
            if self.amend(page, |entries| entries.push(entry.clone())).await? > ROOM {
                self.make_room(page).await?;
            }
        }
        Ok(())
    }

    async fn make_room(&self, whose: Whose<'_>) -> Result<(), Unavailable> {
        let mut entries = self.page(whose).await?.1;
        entries.sort_by_key(|entry| entry.seen_at);
        let surplus = entries.len().saturating_sub(ROOM);
        let longest_unused: Vec<_> = entries.into_iter().take(surplus).map(|entry| entry.key).collect();
        let ended = self.end_of(whose, |entry| longest_unused.contains(&entry.key)).await?;
        tracing::info!(ended, "a user has more sessions than there is room for");
        Ok(())
    }

    /// Notes in the user's page that a session was used.
    pub(super) async fn seen(&self, identity: &Identity, key: &str) -> Result<(), Unavailable> {
        let seen = |entries: &mut Vec<Entry>| {
            for entry in entries.iter_mut().filter(|entry| entry.key == key) {
                entry.seen_at = identity.seen_at;
            }
        };
        self.amend(identity.of_subject(), seen).await.map(drop)
    }

    /// Strikes a session out that has ended.
    pub(super) async fn strike_out(&self, identity: &Identity, key: &str) -> Result<(), Unavailable> {
        for page in identity.pages() {
            self.amend(page, |entries| entries.retain(|entry| entry.key != key)).await?;
        }
        Ok(())
    }

    /// The live sessions of a page, the newest first.
    pub(crate) async fn sessions_of(&self, whose: Whose<'_>) -> Result<Vec<Entry>, Unavailable> {
        let mut live = Vec::new();
        for entry in self.page(whose).await?.1 {
            if self.cache.get(&entry.key).await?.is_some() {
                live.push(entry);
            }
        }
        live.sort_by_key(|entry| std::cmp::Reverse(entry.signed_in_at));
        Ok(live)
    }

    /// Ends those sessions of a page that are `meant`; gives how many lived until now. Their refresh tokens are sealed under
    /// their tickets, and are put aside until those come by.
    pub(crate) async fn end_of(&self, whose: Whose<'_>, meant: impl Fn(&Entry) -> bool + Sync) -> Result<usize, Unavailable> {
        let mut ended = 0;
        for entry in self.page(whose).await?.1.into_iter().filter(&meant) {
            let Some(record) = self.cache.take(&entry.key).await? else { continue };
            ended += 1;
            if let Err(error) = self.put_aside(&entry.key, &record, entry.ends_at).await {
                // The session has ended, and nobody can open its token any more.
                tracing::error!(%error, "the refresh token of an ended session will not be revoked");
            }
        }
        self.amend(whose, |entries| entries.retain(|entry| !meant(entry))).await?;
        Ok(ended)
    }

    async fn page(&self, whose: Whose<'_>) -> Result<(Option<Vec<u8>>, Vec<Entry>), Unavailable> {
        let key = page_key(whose);
        let Some(sealed) = self.cache.get(&key).await? else { return Ok((None, Vec::new())) };
        let plain = sealer(whose).open(key.as_bytes(), &sealed).ok();
        let entries = plain.and_then(|plain| serde_json::from_slice(&plain).ok()).unwrap_or_default();
        Ok((Some(sealed), entries))
    }

    /// Changes a page, on top of what others change in the same moment. What has ended by itself goes. Gives how many sessions are left.
    async fn amend(&self, whose: Whose<'_>, change: impl Fn(&mut Vec<Entry>) + Sync) -> Result<usize, Unavailable> {
        let key = page_key(whose);
        loop {
            let (before, mut entries) = self.page(whose).await?;
            let now = self.clock.now();
            change(&mut entries);
            entries.retain(|entry| entry.ends_at > now);
            let last = entries.iter().map(|entry| entry.ends_at).max();
            let lifetime = last.map(|last| Duration::try_from(now.duration_until(last)).unwrap_or_default()).unwrap_or_default();
            let plain = serde_json::to_vec(&entries).map_err(|error| Unavailable(error.into()))?;
            let sealed = sealer(whose).seal(self.rng.as_ref(), key.as_bytes(), &plain);
            let done = match before {
                None if entries.is_empty() => true,
                None => self.cache.add(&key, &sealed, lifetime).await?,
                Some(before) => self.cache.replace(&key, &before, &sealed, lifetime).await?,
            };
            if done {
                return Ok(entries.len());
            }
        }
    }
}

impl Session {
    /// Whether `entry` is this session's.
    pub fn is(&self, entry: &Entry) -> bool {
        self.identity.id == entry.id
    }
}

fn page_key(whose: Whose<'_>) -> String {
    format!("sessions-of:{}", whose.digest(PURPOSE))
}

fn sealer(whose: Whose<'_>) -> Sealer {
    Sealer::derive(whose.secret().as_bytes(), PURPOSE)
}
