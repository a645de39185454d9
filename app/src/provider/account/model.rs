//! What the account page shows.

/// An instant, for machines and for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// RFC 3339.
    pub machine: String,
    /// `3 minutes ago`, or `on 23 November 2026`: what completes "Signed in …".
    pub words: String,
    /// `23 November 2026, 14:05 UTC`.
    pub exactly: String,
}

/// The account page. Forms post to `{action}/name` and so on, each with the hidden field `csrf`.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// The shortest password that is taken, in characters.
    pub shortest_password: usize,
    /// Where the user is signed in, this browser among them.
    pub devices: Vec<Device>,
    /// The clients that may act for the user.
    pub applications: Vec<Connected>,
    /// What happened lately.
    pub activity: Vec<Activity>,
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
    pub since: Moment,
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
    /// The host that it is at, where that is known.
    pub host: Option<String>,
    /// What it may do, by scope token.
    pub scopes: Vec<String>,
    /// Since when.
    pub since: Moment,
}

/// Something that happened to the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// When.
    pub at: Moment,
    /// What.
    pub deed: Deed,
    /// The browser, by its own words, where that is known.
    pub user_agent: Option<String>,
    /// From where, where that is known.
    pub address: Option<String>,
}

impl Activity {
    /// Whether it is the same deed from the same place, at whatever time.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let parts = |activity: &Self| (activity.deed.clone(), activity.user_agent.clone(), activity.address.clone());
        parts(self) == parts(other)
    }
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
    TokenReplayed(String),
    NameChanged,
    PasswordChanged,
    PasswordSet,
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
    /// The name is empty, too long, or not a name.
    Name,
    /// The current password is not the one given.
    CurrentPassword,
    /// Passwords were guessed too often.
    TooMany {
        /// How long to wait.
        seconds: u64,
    },
    /// The new password is too short or too long.
    NewPassword,
    /// The new password is one that is guessed soon.
    GuessablePassword,
}
