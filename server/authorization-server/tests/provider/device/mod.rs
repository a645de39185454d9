//! RFC 8628: devices without a keyboard, and what their users see meanwhile.

mod authorization;
mod engines;
mod flood;
pub(crate) mod gadget;
mod grant;
mod guessing;
mod pages;
mod polling;
mod sign_in;
