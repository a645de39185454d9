//! The pages of the application's origin.

pub mod conduct;
pub mod flow;
pub mod follow;
mod headers;
pub mod home;
pub mod identity;
pub mod not_found;
pub mod notice;
pub mod outbox;
pub mod problem;
pub mod resource;
mod script;
pub mod sessions;
pub mod shell;
pub mod sign_in;
pub mod signed_out;
pub mod site;
pub mod unavailable;

pub use crate::words::{ago, moment};
pub use conduct::Conduct;
pub use flow::FlowPage;
pub use home::HomePage;
pub use identity::IdentityPage;
pub use not_found::NotFoundPage;
pub use notice::Notice;
pub use outbox::OutboxPage;
pub(crate) use problem::NoAccess;
pub use problem::{PROBLEMS, Problem, ProblemPage};
pub use resource::ResourcePage;
pub use sessions::SessionsPage;
pub use shell::{App, shell};
pub use sign_in::SignInPage;
pub use signed_out::SignedOutPage;
pub use site::{ForEverybody, Site, stylesheet_path};
pub use unavailable::Unavailable;
