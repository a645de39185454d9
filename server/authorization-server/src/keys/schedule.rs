//! When keys change, and what state each is in.

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use user_database::StoredKey;

use crate::settings::Lifetimes;

/// How often a replica looks for keys that others added.
pub const LOOK_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// The shortest time for which a next key may be published before it signs: all replicas have surely looked by then.
const SHORTEST_AHEAD: SignedDuration = SignedDuration::from_mins(2);

/// When signing keys change; in a file as `"30d"`, `"12h"`, `"90m"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeySchedule {
    /// How long a key signs before the next one does.
    #[serde(deserialize_with = "with_days")]
    pub rotate_every: SignedDuration,
    /// How long the next key is published before it signs, so that whoever keeps a copy of the key set has it in time.
    #[serde(deserialize_with = "with_days")]
    pub published_ahead: SignedDuration,
}

/// A schedule that cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSchedule {
    /// The next key would be published too late.
    #[error("keys.published_ahead must be two minutes or longer, so that every replica knows the next key before it signs")]
    Ahead,
    /// The next key would be published before its predecessor signs.
    #[error("keys.rotate_every must be longer than keys.published_ahead")]
    Every,
}

impl Default for KeySchedule {
    fn default() -> Self {
        Self { rotate_every: SignedDuration::from_hours(30 * 24), published_ahead: SignedDuration::from_hours(24) }
    }
}

/// Reads a duration that may be written in days, each of 24 hours.
fn with_days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SignedDuration, D::Error> {
    let span = Span::deserialize(deserializer)?;
    span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(D::Error::custom)
}

impl KeySchedule {
    pub(crate) fn check(&self) -> Result<(), InvalidSchedule> {
        if self.published_ahead < SHORTEST_AHEAD {
            return Err(InvalidSchedule::Ahead);
        }
        if self.rotate_every <= self.published_ahead { Err(InvalidSchedule::Every) } else { Ok(()) }
    }

    /// Whether it is time to publish the key that follows the newest one, which signs from `activates_at` on.
    pub(super) fn is_due(&self, activates_at: Timestamp, now: Timestamp) -> bool {
        let ends = activates_at.saturating_add(self.rotate_every).unwrap_or(Timestamp::MAX);
        ends.saturating_sub(self.published_ahead).unwrap_or(Timestamp::MIN) <= now
    }
}

impl Lifetimes {
    /// How long a key is needed after it signed for the last time. Sessions count, since a client may show the ID token of a
    /// session when it ends that, however long ago it expired (RP-Initiated Logout §2).
    pub(super) fn longest_signed(&self) -> SignedDuration {
        let longest = self.access_token.max(self.id_token).max(self.session);
        longest.saturating_add(SignedDuration::from_secs(protocol::jose::SKEW_SECONDS))
    }
}

/// What a key is for at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// It is published, and will sign.
    Next,
    /// It signs.
    Signing,
    /// It has signed, and is published until its last token is dead.
    Retiring,
    /// It is no longer published; housekeeping removes it.
    Expired,
}

impl KeyState {
    /// What `key` is for at `now`, among `all` keys.
    pub fn of(key: &StoredKey, all: &[StoredKey], now: Timestamp) -> Self {
        let active = |key: &StoredKey| key.activates_at <= now;
        let succeeded = |other: &StoredKey| other.kind == key.kind && other.generation > key.generation && active(other);
        if key.expires_at.is_some_and(|at| at <= now) {
            Self::Expired
        } else if !active(key) {
            Self::Next
        } else if all.iter().any(succeeded) {
            Self::Retiring
        } else {
            Self::Signing
        }
    }

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Signing => "signing",
            Self::Retiring => "retiring",
            Self::Expired => "expired",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schedule(every: &str, ahead: &str) -> KeySchedule {
        serde_json::from_value(json!({"rotate_every": every, "published_ahead": ahead})).unwrap()
    }

    #[test]
    fn durations_are_written_in_days_hours_and_minutes() {
        let default: KeySchedule = serde_json::from_value(json!({})).unwrap();
        assert_eq!(schedule("30d", "1d"), default);
        assert_eq!(schedule("720h", "24h"), default);
        assert_eq!(schedule("90d 12h", "90m").rotate_every, SignedDuration::from_hours(90 * 24 + 12));
        assert_eq!(serde_json::from_value::<KeySchedule>(serde_json::to_value(default).unwrap()).unwrap(), default);
        for wrong in [json!({"rotate_every": "1 month"}), json!({"rotate_every": 30}), json!({"rotate": "30d"})] {
            assert!(serde_json::from_value::<KeySchedule>(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_schedule_that_cannot_be_kept_is_refused() {
        assert_eq!(KeySchedule::default().check(), Ok(()));
        assert_eq!(schedule("1h", "119s").check(), Err(InvalidSchedule::Ahead));
        assert_eq!(schedule("2m", "2m").check(), Err(InvalidSchedule::Every));
        assert_eq!(schedule("-30d", "2m").check(), Err(InvalidSchedule::Every));
        assert_eq!(schedule("121s", "2m").check(), Ok(()));
    }
}
