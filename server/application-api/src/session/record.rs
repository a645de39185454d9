//! The record of a session: sealed under its ticket, found by a hash of it.
//!
//! It has two sealed parts, so that "who am I" opens the small one only. Shape: 4 bytes of length (big endian) of the
//! first part, the identity, the tokens.

use cache::Unavailable;
use protocol::Rng;
use protocol::seal::{DoesNotOpen, Sealer, handle};
use protocol::secret::Ticket;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Identity, Tokens};

const PURPOSE: &str = "application session";

/// The key of the record in the Cache.
pub(super) fn key(ticket: &Ticket) -> String {
    format!("session:{}", handle(PURPOSE, ticket))
}

/// The two parts of a record, sealed.
pub(super) fn parts(record: &[u8]) -> Result<(&[u8], &[u8]), DoesNotOpen> {
    let (length, rest) = record.split_first_chunk::<4>().ok_or(DoesNotOpen)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| DoesNotOpen)?;
    rest.split_at_checked(length).ok_or(DoesNotOpen)
}

fn seal<T: Serialize>(rng: &dyn Rng, ticket: &Ticket, key: &str, part: &str, value: &T) -> Result<Vec<u8>, Unavailable> {
    let plain = serde_json::to_vec(value).map_err(|error| Unavailable(error.into()))?;
    Ok(Sealer::derive(ticket.expose().as_bytes(), part).seal(rng, key.as_bytes(), &plain))
}

/// Opens a part.
pub(super) fn open<T: DeserializeOwned>(ticket: &Ticket, key: &str, part: &str, sealed: &[u8]) -> Result<T, DoesNotOpen> {
    let plain = Sealer::derive(ticket.expose().as_bytes(), part).open(key.as_bytes(), sealed)?;
    serde_json::from_slice(&plain).map_err(|_| DoesNotOpen)
}

/// Seals both parts.
pub(super) fn seal_both(rng: &dyn Rng, ticket: &Ticket, identity: &Identity, tokens: &Tokens) -> Result<Vec<u8>, Unavailable> {
    let key = key(ticket);
    let identity = seal(rng, ticket, &key, "identity", identity)?;
    Ok(join(&identity, &seal(rng, ticket, &key, "tokens", tokens)?))
}

/// Seals the identity anew, beside tokens that stay as they are.
pub(super) fn seal_identity(rng: &dyn Rng, ticket: &Ticket, identity: &Identity, record: &[u8]) -> Result<Vec<u8>, Unavailable> {
    let (_, tokens) = parts(record).map_err(|error| Unavailable(error.into()))?;
    Ok(join(&seal(rng, ticket, &key(ticket), "identity", identity)?, tokens))
}

fn join(identity: &[u8], tokens: &[u8]) -> Vec<u8> {
    // An identity is a few hundred bytes.
    let length = u32::try_from(identity.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), identity, tokens].concat()
}
