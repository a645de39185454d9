//! What was just done, or went wrong.

use leptos::prelude::*;

use super::{AccountFault, Notice};
use crate::provider::trouble;

/// Says what was done.
pub(super) fn notice(notice: Notice) -> impl IntoView {
    let words = match notice {
        Notice::NameChanged => "Your name was changed.",
        Notice::PasswordChanged | Notice::PasswordReset => "Your password was changed, and you are signed out everywhere else.",
        Notice::DeviceSignedOut => "That device is signed out.",
        Notice::OthersSignedOut => "You are signed out everywhere else.",
        Notice::AccountOpened => "Welcome. Your account is open, and your e-mail address is confirmed.",
        Notice::ApplicationRemoved => "The application can no longer act for you.",
    };
    view! { <p class="notice" id="notice" role="status">{words}</p> }
}

/// Says what is wrong, and leads there.
pub(super) fn fault(fault: AccountFault, shortest: usize) -> impl IntoView {
    let (field, words) = match fault {
        AccountFault::Name => ("#name", "Enter a name of one to 254 characters.".to_owned()),
        AccountFault::CurrentPassword => {
            ("#current-password", "The current password is not right. Nothing was changed.".to_owned())
        }
        AccountFault::TooMany { seconds } => ("#current-password", trouble::too_many(seconds)),
        AccountFault::GuessablePassword => ("#new-password", trouble::GUESSABLE.to_owned()),
        AccountFault::NewPassword => ("#new-password", format!("Choose a new password of {shortest} characters or more.")),
    };
    trouble::summary(field, words)
}
