//! What pages, routes and server functions need of who asks, judged in one place and refused in the way of each.
//!
//! A page stands in [`Guarded`](crate::components::Guarded), which leads people on. An axum handler takes a
//! [`CurrentUser`](crate::model::CurrentUser) as an argument, or stands behind [`require`]. A server function asks
//! [`require_session`], [`require_scope`] or [`require_recent`] first.

mod extract;
mod functions;
mod needs;
mod refused;
mod route;

pub use functions::{require_recent, require_scope, require_session};
pub use needs::{Lack, Needs};
pub use refused::Refused;
pub use route::require;
