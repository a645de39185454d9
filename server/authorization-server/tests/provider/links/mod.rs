//! Sign-up and password reset by links that are sent by e-mail.

mod answers;
mod confirming;
mod forms;
mod hosts;
pub(crate) mod mailbox;
mod reset;
mod secrets;
mod sign_up;
