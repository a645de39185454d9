//! What goes wrong behind the Authorization Server, and is nobody's fault in front of it.

use http::StatusCode;
use protocol::ErrorCode;

use crate::keys::KeyError;

/// A box behind us does not answer, or we ourselves failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Outage {
    #[error(transparent)]
    Cache(#[from] cache::Unavailable),
    #[error(transparent)]
    Users(#[from] user_database::Unavailable),
    #[error(transparent)]
    Queue(#[from] queue::Unavailable),
    /// A client's published keys are out of reach.
    #[error("the keys of the client {0} cannot be had: {1}")]
    ClientKeys(String, #[source] crate::clients::remote_keys::KeysUnavailable),
    /// A token came whose key we do not know, and the keys could not be read a moment ago.
    #[error("the signing keys could not be read a moment ago")]
    Keys,
    /// A box answers, but not in time.
    #[error("a box behind us did not answer in time")]
    Late,
    #[error("internal: {0}")]
    Internal(&'static str),
}

impl From<KeyError> for Outage {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Users(error) => Self::Users(error),
            KeyError::Sealed(kid) => {
                tracing::error!(kid, "a signing key does not open under provider.sealing_key");
                Self::Internal("a signing key does not open")
            }
            KeyError::NoKey => Self::Internal("no signing key could be made"),
        }
    }
}

impl Outage {
    /// What is sent of it: the status and the registered code, and no more.
    pub(crate) fn answer(&self) -> (StatusCode, ErrorCode) {
        match self {
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::ServerError),
            _ => (StatusCode::SERVICE_UNAVAILABLE, ErrorCode::TemporarilyUnavailable),
        }
    }
}
