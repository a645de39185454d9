//! What the Application API is told.

use std::time::Duration;

use jiff::SignedDuration;

use crate::provider::settings::{DEFAULT, callback_path};
use crate::proxy::Route;

/// Settings of the Application API.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Our own origin, `https://app.example`, without a trailing slash.
    pub origin: String,
    /// How long a session may last, however busy.
    pub session_lifetime: Duration,
    /// How long a session may last without being used.
    pub session_idle: Duration,
    /// How long a begun sign-in may take.
    pub transaction_lifetime: Duration,
    /// What the proxy may call.
    pub routes: Vec<Route>,
}

impl Settings {
    /// How old the last use that is on record may grow before another is written: a session check writes rarely.
    pub(crate) fn noticed_after(&self) -> SignedDuration {
        const OFTEN: SignedDuration = SignedDuration::from_mins(5);
        SignedDuration::try_from(self.session_idle / 8).unwrap_or(OFTEN).min(OFTEN)
    }

    /// The redirect URI of the provider that has no entry of its own (RFC 6749 §3.1.2).
    pub fn redirect_uri(&self) -> String {
        format!("{}{}", self.origin, callback_path(DEFAULT))
    }

    /// Where providers send the browser after signing out.
    pub fn post_logout_redirect_uri(&self) -> String {
        format!("{}/signed-out", self.origin)
    }

    /// Where providers tell us that a session of theirs is over (Back-Channel Logout §2.2).
    pub fn backchannel_logout_uri(&self) -> String {
        format!("{}/backchannel-logout", self.origin)
    }
}
