//! What the pages of sign-up and password reset show.

/// What is asked for by way of a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// To open an account.
    SignUp,
    /// To choose a new password.
    PasswordReset,
}

/// What is wrong with the page that asks for an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskFault {
    /// It is no address.
    Email,
    /// Too many messages for now.
    TooMany {
        /// How long to wait.
        seconds: u64,
    },
    /// The form is not of this browser any more; it is to be sent again.
    Stale,
}

/// The page that asks for an e-mail address: field `email`, hidden field `sign_in` where there is one; button `continue`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskPage {
    /// What it is for.
    pub ask: Ask,
    /// Where the form posts to.
    pub action: String,
    /// The form's anti-forgery token.
    pub csrf: String,
    /// The sign-in under way.
    pub sign_in: Option<String>,
    /// What was typed before.
    pub email: String,
    /// What is wrong with it.
    pub fault: Option<AskFault>,
    /// Where the login is.
    pub back: String,
}

/// The page after that, whatever the address was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentPage {
    /// What it is for.
    pub ask: Ask,
    /// For how many minutes the link is good.
    pub minutes: u64,
    /// Where it is asked again.
    pub again: String,
    /// Where the login is.
    pub back: String,
}

/// What is wrong with the form behind a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkFault {
    /// The name is empty, too long, or not a name.
    Name,
    /// The username is too short, too long, or has other characters than it may have.
    Username,
    /// Somebody else has this username.
    UsernameTaken,
    /// The password is too short or too long.
    Password,
    /// The password is one that is guessed soon.
    GuessablePassword,
    /// Too many tries for now.
    TooMany {
        /// How long to wait.
        seconds: u64,
    },
}

/// The page by which an account is opened: fields `name`, `username`, `new-password`; button `open-account`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccountPage {
    /// Where the form posts to.
    pub action: String,
    /// The form's anti-forgery token.
    pub csrf: String,
    /// The address to which the link was sent.
    pub email: String,
    /// What was typed before.
    pub name: String,
    /// What was typed before.
    pub username: String,
    /// How many characters a password has at the least.
    pub shortest_password: usize,
    /// What is wrong with it.
    pub fault: Option<LinkFault>,
}

/// The page by which a new password is chosen: field `new-password`; button `change-password`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPasswordPage {
    /// Where the form posts to.
    pub action: String,
    /// The form's anti-forgery token.
    pub csrf: String,
    /// The address to which the link was sent.
    pub email: String,
    /// Whose password it is, for password managers.
    pub username: String,
    /// How many characters a password has at the least.
    pub shortest_password: usize,
    /// What is wrong with it.
    pub fault: Option<LinkFault>,
}

/// The page that says that a link cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpentLinkPage {
    /// Where to ask for another to open an account, if that is possible.
    pub sign_up: Option<String>,
    /// Where to ask for another to choose a new password, if that is possible.
    pub password_reset: Option<String>,
    /// Where the account page is, by way of the login.
    pub account: String,
}
