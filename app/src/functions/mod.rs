//! The server functions: what a browser may ask this origin for, beside its pages.
//!
//! Each asks its port and applies the outcome. The helpers that read the request and write the response are in
//! `exchange`, the one place where cookies, redirects and statuses are set.

#![cfg_attr(not(feature = "ssr"), allow(clippy::unused_async_trait_impl, reason = "in the browser the macro writes stubs"))]

pub mod ask_resource;
pub mod attack;
pub mod callback;
pub mod current_user;
#[cfg(feature = "ssr")]
pub(crate) mod exchange;
pub mod login;
pub mod sign_out;
pub mod sign_out_device;
pub mod sign_out_others;

pub use ask_resource::ask_resource;
pub use attack::attack;
pub use callback::callback;
pub use current_user::current_user;
pub use login::login;
pub use sign_out::sign_out;
pub use sign_out_device::sign_out_device;
pub use sign_out_others::sign_out_others;
