//! What is kept of a device that asks: one record in the Cache, and one that leads to it by the user code.
//!
//! The record lies sealed under a handle, which is made of the device code; the user code leads to the handle. So whoever has
//! the user code can decide and not redeem, and a dump of the Cache holds nothing that can be used.

use jiff::{SignedDuration, Timestamp};
use protocol::Scope;
use protocol::seal::digest;
use protocol::secret::DeviceCode;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::polling::Pace;
use super::user_code::UserCode;
use crate::code::Redemption;
use crate::outage::Outage;
use crate::sealed::{Held, Shelf};
use crate::state::AuthorizationServer;

const TRANSACTIONS: Shelf<Transaction> = Shelf::new("device");
const USER_CODES: Shelf<Handle> = Shelf::new("user-code");

/// For how long a device is told that its code has expired, or that it was redeemed before, and not that there is none.
const REMEMBERED: SignedDuration = SignedDuration::from_mins(10);
/// So many codes in a row that are all in use are no accident.
const MOST_DRAWS: usize = 16;

/// What opens the record of a device: it redeems nothing.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Handle(String);

impl Handle {
    /// The handle of the device that has this code.
    pub(crate) fn of(code: &DeviceCode) -> Self {
        Self(digest("device code", code.expose().as_bytes()))
    }

    /// As part of what an anti-forgery token is bound to.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A device that asks.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Transaction {
    pub(crate) client_id: String,
    pub(crate) scope: Scope,
    /// The resource servers that were named, parted by spaces.
    pub(crate) resource: Option<String>,
    pub(super) expires_at: Timestamp,
    pub(super) pace: Pace,
    pub(super) state: State,
}

/// How far it is.
#[derive(Clone, Serialize, Deserialize)]
pub(super) enum State {
    /// Nobody has said anything.
    Pending,
    /// The user said yes.
    Allowed(Allowance),
    /// The user said no.
    Denied { by: Uuid },
    /// It has what it asked for.
    Redeemed(Redemption),
}

/// Who said yes.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Allowance {
    pub(crate) subject: Uuid,
    pub(crate) auth_time: Timestamp,
}

/// What a user is told of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Pending,
    Allowed,
    Denied,
}

impl Transaction {
    /// Whether the codes have expired.
    pub(super) fn has_expired(&self, now: Timestamp) -> bool {
        now >= self.expires_at
    }

    /// What `subject` may know of it: all as long as nobody decided, and then what they decided themselves.
    pub(super) fn standing(&self, subject: Uuid, now: Timestamp) -> Option<Standing> {
        let (by, standing) = match &self.state {
            State::Pending => (subject, Standing::Pending),
            State::Allowed(allowance) => (allowance.subject, Standing::Allowed),
            State::Redeemed(redemption) => (redemption.subject, Standing::Allowed),
            State::Denied { by } => (*by, Standing::Denied),
        };
        (by == subject && !self.has_expired(now)).then_some(standing)
    }

    fn kept(&self, now: Timestamp) -> SignedDuration {
        self.expires_at.duration_since(now).max(SignedDuration::ZERO) + REMEMBERED
    }
}

/// Keeps a device that asks, and gives its two codes; of devices that ask at once, no two get the same user code.
pub(super) async fn begin(
    server: &AuthorizationServer,
    client_id: String,
    scope: Scope,
    resource: Option<String>,
) -> Result<(DeviceCode, UserCode), Outage> {
    let (now, lifetime) = (server.now(), server.settings.lifetimes.device_code);
    let code = DeviceCode::new(server.opaque());
    let handle = Handle::of(&code);
    let expires_at = now.saturating_add(lifetime).unwrap_or(Timestamp::MAX);
    let transaction = Transaction { client_id, scope, resource, expires_at, pace: Pace::default(), state: State::Pending };
    TRANSACTIONS.put(server, &handle.0, &transaction, transaction.kept(now)).await?;
    for _ in 0..MOST_DRAWS {
        let user_code = UserCode::issue(&*server.boxes.rng);
        let secret = server.user_codes.secret(&user_code);
        if USER_CODES.add(server, secret.expose_secret(), &handle, lifetime).await? {
            return Ok((code, user_code));
        }
    }
    Err(Outage::Internal("chance gives user codes that are in use"))
}

/// The handle that the user code leads to.
pub(super) async fn lead(server: &AuthorizationServer, code: &UserCode) -> Result<Option<Handle>, Outage> {
    let secret = server.user_codes.secret(code);
    Ok(USER_CODES.get(server, secret.expose_secret()).await?.map(|held| held.value))
}

/// The record.
pub(crate) async fn find(server: &AuthorizationServer, handle: &Handle) -> Result<Option<Held<Transaction>>, Outage> {
    TRANSACTIONS.get(server, &handle.0).await
}

/// Replaces the record where nobody else did since `held` was read; tells whether it did.
pub(super) async fn replace(
    server: &AuthorizationServer,
    handle: &Handle,
    held: &Held<Transaction>,
    next: &Transaction,
) -> Result<bool, Outage> {
    TRANSACTIONS.replace(server, &handle.0, held, next, next.kept(server.now())).await
}

/// Notes what the user decided; nothing changes where somebody was quicker.
pub(super) async fn decide(server: &AuthorizationServer, handle: &Handle, decision: &State) -> Result<(), Outage> {
    // A device that asks in the same moment writes too, and does not stand in the way.
    while let Some(held) = find(server, handle).await? {
        if !matches!(held.value.state, State::Pending) || held.value.has_expired(server.now()) {
            break;
        }
        let decided = Transaction { state: decision.clone(), ..held.value.clone() };
        if replace(server, handle, &held, &decided).await? {
            break;
        }
    }
    Ok(())
}
