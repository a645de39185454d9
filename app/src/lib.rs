//! What people see: the pages of the application's origin and of the Authorization Server's.
//!
//! Compiled twice: for the server (`ssr`) and, for the islands alone, for the browser (`hydrate`). It depends on no box of
//! the diagram: pages ask through `ports`, which `server` answers from the boxes and tests from a fake.

#[cfg(feature = "ssr")]
pub mod application;
#[cfg(feature = "ssr")]
pub mod attack;
#[cfg(feature = "ssr")]
mod browser;
#[cfg(feature = "ssr")]
pub mod components;
#[cfg(feature = "ssr")]
pub mod details;
pub mod error;
pub mod functions;
#[cfg(feature = "ssr")]
pub mod guard;
pub mod islands;
pub mod model;
#[cfg(feature = "ssr")]
pub mod ports;
#[cfg(feature = "ssr")]
pub mod provider;
#[cfg(feature = "ssr")]
pub mod words;

#[cfg(feature = "ssr")]
pub use application::{App, ForEverybody, Site, shell, stylesheet_path};
