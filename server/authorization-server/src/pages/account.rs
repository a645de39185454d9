//! What the account page shows, and what its forms send.
//!
//! Forms post to `{action}/name` (field `name`), `{action}/password` (fields `current-password`, `new-password`),
//! `{action}/devices` (field `device`, a [`Device::id`]; without it, all others) and `{action}/applications` (field `application`, a
//! [`Connected::client_id`]), each with the hidden field `csrf`.

use jiff::Timestamp;

/// The account page.
#[derive(Debug, Clone)]
pub struct AccountPage {
    /// What the paths of its forms begin with.
    pub action: String,
    /// The forms' anti-forgery token.
    pub csrf: String,
    /// Where the page that asks whether to sign out is.
    pub sign_out: String,
    /// What the user signs in with.
    pub username: String,
    /// The user's full name.
    pub name: String,
    /// The user's e-mail address.
    pub email: String,
    /// Whether the address was verified.
    pub email_verified: bool,
    /// Where the user is signed in, this browser among them, the newest first.
    pub devices: Vec<Device>,
    /// The clients that may act for the user.
    pub applications: Vec<Connected>,
    /// What happened lately, the newest first.
    pub activity: Vec<Activity>,
    /// What "ago" counts from.
    pub now: Timestamp,
    /// What was just done.
    pub notice: Option<Notice>,
    /// What is wrong with the form that was just sent.
    pub fault: Option<AccountFault>,
}

/// A browser in which the user is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// What the form sends to sign it out.
    pub id: String,
    /// The browser, by its own words.
    pub user_agent: Option<String>,
    /// Where it was, where that is known.
    pub address: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// Whether it is this very browser.
    pub current: bool,
}

/// A client that may act for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connected {
    /// What the form sends to take that back.
    pub client_id: String,
    /// What it calls itself.
    pub name: String,
    /// The host of its first redirect URI, where it has one.
    pub host: Option<String>,
    /// What it may do, by scope token.
    pub scopes: Vec<String>,
    /// Since when.
    pub since: Timestamp,
}

/// Something that happened to the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// When.
    pub at: Timestamp,
    /// What.
    pub deed: Deed,
    /// The browser, by its own words, where that is known.
    pub user_agent: Option<String>,
    /// From where, where that is known.
    pub address: Option<String>,
}

/// What happened. Clients are named by what they call themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each says itself what happened")]
pub enum Deed {
    SignedIn,
    SignInFailed,
    SignedOut,
    DeviceSignedOut,
    Allowed(String),
    Denied(String),
    Withdrawn(String),
    /// A used code or refresh token of this client came back, and what it had was taken from it.
    TokenReplayed(String),
    NameChanged,
    PasswordChanged,
    /// By an operator.
    PasswordSet,
    /// By a link that was sent to the account's address.
    PasswordReset,
    AccountOpened,
}

/// What a form has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each says itself what was done")]
pub enum Notice {
    NameChanged,
    PasswordChanged,
    DeviceSignedOut,
    OthersSignedOut,
    ApplicationRemoved,
    AccountOpened,
    PasswordReset,
}

/// What is wrong with a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountFault {
    /// A name has 1 to 254 bytes and no control characters.
    Name,
    /// The current password is not the one given.
    CurrentPassword,
    /// Passwords were guessed too often, or too many at once.
    TooMany {
        /// How long to wait.
        seconds: u64,
    },
    /// A password has [`SHORTEST`](crate::password::SHORTEST) characters or more, and
    /// [`LONGEST`](crate::password::LONGEST) bytes at the most.
    NewPassword,
    /// The new password is one that is guessed soon.
    GuessablePassword,
}
