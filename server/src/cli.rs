//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::configuration::Role;

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
