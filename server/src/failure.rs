//! Why Cloakroom does not start or go on: one line that says what to do.

/// A reason not to start or go on. The process ends with code 2.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The configuration cannot be read, or asks for what cannot be.
    #[error("configuration: {0}")]
    Configuration(String),
    /// An address cannot be listened on.
    #[error("cannot listen on {address} for the {role}: {reason}; stop whatever uses it, or set {setting}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// Whose address it is.
        role: &'static str,
        /// The system's words.
        reason: std::io::Error,
        /// The key that moves it.
        setting: String,
    },
    /// An engine does not answer.
    #[error("{what} ({url}) does not answer: {reason}; start it, or set {setting}")]
    Engine {
        /// Which box.
        what: &'static str,
        /// Its URL, without a password.
        url: String,
        /// What it said.
        reason: String,
        /// The key that chooses another.
        setting: &'static str,
    },
    /// A file cannot be read or written.
    #[error("{path}: {reason}")]
    File {
        /// Which file.
        path: String,
        /// Why.
        reason: String,
    },
    /// A part ended by itself while the rest ran, so all was stopped.
    #[error("the {what} ended by itself: {reason}; everything was stopped, start it again")]
    Ended {
        /// Which part.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// A command could not do its work.
    #[error("{0}")]
    Command(String),
}

impl Failure {
    /// A failure about a file.
    pub fn file(path: &std::path::Path, reason: impl std::fmt::Display) -> Self {
        Self::File { path: path.display().to_string(), reason: reason.to_string() }
    }
}
