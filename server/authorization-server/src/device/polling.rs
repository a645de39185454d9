//! What a device learns when it asks the token endpoint (RFC 8628 §3.5), and how often it may.

use jiff::{SignedDuration, Timestamp};
use protocol::secret::DeviceCode;
use serde::{Deserialize, Serialize};
use user_database::Grant;

use super::record::{self, Allowance, Handle, State, Transaction};
use crate::code::Redemption;
use crate::outage::Outage;
use crate::sealed::Held;
use crate::state::AuthorizationServer;

/// How long a device waits between two questions, in seconds, and by how much longer each time that it did not (RFC 8628 §3.5).
pub(super) const INTERVAL: u32 = 5;
/// A device that waits as long as it was told may still be a little early: by how long its last question took, and by how far
/// the clocks of two replicas are apart.
const EARLY: SignedDuration = SignedDuration::from_millis(500);

/// How often a device may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pace {
    /// Seconds between two questions.
    interval: u32,
    /// When it last asked.
    last: Option<Timestamp>,
}

impl Default for Pace {
    fn default() -> Self {
        Self { interval: INTERVAL, last: None }
    }
}

impl Pace {
    /// The pace after a question at `now`, and whether that came too early.
    fn after(self, now: Timestamp) -> (Self, bool) {
        let wait = SignedDuration::from_secs(self.interval.into()) - EARLY;
        let early = self.last.is_some_and(|last| now.duration_since(last) < wait);
        let interval = if early { self.interval.saturating_add(INTERVAL) } else { self.interval };
        (Self { interval, last: Some(now) }, early)
    }
}

/// What a device learns.
pub(crate) enum Answer {
    /// The user has not decided.
    Pending,
    /// The user has not decided, and the device asks too often; from now on it waits longer.
    SlowDown,
    /// The user said no.
    Denied,
    /// It took too long.
    Expired,
    /// The user said yes.
    Allowed(Box<Permit>),
    /// It asked before, and was given a grant.
    Redeemed(Redemption),
    /// There is no such code, or it is another client's.
    Unknown,
}

/// A device code that its user has allowed, and nobody has redeemed yet.
pub(crate) struct Permit {
    handle: Handle,
    held: Held<Transaction>,
    pub(crate) allowance: Allowance,
}

/// Answers a device of `client_id`.
pub(crate) async fn ask(server: &AuthorizationServer, code: &DeviceCode, client_id: &str) -> Result<Answer, Outage> {
    let handle = Handle::of(code);
    while let Some(held) = record::find(server, &handle).await? {
        let (transaction, now) = (&held.value, server.now());
        if transaction.client_id != client_id {
            break;
        }
        match &transaction.state {
            State::Redeemed(redemption) => return Ok(Answer::Redeemed(redemption.clone())),
            _ if transaction.has_expired(now) => return Ok(Answer::Expired),
            State::Denied { .. } => return Ok(Answer::Denied),
            State::Allowed(allowance) => {
                let allowance = allowance.clone();
                return Ok(Answer::Allowed(Box::new(Permit { handle, held, allowance })));
            }
            State::Pending => {
                let (pace, early) = transaction.pace.after(now);
                let asked = Transaction { pace, ..transaction.clone() };
                // Where another question or the decision came between, it is judged anew.
                if record::replace(server, &handle, &held, &asked).await? {
                    return Ok(if early { Answer::SlowDown } else { Answer::Pending });
                }
            }
        }
    }
    Ok(Answer::Unknown)
}

impl Permit {
    /// What was asked for.
    pub(crate) fn asked(&self) -> &Transaction {
        &self.held.value
    }

    /// Uses the device code up for `grant`; false where another question of the same moment was quicker.
    pub(crate) async fn use_up(&self, server: &AuthorizationServer, grant: &Grant) -> Result<bool, Outage> {
        let redemption = Redemption { grant: grant.id, subject: grant.subject, client_id: grant.client_id.clone() };
        let redeemed = Transaction { state: State::Redeemed(redemption), ..self.held.value.clone() };
        record::replace(server, &self.handle, &self.held, &redeemed).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8628 §3.5: each time that a device is too early it waits five seconds longer, for good.
    #[test]
    fn the_interval_only_grows() {
        let at = |milliseconds| Timestamp::from_millisecond(milliseconds).unwrap();
        let (pace, early) = Pace::default().after(at(0));
        assert!(!early, "the first question may come at once");
        let (pace, early) = pace.after(at(4_499));
        assert_eq!((early, pace.interval), (true, 10));
        let (pace, early) = pace.after(at(4_499 + 9_499));
        assert_eq!((early, pace.interval), (true, 15));
        let (pace, early) = pace.after(at(4_499 + 9_499 + 14_500));
        assert_eq!((early, pace.interval), (false, 15));
        // A clock that goes back makes nobody early for ever.
        let (_, early) = Pace { last: Some(at(1_000)), ..pace }.after(at(0));
        assert!(early);
    }
}
