//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::configuration::Role;

pub mod client;
pub mod user;

use client::ClientCommand;
use user::UserCommand;

/// Cloakroom: sign-in for browser apps. Every token stays on the server; the browser carries an opaque session cookie.
///
/// Without arguments it runs everything, embedded, for development: the application on port 3000 of localhost, its
/// OpenID Provider on 4000, a Resource API on 5000, and the worker.
#[derive(Debug, Parser)]
#[command(name = "cloakroom", version, about, long_about, max_term_width = 110)]
pub struct Cli {
    /// The configuration file [default: cloakroom.toml, where there is one].
    #[arg(long, short, global = true, value_name = "FILE", env = "CLOAKROOM_CONFIG")]
    pub config: Option<PathBuf>,

    /// Sets one key, for instance --set application.listen=127.0.0.1:8080. Repeatable; it wins over file and environment.
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    pub set: Vec<String>,

    /// Which boxes to run, parted by commas.
    #[arg(long, global = true, value_enum, value_delimiter = ',', value_name = "ROLES")]
    pub roles: Option<Vec<Role>>,

    /// What to do [default: serve].
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What the binary can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the boxes until Ctrl-C or SIGTERM.
    Serve,
    /// Reads the configuration, says what is wrong with it or what it comes to, and ends.
    CheckConfig,
    /// Makes a TLS certificate for localhost, and an authority that vouches for it; for development only.
    DevCert {
        /// Makes another one, although there is one that is good.
        #[arg(long)]
        force: bool,
    },
    /// Looks after the Queue.
    #[command(subcommand)]
    Queue(QueueCommand),
    /// Looks after the keys that the provider signs tokens with.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Looks after the provider's clients.
    #[command(subcommand)]
    Client(ClientCommand),
    /// Looks after the provider's accounts.
    #[command(subcommand)]
    User(UserCommand),
    /// Shows the newest lines of the audit log.
    Audit {
        /// How many.
        #[arg(long, default_value_t = 20)]
        limit: u32,
    },
}

/// What can be done with the Queue.
#[derive(Debug, Subcommand)]
pub enum QueueCommand {
    /// Lists the events that failed their last attempt.
    DeadLetters {
        /// How many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Puts the dead letters back, to be tried again.
    Retry,
}

/// What can be done with the provider's signing keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Lists the keys: which comes next, which signs, and which is published for tokens that it signed before.
    List,
    /// Adds the next key of each kind, beside running servers or alone.
    ///
    /// The next keys are published now and sign after `provider.keys.published_ahead`, so that everybody who checks tokens knows
    /// them in time. Servers do the same by themselves every `provider.keys.rotate_every`.
    Rotate {
        /// After a leak: the new keys sign at once, and the old ones are withdrawn with every ID token and access token that
        /// they signed.
        #[arg(long)]
        revoke: bool,
    },
}
