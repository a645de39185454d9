//! What every page is made of: the frame, the ways to sign in and out, the icons of the boxes.
//!
//! `<SignedIn>`, `<SignedOut>`, `<Guarded>`, `<SignInButton>`, `<UserMenu>` and `use_session()` need nothing but the page they stand
//! on: who is here was asked once for the whole request.

pub mod guard;
pub mod icon;
pub mod page;
mod room;
pub mod sign_in;
pub mod viewer;

pub use guard::Guarded;
pub(crate) use icon::DeviceIcon;
pub use icon::Icon;
pub use page::Page;
pub(crate) use page::Ticket;
pub use room::Room;
pub use sign_in::{SignInButton, UserMenu, sign_in_link, step_up_link};
pub use viewer::{SignedIn, SignedOut, Viewer, use_session, viewer};
