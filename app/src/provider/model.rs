//! What the provider's pages show.

/// What is the same on every page of the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderSite {
    /// Where the stylesheet is, as a path of this origin: `/pkg/cloakroom.css`.
    pub stylesheet: String,
    /// The name of the site, as people know it.
    pub application_name: String,
    /// The application that people come from, as a way on from pages that end here.
    pub application_url: Option<String>,
    /// In development: where messages are that are not sent.
    pub outbox_url: Option<String>,
}

/// What is wrong with the last attempt to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginFault {
    /// Unknown user, wrong or empty password: the same words for all three.
    Credentials,
    /// Too many attempts for now.
    TooMany {
        /// How long to wait.
        seconds: u64,
    },
}

/// Where a login leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeadsTo {
    /// To the client of this name.
    Client(String),
    /// To the page where the code that a device shows is entered.
    Device,
    /// To the account page.
    Account,
}

/// The login page: fields `username`, `password`; buttons `sign-in` and `deny` (back to the client, or to our front page).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginPage {
    /// Where the form posts to.
    pub action: String,
    /// The form's anti-forgery token.
    pub csrf: String,
    /// Where it leads.
    pub leads_to: LeadsTo,
    /// What was typed before, or hinted by the client.
    pub username: String,
    /// What is wrong with the last attempt.
    pub fault: Option<LoginFault>,
    /// In development: accounts to try, as (username, password).
    pub demo_accounts: Vec<(String, String)>,
    /// Where an account can be opened, if it can.
    pub sign_up: Option<String>,
    /// Where a new password can be chosen, if it can.
    pub password_reset: Option<String>,
}

/// The consent page: buttons `allow` and `deny`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentPage {
    /// Where the form posts to.
    pub action: String,
    /// The form's anti-forgery token.
    pub csrf: String,
    /// The client that asks.
    pub client_name: String,
    /// The host of its redirect URI.
    pub client_host: String,
    /// Whether nobody vouches for it: its name is what it calls itself, and a warning says so.
    pub unverified: bool,
    /// Who is signed in here, by name.
    pub user_name: String,
    /// Who is signed in here, by e-mail address.
    pub user_email: String,
    /// What is asked for, by scope token.
    pub scopes: Vec<String>,
}

/// What is wrong with the code of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserCodeFault {
    /// Unknown, expired or used: the same words for all three.
    Unknown,
    /// Too many attempts for now.
    TooMany {
        /// How long to wait.
        seconds: u64,
    },
    /// The form is not of this session any more; it is to be sent again.
    Stale,
}

/// The page that asks for the code that a device shows: field `user_code`; button `continue`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserCodePage {
    /// Where the form posts to.
    pub action: String,
    /// The form's anti-forgery token.
    pub csrf: String,
    /// What was typed before, or what the address brought: then it is to be compared with the device.
    pub user_code: String,
    /// What is wrong with the last attempt.
    pub fault: Option<UserCodeFault>,
    /// Who is signed in here, by name.
    pub user_name: String,
    /// Who is signed in here, by e-mail address.
    pub user_email: String,
}

/// The page that asks whether a device may; hidden field `user_code`, buttons `allow` and `deny`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceConsentPage {
    /// Where the form posts to.
    pub action: String,
    /// The form's anti-forgery token.
    pub csrf: String,
    /// The code that the device shows.
    pub user_code: String,
    /// The client on the device.
    pub client_name: String,
    /// The host of its redirect URI, where it has one.
    pub client_host: Option<String>,
    /// Whether nobody vouches for it.
    pub unverified: bool,
    /// Who is signed in here, by name.
    pub user_name: String,
    /// Who is signed in here, by e-mail address.
    pub user_email: String,
    /// What is asked for, by scope token.
    pub scopes: Vec<String>,
}

/// Why a page does not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// The authorization request is unknown, expired, or already completed.
    RequestExpired,
    /// The authorization request cannot be trusted: unknown client or redirect URI.
    RequestInvalid,
    /// The form or the flow belongs to another browser, or its cookie is missing.
    OtherBrowser,
    /// Too many sign-ins have begun where this one comes from.
    Crowded,
    /// A box behind us does not answer.
    Unavailable,
    /// No such page.
    NotFound,
}

/// The page that asks whether to sign out; button `sign-out`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignOutPage {
    /// Where the form posts to.
    pub action: String,
    /// The form's anti-forgery token.
    pub csrf: String,
    /// The client that asks, where one is known.
    pub client_name: Option<String>,
    /// Where to go to stay signed in.
    pub home: String,
}
