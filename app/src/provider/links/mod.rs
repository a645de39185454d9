//! The pages of sign-up and password reset: the question for an address, and what is behind the link that is sent there.

mod ask;
mod fault;
mod model;
mod new_account;
mod new_password;
mod spent;

pub use ask::{ask, sent};
pub use model::{Ask, AskFault, AskPage, LinkFault, NewAccountPage, NewPasswordPage, SentPage, SpentLinkPage};
pub use new_account::new_account;
pub use new_password::new_password;
pub use spent::spent_link;

#[cfg(test)]
pub(super) mod tests;
