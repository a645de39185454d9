//! Why a server function could not do what it was asked; each variant has a page or a sentence of its own.

use leptos::prelude::*;
use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::ServerFnErrorErr;
use serde::{Deserialize, Serialize};

/// What pages and islands are told. Internals stay in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum PageError {
    /// Nobody is signed in, or the session has ended: 401.
    #[error("You are signed out. Sign in to go on.")]
    SignedOut,
    /// The session lives, but its access token has expired and cannot be refreshed: 401.
    #[error("Access has expired. Sign in once more to renew it.")]
    AccessExpired,
    /// The user has to authenticate again, lately enough or in a stronger way: 401.
    #[error("This asks for a new sign-in. Sign in once more to go on.")]
    Stale {
        /// How long ago the sign-in may be at the most, in seconds, where that is what is missing.
        max_age: Option<u32>,
    },
    /// The provider did not grant what this needs: 403.
    #[error("Your sign-in does not include what this needs.")]
    NoAccess,
    /// The request did not come from our own page: 403.
    #[error("This request did not come from this site, so nothing was done.")]
    CrossSite,
    /// The Cache, the Queue or a box beside us does not answer: 503.
    #[error("The service is not available right now. Nothing is lost; please try again in a moment.")]
    Unavailable,
    /// The sign-in provider does not answer: 503.
    #[error("The sign-in provider is not answering right now. Please try again in a moment.")]
    ProviderUnreachable,
    /// The Resource API does not answer: 502.
    #[error("The Resource API is not answering right now. Please try again in a moment.")]
    ResourceUnreachable,
    /// The request made no sense: 400.
    #[error("The request could not be read.")]
    BadRequest,
}

impl PageError {
    /// The HTTP status that goes with it.
    pub fn status(self) -> u16 {
        match self {
            Self::SignedOut | Self::AccessExpired | Self::Stale { .. } => 401,
            Self::CrossSite | Self::NoAccess => 403,
            Self::Unavailable | Self::ProviderUnreachable => 503,
            Self::ResourceUnreachable => 502,
            Self::BadRequest => 400,
        }
    }
}

impl FromServerFnError for PageError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let error = match error {
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::Deserialization(_) | ServerFnErrorErr::MissingArg(_) => {
                Self::BadRequest
            }
            _ => Self::Unavailable,
        };
        // Leptos would answer 500 to whatever could not be read.
        #[cfg(feature = "ssr")]
        crate::functions::exchange::set_status_of(error);
        error
    }
}
