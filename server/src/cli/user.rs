//! `cloakroom user …`.

use clap::{Args, Subcommand};

/// What can be done with the provider's accounts.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Adds an account.
    ///
    /// Example: cloakroom user add ada --email ada@example.com --name "Ada Lovelace"
    Add {
        /// What the user signs in with; the e-mail address does as well.
        username: String,
        /// The e-mail address.
        #[arg(long)]
        email: String,
        /// The full name; the username where not said.
        #[arg(long)]
        name: Option<String>,
        /// The address is known to be the user's.
        #[arg(long)]
        email_verified: bool,
        /// Where the password comes from.
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Lists all accounts.
    List {
        /// As a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Gives an account another password, which ends its sessions and grants.
    SetPassword {
        /// Username or e-mail address.
        login: String,
        /// Where the password comes from.
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Keeps an account from signing in, and ends its sessions and grants.
    Disable {
        /// Username or e-mail address.
        login: String,
    },
    /// Lets a disabled account sign in again.
    Enable {
        /// Username or e-mail address.
        login: String,
    },
    /// Removes an account with its consents and grants; its audit records stay.
    Remove {
        /// Username or e-mail address.
        login: String,
    },
}

/// Where a password comes from: asked for on the terminal, unless this says otherwise. It is never an argument, which other
/// people on the machine could read.
#[derive(Debug, Clone, Copy, Args)]
pub struct PasswordSource {
    /// Reads the password from standard input, up to the end of the line, instead of asking for it.
    #[arg(long)]
    pub password_stdin: bool,
}
