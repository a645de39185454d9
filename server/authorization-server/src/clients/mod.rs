//! The registered clients: who may ask, where answers may go, and how a client proves who it is.

use std::collections::HashMap;
use std::sync::Arc;

mod client;
pub(crate) mod remote_keys;

pub use client::{ApplicationType, Authentication, Client, ClientKeys, Profile};
pub use remote_keys::outbound_client;

/// Why a registration does not make sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MalformedClient {
    /// The identifier is empty or holds characters that RFC 6749 appendix A.1 does not allow.
    #[error("the client_id must be visible ASCII")]
    Identifier,
    /// A URI is not absolute, or has a fragment (RFC 6749 §3.1.2).
    #[error("{0} is not an absolute URI without fragment")]
    Uri(String),
    /// A redirect to a scheme that runs in the browser.
    #[error("{0} would run in the browser")]
    Scheme(String),
    /// There is no key to verify with.
    #[error("the key set is empty")]
    NoKeys,
    /// A grant that the token endpoint does not have.
    #[error("there is no grant_type {0}")]
    GrantType(String),
}

/// All clients, by identifier.
pub(crate) struct Clients(HashMap<String, Arc<Client>>);

impl Clients {
    pub(crate) fn new(clients: &[Client]) -> Self {
        Self(clients.iter().map(|client| (client.client_id.clone(), Arc::new(client.clone().settled()))).collect())
    }

    /// The client of `client_id`.
    pub(crate) fn find(&self, client_id: &str) -> Option<Arc<Client>> {
        self.0.get(client_id).cloned()
    }
}
