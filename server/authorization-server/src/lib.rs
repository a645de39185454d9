//! The Authorization Server: an OpenID Provider handling login and consent.
//!
//! Three tables are meant to be read as lists, a file for each row: the checks of an authorization request
//! (`authorize/checks`), the ways in which a client authenticates (`client_authentication`), and the grants of the token
//! endpoint (`token/grants`). [`AuthorizationServer::prepare`] puts the box together, [`router`] serves it.

pub mod backchannel_logout;
pub mod clients;
pub mod keys;
pub mod links;
pub mod outbound;
pub mod pages;
pub mod password;
pub mod settings;
pub mod state;

mod account;
mod authorize;
mod claims;
mod client_authentication;
mod code;
mod cors;
mod credentials;
mod device;
mod discovery;
mod dpop;
mod end_session;
mod exchange;
mod form;
mod headers;
mod home;
mod interaction;
mod introspect;
mod jwks;
mod outage;
mod patience;
mod problem;
mod pushed;
mod register;
mod revoke;
mod routes;
mod sealed;
mod session;
mod slow_down;
mod token;
mod userinfo;

pub use clients::{
    ApplicationType, Authentication, Client, ClientKeys, ClientMetadata, MalformedClient, Profile, Registration, Secret,
    SecretDigest, Voucher,
};
pub use keys::{KeySchedule, KeyStore};
pub use outbound::Outbound;
pub use routes::router;
pub use settings::{DemoAccount, InvalidSettings, Lifetimes, PATIENCE, RegistrationPolicy, Settings};
pub use slow_down::{Limit, SlowDown};
pub use state::{AuthorizationServer, Boxes, PrepareError};
