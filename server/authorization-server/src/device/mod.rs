//! The device authorization grant (RFC 8628): a device without a keyboard shows a code, its user enters the code in a browser of
//! their own and says whether the device may, and the device asks the token endpoint until they have.
//!
//! [`authorization`] hands out the two codes, [`record`] is what is kept of them, [`entry`] finds it by what was typed, [`page`]
//! and [`consent`] are what the user sees, [`polling`] is what the device learns meanwhile.

pub(crate) mod authorization;
pub(crate) mod consent;
mod entry;
pub(crate) mod page;
pub(crate) mod polling;
mod record;
mod user_code;

pub(crate) use user_code::{UserCode, UserCodes};

/// The name of the grant (RFC 8628 §3.4).
pub(crate) const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";
