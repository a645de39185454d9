//! Log lines, by `tracing`. What a span says of an exchange is its number; secrets cannot be printed.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::Failure;
use crate::configuration::{Log, LogFormat};

/// What is logged.
///
/// # Errors
/// [`Failure::Configuration`] where the filter does not parse.
pub fn filter(log: &Log) -> Result<EnvFilter, Failure> {
    EnvFilter::try_new(&log.filter).map_err(|error| Failure::Configuration(format!("log.filter: {error}")))
}

/// Starts logging to standard error, so that standard output stays the banner's and the commands'.
///
/// # Errors
/// [`Failure::Configuration`] where the filter does not parse.
pub fn start(log: &Log) -> Result<(), Failure> {
    let lines = tracing_subscriber::fmt().with_env_filter(filter(log)?).with_writer(std::io::stderr);
    let started = match log.format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    started.map_err(|error| Failure::Command(format!("logging could not be started: {error}")))
}
