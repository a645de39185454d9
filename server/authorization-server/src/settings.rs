//! What an operator decides: the issuer, how long things live, and who the clients are.

use jiff::SignedDuration;
use serde::Deserialize;
use url::Url;

use crate::clients::{Client, MalformedClient, SecretDigest};
use crate::keys::{InvalidSchedule, KeySchedule};
use crate::slow_down::SlowDown;

/// The settings of the Authorization Server, as a configuration file holds them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The issuer: the origin (and path, if any) under which everything here is reached. Every URL we give out begins so.
    pub issuer: Url,
    /// How long things live.
    #[serde(default)]
    pub lifetimes: Lifetimes,
    /// The slow-down of guessed passwords.
    #[serde(default)]
    pub slow_down: SlowDown,
    /// The registered clients.
    #[serde(default)]
    pub clients: Vec<Client>,
    /// Who may register clients (RFC 7591).
    #[serde(skip)]
    pub registration: RegistrationPolicy,
    /// Whether everybody may open an account, by way of their mailbox.
    #[serde(default)]
    pub sign_up: bool,
    /// Whether users may choose a new password by way of their mailbox.
    #[serde(default)]
    pub password_reset: bool,
    /// Accounts that the login page offers to try; development mode only.
    #[serde(default)]
    pub demo_accounts: Vec<DemoAccount>,
    /// When signing keys change.
    #[serde(default)]
    pub keys: KeySchedule,
    /// How long an answer may take before whoever asked is told to come again: longer than an engine takes to be called away, and
    /// shorter than clients wait.
    #[serde(default = "patience")]
    pub patience: SignedDuration,
    /// Whether a DPoP proof must hold a nonce of ours (RFC 9449 §8); one that a proof holds is checked either way.
    #[serde(default)]
    pub dpop_nonce: bool,
}

/// The patience of an answer where nothing is said.
pub const PATIENCE: SignedDuration = SignedDuration::from_secs(8);

fn patience() -> SignedDuration {
    PATIENCE
}

/// Who may register clients (RFC 7591 §3).
#[derive(Debug, Clone, Default)]
pub enum RegistrationPolicy {
    /// Nobody but the operator.
    #[default]
    Off,
    /// Who has the initial access token that the operator hands out.
    Token(SecretDigest),
    /// Everybody.
    Open,
}

impl RegistrationPolicy {
    /// Whether there is an endpoint for it.
    pub fn is_on(&self) -> bool {
        !matches!(self, Self::Off)
    }
}

/// An account that the login page names together with its password.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoAccount {
    /// What to type as the name.
    pub username: String,
    /// What to type as the password; public by intent.
    pub password: String,
}

/// How long things live; in a file as `"90s"`, `"15m"`, `"8h"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lifetimes {
    /// A pushed authorization request that nobody brought to the authorization endpoint (FAPI 2.0: under ten minutes).
    pub pushed_request: SignedDuration,
    /// A login or consent page, until it must be begun anew.
    pub interaction: SignedDuration,
    /// An authorization code.
    pub code: SignedDuration,
    /// The codes of a device, until its user has decided and it has redeemed them (RFC 8628 §3.2).
    pub device_code: SignedDuration,
    /// An access token.
    pub access_token: SignedDuration,
    /// An ID token.
    pub id_token: SignedDuration,
    /// A grant with refresh tokens, from the sign-in on.
    pub grant: SignedDuration,
    /// The provider's session, from its last use on.
    pub session_idle: SignedDuration,
    /// The provider's session, from the sign-in on.
    pub session: SignedDuration,
    /// A link that is sent by e-mail.
    pub link: SignedDuration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            pushed_request: SignedDuration::from_secs(90),
            interaction: SignedDuration::from_mins(15),
            code: SignedDuration::from_secs(60),
            device_code: SignedDuration::from_mins(10),
            access_token: SignedDuration::from_mins(5),
            id_token: SignedDuration::from_mins(5),
            grant: SignedDuration::from_hours(30 * 24),
            session_idle: SignedDuration::from_hours(8),
            session: SignedDuration::from_hours(24),
            link: SignedDuration::from_mins(30),
        }
    }
}

/// The longest time for which a link that is sent by e-mail may be good.
const LONGEST_LINK: SignedDuration = SignedDuration::from_hours(24);

/// A setting with which the Authorization Server must not run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSettings {
    /// The issuer is not an `http` or `https` URL without query and fragment (OpenID Connect Discovery §3).
    #[error("the issuer must be an http or https URL without user, query and fragment, not {0}")]
    Issuer(String),
    /// A lifetime is zero or negative.
    #[error("the lifetime {0} must be longer than nothing")]
    Lifetime(&'static str),
    /// A pushed request would live for ten minutes or longer.
    #[error("the lifetime pushed_request must be under ten minutes (FAPI 2.0)")]
    PushedRequest,
    /// A link would be good for longer than a day.
    #[error("a link that is sent by e-mail may be good for a day at the most")]
    Link,
    /// Nothing would ever be answered.
    #[error("patience must be longer than nothing")]
    Patience,
    /// A limit of the slow-down would let nothing through, or everything.
    #[error(
        "slow_down.{0}: attempts, delays and times must be more than nothing, and the longest delay no shorter than the first"
    )]
    SlowDown(&'static str),
    /// Two clients share an identifier.
    #[error("the client {0} is registered twice")]
    DuplicateClient(String),
    /// A client's registration does not make sense.
    #[error("the client {0}: {1}")]
    Client(String, #[source] MalformedClient),
    /// Signing keys cannot change in that way.
    #[error(transparent)]
    Keys(#[from] InvalidSchedule),
}

impl Settings {
    /// The issuer as it stands in tokens and metadata: without a slash at the end.
    pub(crate) fn issuer_identifier(&self) -> String {
        self.issuer.as_str().trim_end_matches('/').to_owned()
    }

    /// Judges the settings before anything is built on them.
    ///
    /// # Errors
    /// [`InvalidSettings`] names the first setting that cannot stand.
    pub fn check(&self) -> Result<(), InvalidSettings> {
        let url = &self.issuer;
        let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
        if !plain || !matches!(url.scheme(), "http" | "https") {
            return Err(InvalidSettings::Issuer(url.to_string()));
        }
        self.lifetimes.check()?;
        self.keys.check()?;
        if !self.patience.is_positive() {
            return Err(InvalidSettings::Patience);
        }
        if let Some(fault) = self.slow_down.fault() {
            return Err(InvalidSettings::SlowDown(fault));
        }
        for (place, client) in self.clients.iter().enumerate() {
            if self.clients.iter().skip(place + 1).any(|other| other.client_id == client.client_id) {
                return Err(InvalidSettings::DuplicateClient(client.client_id.clone()));
            }
            client.check().map_err(|reason| InvalidSettings::Client(client.client_id.clone(), reason))?;
        }
        Ok(())
    }
}

impl Lifetimes {
    fn check(&self) -> Result<(), InvalidSettings> {
        let all = [
            ("pushed_request", self.pushed_request),
            ("interaction", self.interaction),
            ("code", self.code),
            ("device_code", self.device_code),
            ("access_token", self.access_token),
            ("id_token", self.id_token),
            ("grant", self.grant),
            ("session_idle", self.session_idle),
            ("session", self.session),
            ("link", self.link),
        ];
        if let Some((name, _)) = all.iter().find(|(_, lifetime)| !lifetime.is_positive()) {
            return Err(InvalidSettings::Lifetime(name));
        }
        if self.pushed_request >= SignedDuration::from_mins(10) {
            return Err(InvalidSettings::PushedRequest);
        }
        if self.link > LONGEST_LINK {
            return Err(InvalidSettings::Link);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(issuer: &str) -> Settings {
        Settings {
            issuer: issuer.parse().unwrap(),
            lifetimes: Lifetimes::default(),
            slow_down: SlowDown::default(),
            clients: Vec::new(),
            registration: RegistrationPolicy::Off,
            sign_up: false,
            password_reset: false,
            demo_accounts: Vec::new(),
            keys: KeySchedule::default(),
            patience: PATIENCE,
            dpop_nonce: false,
        }
    }

    /// OpenID Connect Discovery §3: the issuer has no query and no fragment.
    #[test]
    fn an_issuer_is_a_plain_web_address() {
        assert_eq!(settings("https://provider.example").check(), Ok(()));
        for issuer in ["https://provider.example/?a=b", "https://provider.example/#a", "ftp://provider.example"] {
            assert!(matches!(settings(issuer).check(), Err(InvalidSettings::Issuer(_))), "{issuer}");
        }
    }

    #[test]
    fn an_answer_has_some_time() {
        let mut settings = settings("https://provider.example");
        for patience in [SignedDuration::ZERO, SignedDuration::from_secs(-8)] {
            settings.patience = patience;
            assert_eq!(settings.check(), Err(InvalidSettings::Patience));
        }
    }

    /// FAPI 2.0 §5.3.2.2: a `request_uri` lives for less than 600 seconds.
    #[test]
    fn a_pushed_request_lives_under_ten_minutes() {
        let mut settings = settings("https://provider.example");
        settings.lifetimes.pushed_request = SignedDuration::from_mins(10);
        assert_eq!(settings.check(), Err(InvalidSettings::PushedRequest));
    }

    /// Attack 47: a link is short-lived, whatever the operator would like.
    #[test]
    fn a_link_is_good_for_a_day_at_the_most() {
        let mut settings = settings("https://provider.example");
        settings.lifetimes.link = SignedDuration::from_hours(24);
        assert_eq!(settings.check(), Ok(()));
        settings.lifetimes.link = SignedDuration::from_hours(25);
        assert_eq!(settings.check(), Err(InvalidSettings::Link));
    }
}
