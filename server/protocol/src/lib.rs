//! OAuth 2 and OpenID Connect wire types and rules, without I/O.
//!
//! Both ends of a network arrow of the diagram depend on this crate and on nothing else of each other: the
//! Application API, the Authorization Server and the Resource API share only what is written here.

pub mod binding;
pub mod claims;
pub mod client_address;
pub mod client_assertion;
pub mod clock;
pub mod discovery;
pub mod dpop;
pub mod entropy;
pub mod error_code;
pub mod exchange;
pub mod fetch_metadata;
pub mod flow;
pub mod jose;
pub mod local_path;
pub mod pkce;
pub mod scope;
pub mod seal;
pub mod secret;
pub mod step_up;
pub mod wire;

pub use client_address::ClientAddress;
pub use clock::{Clock, ManualClock, SystemClock};
pub use entropy::{OsRng, Rng};
pub use error_code::ErrorCode;
pub use exchange::Exchange;
pub use local_path::LocalPath;
pub use scope::Scope;
