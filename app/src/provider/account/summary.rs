//! What was just done, or went wrong.

use leptos::prelude::*;

use super::{AccountFault, Notice};
use crate::provider::login::in_words;

/// Says what was done.
pub(super) fn notice(notice: Notice) -> impl IntoView {
    let words = match notice {
        Notice::NameChanged => "Your name was changed.",
        Notice::PasswordChanged => "Your password was changed, and you are signed out everywhere else.",
        Notice::DeviceSignedOut => "That device is signed out.",
        Notice::OthersSignedOut => "You are signed out everywhere else.",
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
        AccountFault::TooMany { seconds } => {
            ("#current-password", format!("There were too many attempts. Try again in {}.", in_words(seconds)))
        }
        AccountFault::NewPassword => ("#new-password", format!("Choose a new password of {shortest} characters or more.")),
    };
    view! {
        <div class="notice bad" id="error-summary" role="alert" tabindex="-1" autofocus=true>
            <h2>"There is a problem"</h2>
            <p id="fault"><a href=field>{words}</a></p>
        </div>
    }
}
