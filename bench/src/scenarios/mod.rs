//! What is measured: a table, a file each. To add a scenario, add a file and a line.

use std::future::Future;
use std::pin::Pin;

use crate::Engines;
use crate::application::Application;
use crate::bare::Bare;
use crate::failure::Failure;
use crate::house::House;
use crate::load::Visitor;
use crate::process::Process;
use crate::signature::Signature;

mod application_sign_in;
mod bare_handler;
mod client_credentials;
mod documents;
mod introspection;
mod proxied;
mod refresh;
mod session_check;
mod sign_in;

pub(crate) use session_check::Checker;

/// A row of the table.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// Which server is asked.
    pub(crate) asked: Asked,
    /// What no server could do without.
    pub(crate) floor: Floor,
    /// What it is held against.
    pub(crate) against: Against,
    /// Makes ready whoever asks over one connection.
    pub(crate) begin: for<'a> fn(&'a Servers) -> Begin<'a>,
}

/// A visitor, in time.
pub(crate) type Begin<'a> = Pin<Box<dyn Future<Output = Result<Box<dyn Visitor>, Failure>> + Send + 'a>>;

/// Whose processor time is counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// That of the process that has all roles: the provider.
    Cloakroom,
    /// That of the process that has the role `application` alone.
    Application,
    /// That of both.
    Both,
    Bare,
}

/// What a scenario is held against.
#[derive(Clone, Copy)]
pub(crate) enum Against {
    Nothing,
    /// The processor time of its floor; some are to stay below the aim.
    Floor {
        aimed: bool,
    },
    /// The requests in a second of another row, by name; and the share that is aimed at.
    Rate {
        of: &'static str,
        aim: fn(Engines) -> Option<f64>,
    },
    /// Nothing, among the rows of the application.
    Alone,
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
    pub(crate) application: Application,
    pub(crate) bare: Bare,
}

impl Servers {
    pub(crate) fn processes(&self, asked: Asked) -> Vec<&Process> {
        match asked {
            Asked::Cloakroom => vec![&self.house.process],
            Asked::Application => vec![&self.application.process],
            Asked::Both => vec![&self.application.process, &self.house.process],
            Asked::Bare => vec![&self.bare.process],
        }
    }
}

/// The bare handler first: the others are held against it.
pub(crate) static SCENARIOS: [Scenario; 21] = [
    bare_handler::GET,
    bare_handler::POST,
    bare_handler::SMALL,
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
    session_check::CHECK,
    session_check::OF_NOBODY,
    proxied::PROXIED,
    application_sign_in::APPLICATION_ALONE,
    application_sign_in::WITH_THE_PROVIDER,
];
