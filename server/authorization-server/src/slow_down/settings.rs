//! How many wrong passwords are let through, and how long the next one waits.

use jiff::SignedDuration;
use serde::{Deserialize, Deserializer, Serialize};

/// The settings of the slow-down; in a file `[provider.slow_down]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SlowDown {
    /// For one name, from all browsers that have not signed in to it before.
    #[serde(deserialize_with = "personal")]
    pub name: Limit,
    /// For one browser and an account that it has signed in to before.
    #[serde(deserialize_with = "personal")]
    pub device: Limit,
    /// For one address of IPv4, or one /64 of IPv6, whatever the names; browsers that have signed in before are not counted.
    #[serde(deserialize_with = "shared")]
    pub address: Limit,
    /// For one address or /64 that registers clients, where everybody may (RFC 7591 §5): how many clients, not wrong passwords.
    #[serde(deserialize_with = "registering")]
    pub registration: Limit,
    /// For one mailbox that is to be written to, whether or not it is an account's: how many messages, not wrong passwords.
    #[serde(deserialize_with = "written_to")]
    pub mailbox: Limit,
    /// For one address or /64 that has messages sent, to whichever mailboxes.
    #[serde(deserialize_with = "registering")]
    pub mailing: Limit,
    /// For one address or /64 that asks for codes of devices (RFC 8628 §3.1), or one client where it proves who it is: how many
    /// devices, not wrong passwords.
    #[serde(deserialize_with = "asking")]
    pub device_authorization: Limit,
    /// For one address or /64 from which sign-ins begin: how many that need a page, or that a public client pushes (RFC 9126 §7.1).
    #[serde(deserialize_with = "beginning")]
    pub authorization_request: Limit,
    /// For how long a browser counts as one that has signed in before.
    pub device_lifetime: SignedDuration,
}

/// A limit on wrong passwords; in a file `{ attempts = 10, first_delay = "5s", longest_delay = "15m", window = "24h" }`, where what
/// is not said is as it is by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Limit {
    /// How many within the window go without a delay.
    pub attempts: u32,
    /// How long to wait after the last of them; each further one doubles it.
    pub first_delay: SignedDuration,
    /// How long to wait at the most.
    pub longest_delay: SignedDuration,
    /// From the first wrong one on, until all are forgotten.
    pub window: SignedDuration,
}

/// For those who type one name, or sit at one browser.
const PERSONAL: Limit = Limit {
    attempts: 10,
    first_delay: SignedDuration::from_secs(5),
    longest_delay: SignedDuration::from_mins(15),
    window: SignedDuration::from_hours(24),
};
/// For an address, which a whole office may share.
const SHARED: Limit = Limit {
    attempts: 100,
    first_delay: SignedDuration::from_secs(1),
    longest_delay: SignedDuration::from_mins(1),
    window: SignedDuration::from_hours(1),
};

/// For one mailbox, whose owner did not ask for it perhaps. Nobody waits for longer than a link is good, so that whoever asks for
/// another's mailbox all the time leaves its owner with one that works.
const WRITTEN_TO: Limit = Limit {
    attempts: 5,
    first_delay: SignedDuration::from_mins(1),
    longest_delay: SignedDuration::from_mins(30),
    window: SignedDuration::from_hours(24),
};

/// For whoever registers clients, or has messages sent: honest ones do so once.
const REGISTERING: Limit = Limit {
    attempts: 20,
    first_delay: SignedDuration::from_mins(1),
    longest_delay: SignedDuration::from_hours(1),
    window: SignedDuration::from_hours(24),
};

/// For whoever asks for codes of devices, which live for ten minutes: a house has a few devices, a shop that sets them up has more.
const ASKING: Limit = Limit {
    attempts: 100,
    first_delay: SignedDuration::from_secs(1),
    longest_delay: SignedDuration::from_mins(1),
    window: SignedDuration::from_mins(10),
};

/// For an address from which sign-ins begin, whose records live for ten minutes. It may be a whole company's on a Monday morning, so that
/// nobody there waits for long.
const BEGINNING: Limit = Limit {
    attempts: 3000,
    first_delay: SignedDuration::from_secs(1),
    longest_delay: SignedDuration::from_secs(10),
    window: SignedDuration::from_mins(10),
};

impl Default for SlowDown {
    fn default() -> Self {
        Self {
            name: PERSONAL,
            device: PERSONAL,
            address: SHARED,
            registration: REGISTERING,
            mailbox: WRITTEN_TO,
            mailing: REGISTERING,
            device_authorization: ASKING,
            authorization_request: BEGINNING,
            device_lifetime: SignedDuration::from_hours(90 * 24),
        }
    }
}

/// A limit as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    attempts: Option<u32>,
    first_delay: Option<SignedDuration>,
    longest_delay: Option<SignedDuration>,
    window: Option<SignedDuration>,
}

impl Written {
    fn over(self, default: Limit) -> Limit {
        Limit {
            attempts: self.attempts.unwrap_or(default.attempts),
            first_delay: self.first_delay.unwrap_or(default.first_delay),
            longest_delay: self.longest_delay.unwrap_or(default.longest_delay),
            window: self.window.unwrap_or(default.window),
        }
    }
}

fn personal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Limit, D::Error> {
    Ok(Written::deserialize(deserializer)?.over(PERSONAL))
}

fn shared<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Limit, D::Error> {
    Ok(Written::deserialize(deserializer)?.over(SHARED))
}

fn written_to<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Limit, D::Error> {
    Ok(Written::deserialize(deserializer)?.over(WRITTEN_TO))
}

fn registering<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Limit, D::Error> {
    Ok(Written::deserialize(deserializer)?.over(REGISTERING))
}

fn asking<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Limit, D::Error> {
    Ok(Written::deserialize(deserializer)?.over(ASKING))
}

fn beginning<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Limit, D::Error> {
    Ok(Written::deserialize(deserializer)?.over(BEGINNING))
}

impl SlowDown {
    /// The first setting that cannot stand.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        let good = |limit: &Limit| {
            limit.attempts > 0
                && limit.first_delay.is_positive()
                && limit.longest_delay >= limit.first_delay
                && limit.window.is_positive()
        };
        let limits = [
            ("name", self.name),
            ("device", self.device),
            ("address", self.address),
            ("registration", self.registration),
            ("mailbox", self.mailbox),
            ("mailing", self.mailing),
            ("device_authorization", self.device_authorization),
            ("authorization_request", self.authorization_request),
        ];
        let fault = limits.iter().find(|(_, limit)| !good(limit)).map(|(name, _)| *name);
        fault.or_else(|| (!self.device_lifetime.is_positive()).then_some("device_lifetime"))
    }
}

impl Limit {
    /// How long the next try waits after `wrong` wrong ones.
    pub(super) fn delay(&self, wrong: u32) -> SignedDuration {
        let Some(beyond) = wrong.checked_sub(self.attempts) else { return SignedDuration::ZERO };
        let doubled =
            1i32.checked_shl(beyond).filter(|factor| *factor > 0).and_then(|factor| self.first_delay.checked_mul(factor));
        doubled.unwrap_or(self.longest_delay).min(self.longest_delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_longest() {
        let limit = SlowDown::default().name;
        let seconds: Vec<i64> = (8..20).map(|wrong| limit.delay(wrong).as_secs()).collect();
        assert_eq!(seconds, [0, 0, 5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
        for wrong in [40, 41, 42, 43, 100, u32::MAX] {
            assert_eq!(limit.delay(wrong).as_secs(), 900, "{wrong}");
        }
    }

    /// NIST SP 800-63B §5.2.2: no more than 100 wrong ones in a row for one account; here, within a day from anywhere.
    #[test]
    fn a_day_of_guessing_is_about_a_hundred_guesses() {
        let limit = SlowDown::default().name;
        let (mut guesses, mut at) = (0, SignedDuration::ZERO);
        while at < limit.window {
            guesses += 1;
            at += limit.delay(guesses);
        }
        assert!((100..=115).contains(&guesses), "{guesses}");
    }

    #[test]
    fn what_is_not_said_is_as_it_is_by_default() {
        let read = |text: &str| serde_json::from_str::<SlowDown>(text);
        assert_eq!(read("{}").unwrap(), SlowDown::default());
        let written = read(r#"{"address": {"attempts": 500}, "name": {"longest_delay": "1h"}}"#).unwrap();
        assert_eq!(written.address, Limit { attempts: 500, ..SHARED });
        assert_eq!((written.device_authorization, written.authorization_request), (ASKING, BEGINNING));
        assert_eq!(written.name, Limit { longest_delay: SignedDuration::from_hours(1), ..PERSONAL });
        assert!(read(r#"{"address": {"atempts": 500}}"#).is_err());
        let default = serde_json::to_string(&SlowDown::default()).unwrap();
        assert_eq!(read(&default).unwrap(), SlowDown::default());
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        assert_eq!(SlowDown::default().fault(), None);
        let settings = SlowDown::default();
        let short = Limit { longest_delay: SignedDuration::from_secs(1), ..settings.device };
        assert_eq!(SlowDown { device: short, ..settings }.fault(), Some("device"));
        assert_eq!(SlowDown { name: Limit { attempts: 0, ..settings.name }, ..settings }.fault(), Some("name"));
        let endless = Limit { window: SignedDuration::ZERO, ..settings.device_authorization };
        assert_eq!(SlowDown { device_authorization: endless, ..settings }.fault(), Some("device_authorization"));
        assert_eq!(SlowDown { device_lifetime: SignedDuration::ZERO, ..settings }.fault(), Some("device_lifetime"));
    }
}
