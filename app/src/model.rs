//! What pages show, as it goes to islands and comes from server functions. No secret is ever in it.

use serde::{Deserialize, Serialize};

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrentUser {
    /// The user's identifier at the provider.
    pub subject: String,
    /// Full name, or what stands for it.
    pub name: String,
    /// E-mail address, where the provider told.
    pub email: Option<String>,
    /// The provider that vouched, by issuer.
    pub issuer: String,
    /// When the session began, RFC 3339.
    pub signed_in_at: String,
    /// How long ago that was, in seconds.
    pub age_seconds: i64,
    /// The class in which the user authenticated, where the provider told (`acr`).
    pub acr: Option<String>,
    /// How long ago the user authenticated, in seconds, where the provider told (`auth_time`).
    pub authenticated_seconds_ago: Option<i64>,
    /// What the provider granted.
    pub scopes: Vec<String>,
}

impl CurrentUser {
    /// Whether the provider granted `scope`.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|granted| granted == scope)
    }
}

/// A provider to sign in with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderChoice {
    /// Its name in URLs.
    pub name: String,
    /// What people see it called.
    pub title: String,
}

/// What the Resource API answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceAnswer {
    /// The request line, `GET http://localhost:5000/profile`.
    pub request: String,
    /// HTTP status.
    pub status: u16,
    /// The JSON body, indented.
    pub body: String,
    /// How long the call took, in milliseconds.
    pub milliseconds: u64,
}

/// An e-mail that development mode wrote to its outbox instead of sending it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxMessage {
    /// The file's name, which is the event's identity.
    pub file: String,
    /// When it was written, RFC 3339.
    pub at: String,
    /// Recipient.
    pub to: String,
    /// Subject line.
    pub subject: String,
    /// Text.
    pub body: String,
}

/// A browser in which the user is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// What signs it out; it opens nothing.
    pub id: String,
    /// Whether it is this very browser.
    pub current: bool,
    /// The browser, by its own words.
    pub user_agent: Option<String>,
    /// Where it was when it signed in, where that is known.
    pub address: Option<String>,
    /// When the user signed in there, RFC 3339.
    pub signed_in_at: String,
    /// How long ago that was, in seconds.
    pub signed_in_seconds: i64,
    /// When it was used last, to within a few minutes, RFC 3339.
    pub seen_at: String,
    /// How long ago that was, in seconds.
    pub seen_seconds: i64,
}
