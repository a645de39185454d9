//! The pages that people see here, as a port: `server` answers it from `app`, tests from a plain text.
//!
//! Every page is whole without a script; forms post to `action` with the hidden field `csrf`. Which button was pressed comes
//! as the field `action`: `<button id="deny" name="action" value="deny">`; ids and values are the names given below.

mod account;
mod links;

pub use account::{AccountFault, AccountPage, Activity, Connected, Deed, Device, Notice};
pub use links::{Ask, AskFault, AskPage, LinkFault, NewAccountPage, NewPasswordPage, SentPage, SpentLinkPage};

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
#[derive(Debug, Clone)]
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
#[derive(Debug, Clone)]
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

/// The page that asks for the code that a device shows (RFC 8628 §3.3): field `user_code`; button `continue`.
#[derive(Debug, Clone)]
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
#[derive(Debug, Clone)]
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

/// A page that explains why it does not go on.
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
#[derive(Debug, Clone)]
pub struct SignOutPage {
    /// Where the form posts to.
    pub action: String,
    /// The form's anti-forgery token.
    pub csrf: String,
    /// The client that asks, where one is known.
    pub client_name: Option<String>,
    /// The path to go to in order to stay signed in.
    pub home: String,
}

/// Renders whole HTML documents.
pub trait Pages: Send + Sync + 'static {
    /// The login page.
    fn login(&self, page: &LoginPage) -> String;
    /// The consent page.
    fn consent(&self, page: &ConsentPage) -> String;
    /// The page that asks for the code that a device shows.
    fn user_code(&self, page: &UserCodePage) -> String;
    /// The page that asks whether a device may.
    fn device_consent(&self, page: &DeviceConsentPage) -> String;
    /// The page after that: the device of this client may, or may not; `account` is where the account page is.
    fn device_done(&self, client_name: &str, allowed: bool, account: &str) -> String;
    /// The page that explains; `incident` is what support can look for in the log.
    fn problem(&self, problem: Problem, incident: &str) -> String;
    /// The page that asks whether to sign out.
    fn sign_out(&self, page: &SignOutPage) -> String;
    /// The page after signing out, where no client is to be returned to.
    fn signed_out(&self) -> String;
    /// The page that asks for an e-mail address.
    fn ask(&self, page: &AskPage) -> String;
    /// The page after that, whatever the address was.
    fn sent(&self, page: &SentPage) -> String;
    /// The page by which an account is opened.
    fn new_account(&self, page: &NewAccountPage) -> String;
    /// The page by which a new password is chosen.
    fn new_password(&self, page: &NewPasswordPage) -> String;
    /// The page that says that a link cannot be used.
    fn spent_link(&self, page: &SpentLinkPage) -> String;
    /// The account page.
    fn account(&self, page: &AccountPage) -> String;
    /// The provider's front page; `user_name` where somebody is signed in, `account` is the path of their account page.
    fn home(&self, user_name: Option<&str>, account: &str) -> String;
}
