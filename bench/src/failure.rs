//! What can go wrong while measuring.

use std::io;

use http::StatusCode;

/// Why there is no figure.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{0}: {1}")]
    Io(String, #[source] io::Error),
    #[error("{0} ended by itself; the last that it said: {1}")]
    Ended(&'static str, String),
    #[error("{0} did not answer within 60 s")]
    Silent(&'static str),
    #[error("the connection broke: {0}")]
    Connection(#[from] hyper::Error),
    #[error("a request could not be written: {0}")]
    Request(#[from] http::Error),
    #[error("{what} was answered with {status}: {body}")]
    Answer { what: &'static str, status: StatusCode, body: String },
    #[error("the answer to {0} is not what it should be: {1}")]
    Odd(&'static str, String),
    #[error("processor time is read from /proc, which only Linux has ({0})")]
    NoProcessorTime(String),
    #[error("{0} is not set; tools/services.sh sets it")]
    NoEngine(&'static str),
    #[error("no key could be made or used for {0}")]
    Key(&'static str),
    #[error("no scenario is called {0:?}; there are: {1}")]
    NoScenario(String, String),
    #[error("{0} cannot be measured: {1}")]
    Engine(&'static str, String),
    #[error("a table could not be written: {0}")]
    Table(#[from] std::fmt::Error),
    #[error("interrupted")]
    Interrupted,
}

impl Failure {
    /// An operation of the system that failed, by what it was.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        |error| Self::Io(what.into(), error)
    }
}
