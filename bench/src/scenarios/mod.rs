//! What is measured: a table, a file each. To add a scenario, add a file and a line.

use std::future::Future;
use std::pin::Pin;

use crate::bare::Bare;
use crate::failure::Failure;
use crate::house::House;
use crate::load::Visitor;
use crate::process::Process;
use crate::signature::Signature;

mod bare_handler;
mod client_credentials;
mod documents;
mod introspection;
mod refresh;
mod sign_in;

/// A row of the table.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// Which server is asked.
    pub(crate) asked: Asked,
    /// What no server could do without.
    pub(crate) floor: Floor,
    /// Whether it is to stay below the aim.
    pub(crate) aimed: bool,
    /// Makes ready whoever asks over one connection.
    pub(crate) begin: for<'a> fn(&'a Servers) -> Begin<'a>,
}

/// A visitor, in time.
pub(crate) type Begin<'a> = Pin<Box<dyn Future<Output = Result<Box<dyn Visitor>, Failure>> + Send + 'a>>;

/// A server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    Cloakroom,
    Bare,
}

/// The requests of one operation, answered by the bare handler, and its signatures.
#[derive(Clone, Copy)]
pub(crate) struct Floor {
    pub(crate) gets: u32,
    pub(crate) posts: u32,
    pub(crate) signatures: &'static [Signature],
}

/// The servers that are measured.
pub(crate) struct Servers {
    pub(crate) house: House,
    pub(crate) bare: Bare,
}

impl Servers {
    pub(crate) fn process(&self, asked: Asked) -> &Process {
        match asked {
            Asked::Cloakroom => &self.house.process,
            Asked::Bare => &self.bare.process,
        }
    }
}

/// The bare handler first: the others are held against it.
pub(crate) static SCENARIOS: [Scenario; 15] = [
    bare_handler::GET,
    bare_handler::POST,
    documents::DISCOVERY,
    documents::KEYS,
    client_credentials::ES256,
    client_credentials::EDDSA,
    client_credentials::RS256,
    client_credentials::PRIVATE_KEY_JWT,
    refresh::ROTATING,
    sign_in::PLAIN,
    sign_in::PUSHED,
    introspection::OF_A_CLIENT,
    introspection::OF_A_USER,
    introspection::OF_NOBODY,
    introspection::OF_NOTHING,
];
