//! What happened, in the words of the audit log.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An event with its identity, so that handling it twice does no more than handling it once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// Its identity.
    pub id: Uuid,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
}

/// What happened. No secret is ever in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// An application session began (exchange 12).
    SignedIn {
        /// The provider that vouched.
        issuer: String,
        /// The user there.
        subject: String,
        /// Where to write to, where the provider told.
        email: Option<String>,
        /// How to address the user, where the provider told.
        name: Option<String>,
        /// The browser, by its own words, cut to 200 characters.
        user_agent: Option<String>,
        /// Where the browser is, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
    },
    /// Credentials were refused at the Authorization Server.
    SignInFailed {
        /// The user, where the login named one that exists.
        subject: Option<String>,
        /// The client whose sign-in it was; none where it was for a page of the provider's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_id: Option<String>,
        /// Where the attempt came from, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
    },
    /// The user allowed a client something.
    ConsentGranted {
        /// The user.
        subject: String,
        /// The client.
        client_id: String,
        /// What was allowed, parted by spaces.
        scope: String,
    },
    /// The user denied a client.
    ConsentDenied {
        /// The user.
        subject: String,
        /// The client.
        client_id: String,
    },
    /// A code was entered that no device shows (RFC 8628 §5.1).
    UserCodeRefused {
        /// Who was signed in.
        subject: String,
        /// Where the attempt came from, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
    },
    /// An application session was ended by its user.
    SignedOut {
        /// The provider that had vouched.
        issuer: String,
        /// The user there.
        subject: String,
    },
    /// The provider's session ended in which a client had signed its user in; the client is to be told (Back-Channel Logout §2.5).
    SessionEnded {
        /// The user.
        subject: String,
        /// The client that is to be told.
        client_id: String,
        /// What the client knows the session by; it is worth nothing without the client's credentials.
        sid: String,
    },
    /// A used code or refresh token came back; what it had given was revoked (RFC 9700 §4.14).
    TokenReplayed {
        /// The user.
        subject: String,
        /// The client.
        client_id: String,
    },
    /// The user is called by another name now.
    NameChanged {
        /// The user.
        subject: String,
    },
    /// The user chose another password; every session but the one where that was done is over.
    PasswordChanged {
        /// The user.
        subject: String,
        /// Where to write to.
        email: String,
        /// How to address the user.
        name: String,
        /// The browser, by its own words, cut to 200 characters.
        user_agent: Option<String>,
        /// Where the browser is, where that is known.
        address: Option<String>,
    },
    /// Somebody asked to open an account. Whether there is one with this address already, nobody has looked.
    SignUpAsked {
        /// The address, as it was typed.
        email: String,
        /// The sign-in that is under way in that browser; its cookie alone opens it.
        sign_in: Option<String>,
        /// The browser, by its own words, cut to 200 characters.
        user_agent: Option<String>,
        /// Where the browser is, where that is known.
        address: Option<String>,
    },
    /// Somebody asked for a new password. Whether there is an account with this address, nobody has looked.
    PasswordResetAsked {
        /// The address, as it was typed.
        email: String,
        /// The sign-in that is under way in that browser; its cookie alone opens it.
        sign_in: Option<String>,
        /// The browser, by its own words, cut to 200 characters.
        user_agent: Option<String>,
        /// Where the browser is, where that is known.
        address: Option<String>,
    },
    /// The user opened an account, by a link that was sent to its address.
    AccountOpened {
        /// The user.
        subject: String,
        /// The browser, by its own words, cut to 200 characters.
        user_agent: Option<String>,
        /// Where the browser is, where that is known.
        address: Option<String>,
    },
    /// The user chose another password by a link that was sent to the account's address; every session that there was is over.
    PasswordReset {
        /// The user.
        subject: String,
        /// Where to write to.
        email: String,
        /// How to address the user.
        name: String,
        /// The browser, by its own words, cut to 200 characters.
        user_agent: Option<String>,
        /// Where the browser is, where that is known.
        address: Option<String>,
    },
    /// The user signed out at the Authorization Server, in this browser or, from there, in another.
    DeviceSignedOut {
        /// The user.
        subject: String,
        /// The browser that is signed out, by its own words.
        user_agent: Option<String>,
    },
    /// The user took back what a client was allowed; its tokens are worth nothing any more.
    ConsentWithdrawn {
        /// The user.
        subject: String,
        /// The client.
        client_id: String,
    },
    /// The provider has one more signing key: the first of its kind, or the next by schedule.
    SigningKeyAdded {
        /// The key.
        kid: String,
        /// What kind of key it is.
        key_type: String,
        /// From when on it signs.
        signs_from: Timestamp,
    },
    /// A client registered itself (RFC 7591).
    ClientRegistered {
        /// The client.
        client_id: String,
        /// What it calls itself.
        name: String,
    },
    /// A client changed its own registration (RFC 7592 §2.2).
    ClientChanged {
        /// The client.
        client_id: String,
        /// What it calls itself now.
        name: String,
    },
    /// A client ended its own registration (RFC 7592 §2.3).
    ClientRemoved {
        /// The client.
        client_id: String,
    },
}

impl Event {
    /// The event's kind, as the audit log names it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SignedIn { .. } => "signed_in",
            Self::SignInFailed { .. } => "sign_in_failed",
            Self::ConsentGranted { .. } => "consent_granted",
            Self::ConsentDenied { .. } => "consent_denied",
            Self::UserCodeRefused { .. } => "user_code_refused",
            Self::SignedOut { .. } => "signed_out",
            Self::SessionEnded { .. } => "session_ended",
            Self::TokenReplayed { .. } => "token_replayed",
            Self::NameChanged { .. } => "name_changed",
            Self::PasswordChanged { .. } => "password_changed",
            Self::SignUpAsked { .. } => "sign_up_asked",
            Self::PasswordResetAsked { .. } => "password_reset_asked",
            Self::AccountOpened { .. } => "account_opened",
            Self::PasswordReset { .. } => "password_reset",
            Self::DeviceSignedOut { .. } => "device_signed_out",
            Self::ConsentWithdrawn { .. } => "consent_withdrawn",
            Self::SigningKeyAdded { .. } => "signing_key_added",
            Self::ClientRegistered { .. } => "client_registered",
            Self::ClientChanged { .. } => "client_changed",
            Self::ClientRemoved { .. } => "client_removed",
        }
    }

    /// The user it is about, where one is known.
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::SignedIn { subject, .. }
            | Self::ConsentGranted { subject, .. }
            | Self::ConsentDenied { subject, .. }
            | Self::UserCodeRefused { subject, .. }
            | Self::SignedOut { subject, .. }
            | Self::SessionEnded { subject, .. }
            | Self::TokenReplayed { subject, .. }
            | Self::NameChanged { subject }
            | Self::PasswordChanged { subject, .. }
            | Self::AccountOpened { subject, .. }
            | Self::PasswordReset { subject, .. }
            | Self::DeviceSignedOut { subject, .. }
            | Self::ConsentWithdrawn { subject, .. } => Some(subject),
            Self::SignInFailed { subject, .. } => subject.as_deref(),
            Self::SignUpAsked { .. }
            | Self::PasswordResetAsked { .. }
            | Self::SigningKeyAdded { .. }
            | Self::ClientRegistered { .. }
            | Self::ClientChanged { .. }
            | Self::ClientRemoved { .. } => None,
        }
    }
}

impl Envelope {
    /// Puts an event of this instant into an envelope of its own.
    pub fn new(event: Event, clock: &dyn protocol::Clock, rng: &dyn protocol::Rng) -> Self {
        let mut bytes = [0; 16];
        rng.fill(&mut bytes);
        Self { id: uuid::Builder::from_random_bytes(bytes).into_uuid(), at: clock.now(), event }
    }

    /// The same for an event that is one however often it is told: there is one of its kind for each `of`.
    pub fn once(event: Event, of: &str, clock: &dyn protocol::Clock) -> Self {
        let bytes = protocol::seal::fingerprint(event.kind(), of.as_bytes());
        Self { id: uuid::Builder::from_random_bytes(bytes).into_uuid(), at: clock.now(), event }
    }
}
