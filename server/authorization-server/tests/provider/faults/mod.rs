//! A box that goes away in the middle, or is slow, at each call that an answer makes of it, one after another.
//!
//! Whatever was asked is then answered with 503, as JSON or as a page, and asking again succeeds, or is refused in words. Nothing
//! is half-written: no grant is left behind whose tokens nobody has, and nothing is granted, ended or revoked without its event.

mod at_account;
mod at_devices;
mod at_links;
mod at_pages;
mod at_register;
mod at_sessions;
mod at_token;
mod at_tokens_in_use;
mod fuse;
mod hung_up;
mod rig;
mod slow;
mod wired;
