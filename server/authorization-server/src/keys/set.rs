//! The keys as one replica knows them at a moment: which signs, which are published, and what verifies.

use jiff::Timestamp;
use protocol::jose::{Jwk, JwkSet, KeyKind, Keyring, SigningKey};
use serde::Serialize;
use user_database::StoredKey;

use super::store::OpenedKey;

/// Keys that were read together.
#[derive(Debug, Default)]
pub(super) struct KeySet {
    /// The newest of each kind first.
    keys: Vec<OpenedKey>,
    /// The public halves of all of them, to verify with.
    pub(super) ring: Keyring,
}

/// A JWK set that borrows its keys.
#[derive(Debug, Serialize)]
pub(crate) struct Published<'a> {
    keys: Vec<&'a Jwk>,
}

impl KeySet {
    pub(super) fn of(keys: Vec<OpenedKey>) -> Self {
        let ring = Keyring::from(&JwkSet { keys: keys.iter().map(|opened| opened.key.public_jwk().clone()).collect() });
        Self { keys, ring }
    }

    /// The key `kid`.
    pub(super) fn key(&self, kid: &str) -> Option<&SigningKey> {
        self.keys.iter().find(|opened| opened.stored.kid == kid).map(|opened| &opened.key)
    }

    /// The newest key of `kind`, whether it signs already or not.
    pub(super) fn newest(&self, kind: KeyKind) -> Option<&StoredKey> {
        self.of_kind(kind).next().map(|opened| &opened.stored)
    }

    /// The key of `kind` that signs at `now`.
    pub(super) fn signing(&self, kind: KeyKind, now: Timestamp) -> Option<&SigningKey> {
        self.of_kind(kind)
            .find(|opened| opened.stored.activates_at <= now)
            // The very first key signs at once, for a replica whose clock is behind as well.
            .or_else(|| self.of_kind(kind).last())
            .map(|opened| &opened.key)
    }

    /// The public halves of the keys that have not expired at `now`; first those that sign, for whoever looks no further.
    pub(super) fn published(&self, now: Timestamp) -> Published<'_> {
        let lives = |opened: &&OpenedKey| opened.stored.expires_at.is_none_or(|at| at > now);
        let signs = |opened: &&OpenedKey| {
            let signing = KeyKind::ALL.into_iter().filter_map(|kind| self.signing(kind, now));
            signing.into_iter().any(|key| key.kid() == opened.stored.kid)
        };
        let (first, rest): (Vec<_>, Vec<_>) = self.keys.iter().filter(lives).partition(signs);
        Published { keys: first.into_iter().chain(rest).map(|opened| opened.key.public_jwk()).collect() }
    }

    /// Whether there is a key for every algorithm.
    pub(super) fn is_complete(&self) -> bool {
        KeyKind::ALL.into_iter().all(|kind| self.newest(kind).is_some())
    }

    fn of_kind(&self, kind: KeyKind) -> impl Iterator<Item = &OpenedKey> {
        self.keys.iter().filter(move |opened| opened.stored.kind == kind.name())
    }
}
